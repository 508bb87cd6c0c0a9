"""Neurons with a dendrite and a soma.

"TC-LIF" is Zhang et al., "TC-LIF: A Two-Compartment Spiking Neuron Model for Long-Term Sequential
Modelling", AAAI 2024.
"""

from oracles.dual import sigmoid
from oracles.trace import traced


@traced
def two_compartment(currents, spike, *, alpha1, alpha2, beta1, beta2, threshold=1.0):
    """TC-LIF Eq. 7-9: the generalised neuron, whose spike lowers the soma one step later."""
    d = u = z = 0.0
    for x in currents:
        d = alpha1 * d + beta1 * u + x
        u = alpha2 * u + beta2 * d - threshold * z
        s, z = spike(u - threshold)
        yield {"dendrite": d, "soma": u, "spikes": s}


@traced
def tc_lif(currents, spike, *, c1, c2, gamma, order, threshold=1.0, sign1=-1.0, sign2=1.0):
    """TC-LIF Eq. 10-12 (`order="paper"`), or both resets before anything else ("code").

    "code" is the order of the code released with the paper: in Eq. 10 the dendrite then sees the
    soma after its reset, U[t-1] - V_th S[t-1] instead of U[t-1]; Eq. 11 says the same in both.
    """
    beta1, beta2 = sign1 * sigmoid(c1), sign2 * sigmoid(c2)
    assert order in ("paper", "code")
    d = u = z = d_after = u_after = 0.0
    for x in currents:
        if order == "paper":
            d = d + beta1 * u + x - gamma * z
            u = u + beta2 * d - threshold * z
        else:
            d = d_after + beta1 * u_after + x
            u = u_after + beta2 * d
        s, z = spike(u - threshold)
        d_after, u_after = d - gamma * z, u - threshold * z
        after = {"dendrite_after": d_after, "soma_after": u_after}
        yield {"dendrite": d, "soma": u, "spikes": s, **after}


@traced(detach_reset=True)
def lm_h(currents, spike, *, alpha1=0.0, beta1=0.0, alpha2=0.0, beta2=0.0, threshold=1.0):
    """Hao et al. 2024 (ICLR, LM-H): four learned weights, which at 0 make a neuron like LIF.

    The soma starts at half the threshold.
    """
    d = 0.0
    m = 0.5 * threshold
    for x in currents:
        d = (sigmoid(alpha1) - 0.5) * d + (sigmoid(beta1) - 0.5) * m + x
        m = (sigmoid(alpha2) + 0.5) * m + (sigmoid(beta2) + 0.5) * d
        s, z = spike(m - threshold)
        soma, m = m, m - threshold * z
        yield {"dendrite": d, "soma": soma, "spikes": s, "soma_after": m}
