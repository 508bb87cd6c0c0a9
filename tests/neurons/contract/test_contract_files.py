"""One model a file: registry, presets and docstrings agree with the folder of the neurons."""

import importlib
from pathlib import Path

import pytest

import spikejax.neurons
from drawn_neurons import every_model
from spikejax.fields import fields_of
from spikejax.neurons import NEURONS, make
from spikejax.neurons.core.contract import Neuron
from spikejax.neurons.lif import LIF


def test_registry_is_the_folder():
    files = {path.stem for path in Path(spikejax.neurons.__file__).parent.glob("*.py")}
    assert set(NEURONS) == files - {"__init__"}
    assert NEURONS.find("lif") is LIF
    with pytest.raises(TypeError):
        NEURONS["mine"] = LIF


@pytest.mark.parametrize("name", NEURONS)
def test_one_model_a_file(name):
    module = importlib.import_module(f"spikejax.neurons.{name}")
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    assert [value for value in own if issubclass(value, Neuron) and value is not Neuron] == [
        NEURONS[name]
    ]
    assert {NEURONS[name], NEURONS[name].State} <= set(own)
    assert module.__doc__


def test_presets_are_settings_of_their_model():
    for name, model in NEURONS.items():
        for peer, preset in model.presets.items():
            assert make(name, like=peer) == model(**preset)
            field = next(iter(set(fields_of(model)) - set(preset)), None)
            if field and not callable(fields_of(model)[field].default):
                value = 0.9 * fields_of(model)[field].default
                assert getattr(make(name, like=peer, **{field: value}), field) == value
    with pytest.raises(ValueError, match="unknown preset of clif 'norse'; .*spikingjelly"):
        make("clif", like="norse")


@every_model
def test_docstring_has_a_source_and_an_example(model):
    assert "Reference:" in model.__doc__ and ">>> " in model.__doc__
    assert f"`{model.__name__}`" in model.State.__doc__  # not the one that NamedTuple writes
