"""Integrators with one membrane.

"AR-LIF" is "AR-LIF: An Adaptive Reset Leaky-Integrate and Fire Neuron for Spiking Neural Networks",
arXiv 2507.20746.
"""

import numpy as np

from oracles.dual import relu, sigmoid, tanh
from oracles.firing import fired, gain, lowered
from oracles.trace import traced


@traced
def integrate_and_fire(
    currents, spike, *, threshold=1.0, reset="subtract", reset_timing="same", late=False
):
    """Lapicque 1907 without the leak: the membrane sums its input up to the threshold."""
    u = z = 0.0
    for x in currents:
        step = fired(u, lambda u, x=x: u + x, spike, threshold, reset, reset_timing, late, z)
        u, z = step["membrane_after"], step.pop("last")
        yield step


@traced
def lif(
    currents,
    spike,
    *,
    decay=0.8,
    threshold=1.0,
    reset="subtract",
    input_scaling="none",
    reset_timing="same",
    late=False,
):
    """AR-LIF Eq. 1-3: the leaky integrate-and-fire neuron, with soft, hard or no reset."""
    u = z = 0.0
    for x in currents:
        x = gain(decay, input_scaling) * x
        step = fired(
            u, lambda u, x=x: decay * u + x, spike, threshold, reset, reset_timing, late, z
        )
        u, z = step["membrane_after"], step.pop("last")
        yield step


@traced
def leaky_integrator(currents, spike, *, decay=0.8, input_scaling="none"):
    """AR-LIF Eq. 1 alone: a membrane that never fires."""
    u = 0.0
    for x in currents:
        u = decay * u + gain(decay, input_scaling) * x
        yield {"membrane": u}


@traced(detach_reset=True)
def plif(currents, spike, *, w=0.0, threshold=1.0, reset="zero", input_scaling="complement"):
    """Fang et al. 2021 (ICCV): the leak is 1 - sigmoid(w), with w learned."""
    u = 0.0
    for x in currents:
        leak = sigmoid(w)
        h = {"complement": u + (x - u) * leak, "none": u * (1.0 - leak) + x}[input_scaling]
        s, z = spike(h - threshold)
        u = lowered(h, z, reset, threshold)
        yield {"membrane": h, "spikes": s, "membrane_after": u}


@traced
def klif(
    currents,
    spike,
    *,
    k=1.0,
    decay=0.5,
    threshold=1.0,
    reset="zero",
    input_scaling="complement",
    scale_reset=False,
):
    """Jiang and Zhang 2023 (arXiv 2302.09238): the membrane is relu(k h) before it fires.

    With `scale_reset` it is divided by k again when it is reset.
    """
    u = 0.0
    for x in currents:
        f = relu(k * (decay * u + gain(decay, input_scaling) * x))
        s, z = spike(f - threshold)
        if scale_reset:
            u = lowered(f / k, z, reset, threshold / k)
        else:
            u = lowered(f, z, reset, threshold)
        yield {"membrane": f, "spikes": s, "membrane_after": u}


HALF = np.arctanh(0.5)


@traced
def da_lif(currents, spike, *, a=HALF, b=HALF, threshold=1.0, reset="zero"):
    """Zhang et al. 2025 (arXiv 2502.10422): a spatial decay tanh(a) of the input, a temporal tanh(b).

    The authors' first values of a and b are not known; here both decays start at 1/2.
    """
    u = 0.0
    for x in currents:
        h = tanh(b) * u + tanh(a) * x
        s, z = spike(h - threshold)
        u = lowered(h, z, reset, threshold)
        yield {"membrane": h, "spikes": s, "membrane_after": u}
