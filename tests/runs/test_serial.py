"""Configs as JSON: one walk each way, equal after it, and refused where they would not be."""

import json

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import toy
from spikejax.data import SOURCES
from spikejax.fields import Leaf, param, size, spec
from spikejax.inputs import AUGMENTATIONS, ENCODERS, Rate
from spikejax.layers import Recurrent
from spikejax.networks import MLP
from spikejax.neurons import NEURONS
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.objectives import LOSSES, METRICS, REGULARISERS
from spikejax.recipes import RECIPES
from spikejax.runs.serial import MissingArrays, from_json, to_json
from spikejax.surrogate import SURROGATES
from spikejax.training import OPTIMISERS, Adam, Milestones


def there_and_back(value):
    return from_json(json.loads(json.dumps(to_json(value), allow_nan=False)))


def by_name(registry):
    return pytest.mark.parametrize("name", registry)


@by_name(NEURONS)
def test_every_neuron(name):
    neuron = NEURONS[name]().for_steps(16)
    assert there_and_back(neuron) == neuron
    assert to_json(neuron)["type"] == f"neuron {name}"


@by_name(RECIPES)
def test_every_recipe(name):
    config = RECIPES[name].config
    assert there_and_back(config) == config


@pytest.mark.parametrize(
    "registry",
    [SURROGATES, ENCODERS, AUGMENTATIONS, LOSSES, REGULARISERS, METRICS, OPTIMISERS, SOURCES],
    ids=lambda registry: registry.kind,
)
def test_every_part(registry):
    for member in registry.values():
        assert there_and_back(member()) == member()


def test_values_of_all_kinds():
    network = MLP((6, 7), None, TCLIF.from_beta(-0.5, 0.25), learn=("c1",), dtype=jnp.bfloat16)
    config = toy.config(
        data="digits",
        network=network,
        encoder=Rate(steps=3, gain=0.1 + 0.2),
        optimiser=Adam(learning_rate=1 / 3, schedule=Milestones(epochs=(3, 5))),
        chunk=None,
    )
    found = there_and_back(config)
    assert found == config
    assert found.optimiser.learning_rate == 1 / 3 and found.network.dtype == jnp.bfloat16


def test_numbers_of_numpy_and_jax():
    neuron = LIF(decay=np.float32(0.7), threshold=jnp.float32(1.5))
    found = there_and_back(neuron)
    assert float(found.decay) == float(np.float32(0.7)) and float(found.threshold) == 1.5
    per_neuron = LIF(decay=jnp.linspace(0.1, 0.9, 5))
    np.testing.assert_array_equal(there_and_back(per_neuron).decay, per_neuron.decay)
    assert there_and_back(per_neuron).decay.dtype == per_neuron.decay.dtype


@spec
class Window:
    """A spec of this file."""

    length: int = size(default=3, doc="steps")
    width: Leaf = param(default=0.5, low=0, doc="relative")


def normal(key, shape, dtype=jnp.float32):
    return jax.random.normal(key, shape, dtype)


class Own(nn.Module):
    """A network of this file."""

    units: int
    neuron: LIF = LIF(decay=0.5)

    @nn.compact
    def __call__(self, x):
        return nn.Dense(2)(Recurrent(self.neuron)(nn.Dense(self.units)(x)))


def test_what_is_outside_of_the_package_is_found_by_its_module():
    config = toy.config(data="digits", network=Own(units=4, neuron=LIF(decay=0.25)))
    assert to_json(config)["network"]["type"] == f"{__name__}:Own"
    assert there_and_back(config) == config
    assert there_and_back((Window(), Window(width=0.1))) == (Window(), Window(width=0.1))
    assert there_and_back(LIF(decay=normal)).decay is normal
    ordinary = nn.Sequential((nn.Dense(3), nn.relu, Recurrent(LIF(decay=0.1))))
    assert there_and_back(ordinary) == ordinary  # Flax's default initialisers have no name


@pytest.mark.parametrize(
    "value",
    [
        nn.Sequential([nn.Dense(3), nn.relu, Recurrent(LIF(decay=0.1))]),
        MLP([4], None, LIF(), recurrent=[0]),
        ([1, (2, [])], {"type": 1.0, "values": [0.5]}),
    ],
    ids=["sequential", "mlp", "nested"],
)
def test_lists_stay_lists(value):
    assert there_and_back(value) == value


def test_arrays_of_ones_own_are_named_and_not_written():
    written = json.loads(json.dumps(to_json(toy.config())))
    assert written["data"] == {"type": "arrays", "name": "toy", "sha256": toy.dataset().checksum}
    missing = from_json(written)
    assert isinstance(missing.data, MissingArrays) and missing.data == "toy"
    assert missing.data.sha256 == toy.dataset().checksum


@pytest.mark.parametrize(
    "value, message",
    [
        (
            LIF(decay=lambda key, shape, dtype: 0.5),
            "config.decay: <function .*define it at the top",
        ),
        (LIF(decay=np.full(200_000, 0.5)), "config.decay: an array of 200,000 values is too large"),
        ((1.0, float("nan")), "config.1: expected a finite number, found nan"),
        ({1, 2}, "config: expected a value that JSON can hold, found set"),
        ({1: 2}, "config: expected strings as the names of a dictionary, found 1"),
    ],
    ids=["lambda", "large", "nan", "set", "number as name"],
)
def test_what_could_not_be_read_back(value, message):
    with pytest.raises(ValueError, match=message):
        to_json(value)


def test_another_object_at_the_same_name():
    """A class that was defined anew, as a notebook's cell does it, is not the one that would be found."""
    first = Window
    namespace = {"__name__": __name__, "spec": spec, "size": size}
    exec("@spec\nclass Window:\n    length: int = size(default=3, doc='')", namespace)
    with pytest.raises(ValueError, match=f"config: another object is at {__name__}:Window"):
        to_json(namespace["Window"]())
    assert there_and_back(first()) == first()


@pytest.mark.parametrize(
    "written, message",
    [
        ({"type": "neuron liff"}, "unknown neuron 'liff'; did you mean lif"),
        ({"type": "neuro lif"}, "unknown kind of spec 'neuro'; did you mean neuron"),
        ({"type": "no_such_module:X"}, "expected a class at no_such_module:X, found no module"),
        ({"type": f"{__name__}:Windo"}, "found no 'Windo' in .*; did you mean Window"),
        ({"type": "__main__:X"}, "in __main__: it was defined in the script or notebook that"),
    ],
)
def test_types_that_are_not_there(written, message):
    with pytest.raises(ValueError, match=message):
        from_json(written)


@pytest.mark.parametrize("kind", ["subprocess:Popen", "builtins:eval", "os:system"])
def test_a_record_calls_nothing(kind, tmp_path):
    written = {"type": kind, "args": ["touch", str(tmp_path / "file")]}
    with pytest.raises(ValueError, match=f"expected a spec or a Flax module at {kind}, found"):
        from_json(written)
    assert not list(tmp_path.iterdir())
