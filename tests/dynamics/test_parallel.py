"""All steps of a neuron without a reset at once: as one by one, in layers and networks, and what is refused."""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spikejax
from fast_compilation import fast_jit
from spikejax.dynamics import choice, unroll
from spikejax.dynamics.choice import chosen, using
from spikejax.layers import Linear, Spiking
from spikejax.neurons import make
from spikejax.neurons.core.contract import Neuron, neuron
from spikejax.neurons.core.parameters import initialise
from spikejax.neurons.leaky_integrator import LeakyIntegrator
from spikejax.neurons.lif import LIF
from spikejax.neurons.wrappers import Synapse

BATCH, FEATURES = 3, 5


class TwoState(NamedTuple):
    fast: jax.Array
    slow: jax.Array


@neuron(TwoState, spiking=False)
class Mine(Neuron):
    """Two variables that drive each other, in no registry."""

    def step(self, state, current):
        fast = 0.5 * state.fast - 0.3 * state.slow + current
        slow = 0.9 * state.slow + 0.1 * state.fast
        return TwoState(fast, slow), jnp.tanh(slow)

    @property
    def is_linear(self):
        return True


@neuron(TwoState, spiking=False)
class Wrong(Mine):
    """Says it is linear, and multiplies its variables."""

    def step(self, state, current):
        return TwoState(state.fast * state.slow + current, state.slow), state.slow


MODELS = {
    "lif": LIF(reset="none"),
    "lif_late": LIF(threshold=0.2, reset="none", input_scaling="complement", late=True),
    "plif": make("plif", reset="none"),
    "da_lif": make("da_lif", reset="none"),
    "cuba_lif": make("cuba_lif", reset="none"),
    "alpha": make("alpha", reset="none"),
    "synapse": Synapse(neuron=LeakyIntegrator()),
    "pmsn": make("pmsn"),
    "mine": Mine(),
}


def currents_of(model, steps):
    draw = np.random.default_rng(0).normal(0.3, 1.0, (steps, BATCH, FEATURES))
    return jnp.asarray(model.drive * draw)


def results(model, state, currents, kernel):
    """Spikes; the last state and the gradients by parameters, first state and currents."""
    weights = jnp.asarray(np.random.default_rng(1).normal(size=currents.shape))

    def loss(model, state, currents):
        with using(kernel):
            after, spikes = model.sequence(state, currents)
        total = sum(jnp.sin(x).sum() for x in jax.tree.leaves(after))
        return total + (weights * spikes).sum(), (spikes, after)

    gradient = fast_jit(jax.grad(loss, (0, 1, 2), has_aux=True))
    slopes, (spikes, after) = gradient(model, state, currents)
    return spikes, (after, slopes)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("steps", [1, 6, 11])
@pytest.mark.parametrize("name", MODELS)
def test_all_steps_at_once_equal_one_by_one(name, steps):
    model = initialise(MODELS[name], jax.random.key(0), (FEATURES,))
    model = jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), model)
    currents = currents_of(model, steps)
    state = jax.tree.map(lambda x: x + 0.3, model.init_state(currents[0]))
    spikes, rest = results(model, state, currents, "scan")
    found, found_rest = results(model, state, currents, "parallel")
    assert not model.spiking or steps < 6 or 0 < spikes.mean() < 1
    np.testing.assert_allclose(found, spikes, rtol=0, atol=0 if model.spiking else 1e-13)
    for one, other in zip(jax.tree.leaves(found_rest), jax.tree.leaves(rest), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12 * (1 + np.abs(other).max()))


def test_no_loop_is_left():
    model, currents = LIF(reset="none"), jnp.ones((9, 2, 3))

    def spikes(currents):
        return model.sequence(model.init_state(currents[0]), currents)[1]

    assert "scan" in str(jax.make_jaxpr(spikes)(currents))
    with using("parallel"):
        assert "scan" not in str(jax.make_jaxpr(lambda x: spikes(x))(currents))


