"""Rows of a batch, neurons and pieces of a sequence are independent: what is elsewhere changes no bit."""

import jax.numpy as jnp
import numpy as np
import pytest

from contract_runs import NOISE, arrays, continued, currents_of, looped, quickly_continued, start
from drawn_neurons import (
    BATCH,
    FEATURES,
    drawn_options,
    drawn_parameters,
    every_model,
    every_step,
    few_options,
    float64,
    settle,
    single_options,
)
from spikejax.neurons import NEURONS
from spikejax.neurons.core import contract
from spikejax.neurons.lif import LIF, LIFState


def check_independence(neuron, currents):
    """One row of the batch, then one neuron, gets another current: all others are equal in each bit."""
    expected = looped(neuron, currents)
    for touched in (np.s_[:, 1], np.s_[:, :, 2]):
        perturbed = currents.copy()
        perturbed[touched] += 0.75 * neuron.drive
        untouched = np.ones(currents.shape, bool)
        untouched[touched] = False
        found = looped(neuron, perturbed)
        np.testing.assert_array_equal(found[1][untouched], expected[1][untouched])
        for a, b in zip(arrays(found[0]), arrays(expected[0]), strict=True):
            if a.dtype == np.float64:
                rest = np.broadcast_to(untouched[0], a.shape)
                np.testing.assert_array_equal(a[rest], b[rest])


def check_chunks(neuron, currents, continued=continued):
    """Two pieces, the state passed on, equal the whole in each bit."""
    state, pieces = start(neuron, currents[0]), []
    whole = continued(neuron, state, currents)
    for chunk in (currents[:4], currents[4:]):
        state, spikes = continued(neuron, state, chunk)
        pieces.append(spikes)
    for a, b in zip(arrays((state, np.concatenate(pieces))), arrays(whole), strict=True):
        np.testing.assert_array_equal(a, b)


@every_model
@float64
def test_rows_and_neurons_are_independent(model):
    for seed, parameters in enumerate(drawn_parameters(model, 4)):
        neuron = settle(model, **parameters, **drawn_options(model, seed))
        check_independence(neuron, currents_of(model))


@every_model
@float64
def test_rows_are_independent_whatever_is_chosen(model):
    for options in single_options(model):
        check_independence(settle(model, 3, **options), currents_of(model, NOISE[:3]))


@every_step
@float64
def test_chunks_equal_the_whole(model):
    """With the default options in the programs that users get, with others in those that compile fast."""
    default, *others = few_options(model)
    for parameters in drawn_parameters(model, 4):
        check_chunks(settle(model, **parameters, **default), currents_of(model))
        for options in others:
            neuron = settle(model, **parameters, **options)
            check_chunks(neuron, currents_of(model), quickly_continued)


@contract.neuron(LIFState)
class Crowd:
    """A LIF that is wrong: it also feels the mean of the batch."""

    def step(self, state, current):
        membrane = 0.8 * state.membrane + 0.1 * jnp.mean(state.membrane) + current
        return LIFState(membrane * (membrane < 1)), (membrane >= 1).astype(current.dtype)


@contract.neuron(LIFState)
class Forgetful:
    """A LIF that is wrong: a new piece of a sequence starts anew."""

    def step(self, state, current):
        return LIF().step(state, current)

    def sequence(self, state, currents):
        return LIF().sequence(self.init_state(currents[0]), currents)


@float64
def test_the_checks_find_what_they_are_for():
    with pytest.raises(AssertionError):
        check_independence(Crowd(), NOISE)
    with pytest.raises(AssertionError):
        check_chunks(Forgetful(), NOISE)


@pytest.mark.parametrize("name", ["psn", "masked_psn"])
def test_a_model_of_whole_sequences_says_so(name):
    neuron = settle(NEURONS[name])
    state = neuron.init_state(NOISE[0])
    nothing = neuron.sequence(state, jnp.asarray(NOISE[:0]))
    assert nothing[0] == state and nothing[1].shape == (0, BATCH, FEATURES)
    message = rf"{type(neuron).__name__} mixes all T=8 steps.*neither be run in chunks nor streamed; found 4"
    with pytest.raises(ValueError, match=message):
        neuron.sequence(state, jnp.asarray(NOISE[:4]))
    with pytest.raises(NotImplementedError, match="needs the whole sequence at once"):
        neuron.step(state, jnp.asarray(NOISE[0]))
