"""Curves of training: what is missing is left out, and nothing at all is refused."""

import numpy as np
import pytest

from spikejax.plot import training

ENTRIES = [
    {"epoch": 1, "loss": 1.0, "accuracy": 0.2, "test_loss": None},
    {"epoch": 2, "loss": None, "accuracy": None, "test_loss": 2.0},
    {"epoch": 3, "loss": 0.05, "accuracy": 0.4, "test_loss": float("nan")},
]


def lines(made):
    """The values that are drawn, by axis and label."""
    return [
        {line.get_label(): np.asarray(line.get_ydata()).tolist() for line in axis.lines}
        for axis in made.axes
    ]


def test_values_that_are_missing_are_gaps():
    loss, accuracy = lines(training.learning_curves({"lif": ENTRIES}, title="runs"))
    np.testing.assert_array_equal(loss["lif, training"], [1.0, np.nan, 0.05])
    np.testing.assert_array_equal(loss["lif, test"], [np.nan, 2.0, np.nan])
    np.testing.assert_array_equal(accuracy["lif, training"], [0.2, np.nan, 0.4])
    whole = [entry for entry in ENTRIES if entry["loss"]]
    assert training.learning_curves({"": ENTRIES}).axes[0].get_yscale() == "log"
    assert training.learning_curves({"": whole[:1]}).axes[0].get_yscale() == "linear"


@pytest.mark.parametrize(
    "entries", [[], [{"epoch": 1, "seconds": 1.0, "sums": {}, "unfinished": True}]]
)
def test_without_a_finished_epoch_nothing_is_drawn(entries):
    assert lines(training.learning_curves({"": entries})) == [{}]
    only = [{"epoch": 1, "loss": None}]
    assert lines(training.learning_curves({"": only})) == [{}]


@pytest.mark.parametrize("history, found", [({}, "none"), (ENTRIES, "a list"), (None, "a None")])
def test_no_models(history, found):
    with pytest.raises(ValueError, match=f"expected entries by model, found {found}.*give {{name"):
        training.learning_curves(history)


def test_no_values():
    with pytest.raises(ValueError, match="expected curves by name, found none"):
        training.spread({}, label="loss")
    with pytest.raises(ValueError, match="expected values by pair, found none"):
        training.heat_map({}, ("a", "b"), label="loss")
