"""Layers with dynamics of their own in float64 NumPy, written from their authors' code; also on dual numbers."""

from functools import wraps

import numpy as np

from oracles import lift, product, sigmoid, stack
from oracles.trace import Spike


def layer(steps):
    """Gives a generator of {variable: value} its `spike`, above the threshold only, and stacks what it yields."""

    @wraps(steps)
    def run(currents, surrogate, **parameters):
        found = list(steps(currents, Spike(surrogate, True, False), **parameters))
        return {name: stack([step[name] for step in found]) for name in found[0]}

    return run


@layer
def dh_lif(
    currents,
    spike,
    *,
    kernel,
    bias,
    membrane_logit,
    branch_logit,
    threshold,
    branch,
    recurrent=False,
):
    """Zheng et al. 2024. `branch` [I, F] says which branch of a neuron an input reaches.

    The inputs are the rows of the matrix, then the neurons' own spikes of the step before. Each branch has a matrix of
    its own with zeros where an input does not reach it.
    """
    inputs, count = lift(currents).value.shape[-1], lift(bias).value.shape[1]
    alpha = sigmoid(membrane_logit)
    beta = [sigmoid(branch_logit[:, j]) for j in range(count)]
    masks = [np.where(branch == j, 1.0, 0.0) for j in range(count)]
    dendrite = [0.0] * count
    u, z = 0.0, np.zeros((lift(currents).value.shape[1], branch.shape[1]))
    for x in currents:
        total = 0.0
        for j in range(count):
            received = product(x, kernel[:inputs] * masks[j][:inputs]) + bias[:, j]
            if recurrent:
                received = received + product(z, kernel[inputs:] * masks[j][inputs:])
            dendrite[j] = beta[j] * dendrite[j] + (1.0 - beta[j]) * received
            total = total + dendrite[j]
        u = alpha * u + (1.0 - alpha) * total - threshold * z
        s, z = spike(u - threshold)
        yield {"membrane": u, "spikes": s} | {f"branch {j}": dendrite[j] for j in range(count)}


@layer
def ltc(
    currents,
    spike,
    *,
    membrane_kernel,
    membrane_bias,
    adaptation_kernel,
    adaptation_bias,
    baseline,
    strength,
    kernel=None,
    bias=None,
):
    """Yin, Corradi and Bohte 2023: the rates of a step from its current and the states before it."""
    features = lift(currents).value.shape[-1]
    u = z = np.zeros(lift(currents).value.shape[1:])
    a = baseline + u
    for x in currents:
        i = x if kernel is None else x + product(z, kernel) + bias
        alpha = sigmoid(
            product(i, membrane_kernel[:features])
            + product(u, membrane_kernel[features:])
            + membrane_bias
        )
        rho = sigmoid(
            product(i, adaptation_kernel[:features])
            + product(a, adaptation_kernel[features:])
            + adaptation_bias
        )
        a = rho * a + (1.0 - rho) * z
        h = (1.0 - alpha) * u + alpha * i
        s, z = spike(h - (baseline + strength * a))
        u = h * (1.0 - z)
        yield {"membrane": u, "adaptation": a, "spikes": s}
