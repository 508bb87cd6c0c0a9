"""The gradient of a batch is the same however it is cut into micro-batches and over devices."""

import chex
import flax.linen as nn
import jax
import numpy as np
import optax
import pytest

from fast_compilation import fast_jit
from spikejax.data import Split
from spikejax.devices import mesh
from spikejax.inputs import Sequence
from spikejax.inputs.batches import place
from spikejax.layers import Conv, Spiking
from spikejax.networks.core import pure
from spikejax.neurons.lif import LIF
from spikejax.objectives import (
    MSE,
    TET,
    FiringRate,
    Membrane,
    SpikeCountMSE,
    StepCrossEntropy,
    SummedCrossEntropy,
)
from spikejax.objectives.composed import objective
from spikejax.objectives.model import Model
from spikejax.training import Trainer
from spikejax.training.gradient import gradient_of_batch

T, B, F, C = 6, 16, 3, 4
DRAW = np.random.default_rng(0)
INPUTS = DRAW.normal(1, 1, (B, T, F))
LENGTHS = DRAW.integers(1, T + 1, B)
# A whole quarter is ignored, and others in part.
IGNORED = np.isin(np.arange(B), [0, 1, 2, 3, 5, 10, 11, 12])
CLASSES = np.where(IGNORED, -1, DRAW.integers(0, C, B))
STEPS = np.where(IGNORED[:, None], -1, DRAW.integers(-1, C, (B, T)))
REGULARISERS = (
    FiringRate(strength=3.0, target=0.1),
    FiringRate(strength=1.0, target=0.3, side="above"),
    Membrane(strength=0.5),
)
CASES = {
    "summed": (SummedCrossEntropy(class_weights=(1.0, 2.0, 0.5, 0.0)), CLASSES),
    "step": (StepCrossEntropy(), CLASSES),
    "tet": (TET(strength=0.3, class_weights=(1.0, 2.0, 0.5, 3.0)), CLASSES),
    "tet per step": (TET(strength=0.3), STEPS),
    "spike count": (SpikeCountMSE(), CLASSES),
    "mse": (MSE(at="each"), DRAW.normal(size=(B, T, C))),
    "nothing counts": (SummedCrossEntropy(), np.full(B, -1)),
    "no labels": (lambda outputs, *_: (outputs[-1] ** 2).mean(), None),
}


class Network(nn.Module):
    """A spiking layer between two linear ones; the membrane potential is recorded."""

    @nn.compact
    def __call__(self, x):
        x = Spiking(LIF(), record=("membrane",))(nn.Dense(6, param_dtype=x.dtype)(2 * x))
        return nn.Dense(C, param_dtype=x.dtype)(x)


# Micro-batches, and devices that share the batch.
CUTS = ((2, None), (4, None), (1, 2), (2, 2))


def programs(case, lengths):
    """The gradient of a batch that is cut into micro-batches and shared by devices, and that of its loss as a whole."""
    loss, labels = CASES[case]
    functions = pure.Functions(Network())
    minimised = objective(Model(functions, Sequence()), loss, REGULARISERS)
    variables = functions.init(jax.random.key(1), INPUTS.swapaxes(0, 1))
    batch, key = Split(INPUTS, labels, lengths), jax.random.key(0)

    def cut(micro_batches, devices):
        shared = None if devices is None else mesh.over(jax.devices()[:devices])
        trainer = Trainer(minimised, optax.sgd(1.0), micro_batches=micro_batches, mesh=shared)
        return fast_jit(lambda v: gradient_of_batch(trainer, v, batch, key)[:2])(variables)

    def whole():
        return fast_jit(jax.value_and_grad(lambda v: minimised(v, batch, key)[0]))(variables)

    return cut, whole


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal", "unequal"])
@pytest.mark.parametrize("case", CASES)
def test_a_batch_may_be_cut_anywhere(case, lengths, float64):
    cut, whole = programs(case, lengths)
    value, expected = whole()
    measured, _ = first = cut(1, None)
    total = measured["loss"] + measured["regularisation"]
    np.testing.assert_allclose(total, value, rtol=1e-12)
    assert float(measured["regularisation"]) > 0.1
    assert (float(measured["loss"]) == 0) == (case == "nothing counts")
    for parts, slope in (first, *(cut(*how) for how in CUTS)):
        chex.assert_trees_all_close(slope, expected["params"], rtol=1e-12, atol=1e-12)
        for name in ("loss", "regularisation"):
            np.testing.assert_allclose(parts[name], measured[name], rtol=1e-12, err_msg=name)


class Convolutional(nn.Module):
    """Convolutions of steps and samples `[T, B, H, W, C]`, with statistics of the batch."""

    @nn.compact
    def __call__(self, x):
        for convolution in (Conv(4, (3, 3)), nn.Conv(4, 3), nn.ConvTranspose(4, (2, 2), (2, 2))):
            x = Spiking(LIF())(nn.BatchNorm(use_running_average=False)(2 * convolution(x)))
        return nn.Dense(C)(x.mean((2, 3)))


def test_devices_share_the_convolutions_of_a_batch_with_statistics(float64):
    """The gradient is that of one device, and no device receives the samples of another."""
    functions, draw = pure.Functions(Convolutional()), np.random.default_rng(1)
    minimised = objective(Model(functions, Sequence()), SummedCrossEntropy())
    images = draw.normal(1, 1, (8, T, 6, 6, 2))
    labels = draw.integers(0, C, 8)
    variables = functions.init(jax.random.key(1), images.swapaxes(0, 1))
    batch, key = Split(images, labels), jax.random.key(0)

    def step(devices):
        shared = mesh.over(jax.devices()[:devices])
        trainer = Trainer(minimised, optax.sgd(1.0), mesh=shared, statistics=True)
        given = mesh.replicate(variables, shared), place(batch, shared)
        program = fast_jit(lambda v, batch: gradient_of_batch(trainer, v, batch, key))
        return program.lower(*given).compile(), given

    (one, of_one), (two, of_two) = step(1), step(2)
    chex.assert_trees_all_close(
        *jax.device_get((one(*of_one), two(*of_two))), rtol=1e-12, atol=1e-12
    )
    assert "all-gather" not in two.as_text()
