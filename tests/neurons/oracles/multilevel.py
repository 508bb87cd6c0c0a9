"""Neurons whose output is no binary spike: counts, and spikes of either sign."""

import numpy as np

from oracles.dual import count, detach
from oracles.trace import traced


@traced
def i_lif(currents, spike, *, levels=4, decay=0.25, threshold=1.0):
    """Luo et al. 2024 (ECCV): as many spikes as the membrane holds thresholds, rounded, `levels` at most."""
    u = 0.0
    for x in currents:
        h = decay * u + x
        c = count(h / threshold, levels)
        u = h - threshold * spike.seen(c)
        yield {"membrane": h, "spikes": c, "membrane_after": u}


@traced
def ternary_lif(currents, spike, *, decay=0.25, threshold=0.5, amplitude=1.0, reset="zero"):
    """Guo et al. 2024 (AAAI): it fires by the size of the membrane, with the sign of the membrane."""
    u = 0.0
    for x in currents:
        h = decay * u + x
        sign = np.where(detach(h) < 0.0, -1.0, 1.0)
        f, z = spike(sign * h - threshold)
        u = {"zero": h * (1.0 - z), "subtract": h - threshold * sign * z}[reset]
        yield {"membrane": h, "spikes": amplitude * sign * f, "membrane_after": u}
