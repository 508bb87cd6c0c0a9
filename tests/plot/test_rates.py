"""Firing rates by layer: one line per model, and models that cannot be compared are refused."""

import pytest

from spikejax import plot


def test_a_line_per_model():
    made = plot.rates({"hard": {"a": 0.2, "b": 0.1}, "soft": {"a": 0.4, "b": 0.3}}, title="rates")
    (axis,) = made.axes
    assert {line.get_label(): list(line.get_ydata()) for line in axis.lines} == {
        "hard": [0.2, 0.1],
        "soft": [0.4, 0.3],
    }
    assert [text.get_text() for text in axis.get_xticklabels()] == ["a", "b"]


@pytest.mark.parametrize("given", [{}, {"hard": {}}, {"hard": {"a": 1.0}, "soft": {"b": 1.0}}])
def test_models_of_different_layers(given):
    with pytest.raises(ValueError, match="expected models of the same layers, found those of"):
        plot.rates(given)
