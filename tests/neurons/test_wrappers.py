"""Wrappers: any neuron with a pause, a delay, noise or a synapse, by hand and by arithmetic."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fast_compilation import fast_jit
from spikejax.layers import Recurrent, Spiking
from spikejax.neurons import NEURONS, make
from spikejax.neurons.core.parameters import (
    learned_by_default,
    map_parameters,
    named_parameters,
)
from spikejax.neurons.cuba_lif import CubaLIF
from spikejax.neurons.integrate_and_fire import IntegrateAndFire
from spikejax.neurons.leaky_integrator import LeakyIntegrator
from spikejax.neurons.lif import LIF
from spikejax.neurons.wrappers import ASGL, Delayed, MembraneWidth, Noisy, Refractory, Synapse
from spikejax.surrogate import ClippedLine, Triangle

KEY = jax.random.key(0)
NOISE = np.random.default_rng(9).uniform(-1, 1, (6, 3, 5))
CURRENTS = np.random.default_rng(0).normal(0.5, 0.6, (20, 2, 3))
WRAPPED = {
    "refractory": Refractory(neuron=LIF(), period=2.0),
    "noisy": Noisy(neuron=LIF(), deviation=0.5),
    "delayed": Delayed(neuron=LIF(), delay=1.5, longest=3),
    "synapse": Synapse(neuron=LIF(), synaptic_decay=0.5),
    "membrane_width": MembraneWidth(neuron=LIF(), scale=0.7),
    "asgl": ASGL(neuron=LIF(), share=1.0),
    "all": Refractory(neuron=Noisy(neuron=Delayed(neuron=Synapse(neuron=LIF()), longest=2))),
}
every_wrapper = pytest.mark.parametrize("name", WRAPPED)
pytestmark = pytest.mark.usefixtures("float64")


def run(neuron, currents, key=KEY):
    currents = jnp.asarray(currents)
    state = (
        neuron.init_state(currents[0], key) if neuron.stochastic else neuron.init_state(currents[0])
    )
    return neuron.sequence(state, currents)


compiled = fast_jit(run)
continued = fast_jit(lambda neuron, state, currents: neuron.sequence(state, currents))


@fast_jit
def slopes_of(neuron, currents, weights):
    """The gradient of Σ weights · output by the leaves of the neuron."""
    return jax.grad(lambda neuron: (weights * run(neuron, currents)[1]).sum())(neuron)


# --- All of them ----------------------------------------------------------------------------------


@every_wrapper
def test_a_wrapper_is_a_neuron(name):
    """Spikes of 0 and 1, chunks equal the whole, a gradient by every parameter of it and of what is inside."""
    neuron = WRAPPED[name]
    state, whole = compiled(neuron, CURRENTS)
    assert set(np.unique(whole)) == {0.0, 1.0}
    half, first = compiled(neuron, CURRENTS[:9])
    rest, second = continued(neuron, half, CURRENTS[9:])
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)
    for a, b in zip(jax.tree.leaves(rest), jax.tree.leaves(state), strict=True):
        if jnp.issubdtype(a.dtype, jnp.floating):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    weights = np.random.default_rng(1).normal(size=whole.shape)
    slopes = slopes_of(neuron, CURRENTS, weights)
    # A pause and a chance have no gradient; a width may be overruled.
    own_way = {"period", "share", "surrogate_width"}
    for parameter, slope in named_parameters(slopes).items():
        assert np.isfinite(slope) and (slope != 0 or parameter in own_way), parameter


@every_wrapper
@pytest.mark.parametrize("layer", [Spiking, Recurrent])
def test_parameters_of_what_is_inside_are_variables(name, layer):
    neuron = WRAPPED[name]
    module = layer(neuron, learn=("decay",))
    keys = {"params": KEY, "noise": KEY}
    variables = jax.eval_shape(module.init, keys, jnp.asarray(CURRENTS[:0]))
    synapse = {"kernel", "bias"} if layer is Recurrent else set()
    assert set(variables["params"]) == {"decay"} | synapse
    assert set(variables["constants"]) == set(named_parameters(neuron)) - {"decay"}


WRAPPERS = [ASGL, Delayed, MembraneWidth, Noisy, Refractory, Synapse]


def test_names_do_not_collide():
    """Parameters of a wrapper and of what is inside have names of their own, whatever is inside."""
    inside = [model() for model in NEURONS.values()] + [w(neuron=LIF()) for w in WRAPPERS]
    for wrapper in WRAPPERS:
        for neuron in inside:
            names = []
            map_parameters(
                lambda name, *rest, names=names: names.append(name), wrapper(neuron=neuron)
            )
            assert len(names) == len(set(names)), (wrapper, neuron)
    assert {"synaptic_decay", "neuron_synaptic_decay"} <= set(
        named_parameters(Synapse(neuron=CubaLIF()))
    )


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_any_neuron_that_steps_can_be_wrapped(wrapper):
    """As a layer, twice over; what cannot be wrapped says why."""
    keys = {"params": KEY, "noise": KEY}
    x = jnp.asarray(CURRENTS[:3])
    for name, model in NEURONS.items():
        neuron = wrapper(neuron=model())
        module = Spiking(Refractory(neuron=neuron))
        fits = all(hasattr(model(), name) for name in ("decay", "threshold", "surrogate"))
        if not model.streams:
            message = "runs step by step, found .*PSN, which needs the whole sequence"
        elif wrapper is MembraneWidth and not fits:
            message = f"expected a neuron with decay, threshold, surrogate, found {model.__name__}"
        elif wrapper is ASGL and not hasattr(model(), "surrogate"):
            message = "has no surrogate"
        else:
            spikes, _ = jax.eval_shape(lambda m=module: m.init_with_output(keys, x))
            assert spikes.shape == x.shape, name
            continue
        with pytest.raises(ValueError, match=message):
            jax.eval_shape(lambda m=module: m.init_with_output(keys, x))


def test_what_is_learned_by_default_is_that_of_the_inside_too():
    assert learned_by_default(Delayed(neuron=make("tc_lif"))) == ("c1", "c2", "delay")


# --- Refractory -----------------------------------------------------------------------------------


def test_pause_by_hand():
    """Period 2: it fires at step 0, is held at 0 for two steps, and adds up again."""
    currents = np.array([1.0, 0.6, 0.6, 0.6, 0.6, 0.2])[:, None]
    _, spikes = compiled(Refractory(neuron=IntegrateAndFire(), period=2.0), currents)
    np.testing.assert_array_equal(spikes.ravel(), [1, 0, 0, 0, 1, 0])


def test_a_variable_that_is_not_held_goes_on():
    currents = np.array([2.0, 0.0, 0.0])[:, None]
    cuba = CubaLIF(synaptic_decay=0.5, decay=1.0)
    state, _ = compiled(Refractory(neuron=cuba, period=5.0, hold=("membrane",)), currents)
    np.testing.assert_allclose(state.neuron.synapse, [0.5])
    np.testing.assert_allclose(state.neuron.membrane, [1.0])  # 2 − 1, held
    state, _ = compiled(Refractory(neuron=cuba, period=5.0), currents)
    np.testing.assert_allclose(state.neuron.synapse, [2.0])
    with pytest.raises(ValueError, match=r"hold names \['voltage'\], expected variables of"):
        run(Refractory(neuron=cuba, hold=("voltage",)), currents)


def test_no_pause_is_the_neuron():
    expected = compiled(LIF(), CURRENTS)
    state, spikes = compiled(Refractory(neuron=LIF(), period=0.0), CURRENTS)
    np.testing.assert_array_equal(spikes, expected[1])
    np.testing.assert_array_equal(state.neuron.membrane, expected[0].membrane)


# --- Delayed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_a_whole_delay_shifts(delay):
    _, spikes = compiled(Delayed(neuron=LIF(), delay=float(delay), longest=4), CURRENTS)
    shifted = np.concatenate([np.zeros((delay, 2, 3)), CURRENTS[: 20 - delay]])
    np.testing.assert_array_equal(spikes, compiled(LIF(), shifted)[1])


@pytest.mark.parametrize("width", [1.0, 2.5])
def test_the_gradient_of_a_delay(width):
    """Of a membrane without spikes, against central differences; a delay for each neuron."""
    neuron = Delayed(
        neuron=LeakyIntegrator(decay=0.5), delay=jnp.array([0.4, 1.7, 2.2]), width=width, longest=4
    )
    weights = np.random.default_rng(2).normal(size=CURRENTS.shape)

    @fast_jit
    @jax.value_and_grad
    def loss(delay):
        return (weights * run(dataclasses.replace(neuron, delay=delay), CURRENTS)[1]).sum()

    found, step = loss(neuron.delay)[1], 1e-6
    for i in range(3):
        shift = step * np.eye(3)[i]
        rise = (loss(neuron.delay + shift)[0] - loss(neuron.delay - shift)[0]) / (2 * step)
        np.testing.assert_allclose(found[i], rise, rtol=1e-6)


def test_a_delay_is_learned():
    """From 1 step to the 3 that made the target, with a window that narrows."""
    currents = np.random.default_rng(3).normal(size=(60, 4, 1))
    target = compiled(Delayed(neuron=LeakyIntegrator(decay=0.0), delay=3.0, longest=6), currents)[1]

    @fast_jit
    def step(delay, width):
        def loss(delay):
            neuron = Delayed(neuron=LeakyIntegrator(decay=0.0), delay=delay, width=width, longest=6)
            return jnp.mean((run(neuron, currents)[1] - target) ** 2)

        return delay - 0.1 * jax.grad(loss)(delay)

    delay = jnp.array(1.0)
    for width in np.linspace(3, 1, 200):
        delay = step(delay, width)
    np.testing.assert_allclose(delay, 3.0, atol=0.05)


def test_a_delay_beyond_the_longest_is_refused():
    with pytest.raises(ValueError, match="at most longest=8 steps, found 20"):
        Delayed(neuron=LIF(), delay=20.0)


# --- ASGL -----------------------------------------------------------------------------------------


def test_asgl_learns_the_slope_through_the_smooth_half():
    """The same neurons send spikes all along; the slope's gradient is that of the antiderivative."""
    lif = LIF(decay=0.0, reset="none", surrogate=ClippedLine(0.2))
    model, currents = ASGL(neuron=lif, share=0.5), 1.0 + 0.2 * NOISE
    state, sent = compiled(model, currents)
    hard = np.broadcast_to(state.mask == 1, sent.shape)
    np.testing.assert_array_equal(sent[hard], (currents >= 1)[hard])
    np.testing.assert_allclose(sent[~hard], np.exp(0.2) * (currents - 1)[~hard] + 0.5)
    assert 0.2 < hard.mean() < 0.8
    slope = slopes_of(model, currents, 1.0).neuron.surrogate.log_slope
    np.testing.assert_allclose(slope, (np.exp(0.2) * (currents - 1)).sum())


