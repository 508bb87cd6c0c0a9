"""What a neuron computes does not depend on how it is run, every parameter matters, and silence stays silence."""

import jax
import numpy as np

from contract_runs import (
    NOISE,
    arrays,
    check_close,
    currents_of,
    jitted,
    jitted_slopes,
    looped,
    mapped_slopes,
    stack,
)
from drawn_neurons import (
    FEATURES,
    drawn_parameters,
    every_model,
    few_options,
    float64,
    settle,
    single_options,
)
from spikejax.fields import fields_of
from spikejax.neurons.core.parameters import named_parameters


@every_model
@float64
def test_eager_loop_jit_and_vmap_are_equal(model):
    """For the defaults and for neurons whose parameters are drawn, with every option."""
    parameters, currents = [{}, *drawn_parameters(model, 5)], currents_of(model)
    for options in few_options(model):
        neurons = [settle(model, **drawn, **options) for drawn in parameters]
        compiled = [jitted(neuron, currents) for neuron in neurons]
        for neuron, found in zip(neurons, compiled, strict=True):
            check_close(found, looped(neuron, currents))
            if model.spiking:
                np.testing.assert_array_equal(found[1] * (1 - found[1]), 0)
        slopes, mapped = mapped_slopes(stack(neurons), currents)
        check_close(mapped, stack(compiled))
        assert all(np.all(np.isfinite(slope)) for slope in jax.tree.leaves(slopes))


@every_model
@float64
def test_the_neurons_that_are_compared_fire(model):
    """At some of the steps that the other tests compare: a silent neuron is equal to anything."""
    if model.spiking and model.horizon < 1000:  # a millisecond neuron is silent for eight steps
        rate = float(np.mean(jitted(settle(model), currents_of(model))[1]))
        assert 0 < rate < 1


def opposite_parameters(model):
    for options in single_options(model):
        for name, field in fields_of(model).items():
            if field.metadata["low"] == -np.inf and not callable(field.default):
                yield {**options, name: -field.default}


@every_model
@float64
def test_every_parameter_matters(model):
    """No parameter is idle: with the default options, or with another choice, if it belongs to that one.

    Last, the sign of a parameter is changed as well: the floor of ALIF wants a negative strength.
    """
    steps = model.horizon
    noise = np.random.default_rng(2).normal(0.8, 0.8, (steps, 2, FEATURES))
    idle = set()
    for changes in [*single_options(model), *opposite_parameters(model)]:
        neuron = settle(model, steps, **changes)
        slopes, (_, output) = jitted_slopes(neuron, currents_of(model, noise))
        output = np.asarray(output)
        assert changes or 0 < np.mean(output != 0) < 1 or not model.spiking
        found = {
            name: np.max(np.abs(np.asarray(slope)))
            for name, slope in named_parameters(slopes).items()
        }
        assert all(np.isfinite(size) for size in found.values()), found
        still = {name for name, size in found.items() if not size > 1e-9}
        idle = still if not changes else idle & still
        if not idle:
            return
    raise AssertionError(f"idle: {sorted(idle)}")


@every_model
@float64
def test_without_input_nothing_happens(model):
    zeros = np.zeros_like(NOISE)
    for options in single_options(model):
        if not model.stochastic:
            np.testing.assert_array_equal(
                looped(settle(model, **options), zeros)[1], 0, err_msg=str(options)
            )


@every_model
@float64
def test_a_row_feels_its_current(model):
    currents = currents_of(model)
    shifted = looped(settle(model), currents + 3 * model.drive)
    state, sent = looped(settle(model), currents)
    if jax.tree.leaves(state):
        assert any(np.any(a != b) for a, b in zip(*map(arrays, (shifted[0], state)), strict=True))
    else:
        assert np.any(shifted[1] != sent)
