"""The programs that are compiled: one training step, and the epoch of a sweep."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from spikejax.devices import mesh, plan
from spikejax.dynamics import network as execute
from spikejax.inputs import encode
from spikejax.networks import MLP
from spikejax.neurons.lif import LIF
from spikejax.objectives import losses, metrics
from spikejax.sweeps.trials import programs as lane_programs
from spikejax.training import train

CLASSES = 10
KINDS = ("step", "sweep")


class Variant(NamedTuple):
    """How time is cut, see `execute.run`."""

    chunk: int
    recompute: bool
    segment: int | None = None

    def __str__(self) -> str:
        words = f"K{self.chunk} {'recomputed' if self.recompute else 'stored'}"
        return words if self.segment is None else f"{words}, S{self.segment}"


class Size(NamedTuple):
    """The workload."""

    steps: int
    batch: int
    hidden: tuple[int, ...]
    lanes: int  # of the sweep
    samples: int  # of the data set, which stays on the device
    variants: tuple[Variant, ...]
    sweep_variants: tuple[Variant, ...]  # fewer: a sweep takes a minute and more to compile


RECOMPUTED = tuple(Variant(chunk, True) for chunk in (14, 28, 112))
STORED = (Variant(28, False), Variant(784, False))
FEW = (Variant(28, True),)
FULL = Size(784, 256, (64, 256, 256), 16, 60_000, RECOMPUTED + STORED, FEW)
# So wide that without chunks a quarter of the batch overflows the memory on a TPU's chip.
QUICK = Size(784, 512, (128,), 4, 1024, (Variant(28, True), Variant(784, False)), FEW)

Program = tuple[jax.stages.Wrapped, tuple]


def planned(size: Size, kind: str, backend: str, devices: int) -> Variant:
    """What the library itself chooses for "tpu" or "gpu"; a lane of a sweep has one device."""
    features = (*size.hidden, CLASSES)
    share = (
        {"devices": devices} if kind == "step" else {"devices": 1, "models": size.lanes // devices}
    )
    chosen = plan.choose(size.steps, size.batch, features, backend=backend, **share)
    return Variant(chosen.chunk, True, chosen.segment)


def make(size: Size, variant: Variant, devices: Mesh) -> dict[str, Program]:
    """The jitted functions "step" and "sweep" and their operands, which have shapes and shardings only.

    The devices share the batch of the step, or the lanes of the sweep. Each lane has a first decay, a learning rate and
    a seed of its own.
    """
    count = size.samples // size.batch
    network = MLP(size.hidden, CLASSES, LIF(), learn=("decay",))

    def objective(variables, samples, labels, key):
        cut = {"chunk": variant.chunk, "segment": variant.segment, "checkpoint": variant.recompute}
        inputs = encode.sequence(samples, scale=255)
        logits, _ = execute.run(network.apply, variables, inputs, **cut)
        measured = {"accuracy": metrics.accuracy(logits, labels)}
        return losses.summed_cross_entropy(logits, labels), (measured, {})

    def init(point, seed):
        own = network.clone(neuron=LIF(decay=point["decay"]))
        variables = own.init(jax.random.key(seed), jnp.zeros((0, 1, 1)))
        return train.init(variables, train.adam(point["learning_rate"], count), seed)

    def train_epoch(state, point, shared):
        optimizer = train.adam(point["learning_rate"], count)
        state, values = train.train_epoch(objective, optimizer, state, *shared, size.batch)
        return state, jax.tree.map(jnp.mean, values)

    def spec(dtype, *shape):
        return jax.ShapeDtypeStruct(shape, dtype)

    def place(tree, where):
        sharding = NamedSharding(devices, where)
        return jax.tree.map(
            lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding), tree
        )

    whole, split = PartitionSpec(), PartitionSpec(mesh.AXIS)
    samples = (spec(jnp.uint8, size.samples, size.steps, 1), spec(jnp.int32, size.samples))
    order = spec(jnp.int32, count, size.batch)
    point = {"decay": 0.9, "learning_rate": 1e-3}
    state = jax.eval_shape(functools.partial(init, point), spec(jnp.int32))
    step = functools.partial(train.train_step, objective, train.adam(1e-3, count), mesh=devices)
    start, epoch = lane_programs(init, train_epoch, "vmap", devices)
    points = {name: spec(jnp.float32, size.lanes) for name in point}, spec(jnp.int32, size.lanes)
    lanes = jax.eval_shape(start, None, points)
    return {
        "step": (jax.jit(step, donate_argnums=0), place((state, *samples, order), whole)),
        "sweep": (epoch, (place(samples, whole), place(lanes, split))),
    }