# --- Noisy ----------------------------------------------------------------------------------------


def test_noise_is_that_of_its_key():
    silent = np.zeros((4000, 3))
    neuron = Noisy(neuron=LeakyIntegrator(decay=0.0), deviation=0.3)
    _, noise = compiled(neuron, silent)
    np.testing.assert_array_equal(noise, compiled(neuron, silent)[1])
    assert np.all(noise != compiled(neuron, silent, jax.random.key(1))[1])
    np.testing.assert_allclose(np.std(noise), 0.3, rtol=0.03)
    np.testing.assert_allclose(np.mean(noise), 0, atol=0.02)
    correlation = np.corrcoef(np.concatenate([noise[:-1], noise[1:]], 1).T)
    np.testing.assert_allclose(correlation, np.eye(6), atol=0.08)  # new for each step and neuron


def test_a_neuron_that_draws_wants_a_key():
    with pytest.raises(ValueError, match="Noisy is stochastic: expected a PRNG key, found None"):
        Refractory(neuron=Noisy(neuron=LIF())).init_state(jnp.zeros(3))


# --- Synapse, MembraneWidth -----------------------------------------------------------------------


@pytest.mark.parametrize("decays", ["before", "after"])
def test_a_synapse_before_lif_is_cuba_lif(decays):
    wrapped = Synapse(neuron=LIF(decay=0.9), synaptic_decay=0.6, synapse=f"decays {decays}")
    state, spikes = compiled(wrapped, CURRENTS)
    expected, sent = compiled(
        CubaLIF(synaptic_decay=0.6, decay=0.9, synapse=f"decays {decays}"), CURRENTS
    )
    np.testing.assert_array_equal(spikes, sent)
    np.testing.assert_allclose(state.neuron.membrane, expected.membrane, rtol=1e-12)


def test_the_width_follows_the_scale():
    """Its gradient is that of a Rectangle as wide as 2 γ V_th, times √(1 + decay²) from the second step on."""
    lif = LIF(decay=0.5, threshold=1.0, reset="zero")
    model = MembraneWidth(neuron=lif, scale=0.4)

    @fast_jit
    @functools.partial(jax.jacrev, argnums=1)
    def jacobian_of(neuron, currents):
        return run(neuron, currents)[1]

    # Membrane potentials 0.7 and 0.8: 0.3 and 0.2 below the threshold.
    currents = np.array([0.7, 0.45])[:, None]
    jacobian = jacobian_of(model, currents).squeeze()
    second = 1 / (2 * 0.4 * np.sqrt(1.25))
    # Through the reset of the first step as well: U = H (1 − S), so dU/dI = 1 − H/width.
    through = (1 - 0.7 / 0.8) * 0.5 * second
    np.testing.assert_allclose(jacobian, [[1 / 0.8, 0], [through, second]], rtol=1e-12)
    assert np.any(jacobian_of(dataclasses.replace(model, scale=0.1), currents) == 0)
    assert isinstance(model.neuron.surrogate, Triangle)
