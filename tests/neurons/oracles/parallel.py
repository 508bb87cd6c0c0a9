"""Neurons without a reset, whose membrane is a weighted sum over the whole sequence.

"PSN" is Fang et al., "Parallel Spiking Neurons with High Efficiency and Ability to Learn Long-term
Dependencies", NeurIPS 2023.
"""

import numpy as np

from oracles import dual
from oracles.dual import cos, detach, exp, relu, sin
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


@traced
def pmsn(
    currents,
    spike,
    *,
    log_dt,
    log_rate,
    frequency,
    input_real,
    input_imaginary,
    output_real,
    output_imaginary,
    feedthrough,
    threshold=1.0,
    detach=True,
):
    """Chen et al. 2024 (arXiv 2408.14917), as in NEAT: a convolution, and a reset by the cumulative sum.

    The kernel is Re of the sum over modes of C e^(A dt l) (e^(A dt) - 1) / A B at lag l.  With
    `detach`, as in NEAT, spikes have the derivative by the membrane of their own step alone.
    """
    held = dual.detach if detach else lambda x: x
    inputs, dt = list(currents), exp(log_dt)
    modes = range(len(dual.detach(frequency)))
    kernel = [0.0 for _ in inputs]
    for n in modes:
        a = -exp(log_rate[n]), frequency[n]
        once = power(a, dt, 1)
        b = divided((once[0] - 1.0, once[1]), a)
        weight = times(
            times((output_real[n], output_imaginary[n]), b), (input_real[n], input_imaginary[n])
        )
        for lag in range(len(inputs)):
            kernel[lag] = kernel[lag] + times(weight, power(a, dt, lag))[0]
    total = 0.0
    for t, x in enumerate(inputs):
        v = sum(kernel[t - s] * inputs[s] for s in range(t + 1)) + feedthrough * x
        s, _ = spike(held(left_of(total, threshold)) + relu(v) - threshold)
        total = total + relu(v)
        yield {"membrane": v, "charge": held(left_of(total, threshold)), "spikes": s}


def left_of(total, level):
    """What a sum is above its last multiple of the level."""
    return total - level * np.floor(dual.detach(total) / dual.detach(level))


def power(a, dt, lag):
    """e^(a dt lag) of a complex a."""
    size, angle = exp(a[0] * dt * float(lag)), a[1] * dt * float(lag)
    return size * cos(angle), size * sin(angle)


def times(a, b):
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def divided(a, b):
    size = b[0] * b[0] + b[1] * b[1]
    return tuple(part / size for part in times(a, (b[0], -b[1])))
