"""Neurons whose leak, input and reset are weighed by gates."""

import numpy as np

from oracles.dual import detach, sigmoid
from oracles.trace import traced


def logit(p):
    return np.log(p / (1.0 - p))


def row(x, t):
    """What step t sees of a number, or of rows over time, the last of which stays."""
    rows = detach(x)
    return x if np.ndim(rows) == 0 else x[min(t, len(rows) - 1)]


# The authors' first raw values; the gates' sigmoids are 1/2 minus half of .1, .3 and .1.
LEAK_GATE, INPUT_GATE, RESET_GATE, DECAY = map(logit, (0.45, 0.35, 0.45, 0.25))


@traced(strict=True)
def glif(
    currents,
    spike,
    *,
    leak,
    gate_leak=LEAK_GATE,
    gate_input=INPUT_GATE,
    gate_reset=RESET_GATE,
    decay=DECAY,
    threshold=0.0,
    reset_voltage=0.0,
    conductance=0.0,
):
    """Yao et al. 2022 (arXiv 2210.13768): gates between two kinds of leak, input and reset.

    All numbers are raw: their sigmoids are what the equation sees.  They are one for the layer or
    one for each neuron; `conductance` has a row for each step, of either kind, or is one number.
    The authors' first `leak` is logit(1 / (4 T)), for T steps.
    """
    raw = gate_leak, gate_input, gate_reset, decay, threshold, leak, reset_voltage
    al, be, ga, tau, theta, drain, lowering = map(sigmoid, raw)
    u = z = 0.0
    for t, x in enumerate(currents):
        g = sigmoid(row(conductance, t))
        u = (
            (1.0 - al * (1.0 - tau)) * u * (1.0 - ga * z)
            - (1.0 - al) * drain
            + x * (1.0 - be * (1.0 - g))
            - (1.0 - ga) * lowering * z
        )
        s, z = spike(u - theta)
        yield {"membrane": u, "spikes": s}
