"""A state that is not of the currents, currents that are events, and neurons that break the contract: named."""

import jax.numpy as jnp
import pytest

from spikejax.dynamics import feedback, unroll
from spikejax.fields import param
from spikejax.neurons.core.contract import neuron
from spikejax.neurons.lif import LIF, LIFState
from spikejax.neurons.tc_lif import TCLIF

CURRENTS = jnp.full((6, 4, 5), 0.7)
LIFE = LIF()
START = LIFE.init_state(CURRENTS[0])

STATES = {
    "one sample": LIFE.init_state(CURRENTS[0, :1]),
    "more samples": LIFE.init_state(jnp.zeros((8, 5))),
    "one neuron": LIFE.init_state(CURRENTS[0, :, :1]),
    "a number": LIFState(jnp.zeros(())),
    "all steps": LIFE.init_state(CURRENTS),
    "half precision": LIFState(jnp.zeros((4, 5), jnp.bfloat16)),
    "another model": TCLIF().init_state(CURRENTS[0]),
    "a tuple": tuple(START),
    "an array": CURRENTS[0],
    "nothing": None,
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_a_state_that_is_not_of_the_currents(state):
    words = r"expected the state of LIF for currents \[4, 5\], LIFState\(membrane=float32\[4, 5\], spikes=None\), found"
    currents = CURRENTS + jnp.zeros(())
    with pytest.raises(ValueError, match=words):
        unroll(LIFE.step, state, currents)
    with pytest.raises(ValueError, match=words):
        LIFE.step(state, currents[0])


def test_a_state_without_feedback():
    step = feedback(LIFE.step, lambda spikes: spikes)
    with pytest.raises(ValueError, match=r"expected .* Feedback\(neuron, spikes\), found LIFState"):
        unroll(step, START, CURRENTS)


@pytest.mark.parametrize("dtype", [bool, jnp.uint8, jnp.int32])
def test_events_are_no_currents(dtype):
    events = jnp.ones((6, 4, 5), dtype)
    for use in (
        lambda: LIFE.init_state(events[0]),
        lambda: LIFE.step(START, events[0]),
        lambda: LIFE.sequence(START, events),
    ):
        with pytest.raises(ValueError, match=r"floating-point currents, found .*astype\(float\)"):
            use()


def broken(returned):
    """A neuron whose step returns something else, made from its next state and its spikes."""

    @neuron(LIFState)
    class Broken:
        decay: float = param(default=0.9, doc="decay")

        def step(self, state, current):
            membrane = self.decay * state.membrane + current
            return returned(LIFState(membrane), (membrane >= 1).astype(membrane.dtype))

    return Broken()


SPIKES = {
    "booleans": lambda state, spikes: (state, spikes > 0),
    "integers": lambda state, spikes: (state, spikes.astype(int)),
    "no batch": lambda state, spikes: (state, spikes.sum(0)),
    "one neuron": lambda state, spikes: (state, spikes[..., :1]),
    "transposed": lambda state, spikes: (state, spikes.T),
    "a number": lambda state, spikes: (state, 1.0),
}


@pytest.mark.parametrize("returned", SPIKES.values(), ids=SPIKES)
def test_spikes_that_are_not_like_the_currents(returned):
    model = broken(returned)
    with pytest.raises(ValueError, match=r"spikes like its currents, float32\[4, 5\], found"):
        unroll(model.step, model.init_state(CURRENTS[0]), CURRENTS)


RETURNS = {
    "no batch": lambda state, spikes: (LIFState(state.membrane.sum(0)), spikes),
    "half": lambda state, spikes: (LIFState(state.membrane.astype(jnp.float16)), spikes),
    "a tuple": lambda state, spikes: (tuple(state), spikes),
    "nothing": lambda state, spikes: (None, spikes),
    "the array": lambda state, spikes: (state.membrane, spikes),
}


@pytest.mark.parametrize("returned", RETURNS.values(), ids=RETURNS)
def test_a_state_that_changes_its_structure(returned):
    model = broken(returned)
    with pytest.raises(ValueError, match=r"to keep the structure of its state, LIFState.*, found"):
        unroll(model.step, model.init_state(CURRENTS[0]), CURRENTS)


@pytest.mark.parametrize(
    "returned",
    [lambda state, spikes: spikes, lambda state, spikes: state, lambda state, spikes: (state,)],
    ids=["only spikes", "only the state", "one result"],
)
def test_what_is_no_pair(returned):
    model = broken(returned)
    with pytest.raises(ValueError, match=r"expected Broken to return \(state, spikes\), found"):
        unroll(model.step, model.init_state(CURRENTS[0]), CURRENTS)


def test_swapped_results():
    model = broken(lambda state, spikes: (spikes, state))
    with pytest.raises(ValueError, match=r"return \(state, spikes\), found \(float32"):
        unroll(model.step, model.init_state(CURRENTS[0]), CURRENTS)


def test_what_is_no_step():
    with pytest.raises(TypeError, match="give the step of a neuron, lif.step"):
        unroll(LIFE, START, CURRENTS)


def test_a_step_that_was_a_function_before():
    """Its own name says nothing of what it does."""

    def fire(self, state, current):
        return state, state.membrane + current > 1

    @neuron(LIFState)
    class Assigned:
        step = fire

    model = Assigned()
    with pytest.raises(
        ValueError, match=r"Assigned to emit spikes like its currents.*found bool\[4, 5\]"
    ):
        unroll(model.step, model.init_state(CURRENTS[0]), CURRENTS)
