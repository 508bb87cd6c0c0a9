"""The parts of a config: found and filled in wherever they are, and refused where they cannot be."""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import toy
from spikejax import paths
from spikejax.data import SOURCES
from spikejax.inputs import Flip, Repeat
from spikejax.layers import Spiking
from spikejax.networks import MLP
from spikejax.neurons.lif import LIF
from spikejax.neurons.psn import PSN
from spikejax.objectives import TET, Accuracy, FiringRate
from spikejax.runs import fit, load
from spikejax.runs.config import complete
from spikejax.runs.programs import group_points
from spikejax.training import Ramp


def test_layers_in_a_list_are_filled_in_and_found():
    network = nn.Sequential([nn.Dense(4), Spiking(PSN()), nn.relu, Spiking(LIF()), nn.Dense(3)])
    whole = complete(toy.config(network=network), toy.dataset())
    assert whole.network.layers[1].neuron.steps == toy.T
    other = paths.replace(toy.config(network=network), {"decay": 0.3})
    assert other.network.layers[3].neuron.decay == 0.3


def test_a_network_with_a_list_is_loaded_equal(tmp_path):
    network = nn.Sequential([nn.Dense(4), Spiking(LIF()), nn.relu, nn.Dense(10)])
    fit(toy.config(data="digits", network=network, epochs=1, batch_size=512), tmp_path / "run")
    assert load(tmp_path / "run").network == network


@pytest.mark.parametrize("kind", [np.float32, jnp.float32, jnp.array, float])
def test_points_of_a_sweep_may_be_numbers_of_numpy_and_jax(kind):
    config = toy.config(network=MLP((6,), None, LIF(), gain=kind(1.0)))
    points = [
        {"gain": kind(x), "neuron.decay": kind(x), "learning_rate": kind(x)} for x in (0.5, 1.0)
    ]
    (program,) = group_points(config, points)
    assert program.numbers == [0, 1] and len(program.values[0]) == 3
    assert all(type(x) is float for values in program.values for x in values.values())


REFUSED = {
    "loss a class": ({"loss": TET}, r"must be a loss, found the class TET; give TET\(\), an inst"),
    "loss a name": ({"loss": "tet"}, r"found 'tet'; give TET\(\)$"),
    "loss no name": ({"loss": "tett"}, "unknown loss 'tett'; did you mean tet"),
    "loss none": ({"loss": None}, "Config.loss must be a loss, found None$"),
    "optimiser a name": ({"optimiser": "adam"}, r"must be an optimiser, found 'adam'; give Adam\(\)"),
    "optimiser of Optax": ({"optimiser": optax.adam(0.1)}, "found an instance of Grad.*return a rule"),
    "metrics alone": ({"metrics": Accuracy()}, r"a tuple, found an inst.*; give \(Accuracy\(\),\), a"),
    "metrics a function": ({"metrics": toy.plain}, r"found .*; give \(plain,\), a tuple"),
    "metrics names": ({"metrics": ("accuracy",)}, r"Config.metrics.0 must be a metric, .*Accuracy\(\)"),
    "augment alone": ({"augment": Flip()}, r"found an instance of Flip; give \(Flip\(\),\), a tuple"),
    "augment a class": ({"augment": (Flip,)}, r"found the class Flip; give Flip\(\), an instance"),
    "regularisers alone": ({"regularisers": FiringRate()}, r"give \(FiringRate\(\),\), a tuple"),
    "scheduled alone": (
        {"scheduled": Ramp(name="gain", start=0.0, end=1.0)},
        r"must be a tuple of Ramp, found an instance of Ramp; give \(Ramp\(…\),\)",
    ),
    "stopping a number": ({"stopping": 3}, r"of EarlyStopping, found 3; give EarlyStopping\(…\)"),
    "network a neuron": ({"network": LIF()}, r"the neuron LIF; make .* a layer with Spiking\(LIF\(\)\)"),
    "network a neuron's class": ({"network": LIF}, r"a layer with Spiking\(LIF\(\)\)"),
    "network a class": ({"network": MLP}, r"found the class MLP; give MLP\(…\), an instance"),
    "network a name": ({"network": "mlp"}, r"Flax module, found 'mlp'; give MLP\(…\)$"),
    "encoder a class": ({"encoder": Repeat}, r"an encoder, .* class Repeat; give Repeat\(\), an inst"),
    "encoder a name": ({"encoder": "rate"}, r"found 'rate'; give Rate\(\)$"),
    "data arrays": ({"data": toy.arrays()}, r"found a tuple; give Dataset.of_arrays\(train, test\)"),
    "data an array": ({"data": toy.arrays()[0]}, "found an instance of ndarray; give Dataset"),
    "data a class": ({"data": SOURCES["digits"]}, r"class Digits; give Digits\(\), an instance"),
    "data the class": ({"data": toy.Dataset}, "found the class Dataset; give Dataset.of_arrays"),
}  # fmt: skip


@pytest.mark.parametrize("changes, message", REFUSED.values(), ids=REFUSED)
def test_parts_that_cannot_be_are_refused_where_they_are_given(changes, message):
    with pytest.raises(ValueError, match=message) as refused:
        toy.config(**changes)
    assert len(str(refused.value)) < 200


def test_parts_of_ones_own_are_taken():
    """A function for what is one, a subclass for what is not, and None for what is left open."""

    class Mine(Repeat):
        pass

    config = toy.config(loss=toy.plain, metrics=[toy.plain], augment=(toy.plain,), encoder=Mine())
    assert config.metrics == (toy.plain,) and toy.config(metrics=None, stopping=None)
