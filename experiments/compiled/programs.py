"""The programs that are compiled: one training step, and the epoch of a sweep."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from experiments.compiled.targets import Target
from spikejax.data import Split
from spikejax.devices import mesh, plan
from spikejax.dynamics import Time
from spikejax.inputs import Sequence
from spikejax.networks import MLP
from spikejax.networks.core import pure
from spikejax.neurons.lif import LIF
from spikejax.objectives import Accuracy, SummedCrossEntropy
from spikejax.objectives.composed import objective
from spikejax.objectives.model import Model
from spikejax.runs import Config
from spikejax.runs.planning import step_footprint
from spikejax.sweeps.trials import programs
from spikejax.training import Adam, Trainer, init, train_epoch, train_step

CLASSES, ENCODER = 10, Sequence(scale=255.0)
KINDS = ("step", "sweep")


class Variant(NamedTuple):
    """How time is cut, see `dynamics.Time`."""

    chunk: int
    recompute: bool
    segment: int | None = None
    kernel: str = "scan"

    def __str__(self) -> str:
        words = f"K{self.chunk} {'recomputed' if self.recompute else 'stored'}"
        words = words if self.segment is None else f"{words}, S{self.segment}"
        return words if self.kernel == "scan" else f"{words}, {self.kernel}"


class Size(NamedTuple):
    """The workload."""

    steps: int
    batch: int
    hidden: tuple[int, ...]
    trials: int  # of the sweep
    samples: int  # of the data set, which stays on the device
    variants: tuple[Variant, ...]
    sweep_variants: tuple[Variant, ...]  # fewer: a sweep takes over a minute to compile


RECOMPUTED = tuple(Variant(chunk, True) for chunk in (14, 28, 112))
STORED = (Variant(28, False), Variant(784, False))
FEW = (Variant(28, True),)
FULL = Size(784, 256, (64, 256, 256), 16, 60_000, RECOMPUTED + STORED, FEW)
# So wide that without chunks a quarter of the batch does not fit the on-chip memory of a TPU.
QUICK = Size(784, 512, (128,), 4, 1024, (Variant(28, True), Variant(784, False)), FEW)

Program = tuple[Any, tuple]


def planned(size: Size, kind: str, target: Target) -> Variant:
    """What the library itself chooses for a target; a trial of a sweep has one device."""
    share = {"devices": target.devices}
    if kind == "sweep":
        share = {"devices": 1, "models": size.trials // target.devices}
    config = Config(
        data="smnist", network=_network(size), encoder=ENCODER, batch_size=size.batch, epochs=1
    )
    chosen = plan.choose(
        size.steps,
        size.batch,
        (*size.hidden, CLASSES),
        backend=target.backend,
        **share,
        footprint=step_footprint(config, _samples(size, size.samples)),
        memory=target.memory_mb * 2**20,
    )
    segment = chosen.segment if chosen.recompute else None
    return Variant(chosen.chunk, chosen.recompute, segment, "auto")


def make(size: Size, variant: Variant, devices: Mesh) -> dict[str, Program]:
    """The jitted functions "step" and "sweep" and their operands, which have shapes and shardings only.

    The devices share the batch of the step, or the trials of the sweep. Each trial has its own initial decay, learning
    rate and seed.
    """
    network = _network(size)
    time = Time(variant.chunk, variant.segment, variant.recompute, kernel=variant.kernel)

    def trainer_of(point, **shared):
        # The initial decay is in the variables alone: the network's own value of a learned parameter is not read.
        model = Model(pure.Functions(network), ENCODER, time)
        optimiser = Adam(learning_rate=point["learning_rate"])
        rule = optimiser.transformation(size.samples // size.batch, 1)
        minimised = objective(model, SummedCrossEntropy(), (), (Accuracy(),))
        return Trainer(minimised, rule, **shared)

    def start(point, seed):
        own = pure.Functions(network.clone(neuron=LIF(decay=point["decay"])))
        variables = own.init(jax.random.key(seed), jnp.zeros((1, 1, 1)))
        return init(trainer_of(point), variables, seed)

    def epoch(state, point, shared):
        state, measured = train_epoch(trainer_of(point), state, shared, size.batch)
        return state, jax.tree.map(jnp.mean, measured)

    def place(tree, where):
        sharding = NamedSharding(devices, where)
        return jax.tree.map(
            lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding), tree
        )

    whole, split = PartitionSpec(), PartitionSpec(mesh.AXIS)
    point, seed = {"decay": 0.9, "learning_rate": 1e-3}, jax.ShapeDtypeStruct((), jnp.int32)
    state = jax.eval_shape(functools.partial(start, point), seed)
    step = functools.partial(
        train_step, trainer_of(point, mesh=devices if devices.size > 1 else None)
    )
    sweep = programs(start, epoch, "vmap", devices)
    points = {name: jax.ShapeDtypeStruct((size.trials,), jnp.float32) for name in point}
    group = jax.eval_shape(sweep.start, points, jax.ShapeDtypeStruct((size.trials,), jnp.int32))
    of_step = place(state, whole), place(_samples(size, size.batch), split)
    of_sweep = place(_samples(size, size.samples), whole), place(group, split)
    return {"step": (jax.jit(step, donate_argnums=0), of_step), "sweep": (sweep.epoch, of_sweep)}


def _network(size):
    return MLP(size.hidden, CLASSES, LIF(), learn=("decay",))


def _samples(size, count):
    inputs = jax.ShapeDtypeStruct((count, size.steps, 1), jnp.uint8)
    return Split(inputs, jax.ShapeDtypeStruct((count,), jnp.int32))