def test_a_network_in_chunks_with_a_mask_and_recorded():
    network = nn.Sequential(
        [Linear(6), Spiking(LIF(reset="none"), record=("membrane",)), Linear(3), Spiking(LIF())]
    )
    x = jax.random.uniform(jax.random.key(0), (12, 4, 5), maxval=3.0)
    variables = network.init(jax.random.key(1), x)
    lengths = jnp.array([12, 7, 3, 9])
    for given in ({}, {"lengths": lengths}):
        expected, _ = spikejax.run(network, variables, x, **given)
        assert 0 < expected.mean() < 1
        for chunk in (1, 5, 12):
            time = spikejax.Time(chunk=chunk, kernel="parallel")
            found, _ = spikejax.run(network, variables, x, time=time, **given)
            np.testing.assert_array_equal(found, expected)
    with using("parallel"):
        _, activity = network.apply(variables, x, mutable=["activity"])
    _, by_scan = network.apply(variables, x, mutable=["activity"])
    one, other = (found["activity"]["layers_1"]["membrane"] for found in (activity, by_scan))
    assert one.shape == (12, 4, 6)
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_many_models_at_once():
    currents, decays = currents_of(LIF(), 20), jnp.linspace(0.1, 0.9, 3)

    def spikes(decay, kernel):
        model = LIF(decay=decay, reset="none")
        with using(kernel):
            return model.sequence(model.init_state(currents[0]), currents)[1]

    found = jax.vmap(lambda decay: spikes(decay, "parallel"))(decays)
    expected = jax.vmap(lambda decay: spikes(decay, "scan"))(decays)
    np.testing.assert_array_equal(found, expected)
    assert len({float(x.mean()) for x in found}) == 3


@pytest.mark.parametrize(
    ("kernel", "linear", "cpu", "gpu"),
    [
        ("auto", True, "scan", "parallel"),
        ("auto", False, "scan", "pallas"),
        ("parallel", True, "parallel", "parallel"),
        ("parallel", False, "scan", "pallas"),
        ("pallas", True, "pallas", "pallas"),
        ("scan", True, "scan", "scan"),
    ],
)
def test_what_runs_a_layer(kernel, linear, cpu, gpu, monkeypatch):
    for platform, expected in (("cpu", cpu), ("gpu", gpu)):
        monkeypatch.setattr(choice, "platform", lambda platform=platform: platform)
        assert chosen(kernel, linear).kernel == expected
        with using(kernel):
            assert chosen("auto", linear).kernel == expected


def test_a_step_that_is_not_linear_is_refused():
    currents = jnp.ones((4, 2, 3))
    for model, words in (
        (Wrong(), "as Wrong says it is, found one that is not"),
        (LIF(), "a spike resets it"),
        (make("delayed", neuron=LIF()), "variables have one shape"),
    ):
        state = model.init_state(currents[0])
        unroll(model.step, state, currents, linear=True)  # a scan asks for nothing
        with pytest.raises(ValueError, match=words):
            unroll(model.step, state, currents, kernel="parallel", linear=True)


@pytest.mark.parametrize(
    "mix",
    [lambda s: s @ jnp.eye(FEATURES)[::-1], lambda s: s[:, ::-1], lambda s: jnp.roll(s, 1, 0)],
    ids=["product", "reversed", "rolled"],
)
def test_a_step_that_mixes_neurons_is_refused(mix):
    def step(state, current):
        state = 0.5 * mix(state) + current
        return state, state

    currents = jnp.ones((4, BATCH, FEATURES))
    with pytest.raises(ValueError, match="element by element, found"):
        unroll(step, currents[0], currents, kernel="parallel", linear=True)


def test_another_error_of_a_step_is_its_own():
    def step(state, current):
        return state + current[:, :2], state

    with pytest.raises(TypeError, match="incompatible shapes"):
        unroll(step, jnp.ones((3, 5)), jnp.ones((4, 3, 5)), kernel="parallel", linear=True)
