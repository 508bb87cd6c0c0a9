"""Neurons with a learned threshold, or whose reset depends on what came before.

"AR-LIF" is "AR-LIF: An Adaptive Reset Leaky-Integrate and Fire Neuron for Spiking Neural Networks",
arXiv 2507.20746.
"""

from oracles.dual import relu, sigmoid, tanh
from oracles.trace import traced


@traced(strict=True)
def ltmd(currents, spike, *, w=0.5, decay=0.25):
    """Wang, Cheng and Lim 2022 (NeurIPS): the threshold is tanh(w), with w learned; hard reset."""
    u = 0.0
    for x in currents:
        h = decay * u + x
        s, z = spike(h - tanh(w))
        u = h * (1.0 - z)
        yield {"membrane": h, "spikes": s, "membrane_after": u}


@traced
def clif(currents, spike, *, tau=2.0, threshold=1.0):
    """Huang et al. 2024 (arXiv 2402.04663): a memory of spikes adds to the soft reset."""
    u = m = 0.0
    for x in currents:
        h = (1.0 - 1.0 / tau) * u + x
        s, z = spike(h - threshold)
        m = m * sigmoid(h / tau) + z
        u = h - z * (threshold + sigmoid(m))
        yield {"membrane": h, "spikes": s, "memory": m, "membrane_after": u}


@traced
def ar_lif(currents, spike, *, a, c, decay=0.5, order="code", carry=True):
    """AR-LIF Eq. 5-7 with the reset gated by the spike (`order="code"`), or Eq. 8 ("paper").

    beta = tanh(a) and alpha = c.  `memory` is r, to which Eq. 8 never adds the increment;
    `reset_voltage` is V_r of Eq. 6, or v_r of Eq. 8.  The gate, and forgetting r at every step
    (`carry=False`, for event-camera data), are those of the code released with the paper.
    """
    assert order in ("paper", "code")
    u = r = 0.0
    for x in currents:
        h = decay * u + x
        threshold = 1.0 + tanh(a) * tanh(x)
        s, z = spike(h - threshold)
        r = r if carry else 0.0
        r = relu(r) * sigmoid(c * x) - relu(-r) * (1.0 - sigmoid(c * x))
        if order == "code":
            r = r + z * sigmoid(x) - (1.0 - z) * sigmoid(x)
            reset_voltage = threshold + sigmoid(r)
            u = h - z * reset_voltage
        else:
            reset_voltage = r + (2.0 * z - 1.0) * sigmoid(x)
            u = h - (reset_voltage + threshold)
        reset = {"threshold": threshold, "memory": r, "reset_voltage": reset_voltage}
        yield {"membrane": h, "spikes": s, **reset, "membrane_after": u}
