"""What a neuron refuses, and what it says then: parameters out of bounds, unknown options and names."""

import re

import numpy as np
import pytest

from drawn_neurons import every_model
from spikejax.fields import fields_of
from spikejax.neurons import NEURONS, WRAPPERS, make, wrappers
from spikejax.neurons.core.contract import Neuron
from spikejax.neurons.core.parameters import check_learnable, named_parameters
from spikejax.registry import UnknownName


@every_model
def test_a_parameter_out_of_bounds_is_refused(model):
    for name, field in fields_of(model).items():
        low, high = field.metadata["low"], field.metadata["high"]
        for value in (low - 0.5, high + 0.5, float("nan")):
            if low <= value <= high:  # an infinite bound
                continue
            expected = f"{model.__name__}.{name} must lie in [{low}, {high}], found {value}"
            with pytest.raises(ValueError, match=re.escape(expected)):
                model(**{name: value})
        for border in (low, high):
            if np.isinf(border):
                with pytest.raises(ValueError, match=re.escape(f"found {border}")):
                    model(**{name: border})
            elif model.check is Neuron.check:
                assert getattr(model(**{name: border}), name) == border


def test_parameters_that_constrain_each_other():
    with pytest.raises(ValueError, match="expected slow_decay above fast_decay, found 0.5 and 0.6"):
        make("alpha", slow_decay=0.5, fast_decay=0.6)
    with pytest.raises(ValueError, match="80 slope factors above the rheobase"):
        make("adex", slope_factor=0.5)


@every_model
def test_an_unknown_option_is_refused(model):
    for name, field in fields_of(model, "option").items():
        choices = field.metadata["choices"]
        expected = f"{model.__name__}.{name} must be one of {choices}, found 'nonsense'"
        with pytest.raises(ValueError, match=re.escape(expected)):
            model(**{name: "nonsense"})


def test_an_unknown_neuron_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"unknown neuron 'lift'; did you mean lif\b"):
        NEURONS.find("lift")
    with pytest.raises(ValueError, match=", ".join(sorted(NEURONS))):
        NEURONS.find("???")


@every_model
def test_only_numbers_can_be_learned(model):
    check_learnable(model(), tuple(named_parameters(model())))
    for name in ("nonsense", *fields_of(model, "option"), *fields_of(model, "surrogate")):
        expected = (
            f"{model.__name__} has no parameter {name!r} to learn; "
            f"expected one of {sorted(named_parameters(model()))}"
        )
        with pytest.raises(ValueError, match=re.escape(expected)):
            check_learnable(model(), (name,))


def test_wrappers_are_made_by_name_around_a_neuron():
    assert sorted(model.__name__ for model in WRAPPERS.values()) == sorted(wrappers.__all__)
    for name, model in WRAPPERS.items():
        assert make(name, neuron=make("lif")) == model(neuron=make("lif"))
        with pytest.raises(ValueError, match=rf"neuron for {name}, .* make\('{name}', neuron=…\)"):
            make(name)
    with pytest.raises(UnknownName, match="refractory has no presets"):
        make("refractory", like="norse", neuron=make("lif"))
