"""Parameters are leaves of a pytree and options are its structure, so that programs are shared and none is mistaken."""

import dataclasses
import itertools

import jax
import numpy as np
import pytest

from contract_runs import start
from drawn_neurons import FEATURES, STEPS, all_options, every_model, settle
from spikejax.fields import fields_of
from spikejax.neurons import NEURONS
from spikejax.neurons.core.parameters import named_parameters
from spikejax.surrogate import Circle, QPseudoSpike


@every_model
def test_parameters_are_operands_and_options_are_programs(model):
    traces = []

    @jax.jit
    def sequence(neuron, state, currents):
        traces.append(neuron)
        return neuron.sequence(state, currents)

    currents = np.ones((STEPS, 2, FEATURES), np.float32)
    state = start(settle(model), currents[0])

    def programs(**settings):
        before = len(traces)
        neuron = settle(model, **settings)
        jax.eval_shape(sequence, neuron, state, currents)
        jax.eval_shape(sequence, jax.tree.map(lambda leaf: 0.9 * leaf, neuron), state, currents)
        return len(traces) - before

    assert programs() == 1
    for name, field in fields_of(model).items():
        if not callable(field.default):
            assert programs(**{name: 0.9 * field.default}) == 0
    for name in fields_of(model, "surrogate"):
        assert programs(**{name: QPseudoSpike()}) == 1
    for name, field in fields_of(model, "option").items():
        for choice in set(field.metadata["choices"]) - {field.default}:
            assert programs(**{name: choice}) == 1


@every_model
def test_instance_is_a_frozen_pytree(model):
    neuron = model()
    assert jax.tree.map(lambda leaf: leaf, neuron) == neuron == model()
    assert hash(neuron) == hash(model())
    assert sorted(map(str, jax.tree.leaves(neuron))) == sorted(
        map(str, named_parameters(neuron).values())
    )
    name, *_ = fields_of(model)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(neuron, name, 0.5)
    with pytest.raises(TypeError, match="positional"):
        model(0.5)


def test_no_two_neurons_have_equal_structures():
    """Nor two combinations of options, nor two surrogates of a model: programs are kept by tree structure."""
    structures = []
    for model in NEURONS.values():
        for options in all_options(model):
            kinds = [
                {name: kind()}
                for name in fields_of(model, "surrogate")
                for kind in (Circle, QPseudoSpike)
            ]
            for surrogate in kinds or [{}]:
                structures.append(jax.tree.structure(model(**options, **surrogate)))
    assert all(a != b for a, b in itertools.combinations(structures, 2))


@every_model
def test_a_gradient_of_python_numbers_is_not_held_to_the_bounds(model):
    """A gradient has its neuron's type; `jax.tree.map(float, gradient)` makes no new neuron."""
    for slope in (-100.0, 100.0, float("nan")):
        gradient = jax.tree.map(lambda leaf, slope=slope: slope, model())
        assert isinstance(gradient, model)
        assert {str(leaf) for leaf in jax.tree.leaves(gradient)} == {str(slope)}


@every_model
def test_fields_are_declared(model):
    kinds = [fields_of(model, kind) for kind in ("param", "option", "size", "surrogate")]
    assert sum(map(len, kinds)) == len(dataclasses.fields(model))
    # A spike of TernaryLIF has a surrogate and is −1, 0 or 1, which is not what `spiking` promises.
    fires = model.spiking or model is NEURONS["ternary_lif"]
    assert fires == bool(fields_of(model, "surrogate")) or model.stochastic
    for field in dataclasses.fields(model):
        assert field.metadata["doc"]
    for field in fields_of(model).values():
        if not callable(field.default):
            assert field.metadata["low"] <= field.default <= field.metadata["high"]
    for field in fields_of(model, "option").values():
        assert field.default in field.metadata["choices"]
