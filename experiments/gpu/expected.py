"""What the record of a GPU should show; NaN for what was not run, which is not as expected."""

import math
from collections.abc import Mapping
from typing import Any

from experiments.experiment import Expectation
from experiments.gpu.cells import CELLS
from experiments.gpu.neurons import SHAPES


def value(metrics: Mapping[str, Any], part: str, row: str, key: str) -> float:
    """One value of a record."""
    found = metrics.get(part, {}).get(row, {}).get(key)
    return math.nan if found is None else float(found)


def ratio(part: str, above: str, below: str, key: str = "seconds"):
    """A value of one row over that of another."""
    return lambda m: value(m, part, above, key) / value(m, part, below, key)


def _neuron(metrics, name, shape):
    return value(metrics, "neurons", f"{name}, {shape}", "nanoseconds")


def _slowest(values):
    """The largest; NaN if one is missing."""
    values = list(values)
    return math.nan if any(math.isnan(x) for x in values) else max(values)


def _lif(metrics):
    return _slowest(
        _neuron(metrics, "LIF, kernel", shape) / _neuron(metrics, "SpikingJelly LIF", shape)
        for shape in SHAPES
    )


def _any_neuron(metrics):
    return _slowest(
        _neuron(metrics, f"{name}, kernel", shape) / _neuron(metrics, "SpikingJelly LIF", shape)
        for shape in SHAPES
        for name in CELLS
    )


def _recurrent_layer(metrics):
    row = "TC-LIF 256, batch 256, kernel, default precision"
    return value(metrics, "recurrence", row, "both_us")


def _same_spikes(metrics):
    found = metrics.get("correctness", {}).values()
    rates = [row.get("spikes_equal", math.nan) for row in found]
    return math.nan if not rates else -_slowest(-rate for rate in rates)


OURS = "spikejax, kernel"
EXPECTED = (
    Expectation("fraction of spikes that are the scan's, worst layer", _same_spikes, low=0.999),
    Expectation(
        "feed-forward step: SpikingJelly's time over ours",
        ratio("smnist", "SpikingJelly", OURS),
        low=1.5,
    ),
    Expectation("feed-forward step: spyx's time over ours", ratio("smnist", "spyx", OURS), low=15),
    Expectation("recurrent step: spyx's time over ours", ratio("shd", "spyx", OURS), low=6),
    Expectation("LIF alone: our time over SpikingJelly's, worse shape", _lif, high=1),
    Expectation(
        "any neuron alone: our time over that of SpikingJelly's LIF, worst", _any_neuron, high=1.5
    ),
    Expectation(
        "recurrent layer of 256: microseconds per time step, both ways", _recurrent_layer, high=10
    ),
    Expectation(
        "eight trainings on sequential MNIST: seconds per epoch of all",
        lambda m: value(m, "training", "all", "seconds_per_epoch"),
        high=7,
    ),
)
