"""Flax's dropout under an executor that cuts time: the mask of a step is the same however a sequence is cut."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spikejax
from spikejax.dynamics import Time

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
