"""What a network, its data and its encoder must have in common is checked before training."""

import numpy as np
import pytest

import spikejax
import toy
from spikejax.data import Dataset
from spikejax.inputs import Events
from spikejax.networks import MLP
from spikejax.neurons.lif import LIF
from spikejax.objectives import MSE, MeanAbsoluteError, Rates, SummedCrossEntropy
from spikejax.runs import fit
from spikejax.runs.parts import build

X, Y = np.zeros((8, 5, 3), np.float32), np.arange(8) % 3
NETWORK = MLP((6,), None, LIF())


def of(labels, **facts):
    return Dataset.of_arrays((X, labels), (X, labels), **facts)


def built(data, **changes):
    return build(toy.config(**{"data": data, "network": NETWORK} | changes), data)


def fit_once(data, **changes):
    config = toy.config(
        **{"data": data, "network": NETWORK, "epochs": 1, "batch_size": 4} | changes
    )
    return fit(config, progress=False)


def test_an_output_for_each_class():
    data = of(Y)
    with pytest.raises(ValueError, match="at least 3 outputs for SummedCrossEntropy, .*found 2;"):
        built(data, network=MLP((6,), 2, LIF()))
    with pytest.raises(ValueError, match="at least 3 outputs for Accuracy, .*found 1; give the"):
        built(data, network=MLP((6,), 1, LIF()), loss=MSE())
    counts = {"loss": MSE(), "metrics": (MeanAbsoluteError(),)}
    assert built(data, network=MLP((6,), 1, LIF()), **counts)
    assert built(data, network=MLP((6,), 7, LIF()))


def test_class_weights_are_those_of_the_classes():
    with pytest.raises(ValueError, match="for each of the 3 outputs, found 2 class weights"):
        built(of(Y), loss=SummedCrossEntropy(class_weights=(1.0, 2.0)))


@pytest.mark.parametrize(
    "labels, message",
    [
        (Y[:, None], r"integer labels of shape \[8, 1\] and no number of classes; .* drop their"),
        (np.zeros((8, 5), int), r"integer labels of shape \[8, 5\] and no number of classes"),
        (X[:, 0], "arrays has no classes; give the network its number of outputs"),
    ],
)
def test_classes_that_are_not_known(labels, message):
    with pytest.raises(ValueError, match=message):
        built(of(labels))


def test_units_have_room_in_a_frame():
    events = {"times": np.zeros((8, 4)), "units": np.full((8, 4), 9)}
    few = {**events, "units": np.full((8, 4), 8)}
    for parts in ((few, events), (events, few)):
        splits = [(part, Y) for part in parts]
        data = Dataset.of_arrays(*splits, kind="events", shape=(9,))
        with pytest.raises(ValueError, match=r"units from 0 to 8 for frames of shape \(9,\)"):
            built(data, encoder=Events(steps=5))
        assert built(data, encoder=Events(steps=5, shape=(10,)))


def test_firing_rates_are_measured_once():
    with pytest.raises(ValueError, match="firing_rate is measured in any case; leave Rates"):
        built(of(Y), metrics=(Rates(),))


def last(outputs, labels, activity, mask):
    return (outputs[-1] ** 2).mean()


def test_a_run_without_labels():
    data = Dataset.of_arrays((X,), (X,))
    config = toy.config(data=data, network=MLP((6,), 2, LIF()), loss=last, metrics=(), epochs=1)
    history = fit(config, progress=False).record["history"]
    assert history[-1]["test_loss"] >= 0 and "neuron_0" in history[-1]["firing_rate"]


def test_one_hot_labels_are_measured_as_classes():
    network, hot = MLP((6,), 3, LIF()), np.eye(3, dtype=np.float32)[Y]
    by_class, by_probability = (
        fit_once(of(labels), network=network).record["metrics"] for labels in (Y, hot)
    )
    assert by_probability["test_accuracy"] == by_class["test_accuracy"]
    assert by_probability["test_loss"] == pytest.approx(by_class["test_loss"])
    assert "test_mean_absolute_error" not in by_probability


@pytest.mark.parametrize("chunk", ["auto", None, 4])
def test_test_samples_may_be_shorter(chunk):
    values = np.random.default_rng(0).random((8, 5, 3), np.float32)
    data = Dataset.of_arrays((values, Y), (values[:, :3], Y))
    trained = fit_once(data, chunk=chunk)
    outputs, _ = spikejax.run(trained.network, trained.variables, values[:, :3].swapaxes(0, 1))
    right = (outputs.sum(0).argmax(-1) == Y).mean()
    assert trained.record["metrics"]["test_accuracy"] == pytest.approx(right)
