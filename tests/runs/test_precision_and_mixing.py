"""Runs of two kinds: with products in bfloat16, and with labels that are mixed in training alone."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import toy
from spikejax import fit
from spikejax.data import Dataset
from spikejax.inputs import Mixup, MixupOrCutMix, Repeat
from spikejax.layers import Spiking
from spikejax.networks import MLP
from spikejax.neurons.lif import LIF
from spikejax.objectives import TET, MeanCrossEntropy
from spikejax.runs import Config
from spikejax.runs.config import complete
from spikejax.runs.serial import from_json, to_json
from spikejax.training import SGD, Cosine


def test_products_in_bfloat16():
    """Weights, gradients, states and the loss stay in float32, so that no loss has to be scaled."""
    networks = [MLP((16,), None, LIF(), dtype=dtype) for dtype in (None, jnp.bfloat16)]
    runs = [fit(toy.config(network=x, epochs=6), progress=False) for x in networks]
    whole, half = ([entry["loss"] for entry in run.record["history"]] for run in runs)
    assert all(x.dtype == jnp.float32 for x in jax.tree.leaves(runs[1].variables))
    assert np.all(np.isfinite(half)) and half[-1] < 0.9 * half[0]
    assert half != whole and half[0] == pytest.approx(whole[0], rel=0.05)
    outputs = runs[1].network.apply(runs[1].variables, jnp.ones((3, 2, 2)))
    assert outputs.dtype == jnp.float32


class Network(nn.Module):
    classes: int | None = None

    @nn.compact
    def __call__(self, x):
        x = Spiking(LIF())(nn.Dense(16)(x.reshape(*x.shape[:2], -1)))
        return nn.Dense(self.classes)(x)


def images():
    draw, labels = np.random.default_rng(0), np.arange(96) % 3
    pixels = (
        draw.integers(0, 120, (96, 6, 6, 3)) + 120 * np.eye(3, dtype=int)[labels][:, None, None]
    )
    parts = [(pixels[i].astype(np.uint8), labels[i]) for i in (slice(64), slice(64, None))]
    return Dataset.of_arrays(*parts, kind="image", scale=255.0)


@pytest.mark.parametrize(
    "loss", [TET(kept_near="one_hot"), MeanCrossEntropy()], ids=["tet", "mean_cross_entropy"]
)
def test_training_with_mixed_labels(loss):
    """They are probabilities in training; what is measured afterwards has the classes of the data."""
    config = Config(
        data=images(),
        network=Network(),
        encoder=Repeat(
            steps=2, mean=np.full(3, 0.4, np.float32), deviation=np.full(3, 0.2, np.float32)
        ),
        augment=(MixupOrCutMix(),),
        loss=loss,
        optimiser=SGD(learning_rate=0.1, schedule=Cosine()),
        epochs=12,
        batch_size=16,
    )
    filled = complete(config, config.data)
    assert filled.augment == (MixupOrCutMix(classes=3),) and filled.network.classes == 3
    assert from_json(to_json(filled.encoder)) == filled.encoder
    history = fit(config, progress=False).record["history"]
    assert history[-1]["test_accuracy"] > 0.8 and history[-1]["loss"] < history[0]["loss"]
    assert history[-1]["loss"] > history[-1]["test_loss"]  # mixtures are harder


def test_mixing_needs_classes():
    inputs = np.zeros((8, 4, 4, 1), np.float32)
    data = Dataset.of_arrays((inputs, inputs[:, 0, 0]), (inputs, inputs[:, 0, 0]), kind="image")
    config = Config(data=data, network=Network(2), augment=(Mixup(),), batch_size=4)
    with pytest.raises(ValueError, match="classes"):
        complete(config, data)
