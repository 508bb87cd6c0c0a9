"""Samples of unequal length in runs and sweeps: what stands in the padding changes nothing."""

import numpy as np
import pytest

import toy
from spikejax.data import Dataset
from spikejax.runs import fit, sweep

KEPT = ("loss", "accuracy", "test_loss", "test_accuracy")


def config(padding):
    inputs, labels = toy.arrays()
    lengths = 3 + np.arange(len(labels)) % (toy.T - 2)
    real = np.arange(toy.T) < lengths[:, None]
    inputs = np.where(real[..., None], inputs, padding).astype(np.uint8)
    first, rest = slice(toy.TRAIN), slice(toy.TRAIN, None)
    parts = [(inputs[part], labels[part], lengths[part]) for part in (first, rest)]
    return toy.config(data=Dataset.of_arrays(*parts, name="toy", scale=255.0))


@pytest.fixture(scope="module")
def trained():
    return fit(config(0), progress=False).record["history"]


def test_a_run(trained):
    assert toy.plain(fit(config(255), progress=False).record["history"]) == toy.plain(trained)


def test_a_sweep(trained, tmp_path):
    rows = sweep(config(255), {"gain": (1.0, 2.0)}, tmp_path / "run")["history"]
    found = [row for row in rows if row["trial"] == 0]
    for row, entry in zip(found, trained, strict=True):
        np.testing.assert_allclose([row[k] for k in KEPT], [entry[k] for k in KEPT], rtol=1e-4)
        assert row["rate_neuron_0"] == pytest.approx(entry["firing_rate"]["neuron_0"], rel=1e-4)
