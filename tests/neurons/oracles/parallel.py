"""Neurons without a reset, whose membrane is a weighted sum over the whole sequence.

"PSN" is Fang et al., "Parallel Spiking Neurons with High Efficiency and Ability to Learn Long-term
Dependencies", NeurIPS 2023.
"""

import numpy as np

from oracles.dual import detach
from oracles.trace import traced


@traced
def psn(currents, spike, *, weight, bias):
    """PSN: weights [T, T], not causal, and a bias [T] that is minus the threshold."""
    yield from masked_steps(currents, spike, weight, bias, lambda t, s: 1.0)


@traced
def masked_psn(currents, spike, *, weight, bias, order, masking=1.0):
    """PSN, masked: only the last `order` inputs count in full, the others by 1 - `masking`."""

    def mask(t, s):
        inside = 1.0 if t - order < s <= t else 0.0
        return masking * inside + (1.0 - masking)

    yield from masked_steps(currents, spike, weight, bias, mask)


def masked_steps(currents, spike, weight, bias, mask):
    inputs = list(currents)
    steps = range(len(inputs))
    assert np.shape(detach(weight)) == (len(inputs), len(inputs))
    for t in steps:
        h = sum(weight[t, s] * mask(t, s) * inputs[s] for s in steps)
        s, _ = spike(h + bias[t])
        yield {"membrane": h, "spikes": s}


@traced
def sliding_psn(currents, spike, *, weight, bias=-1.0):
    """PSN, sliding: the same k weights for the last k inputs at every step, the newest one last."""
    inputs = list(currents)
    k = len(detach(weight))
    for t in range(len(inputs)):
        seen = range(max(k - 1 - t, 0), k)
        h = sum(weight[i] * inputs[t - k + 1 + i] for i in seen)
        s, _ = spike(h + bias)
        yield {"membrane": h, "spikes": s}
