"""What a network, its data and its encoder must have in common is checked before training."""

import numpy as np
import pytest

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
