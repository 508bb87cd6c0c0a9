"""What networks do, cost and learn by: activity, operations and energy, gradients over time, the loss around a minimum.

Takes functions, arrays and pytrees.
"""

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
from spikejax.analysis.gradients import gradient_shares
from spikejax.analysis.jacobians import jacobian
from spikejax.analysis.landscape import filter_normalised, loss_plane
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
    "filter_normalised",
    "gradient_shares",
    "jacobian",
    "loss_plane",
    "measured_operations",
    "neuron_updates",
    "operations_of",
    "rate_of",
    "with_rates",
]
