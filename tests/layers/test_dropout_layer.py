"""Dropout with one mask per sequence or per step: its masks, their mean, chunks, and what it refuses."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spikejax
import toy
from spikejax import MLP, Time
from spikejax.layers import Dropout
from spikejax.neurons.lif import LIF
from spikejax.paths import replace
from spikejax.runs import fit, sweep

SHAPE = (6, 8, 100)
KEYS = {"dropout": jax.random.key(1)}


def dropped(layer, chunk=None):
    run = spikejax.run(layer, {}, jnp.ones(SHAPE), time=Time(chunk), train=True, rngs=KEYS)
    return run[0]


@pytest.mark.parametrize("per", ["sequence", "step"])
def test_masks(per):
    y = np.asarray(dropped(Dropout(0.3, per)))
    assert set(np.unique(y)) == {np.float32(0), np.float32(1) / np.float32(0.7)}
    different = len(np.unique(y.reshape(SHAPE[0], -1), axis=0))
    assert different == (1 if per == "sequence" else SHAPE[0])
    assert len(np.unique(y[0], axis=0)) == SHAPE[1]  # each sample has its own
    independent = 800 if per == "sequence" else 4800
    assert abs((y == 0).mean() - 0.3) < 5 * (0.3 * 0.7 / independent) ** 0.5
    np.testing.assert_array_equal(dropped(Dropout(0.3, per), chunk=4), y)


def test_evaluation_changes_nothing():
    x = jnp.ones(SHAPE)
    np.testing.assert_array_equal(Dropout(0.9).apply({}, x), x)


@pytest.mark.parametrize("per", ["sequence", "step"])
def test_rates_can_be_traced(per):
    rates = jnp.array([0.0, 0.3, 0.6])
    found = jax.jit(jax.vmap(lambda rate: dropped(Dropout(rate, per), chunk=4)))(rates)
    for rate, y in zip(rates, found, strict=True):
        np.testing.assert_allclose(y, dropped(Dropout(np.float32(rate), per)), rtol=1e-6)


class Network(nn.Module):
    """A read-out of some of the inputs."""

    dropout: float = 0.0

    @nn.compact
    def __call__(self, x, train=False):
        return nn.Dense(toy.CLASSES)(Dropout(self.dropout)(x, train))


def test_a_sweep_over_rates(tmp_path):
    config = toy.config(network=Network(), epochs=1)
    found = sweep(config, {"network.dropout": (0.1, 0.8)}, tmp_path / "sweep", seeds=(3,))
    alone = fit(replace(config, {"network.dropout": 0.8, "seed": 3}), tmp_path / "alone")
    trials = found["metrics"]["trials"]
    assert trials["0"]["loss"] != trials["1"]["loss"]
    assert trials["1"]["loss"] == pytest.approx(alone.record["history"][-1]["loss"], rel=1e-5)


@pytest.mark.parametrize("network", [Network(), MLP((4,), None, LIF())], ids=["own", "mlp"])
@pytest.mark.parametrize("rates", [(0.1, 0.2, 1.5), (0.1, -0.5, 0.2), (0.1, np.nan)])
def test_rates_at_later_points_of_a_sweep_are_refused(network, rates, tmp_path):
    config = toy.config(network=network, epochs=1)
    axes = {"network.dropout": rates, "optimiser.learning_rate": (1e-3, 1e-2)}
    with pytest.raises(ValueError, match=r"rate as a number in \[0, 1\), found (1.5|-0.5|nan)"):
        sweep(config, axes, tmp_path / "sweep")
    assert not (tmp_path / "sweep").exists()


@pytest.mark.parametrize("rate", [1.0, -0.1, "much", np.full(2, 0.1)])
def test_other_rates_are_refused(rate):
    with pytest.raises(ValueError, match=r"rate as a number in \[0, 1\)"):
        Dropout(rate).apply({}, jnp.ones(SHAPE))


def test_another_kind_of_mask_is_refused():
    with pytest.raises(ValueError, match=r"one of \('sequence', 'step'\), found 'batch'"):
        Dropout(0.5, "batch").apply({}, jnp.ones(SHAPE))
