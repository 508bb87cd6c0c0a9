"""A network with its encoder, its time, its loss and its metrics as one function of a batch."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.data import Split
from spikejax.dynamics import Time
from spikejax.inputs import Rate, Sequence
from spikejax.layers import Spiking
from spikejax.networks.core import pure
from spikejax.neurons.lif import LIF
from spikejax.objectives import Accuracy, FiringRate, Membrane, Rates, SummedCrossEntropy
from spikejax.objectives.composed import measurement, objective
from spikejax.objectives.model import Model

T, B, F, C = 7, 5, 3, 4
KEY = jax.random.key(0)


class Network(nn.Module):
    """A spiking layer between two linear ones; the membrane potential is recorded."""

    @nn.compact
    def __call__(self, x):
        x = Spiking(LIF(), record=("membrane",))(nn.Dense(6, param_dtype=x.dtype)(2 * x))
        return nn.Dense(C, param_dtype=x.dtype)(x)


def batch(lengths=None):
    draw = np.random.default_rng(0)
    return Split(draw.normal(1, 1, (B, T, F)), np.arange(B) % C, lengths)


def model(chunk=None, network=None, encoder=None):
    return Model(pure.Functions(network or Network()), encoder or Sequence(), Time(chunk))


def variables(network=None):
    return pure.Functions(network or Network()).init(jax.random.key(1), jnp.ones((1, B, F)))


def test_it_is_what_its_parts_say(float64):
    """Loss, regularisers and metrics of the outputs and the activity, put together by hand."""
    given, made = batch(), variables()
    quiet, small = FiringRate(strength=3.0, target=0.1), Membrane(strength=0.5)
    minimised = objective(model(), SummedCrossEntropy(), (quiet, small), (Accuracy(), Rates()))
    value, (measured, changed) = minimised(made, given, KEY)
    x = jnp.asarray(given.inputs).swapaxes(0, 1)
    outputs, seen = Network().apply(made, x, mutable=["activity"])
    activity = pure.by_layer(seen["activity"])
    ((spikes, membrane),) = [(a["spikes"], a["membrane"]) for a in activity.values()]
    loss = SummedCrossEntropy()(outputs, given.labels, {}, None)
    extra = 3 * ((spikes.mean(0) - 0.1) ** 2).mean() + 0.5 * (membrane**2).mean()
    np.testing.assert_allclose(value, loss + extra, rtol=1e-12)
    np.testing.assert_allclose(measured["loss"].value, loss, rtol=1e-12)
    np.testing.assert_allclose(measured["regularisation"].value, extra, rtol=1e-12)
    right = (outputs.sum(0).argmax(-1) == given.labels).mean()
    np.testing.assert_allclose(measured["accuracy"].value, right)
    (rate,) = measured["firing_rate"].value.values()
    np.testing.assert_allclose(rate, spikes.mean())
    assert changed == {} and 0.02 < float(rate) < 0.98


@pytest.mark.parametrize("lengths", [None, np.array([7, 1, 3, 7, 5])], ids=["equal", "unequal"])
@pytest.mark.parametrize("chunk", [1, 3])
def test_chunks_change_nothing(chunk, lengths, float64):
    """Neither values nor gradients, of losses and of what looks at the activity."""
    parts = (SummedCrossEntropy(), (FiringRate(), Membrane()), (Accuracy(), Rates()))

    def found(chunk):
        minimised = objective(model(chunk), *parts)

        def of(params):
            return minimised({"params": params, **rest}, batch(lengths), KEY)

        rest = variables()
        params = rest.pop("params")
        return jax.jit(jax.value_and_grad(of, has_aux=True))(params)

    chex.assert_trees_all_close(found(chunk), found(None), rtol=1e-9, atol=1e-12)


def test_lengths_mask_activity_and_outputs(float64):
    """What stands behind the end of a sample has no influence, on no number and no gradient."""
    lengths = np.array([7, 1, 3, 7, 5])
    given = batch(lengths)
    behind = np.arange(T) >= lengths[:, None]
    noisy = given._replace(inputs=np.where(behind[..., None], 5.0, given.inputs))
    minimised = objective(model(), SummedCrossEntropy(), (FiringRate(), Membrane()), (Rates(),))
    made = variables()
    one, other = (
        jax.value_and_grad(lambda v, data=data: minimised(v, data, KEY), has_aux=True)(made)
        for data in (given, noisy)
    )
    chex.assert_trees_all_close(one, other, rtol=1e-12)
    assert any(float(jnp.abs(leaf).max()) > 0 for leaf in jax.tree.leaves(one[1]))


def test_functions_serve_as_losses_and_metrics(float64):
    def last(outputs, labels, activity, mask):
        return (outputs[-1] ** 2).mean()

    def loudest(outputs, labels, activity, mask):
        return max(values["spikes"].mean() for values in activity.values())

    value, (measured, _) = objective(model(), last, (), (loudest,))(variables(), batch(), KEY)
    assert float(value) > 0 and 0 < float(measured["loudest"].value) < 1
    assert float(measured["loudest"].weight) == B


def test_without_labels(float64):
    """A function that needs none serves as a loss, and firing rates are measured."""

    def last(outputs, labels, activity, mask):
        return (outputs[-1] ** 2).mean()

    for lengths in (None, np.array([7, 1, 3, 7, 5])):
        given = batch(lengths)._replace(labels=None)
        minimised = objective(model(), last, (Membrane(),))
        value, (measured, _) = minimised(variables(), given, KEY)
        assert float(value) > 0 and float(measured["loss"].weight) == B
        assert float(minimised.weight(given)) == B
        found = measurement(model(), last, (Rates(),))(variables(), given, KEY)
        assert float(found["firing_rate"].weight) == (B if lengths is None else lengths.sum())
    with pytest.raises(ValueError, match="leading axis B = 5 .*found none"):
        minimised = objective(model(), SummedCrossEntropy())
        minimised(variables(), batch()._replace(labels=None), KEY)


def test_names_of_metrics_that_are_taken():
    def gradient_norm(outputs, labels, activity, mask):
        return 0.0

    for make in (objective, measurement):
        with pytest.raises(ValueError, match="another name than epoch, .* found gradient_norm"):
            make(model(), SummedCrossEntropy(), metrics=(gradient_norm,))
        with pytest.raises(ValueError, match="firing_rate is measured in any case; leave Rates"):
            make(model(), SummedCrossEntropy(), metrics=(Rates(), Rates()))
        with pytest.raises(ValueError, match="two measured values are called accuracy"):
            make(model(), SummedCrossEntropy(), metrics=(Accuracy(), Accuracy(top=2)))


def test_keys_of_encoder_noise_and_dropout_are_different():
    seen = []

    class Drawing(nn.Module):
        @nn.compact
        def __call__(self, x, train: bool = False):
            seen.append((self.make_rng("noise"), self.make_rng("dropout"), train))
            return x

    drawn = model(network=Drawing(), encoder=Rate(steps=3, scale=2.0))
    given = Split(jnp.ones((B, F)), np.arange(B))
    first = drawn.run({}, given, KEY, train=True).outputs
    again = drawn.run({}, given, KEY).outputs
    other = drawn.run({}, given, jax.random.key(5)).outputs
    np.testing.assert_array_equal(first, again)
    assert (np.asarray(first) != other).any()
    noise, dropout, train = seen[0]
    assert train is True and seen[1][2] is False
    assert jax.random.key_data(noise).tolist() != jax.random.key_data(dropout).tolist()
