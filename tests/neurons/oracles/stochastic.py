"""Neurons that draw at random, by uniform numbers [T, ...] that are given to them."""

import numpy as np

from oracles.dual import detach, sigmoid
from oracles.firing import lowered
from oracles.trace import traced


@traced
def stochastic_lif(
    currents, spike, *, uniform, decay=0.8, threshold=1.0, width=0.2, reset="subtract"
):
    """Gerstner et al., Neuronal Dynamics, ch. 9: escape noise, a sigmoid of the membrane."""
    u = 0.0
    for x, number in zip(currents, uniform, strict=True):
        h = decay * u + x
        s, z = spike.drawn(sigmoid((h - threshold) / width), number)
        u = lowered(h, z, reset, threshold)
        yield {"membrane": h, "spikes": s, "membrane_after": u}


@traced
def mpe_psn(currents, spike, *, uniform, tau=0.25, threshold=1.0):
    """Chen et al. 2024 (arXiv 2409.04978), MPE-PSN: the membrane that a step leaves, by a coin.

    It is estimated from the input alone: 0 with probability sigmoid(input), as if the step fired,
    else the input.  The coin has no derivative.
    """
    e = 0.0
    for x, number in zip(currents, uniform, strict=True):
        h = tau * e + x
        e = np.where(number < detach(sigmoid(x)), 0.0, 1.0) * x
        s, _ = spike(h - threshold)
        yield {"membrane": h, "estimate": e, "spikes": s}
