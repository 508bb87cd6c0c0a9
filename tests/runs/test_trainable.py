"""What a run can train: any batches, statistics, regularisers, schedules, targets, lengths."""

import flax.linen as nn
import numpy as np
import pytest

import toy
from spikejax.data import Dataset
from spikejax.inputs import Stream
from spikejax.networks import MLP
from spikejax.neurons.lif import LIF
from spikejax.objectives import MSE, Accuracy, FiringRate, MeanAbsoluteError
from spikejax.runs import evaluate, fit, load
from spikejax.training import Ramp
from toy import plain


def fit_quietly(config=toy.CONFIG, out=None, **options):
    return fit(config, out, progress=False, **options)


def test_batches_from_elsewhere():
    """A loader gives the training batches, the data set the rest."""
    inputs, labels = toy.arrays()
    batches = [toy.dataset().train._replace(inputs=inputs[i : i + 8], labels=labels[i : i + 8])
               for i in range(0, 32, 8)]  # fmt: skip
    trained = fit_quietly(batches=Stream(batches))
    assert trained.record["complete"] and trained.record["history"][-1]["loss"] > 0


def test_batch_statistics(tmp_path):
    """Carried through training, used in evaluation, saved and restored."""
    network = nn.Sequential([nn.BatchNorm(use_running_average=False), nn.Dense(3)])
    with pytest.raises(ValueError, match="chunk=None, for layers_0 .its statistics are pooled"):
        fit_quietly(toy.config(network=network, chunk=2))

    trained = fit_quietly(toy.config(network=Normalised()), tmp_path / "run")
    mean = trained.variables["batch_stats"]["BatchNorm_0"]["mean"]
    assert np.abs(mean - toy.dataset().train.inputs.mean((0, 1)) / 255).max() < 0.35
    loaded = load(tmp_path / "run").variables["batch_stats"]["BatchNorm_0"]["mean"]
    np.testing.assert_array_equal(mean, loaded)
    measured = evaluate(tmp_path / "run", data=toy.dataset())
    assert measured["test_loss"] == pytest.approx(trained.record["metrics"]["test_loss"], rel=1e-6)


class Normalised(nn.Module):
    """Batch normalisation before a linear read-out."""

    @nn.compact
    def __call__(self, x, train: bool = False):
        return nn.Dense(3)(nn.BatchNorm(use_running_average=not train, momentum=0.5)(x))


def test_regularisers_metrics_and_an_average():
    quiet = FiringRate(strength=100.0, target=0.0)
    config = toy.config(metrics=(Accuracy(), Accuracy(top=2), mean_output), average=0.5)
    with pytest.raises(ValueError, match="two measured values are called accuracy"):
        fit_quietly(config)
    config = toy.config(metrics=(Accuracy(top=2), mean_output), average=0.5, regularisers=(quiet,))
    trained = fit_quietly(config)
    last = trained.record["history"][-1]
    assert {"regularisation", "mean_output", "test_mean_output"} <= last.keys()
    assert last["regularisation"] > 0 and last["test_accuracy"] >= 1 / 3
    loud = fit_quietly(toy.config(epochs=2)).record["metrics"]["firing_rate"]["neuron_0"]
    assert trained.record["metrics"]["firing_rate"]["neuron_0"] < loud


def mean_output(outputs, labels, activity, mask):
    return outputs.mean()


def test_a_constant_that_moves():
    ramp = Ramp(name="surrogate_width", start=2.0, end=0.5)
    trained = fit_quietly(toy.config(scheduled=(ramp,)))
    width = trained.variables["constants"]["neuron_0"]["surrogate_width"]
    np.testing.assert_allclose(width, 0.5, rtol=1e-6)
    with pytest.raises(ValueError, match="expected to schedule constants of .*, found slope"):
        fit_quietly(toy.config(scheduled=(Ramp(name="slope", start=0.0, end=1.0),)))
    with pytest.raises(ValueError, match=r"neuron_0/decay must lie in \[0, 1\], found a ramp from"):
        fit_quietly(toy.config(scheduled=(Ramp(name="decay", start=0.5, end=5.0),)))


def test_learned_parameters_stay_within_their_bounds():
    """Of a decay from 0 to 1, however far the gradient drives it."""
    network = MLP((6,), None, LIF(decay=0.97), learn=("decay", "threshold"))
    wild = toy.Adam(learning_rate=0.2, schedule=toy.Constant())
    seen = []

    def look(history, variables):
        seen.append(float(variables["params"]["neuron_0"]["decay"]))

    fit_quietly(toy.config(network=network, optimiser=wild, epochs=6), callbacks=(look,))
    assert all(0 <= decay <= 1 for decay in seen) and len(set(seen)) > 1
    assert {0.0, 1.0} & set(seen)  # it was held at one of them


def test_augmentation_is_for_training_alone():
    def darken(batch, key):
        return batch._replace(inputs=batch.inputs * 0)

    plain_run, dark = (
        fit_quietly(toy.config(epochs=1)),
        fit_quietly(toy.config(epochs=1, augment=(darken,))),
    )
    first, other = (trained.record["history"][0] for trained in (plain_run, dark))
    assert other["loss"] != first["loss"] and other["firing_rate"]["neuron_0"] > 0


def test_regression_and_targets_per_step():
    inputs, _ = toy.arrays()
    x = inputs.astype(np.float32) / 255
    running = np.cumsum(x.mean(-1, keepdims=True), 1) / 10
    for targets, at in ((running[:, -1], "last"), (running, "each")):
        data = Dataset.of_arrays((x[:32], targets[:32]), (x[32:], targets[32:]))
        network, loss = MLP((16,), 1, LIF(decay=0.95)), MSE(at=at)
        metrics = (MeanAbsoluteError(at=at),)
        config = toy.config(data=data, network=network, loss=loss, metrics=metrics, epochs=12)
        history = fit_quietly(config).record["history"]
        assert history[-1]["loss"] < 0.5 * history[0]["loss"]
        assert history[-1]["test_mean_absolute_error"] < history[0]["test_mean_absolute_error"]


def test_unequal_lengths():
    """What stands behind the end of a sample, be it noise, changes nothing."""
    inputs, labels = toy.arrays()
    lengths = np.random.default_rng(1).integers(4, toy.T + 1, len(labels))
    padded = np.arange(toy.T) >= lengths[:, None]
    noise = np.random.default_rng(2).integers(0, 255, inputs.shape)
    histories = []
    for filling in (0 * noise, noise):
        filled = np.where(padded[..., None], filling, inputs).astype(np.uint8)
        parts = [(filled[i], labels[i], lengths[i]) for i in (slice(32), slice(32, None))]
        data = Dataset.of_arrays(*parts, scale=255.0)
        histories.append(plain(fit_quietly(toy.config(data=data)).record["history"]))
    for a, b in zip(*histories, strict=True):
        for name in ("loss", "accuracy", "test_loss", "test_accuracy"):
            assert a[name] == pytest.approx(b[name], rel=1e-6), name
        assert a["firing_rate"]["neuron_0"] == pytest.approx(b["firing_rate"]["neuron_0"], rel=1e-6)
