"""Layers inside of an NNX model, by Flax's own bridge."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from spikejax.fields import fields_of
from spikejax.layers import Spiking
from spikejax.neurons.core.parameters import named_parameters
from spikejax.neurons.tc_lif import TCLIF

STEPS, BATCH, FEATURES = 6, 3, 4


class Model(nnx.Module):
    """A dense layer of NNX and neurons."""

    def __init__(self, layer, x):
        draw = np.random.default_rng(4)

        def kernel(key, shape, dtype):
            return jnp.asarray(draw.normal(size=shape), dtype)

        self.dense = nnx.Linear(x.shape[-1], FEATURES, kernel_init=kernel, rngs=nnx.Rngs(0))
        self.neuron = nnx.bridge.ToNNX(layer, rngs=nnx.Rngs(1))
        nnx.bridge.lazy_init(self.neuron, self.dense(x))

    def __call__(self, x, **options):
        return self.neuron(self.dense(x), **options)


def make_inputs():
    return np.random.default_rng(0).normal(0.4, 1.0, (STEPS, BATCH, 5)).astype(np.float32)


def test_spikes_and_gradients_are_those_of_linen():
    x, module = make_inputs(), Spiking(TCLIF())
    model = Model(module, x)
    params = nnx.to_pure_dict(nnx.state(model, nnx.Param))
    assert set(params["neuron"]) == {"c1", "c2"}
    names = named_parameters(module.neuron).keys() - {"c1", "c2"}
    assert names > fields_of(TCLIF).keys() - {"c1", "c2"}
    constants = {name: getattr(model.neuron, name)[...] for name in names}
    weights = np.random.default_rng(3).normal(size=(STEPS, BATCH, FEATURES)).astype(np.float32)

    def linen(params):
        currents = x @ params["dense"]["kernel"] + params["dense"]["bias"]
        spikes = module.apply({"params": params["neuron"], "constants": constants}, currents)
        return (spikes * weights).sum(), spikes

    @nnx.jit
    def grad(model):
        return nnx.grad(lambda model: (model(x) * weights).sum())(model)

    expected, spikes = jax.jit(jax.grad(linen, has_aux=True))(params)
    assert 0.05 < spikes.mean() < 0.95
    np.testing.assert_array_equal(model(x), spikes)
    assert np.any(expected["neuron"]["c1"] != 0)
    found = nnx.to_pure_dict(grad(model))
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), found, expected
    )


def test_state_is_carried_where_it_is_mutable():
    """A sequence in two pieces, the state an attribute of the NNX module."""
    x = make_inputs()
    model = Model(Spiking(TCLIF()), x)
    whole = model(x)
    first = model(x[:4], mutable=["state"])
    second = model(x[4:], mutable=["state"])
    np.testing.assert_array_equal(jnp.concatenate([first, second]), whole)
