"""A neuron with ion channels.  Units: mV, ms, mS/cm2, uA/cm2, uF/cm2."""

import numpy as np

from oracles.dual import elementwise, exp, sigmoid
from oracles.trace import traced


def near_zero(x, series, otherwise):
    """Far from 0 a formula that fails there, near it the polynomial with those coefficients."""
    far = np.where(abs(x) < 0.1, 1.0, x)
    return np.where(abs(x) < 0.1, np.polynomial.Polynomial(series)(x), otherwise(far))


def linoid_value(x):
    series = [1, 1 / 2, 1 / 12, 0, -1 / 720, 0, 1 / 30240, 0, -1 / 1209600]
    return near_zero(x, series, lambda x: x / -np.expm1(-x))


def linoid_slope(x):
    series = [1 / 2, 1 / 6, 0, -1 / 180, 0, 1 / 5040, 0, -1 / 151200]
    return near_zero(x, series, lambda x: (1 - (1 + x) * np.exp(-x)) / np.expm1(-x) ** 2)


linoid = elementwise(linoid_value, linoid_slope)  # x / (1 - exp(-x)), 1 at 0


def sodium_rates(v):
    """The gates' opening and closing rates: activation m and inactivation h."""
    am, bm = linoid(0.1 * (v + 31.0)), 4.0 * exp(-(v + 56.0) / 18.0)
    ah, bh = 0.07 * exp(-(v + 47.0) / 20.0), sigmoid(0.1 * (v + 17.0))
    return am, bm, ah, bh


def potassium_rates(v):
    return 0.1 * linoid(0.1 * (v + 34.0)), 0.125 * exp(-(v + 44.0) / 80.0)


def slow_potassium(v):
    """The steady state of the gate q and its time constant."""
    x = (v + 55.0) / 30.0
    return sigmoid((v + 35.0) / 6.5), 200.0 / (exp(-x) + exp(x))


@traced
def pinsky_rinzel(
    currents,
    spike,
    *,
    g_na=55.0,
    g_k=20.0,
    g_l=0.18,
    g_nap=0.12,
    g_ks=0.7,
    g_c=1.0,
    e_na=55.0,
    e_k=-90.0,
    e_l=-65.0,
    capacitance=1.0,
    soma_fraction=0.15,
    dt=0.02,
    threshold=0.0,
    coupling="physical",
):
    """Supplement of TC-LIF (AAAI 2024), Eq. 17-20 and Table 3; gates of Kepecs and Wang 2000.

    The current between the compartments leaves the dendrite (Eq. 18, `coupling="physical"`) or,
    with the sign of Eq. 20, enters it as well ("printed").  A spike is an upward crossing of the
    threshold by the soma, and resets nothing.
    """
    sign = {"physical": -1.0, "printed": 1.0}[coupling]
    soma = dendrite = e_l
    _, _, ah, bh = sodium_rates(soma)
    an, bn = potassium_rates(soma)
    h, n, q = ah / (ah + bh), an / (an + bn), slow_potassium(dendrite)[0]
    above, _ = spike(soma - threshold)
    for x in currents:
        am, bm, ah, bh = sodium_rates(soma)
        an, bn = potassium_rates(soma)
        q_steady, q_time = slow_potassium(dendrite)
        m_steady = am / (am + bm)
        l_steady = sigmoid((dendrite + 57.7) / 7.7)
        sodium = g_na * m_steady**3 * h * (soma - e_na)
        potassium = g_k * n**4 * (soma - e_k)
        persistent = g_nap * l_steady**3 * h * (dendrite - e_na)
        slow = g_ks * q * (dendrite - e_k)
        link = g_c * (dendrite - soma)
        soma_flow = link / soma_fraction - sodium - potassium - g_l * (soma - e_l)
        dendrite_flow = (
            x + sign * link / (1.0 - soma_fraction) - persistent - slow - g_l * (dendrite - e_l)
        )
        soma = soma + dt * soma_flow / capacitance
        dendrite = dendrite + dt * dendrite_flow / capacitance
        h = h + dt * 3.33 * (ah * (1.0 - h) - bh * h)
        n = n + dt * 3.33 * (an * (1.0 - n) - bn * n)
        q = q + dt * (q_steady - q) / q_time
        before = above
        above, _ = spike(soma - threshold)
        gates = {"h": h, "n": n, "q": q}
        yield {"dendrite": dendrite, "soma": soma, "spikes": above * (1.0 - before), **gates}
