"""Two-compartment biophysical neuron: the model from which TC-LIF was derived."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.surrogate import Surrogate, Triangle, spike


def _linoid(x):
    """x / (1 − exp(−x)), by its series where that is 0/0."""
    near = jnp.abs(x) < 1e-2
    safe = jnp.where(near, 1, x)
    return jnp.where(near, 1 + x / 2 + x * x / 12, safe / -jnp.expm1(-safe))


def _sodium(v):
    """Rates of the activation m of the sodium current, per ms."""
    return _linoid(0.1 * (v + 31)), 4 * jnp.exp(-(v + 56) / 18)


def _inactivation(v):
    """Rates of its inactivation h, per ms."""
    return 0.07 * jnp.exp(-(v + 47) / 20), 1 / (1 + jnp.exp(-0.1 * (v + 17)))


def _potassium(v):
    """Rates of the activation n of the potassium current, per ms."""
    return 0.1 * _linoid(0.1 * (v + 34)), 0.125 * jnp.exp(-(v + 44) / 80)


def _slow_potassium(v):
    """Steady state and time constant, in ms, of the activation q of the slow potassium current."""
    tau = 200 / (jnp.exp(-(v + 55) / 30) + jnp.exp((v + 55) / 30))
    return 1 / (1 + jnp.exp(-(v + 35) / 6.5)), tau


def _settled(rates):
    opening, closing = rates
    return opening / (opening + closing)


class PinskyRinzelState(NamedTuple):
    """Variables of `PinskyRinzel`."""

    soma: Array  # V_s, mV
    dendrite: Array  # V_d, mV
    h: Array
    n: Array
    q: Array


@neuron(PinskyRinzelState, compared="soma", drive=3.0, horizon=8000, current_unit="µA/cm²")
class PinskyRinzel(Neuron):
    """Soma and dendrite with ion channels; in mV, ms, µF/cm², mS/cm² and µA/cm².

        C dV_s/dt = −I_Na − I_K − I_Leak + I_link / P
        C dV_d/dt = −I_NaP − I_KS − I_Leak − I_link / (1 − P) + I
        I_Na = g_na m_∞³ h (V_s − e_na),     I_NaP = g_nap l_∞³ h (V_d − e_na)
        I_K = g_k n⁴ (V_s − e_k),            I_KS = g_ks q (V_d − e_k)
        I_Leak = g_l (V − e_l),              I_link = g_c (V_d − V_s)
        dh/dt = φ (α_h (1 − h) − β_h h),     n likewise, φ = 3.33
        dq/dt = (q_∞ − q) / τ_q,             m = m_∞, l = l_∞
        S[t] = 1 where V_s reaches the threshold from below

    One Euler step of length `dt`, all right-hand sides evaluated at the values before it. The input enters the
    dendrite. Both compartments start at e_l, with the channels at their steady state there. A spike lasts many steps: S
    marks its upstroke, and its gradient is the surrogate's, in mV.

    `coupling` is the sign of the dendrite's coupling current: "physical", −I_link/(1 − P) as in Eq. 18, takes from one
    compartment what the other receives; "printed" is the + of Eq. 20.

    Deviations: TC-LIF's supplement prints −I_link/(1 − P) in Eq. 18 and + in Eq. 20; the first is the default. It calls
    the model Pinsky-Rinzel but its currents are those of a later two-compartment neuron (Kepecs, Wang 2000), from which
    the channel kinetics are taken. The conductances and P, which TC-LIF does not print either, are ours, of the order
    of that model's; its persistent sodium current has no h. Half precision cannot hold the small steps of V_s: use
    float32.

    Reference: TC-LIF (AAAI 2024), Eq. 17–20 and Table 3; kinetics: Kepecs, Wang (2000), Analysis of complex bursting in
    cortical pyramidal neuron models; Pinsky, Rinzel (1994) for the two compartments.

    >>> import jax.numpy as jnp
    >>> neuron, currents = PinskyRinzel(), jnp.full((5000, 1), 3.0)  # 100 ms
    >>> int(neuron.sequence(neuron.init_state(currents[0]), currents)[1].sum())
    7
    """

    g_na: Leaf = param(default=55.0, low=0, high=100, unit="mS/cm²", doc="sodium, soma")
    g_k: Leaf = param(default=20.0, low=0, high=50, unit="mS/cm²", doc="potassium, soma")
    g_l: Leaf = param(default=0.18, low=0, high=1, unit="mS/cm²", doc="leak, both compartments")
    g_nap: Leaf = param(
        default=0.12, low=0, high=0.5, unit="mS/cm²", doc="persistent sodium, dendrite"
    )
    g_ks: Leaf = param(default=0.7, low=0, high=2, unit="mS/cm²", doc="slow potassium, dendrite")
    g_c: Leaf = param(default=1.0, low=0, high=2, unit="mS/cm²", doc="coupling")
    e_na: Leaf = param(default=55.0, low=40, high=70, unit="mV", doc="sodium reversal potential")
    e_k: Leaf = param(
        default=-90.0, low=-100, high=-75, unit="mV", doc="potassium reversal potential"
    )
    e_l: Leaf = param(default=-65.0, low=-75, high=-55, unit="mV", doc="leak reversal potential")
    capacitance: Leaf = param(default=1.0, low=0.5, high=2, unit="µF/cm²", doc="C")
    soma_fraction: Leaf = param(
        default=0.15, low=0.1, high=0.9, doc="P, fraction of the membrane area that is soma"
    )
    dt: Leaf = param(default=0.02, low=0.001, high=0.05, unit="ms", doc="length of a step")
    threshold: Leaf = param(
        default=0.0, low=-30, high=20, unit="mV", doc="V_s that counts as a spike"
    )
    surrogate: Surrogate = surrogate_field(default=Triangle(20.0))
    coupling: str = option(
        default="physical",
        choices=("physical", "printed"),
        doc="sign of the dendrite's coupling current",
    )

    def init_state(self, current: Array) -> PinskyRinzelState:
        v = jnp.zeros_like(current) + self.e_l
        h, n = _settled(_inactivation(v)), _settled(_potassium(v))
        return PinskyRinzelState(v, v, h, n, _slow_potassium(v)[0])

    def step(self, state: PinskyRinzelState, current: Array) -> tuple[PinskyRinzelState, Array]:
        soma, dendrite, h, n, q = state
        link = self.g_c * (dendrite - soma)
        sodium = self.g_na * _settled(_sodium(soma)) ** 3 * h * (soma - self.e_na)
        potassium = self.g_k * n**4 * (soma - self.e_k)
        into_soma = link / self.soma_fraction - sodium - potassium - self.g_l * (soma - self.e_l)

        opened = 1 / (1 + jnp.exp(-(dendrite + 57.7) / 7.7))
        persistent = self.g_nap * opened**3 * h * (dendrite - self.e_na)
        slow = self.g_ks * q * (dendrite - self.e_k)
        sign = -1 if self.coupling == "physical" else 1
        into_dendrite = sign * link / (1 - self.soma_fraction) + current
        into_dendrite = into_dendrite - persistent - slow - self.g_l * (dendrite - self.e_l)

        def advance(gate, rates):
            opening, closing = rates
            return gate + self.dt * 3.33 * (opening * (1 - gate) - closing * gate)

        settled, tau = _slow_potassium(dendrite)
        after = PinskyRinzelState(
            soma + self.dt / self.capacitance * into_soma,
            dendrite + self.dt / self.capacitance * into_dendrite,
            advance(h, _inactivation(soma)),
            advance(n, _potassium(soma)),
            q + self.dt * (settled - q) / tau,
        )
        above = spike(after.soma - self.threshold, self.surrogate)
        return after, above * (1 - spike(soma - self.threshold, self.surrogate))
