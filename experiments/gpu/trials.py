"""TC-LIF's recurrent network on sequences of pixels, 1-40-200-64-10: one model, and many side by side."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.gpu.cells import kernels
from experiments.gpu.sheet import Sheet
from experiments.gpu.timing import Built, best_and_median, build_all, compiled, race
from spikejax import MLP, Time
from spikejax.data import Split
from spikejax.inputs import Sequence
from spikejax.networks.core import pure
from spikejax.neurons.tc_lif import TCLIF
from spikejax.objectives import Accuracy, SummedCrossEntropy
from spikejax.objectives.composed import objective
from spikejax.objectives.model import Model
from spikejax.training import Trainer, init, train_step

SIDE_BY_SIDE = (8, 16, 36)
BATCH = 256
CLASSES = 10


def hidden(quick: bool) -> tuple[int, ...]:
    """Sizes of the hidden layers, of which the first two feed their spikes back."""
    return (6, 10, 8) if quick else (40, 200, 64)


def network(quick: bool, beta1: Any = -0.5, beta2: Any = 0.5) -> MLP:
    """The network, its couplings at these first values; they may be traced."""
    neuron = TCLIF.from_beta(beta1, beta2)
    return MLP(hidden(quick), CLASSES, neuron, ("c1", "c2"), (0, 1))


def model(module: MLP, kernel: str, scale: float = 255.0) -> Model:
    """The network on whole sequences of pixels."""
    return Model(pure.Functions(module), Sequence(scale=scale), Time(kernel=kernel))


def trainer(module: MLP, kernel: str, optimiser: Any, scale: float = 255.0) -> Trainer:
    """Training by the cross-entropy of the summed logits, the norm of the gradient clipped at 1."""
    minimised = objective(model(module, kernel, scale), SummedCrossEntropy(), (), (Accuracy(),))
    return Trainer(minimised, optax.chain(optax.clip_by_global_norm(1.0), optimiser))


def generated(quick: bool) -> Split:
    """A batch of random pixels."""
    steps, batch = (12, 4) if quick else (784, BATCH)
    pixels = np.random.default_rng(0).integers(0, 256, (batch, steps, 1), np.uint8)
    return Split(jnp.asarray(pixels), jnp.arange(batch) % CLASSES)


def learner(quick: bool, kernel: str, models: int | None) -> Built:
    """The step of one model, or of several side by side by `vmap`, on the same batch."""
    module, batch = network(quick), generated(quick)
    made = trainer(module, kernel, optax.adam(1e-3))
    step = functools.partial(train_step, made)

    def begin(seed):
        key = jax.random.key(seed)
        return init(made, pure.Functions(module).init(key, jnp.zeros((1, 1, 1))), seed)

    if models is not None:
        begin, step = jax.vmap(begin), jax.vmap(step, in_axes=(0, None))
    state = jax.jit(begin)(jnp.arange(models) if models else jnp.int32(0))
    program, facts = compiled(jax.jit(step, donate_argnums=0), state, batch)

    def take():
        nonlocal state
        state, measured = program(state, batch)
        return measured["loss"]

    return Built(take, facts)


def measure(sheet: Sheet) -> None:
    """Rows "one model, kernel", "one model, scan" and "8 models, kernel", … with seconds of a training step."""
    side_by_side, fused = (2,) if sheet.quick else SIDE_BY_SIDE, next(iter(kernels(sheet.quick)))
    wanted: dict[str, tuple[str, int | None]] = {
        "one model, kernel": (fused, None),
        **{f"{count} models, kernel": (fused, count) for count in side_by_side},
    }
    if not sheet.quick:
        wanted |= {"one model, scan": ("scan", None), "8 models, scan": ("scan", 8)}
    builders = {
        name: functools.partial(learner, sheet.quick, kernel, models)
        for name, (kernel, models) in wanted.items()
    }
    programs = {name: made.call for name, made in build_all(sheet, builders).items()}
    race(sheet, programs, lambda name, seconds: sheet.note(name, best_and_median(seconds)))
