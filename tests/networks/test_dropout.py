"""Flax's dropout under an executor that cuts time: the mask of a step is the same however a sequence is cut."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spikejax
from spikejax import MLP
from spikejax.dynamics import Time
from spikejax.neurons.leaky_integrator import LeakyIntegrator

STEPS, BATCH, FEATURES = 12, 2, 50
KEYS = {"dropout": jax.random.key(3)}


class Dropped(nn.Module):
    """Dropout of values in their own layout, or with time folded into the batch."""

    dims: tuple[int, ...] = ()
    folded: bool = False

    @nn.compact
    def __call__(self, x, train=False):
        shape = x.shape
        x = x.reshape(-1, *shape[2:]) if self.folded else x
        return nn.Dropout(0.4, self.dims, deterministic=not train)(x).reshape(shape)


def masks(network, chunk):
    x = jnp.ones((STEPS, BATCH, FEATURES))
    outputs, _ = spikejax.run(network, {}, x, time=Time(chunk), train=True, rngs=KEYS)
    return np.asarray(outputs)


@pytest.mark.parametrize("folded", [False, True])
def test_the_same_for_every_chunk(folded):
    whole = masks(Dropped(folded=folded), None)
    for chunk in (1, 3, 5):
        np.testing.assert_array_equal(masks(Dropped(folded=folded), chunk), whole)
    np.testing.assert_allclose((whole == 0).mean(), 0.4, atol=0.05)
    assert set(np.unique(whole).round(4)) == {0, np.float32(1 / 0.6).round(4)}
    assert len(np.unique(whole.reshape(STEPS, -1), axis=0)) == STEPS  # another mask at each step


def test_one_mask_for_the_sequence():
    whole = masks(Dropped(dims=(0,)), None)
    np.testing.assert_array_equal(whole, np.broadcast_to(whole[0], whole.shape))
    np.testing.assert_array_equal(masks(Dropped(dims=(0,)), 5), whole)


@pytest.mark.parametrize("dims", [(1,), (-2,)])
def test_one_mask_for_the_batch(dims):
    whole = masks(Dropped(dims=dims), None)
    np.testing.assert_array_equal(whole[:, 0], whole[:, 1])
    assert np.any(whole[0] != whole[1])
    np.testing.assert_array_equal(masks(Dropped(dims=dims), 5), whole)


def test_nothing_is_dropped_outside_training():
    x = jnp.ones((STEPS, BATCH, FEATURES))
    np.testing.assert_array_equal(spikejax.run(Dropped(), {}, x, time=Time(5))[0], x)


def test_an_mlp_drops_currents_of_each_step_and_none_in_evaluation():
    """With a leaky integrator as the neuron, whose potential is the sum of its currents."""
    neuron = LeakyIntegrator(decay=0.0)
    network = MLP((FEATURES,), 2, neuron, dropout=0.4)
    x = jnp.ones((STEPS, BATCH, 3))
    variables = network.init(jax.random.key(0), x)

    def outputs(train, chunk=None):
        return np.asarray(
            spikejax.run(network, variables, x, time=Time(chunk), train=train, rngs=KEYS)[0]
        )

    plain = MLP((FEATURES,), 2, neuron)
    np.testing.assert_array_equal(outputs(False), spikejax.run(plain, variables, x)[0])
    whole = outputs(True)
    assert len({step.tobytes() for step in whole}) == STEPS  # another mask at each step
    np.testing.assert_allclose(outputs(True, 5), whole, rtol=1e-6)
    drawn = [network.copy(dropout=rate) for rate in (0.0, 0.9)]
    spread = [
        np.asarray(spikejax.run(n, variables, x, train=True, rngs=KEYS)[0]).std(0).mean()
        for n in drawn
    ]
    assert spread[0] < 1e-6 < spread[1]
