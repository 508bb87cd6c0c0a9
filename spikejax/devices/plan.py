"""How a training step is laid out: devices, micro-batches, chunks and segments, from a small cost model.

On CPUs the sizes are those that were fastest on two cores with 512 KB of second-level cache each: one device per core;
micro-batches of which the widest layer has about 8 K neurons, whose state then stays in cache; chunks whose currents in
that layer fill half a megabyte; segments whose matrix products fill 64 MB. On GPUs and TPUs nothing was measured: there
a batch is not split, and chunks and segments bound the memory of the programs that were compiled for them.
"""

from collections.abc import Sequence
from typing import NamedTuple

CPU_NEURONS = 8 * 2**10  # of the widest layer in a micro-batch
CPU_ROWS = 16  # least samples in a micro-batch: smaller matrix products are inefficient
CPU_CHUNK, CPU_SEGMENT = 2**19, 2**26  # bytes
OTHER_CHUNK, OTHER_SEGMENT = 2**25, 2**28


class Plan(NamedTuple):
    """How a training step is laid out; see `training.gradient` and `dynamics.network.run`."""

    devices: int  # that share a batch
    micro_batches: int  # parts of a device's share, one after the other
    chunk: int  # steps
    segment: int  # steps

    def __str__(self) -> str:
        devices = "1 device" if self.devices == 1 else f"{self.devices} devices"
        parts = (
            "1 micro-batch" if self.micro_batches == 1 else f"{self.micro_batches} micro-batches"
        )
        return f"{devices}, {parts} each, chunks of {self.chunk} steps, segments of {self.segment}"


def choose(
    steps: int,
    batch_size: int,
    features: Sequence[int],
    *,
    backend: str,
    devices: int,
    models: int = 1,
    chunk: int | None = None,
) -> Plan:
    """Chooses how a training step is laid out.

    Args:
      steps: T.
      batch_size: B.
      features: outputs of each layer, including the read-out.
      backend: "cpu", "gpu" or "tpu".
      devices: how many there are.
      models: number of models that a device trains side by side, trials of a sweep.
      chunk: steps of a chunk, if given and not to be chosen.

    Returns:
      The plan.

    Raises:
      ValueError: a size below 1.

    >>> choose(784, 256, (64, 256, 256, 10), backend="cpu", devices=2)
    Plan(devices=2, micro_batches=4, chunk=16, segment=784)
    """
    if min(steps, batch_size, devices, models, 1 if chunk is None else chunk, *features) < 1:
        raise ValueError(
            f"expected sizes of at least 1, found steps={steps}, batch_size={batch_size}, "
            f"features={tuple(features)}, devices={devices}, models={models}, chunk={chunk}"
        )
    cpu = backend == "cpu"
    least = CPU_ROWS if cpu else 1
    devices = max(
        [n for n in range(1, devices + 1) if batch_size % n == 0 and batch_size // n >= least],
        default=1,
    )
    share = batch_size // devices
    wanted = max(CPU_ROWS, CPU_NEURONS // (models * max(features))) if cpu else share
    micro_batch = max(n for n in range(1, min(share, wanted) + 1) if share % n == 0)
    # Splitting into parts of a few samples is slower than not splitting.
    micro_batch = micro_batch if 2 * micro_batch >= min(share, wanted) else share
    rows = 4 * models * micro_batch  # bytes of a feature
    if chunk is None:
        size = rows * (max(features) if cpu else sum(features))
        chunk = _divisor(steps, (CPU_CHUNK if cpu else OTHER_CHUNK) // size)
    products = (CPU_SEGMENT if cpu else OTHER_SEGMENT) // (rows * sum(features))
    whole = -(-steps // chunk)  # chunks, of which the last may be shorter
    segment = chunk * _divisor(whole, products // chunk)
    return Plan(devices, share // micro_batch, chunk, min(segment, whole * chunk))


def _divisor(number, wanted):
    """The largest divisor of a number up to `wanted`, if it is more than half of it; else `wanted` itself."""
    wanted = min(max(wanted, 1), number)
    found = max(n for n in range(1, wanted + 1) if number % n == 0)
    return found if 2 * found > wanted else wanted
