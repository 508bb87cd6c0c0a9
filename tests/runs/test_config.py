"""A config: what it leaves open is filled in from its data, and what cannot be is refused before anything runs."""

import dataclasses

import flax.linen as nn
import jax
import numpy as np
import pytest

import toy
from spikejax import paths
from spikejax.data import SOURCES, Dataset
from spikejax.inputs import Events, Rate, Repeat, Sequence
from spikejax.networks import LSTM, MLP
from spikejax.neurons.lif import LIF
from spikejax.neurons.psn import PSN
from spikejax.objectives import MSE, Accuracy, MeanAbsoluteError
from spikejax.runs import EarlyStopping
from spikejax.runs.config import complete
from spikejax.runs.parts import build
from spikejax.runs.validation import held_out


def test_what_is_open_is_filled_in():
    whole = complete(toy.config(network=MLP((6,), None, PSN())), toy.dataset())
    assert whole.encoder == Sequence(scale=255.0)
    assert whole.metrics == (Accuracy(),)
    assert whole.network.classes == toy.CLASSES
    assert whole.network.neuron.steps == toy.T
    assert complete(whole, toy.dataset()) == whole


def test_what_is_given_stays():
    given = toy.config(encoder=Sequence(scale=100.0), metrics=(), network=MLP((6,), 7, LIF()))
    whole = complete(given, toy.dataset())
    assert (whole.encoder, whole.metrics, whole.network) == (
        given.encoder,
        given.metrics,
        given.network,
    )


def test_encoders_by_the_kind_of_data():
    images = np.zeros((4, 5, 5, 1), np.uint8), np.zeros(4, np.int32)
    still = Dataset.of_arrays(images, images, kind="image", scale=255.0, classes=2)
    assert complete(toy.config(data=still), still).encoder == Repeat(scale=255.0)
    rate = complete(toy.config(data=still, encoder=Rate(steps=7)), still)
    assert rate.encoder == Rate(steps=7, scale=255.0)
    events = {"times": np.zeros((4, 6), np.float16), "units": np.zeros((4, 6), np.int16)}
    found = Dataset.of_arrays(
        (events, images[1]), (events, images[1]), kind="events", shape=(9,), classes=2
    )
    assert complete(toy.config(data=found), found).encoder == Events(shape=(9,))


def test_targets_have_no_classes():
    x = np.zeros((4, 5, 1), np.float32)
    data = Dataset.of_arrays((x, x[:, 0]), (x, x[:, 0]))
    network = MLP((6,), 1, LIF())
    whole = complete(toy.config(data=data, network=network, loss=MSE()), data)
    assert whole.metrics == (MeanAbsoluteError(),)
    with pytest.raises(ValueError, match="arrays has no classes; give the network its number of"):
        complete(toy.config(data=data, loss=MSE()), data)


def test_a_config_is_a_pytree():
    """Numbers are leaves, choices are structure: of the network too, which Flax makes."""
    config = toy.config()
    doubled = jax.tree.map(lambda x: 2 * x, config)
    assert doubled.network.gain == 2 * config.network.gain
    assert doubled.network.neuron.threshold == 2 * config.network.neuron.threshold
    assert doubled.optimiser.learning_rate == 2 * config.optimiser.learning_rate
    assert doubled.network.hidden == config.network.hidden
    other = paths.replace(config, {"neuron.decay": 0.3})
    assert jax.tree.structure(other) == jax.tree.structure(config)
    assert jax.tree.structure(toy.config(epochs=3)) != jax.tree.structure(config)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"epochs": 0}, "Config.epochs must be an integer of at least 1, found 0"),
        ({"epochs": 1.5}, "Config.epochs must be an integer"),
        ({"batch_size": -4}, "Config.batch_size must be an integer of at least 1"),
        ({"seed": 2**31}, "expected a seed from 0 to 2147483647, found 2147483648"),
        ({"validation": 1.0}, r"expected a validation fraction in \[0, 1\), found 1.0"),
        ({"chunk": 0}, "expected a chunk of at least 1 step, auto or None, found 0"),
        ({"truncate": True}, "truncate cuts the gradient between chunks; give a chunk"),
        ({"average": 2.0}, r"Config.average must lie in \[0, 1\], found 2.0"),
        ({"data": "digist"}, "unknown data set 'digist'; did you mean digits"),
    ],
)
def test_settings_that_cannot_be(changes, message):
    with pytest.raises(ValueError, match=message):
        build(toy.config(**changes), toy.dataset())


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"batch_size": 33}, "expected a batch size from 1 to the 32 samples, found 33"),
        ({"chunk": 11}, "expected a chunk from 1 to T=10 steps, found 11"),
        ({"chunk": 4, "network": MLP((6,), None, PSN())}, "chunk=None, for neuron_0"),
        ({"validation": 0.001}, "leaves samples on both sides, found 0.001 of 32 samples"),
        ({"loss": MSE()}, r"expected targets \[B, C\] for outputs .*= \[10, 8, 3\]"),
        ({"network": nn.Sequential([nn.Dense(3), lambda x: x[0]])}, r"found float32\[8, 3\]; keep"),
    ],
)
def test_parts_that_do_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        build(toy.config(**changes), toy.dataset())


def test_any_flax_module_is_a_network():
    """Without knowing of time, of classes or of spikes."""
    parts = build(toy.config(network=nn.Dense(3)), toy.dataset())
    assert parts.facts.widths == (3,) and not parts.facts.activity
    lstm = build(toy.config(network=LSTM(4, None)), toy.dataset())
    assert lstm.facts.outputs.shape == (toy.T, 8, 3)


# --- Validation -----------------------------------------------------------------------------------


def test_every_class_gives_its_share():
    data = SOURCES["digits"]().load()
    train, validation = held_out(data, 0.2)
    assert validation.count == round(0.2 * data.train.count)
    assert train.count + validation.count == data.train.count
    of_class = np.bincount(validation.labels) / np.bincount(data.train.labels)
    assert np.abs(of_class - 0.2).max() < 0.01
    rows = {x.tobytes() for x in train.inputs} & {x.tobytes() for x in validation.inputs}
    assert not rows  # no sample is on both sides
    again = held_out(data, 0.2)[1]
    np.testing.assert_array_equal(again.inputs, validation.inputs)


def test_a_data_set_may_bring_its_own():
    other = toy.dataset().test
    data = dataclasses.replace(toy.dataset(), validation=other)
    train = data.train
    for fraction in (0.0, 0.5):
        found = held_out(data, fraction)
        assert found[0].inputs is train.inputs and found[1].labels is other.labels
    assert held_out(toy.dataset(), 0.0)[1] is None


# --- Early stopping -------------------------------------------------------------------------------


def test_early_stopping():
    rule = EarlyStopping(metric="score", patience=2, best="max")
    assert not rule.over([{"score": x} for x in (1.0, 2.0, 1.5)])
    assert rule.over([{"score": x} for x in (1.0, 2.0, 1.5, 2.0)])  # as good is not better
