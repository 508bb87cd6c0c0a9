"""What networks do and cost: operations and energy, activity. Takes functions, arrays and pytrees."""

from spikejax.analysis.activity import Activity, LayerActivity
from spikejax.analysis.energy import (
    CMOS_45NM,
    Count,
    Counting,
    Energy,
    Technology,
    correct,
    energy_of,
    neuron_updates,
    rate_of,
)
from spikejax.analysis.operations import (
    Operation,
    count_parameters,
    measured_operations,
    operations_of,
    with_rates,
)

__all__ = [
    "Activity",
    "CMOS_45NM",
    "Count",
    "Counting",
    "Energy",
    "LayerActivity",
    "Operation",
    "Technology",
    "correct",
    "count_parameters",
    "energy_of",
    "measured_operations",
    "neuron_updates",
    "operations_of",
    "rate_of",
    "with_rates",
]
