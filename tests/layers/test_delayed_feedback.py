"""Delays of recurrent connections: what is on its way back, and what of it is kept for the gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.layers import DelayedRecurrent, Recurrent
from spikejax.neurons.lif import LIF

KEY, BATCH, FEATURES = jax.random.key(0), 2, 3


@pytest.mark.parametrize("width, low, high", [(0.5, 8 / 9, 10 / 9), (1.0, 1, 1), (2.0, 1, 1)])
def test_what_the_window_sums_to(width, low, high, float64):
    """One spike each of neurons whose delays lie between two steps: all that is then on its way."""
    layer, x = DelayedRecurrent(LIF(), 10, width), jnp.full((1, 1, 201), 2.0)
    variables = layer.init(KEY, x)
    params = {**variables["params"], "delay": jnp.linspace(0.4, 0.6, 201)}
    _, found = layer.apply({**variables, "params": params}, x, mutable=["state"])
    sums = found["state"]["neuron"].arriving.sum(0)
    np.testing.assert_allclose([sums.min(), sums.max()], [low, high], rtol=1e-6)


@pytest.mark.parametrize("per", ["axon", "synapse"])
def test_what_is_kept_of_a_step_for_the_gradients(per):
    """The buffer is not among it: per axon it is what `Recurrent` keeps, and what arrives."""

    def kept(layer):
        def of_steps(count):
            x = jnp.ones((count, BATCH, FEATURES))
            variables = layer.init(KEY, x)

            def run(params):
                return layer.apply({**variables, "params": params}, x)

            return sum(leaf.size for leaf in jax.tree.leaves(jax.vjp(run, variables["params"])[1]))

        return (of_steps(60) - of_steps(20)) / 40

    arrives = BATCH * FEATURES if per == "axon" else 0
    for longest in (10, 30):
        delayed = DelayedRecurrent(LIF(), longest, 1.0, per)
        assert kept(delayed) == kept(Recurrent(LIF())) + arrives
