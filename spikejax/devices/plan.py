"""How a training step is laid out: devices, micro-batches, chunks and segments, from a small cost model.

On CPUs the sizes are those that were fastest on two cores with 512 KB of second-level cache each: one device per core;
micro-batches of which the widest layer has about 8 K neurons, whose state then stays in cache; chunks whose currents in
that layer fill half a megabyte; segments whose matrix products fill 64 MB.

On GPUs and TPUs a layer is one kernel per pass, whatever the number of steps: the whole sequence is run at once, and
nothing is recomputed, as long as a step fits into memory. What does not fit is cut into segments, as few as possible,
which are recomputed in the backward pass; if no segment is short enough, into chunks within segments. The memory of a
step is estimated from the shapes of its arrays, see `footprint`. Nothing of this was measured with a record;
`python -m experiments run gpu` measures on a GPU.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from spikejax.devices.footprint import Footprint

CPU_NEURONS = 8 * 2**10  # of the widest layer in a micro-batch
CPU_ROWS = 16  # least samples in a micro-batch: smaller matrix products are inefficient
CPU_CHUNK, CPU_SEGMENT = 2**19, 2**26  # bytes

SLACK = 1.2  # of an estimate of memory, which may be too low by as much

# A program of a kernel with feedback has 16 samples, and a multiprocessor runs one program at a time; not measured.
GPU_ROWS = 16  # samples of a recurrent layer on a multiprocessor
GPU_NEURONS = 2**11  # of another layer, one per thread that a multiprocessor holds
OTHER_MODELS = 16  # side by side on other devices; not measured


class Plan(NamedTuple):
    """How a training step is laid out; see `training.gradient` and `dynamics.network.run`."""

    devices: int  # that share a batch
    micro_batches: int  # parts of a device's share, one after the other
    chunk: int  # steps
    segment: int  # steps
    recompute: bool = (
        True  # chunks and segments in the backward pass, instead of storing what they make
    )
    models: int = 1  # that a device trains side by side, trials of a sweep

    def __str__(self) -> str:
        devices = "1 device" if self.devices == 1 else f"{self.devices} devices"
        parts = (
            "1 micro-batch" if self.micro_batches == 1 else f"{self.micro_batches} micro-batches"
        )
        pieces = f"chunks of {self.chunk} steps"
        pieces += f", segments of {self.segment}" if self.recompute else ", not recomputed"
        return f"{devices}, {parts} each, {pieces}"


def choose(
    steps: int,
    batch_size: int,
    features: Sequence[int],
    *,
    backend: str,
    devices: int,
    models: int = 1,
    chunk: int | None = None,
    footprint: Footprint | None = None,
    memory: float | None = None,
) -> Plan:
    """Chooses how a training step is laid out.

    Args:
      steps: T.
      batch_size: B.
      features: outputs of each layer, including the read-out; read on CPUs alone.
      backend: "cpu", "gpu" or "tpu".
      devices: how many there are.
      models: number of models that a device trains side by side, trials of a sweep.
      chunk: steps of a chunk, if given and not to be chosen.
      footprint: of one model and the whole batch; read on GPUs and TPUs alone. None takes everything to fit.
      memory: bytes that a device may use; None takes everything to fit.

    Returns:
      The plan. If nothing fits, the one that needs least.

    Raises:
      ValueError: a size below 1.

    >>> choose(784, 256, (64, 256, 256, 10), backend="cpu", devices=2)
    Plan(devices=2, micro_batches=4, chunk=16, segment=784, recompute=True, models=1)
    >>> choose(784, 256, (64, 256, 256, 10), backend="gpu", devices=1)
    Plan(devices=1, micro_batches=1, chunk=784, segment=784, recompute=False, models=1)
    """
    if min(steps, batch_size, devices, models, 1 if chunk is None else chunk, *features) < 1:
        raise ValueError(
            f"expected sizes of at least 1, found steps={steps}, batch_size={batch_size}, "
            f"features={tuple(features)}, devices={devices}, models={models}, chunk={chunk}"
        )
    least = CPU_ROWS if backend == "cpu" else 1
    devices = sharing(batch_size, devices, least)
    share = batch_size // devices
    if backend == "cpu":
        return Plan(devices, *_on_cpu(steps, share, features, models, chunk), models)
    plans = [Plan(devices, 1, *cut, models) for cut in _cuts(steps, chunk)]
    if footprint is None or memory is None:
        return plans[0]
    needed = {plan: needed_by(plan, steps, footprint) for plan in plans}
    fitting = (plan for plan in plans if SLACK * needed[plan] <= memory)
    return next(fitting, min(plans, key=lambda plan: needed[plan]))


def sharing(batch_size: int, devices: int, least: int = 1) -> int:
    """How many devices can share a batch equally, each with at least `least` samples.

    >>> sharing(60, 8), sharing(60, 8, least=16)
    (6, 3)
    """
    able = [n for n in range(1, devices + 1) if batch_size % n == 0 and batch_size // n >= least]
    return max(able, default=1)


def needed_by(plan: Plan, steps: int, footprint: Footprint) -> float:
    """Bytes that a device needs for a plan, estimated from the footprint of one model and the whole batch."""
    own = footprint.shared(plan.models, plan.devices * plan.micro_batches)
    return own.cut(steps, plan.chunk, plan.segment) if plan.recompute else own.whole()


def side_by_side(
    steps: int,
    batch_size: int,
    recurrent: bool,
    *,
    backend: str,
    multiprocessors: int,
    footprint: Footprint,
    memory: float,
) -> int:
    """The most models that a device should train side by side, each on a whole batch.

    On a GPU as many as fill its multiprocessors, elsewhere 16; fewer, but at least one, if no more fit into its memory
    without being recomputed.

    Args:
      steps: T.
      batch_size: B.
      recurrent: whether a layer depends on matrix products of the step before.
      backend: "gpu" or "tpu".
      multiprocessors: of the GPU.
      footprint: of one model and the whole batch.
      memory: bytes that a device may use.

    >>> footprint = Footprint(2**30, 2**28, 0, 0, 0, 0, 0)
    >>> gpu = {"backend": "gpu", "multiprocessors": 132, "footprint": footprint, "memory": 80 * 2**30}
    >>> side_by_side(784, 256, True, **gpu)
    8
    """
    filling = OTHER_MODELS
    if backend == "gpu":
        widest = footprint.largest / (4 * steps)  # neurons, of all samples
        rows = GPU_ROWS / batch_size if recurrent else GPU_NEURONS / max(widest, 1)
        filling = int(multiprocessors * rows)
    fitting = int(memory / (SLACK * max(footprint.whole(), 1)))
    return max(1, min(filling, fitting))


def reason(
    plan: Plan, steps: int, footprint: Footprint, memory: float, *, backend: str, asked: bool
) -> str:
    """Why a plan cuts time as it does, in words.

    Args:
      plan: the plan.
      steps: T.
      footprint: of one model and the whole batch.
      memory: bytes that a device may use.
      backend: "cpu", "gpu" or "tpu".
      asked: whether the chunk was given and not chosen.

    >>> step, plan = Footprint(2**30, 2**28, 0, 0, 0, 0, 0), Plan(1, 1, 784, 784, False)
    >>> reason(plan, 784, step, 79e9, backend="gpu", asked=False)
    'whole sequence: needs about 2.1 GB of the 79.0 GB that a device may use; not recomputed'
    """
    whole = _gigabytes(needed_by(plan._replace(recompute=False), steps, footprint))
    there = f"the {_gigabytes(memory)} that a device may use"
    given = ", as asked" if asked else ""
    if plan.chunk >= steps:
        return f"whole sequence{given}: needs about {whole} of {there}; not recomputed"
    would = f"the whole sequence would need about {whole} of {there}"
    pieces = f"segments of {plan.segment}"
    if plan.segment > plan.chunk or not plan.recompute or asked:
        pieces = f"chunks of {plan.chunk}{given}"
    if not plan.recompute:
        return f"{pieces}: nothing is recomputed; {would}"
    if backend == "cpu" and not asked:
        return f"{pieces}: a CPU is faster with chunks that stay in its cache; {would}"
    own = _gigabytes(needed_by(plan, steps, footprint))
    return f"{pieces}: recomputed, which needs about {own}; {would}"


def _gigabytes(count):
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _on_cpu(steps, share, features, models, chunk):
    """Micro-batches, chunk, segment, and whether they are recomputed."""
    wanted = max(CPU_ROWS, CPU_NEURONS // (models * max(features)))
    micro_batch = max(n for n in range(1, min(share, wanted) + 1) if share % n == 0)
    # Splitting into parts of a few samples is slower than not splitting.
    micro_batch = micro_batch if 2 * micro_batch >= min(share, wanted) else share
    rows = 4 * models * micro_batch  # bytes of a feature
    if chunk is None:
        chunk = _divisor(steps, CPU_CHUNK // (rows * max(features)))
    products = CPU_SEGMENT // (rows * sum(features))
    whole = -(-steps // chunk)  # chunks, of which the last may be shorter
    segment = min(chunk * _divisor(whole, products // chunk), whole * chunk)
    return share // micro_batch, chunk, segment, chunk < steps


def _cuts(steps: int, chunk: int | None) -> Iterator[tuple[int, int, bool]]:
    """Chunk, segment and whether they are recomputed, from the fastest to the one that needs least memory."""
    yield chunk or steps, -(-steps // (chunk or steps)) * (chunk or steps), False
    halved = [-(-steps // 2**i) for i in range(1, steps.bit_length() + 1)]
    lengths = [chunk] if chunk else list(dict.fromkeys(halved))
    lengths = [length for length in lengths if length < steps]
    for length in lengths:
        # The matrix products of all steps are kept; then nothing is.
        yield length, -(-steps // length) * length, True
        yield length, length, True
    for length in lengths:
        segments = (length * 2**i for i in range(steps.bit_length(), 0, -1))
        yield from ((length, segment, True) for segment in segments if segment < steps)


def _divisor(number, wanted):
    """The largest divisor of a number up to `wanted`, if it is more than half of it; else `wanted` itself."""
    wanted = min(max(wanted, 1), number)
    found = max(n for n in range(1, wanted + 1) if number % n == 0)
    return found if 2 * found > wanted else wanted
