"""Adaptive exponential integrate-and-fire (AdEx)."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import detach_option, reset_to, strict_option
from spikejax.surrogate import SuperSpike, Surrogate, Triangle, spike


class AdExState(NamedTuple):
    """Variables of `AdEx`, after the reset."""

    membrane: Array  # mV
    adaptation: Array  # w, pA


@neuron(
    AdExState,
    drive=1000.0,
    horizon=3000,
    current_unit="pA",
    like={
        "norse": {
            "capacitance": 10.0,
            "leak_conductance": 1.0,
            "rest": 0.0,
            "slope_factor": 0.5,
            "rheobase": 1.0,
            "a": 4.0,
            "tau_adaptation": 500.0,
            "b": 0.02,
            "reset_voltage": 0.0,
            "peak": 1.0,
            "dt": 1.0,
            "strict": True,
            "surrogate": SuperSpike(1.0),
        },
    },
)
class AdEx(Neuron):
    """Exponential integrate-and-fire neuron with an adaptation current; in mV, ms, nS, pF and pA.

        C dV/dt = −g_L (V − rest) + g_L Δ_T exp((V − rheobase) / Δ_T) − w + I
        τ_w dw/dt = a (V − rest) − w
        S = 1, V ← reset_voltage, w ← w + b          at V ≥ peak

    One Euler step of length `dt`, all right-hand sides evaluated at the values before it; V starts at rest, w at 0. The
    exponent is clipped at its value at the peak, which a membrane potential after its reset does not exceed. Half
    precision overflows there: use float32.

    Reference: Brette, Gerstner (2005), Adaptive exponential integrate-and-fire model as an effective description of
    neuronal activity; its parameters, with the peak at 20 mV. Norse's preset is in its units: voltages in units of the
    threshold, times in ms.

    >>> import jax.numpy as jnp
    >>> neuron, currents = AdEx(), jnp.full((1000, 1), 1000.0)  # 100 ms
    >>> int(neuron.sequence(neuron.init_state(currents[0]), currents)[1].sum())
    5
    """

    capacitance: Leaf = param(default=281.0, low=5, high=1000, unit="pF", doc="C")
    leak_conductance: Leaf = param(default=30.0, low=0.5, high=50, unit="nS", doc="g_L")
    rest: Leaf = param(default=-70.6, low=-80, high=0, unit="mV", doc="leak reversal potential")
    slope_factor: Leaf = param(default=2.0, low=0.5, high=10, unit="mV", doc="Δ_T")
    rheobase: Leaf = param(
        default=-50.4, low=-60, high=5, unit="mV", doc="where the upstroke begins"
    )
    a: Leaf = param(default=4.0, low=-10, high=20, unit="nS", doc="subthreshold adaptation")
    tau_adaptation: Leaf = param(default=144.0, low=10, high=1000, unit="ms", doc="τ_w")
    b: Leaf = param(default=80.5, low=0, high=200, unit="pA", doc="spike-triggered adaptation")
    reset_voltage: Leaf = param(default=-70.6, low=-80, high=0, unit="mV", doc="V after a spike")
    peak: Leaf = param(default=20.0, low=1, high=40, unit="mV", doc="V that counts as a spike")
    dt: Leaf = param(default=0.1, low=0.01, high=1, unit="ms", doc="length of a step")
    surrogate: Surrogate = surrogate_field(default=Triangle(20.0))
    strict: bool = strict_option()
    detach_reset: bool = detach_option(doc="no gradient through the reset of V")

    def check(self) -> None:
        """Raises ValueError if the upstroke would overflow before it reaches the peak."""
        if np.any((self.peak - self.rheobase) / self.slope_factor > 80):
            raise ValueError(
                f"expected a peak at most 80 slope factors above the rheobase, found {self.peak} mV, "
                f"{self.slope_factor} mV and {self.rheobase} mV; lower the peak"
            )

    def init_state(self, current: Array) -> AdExState:
        zeros = jnp.zeros_like(current)
        return AdExState(zeros + self.rest, zeros)

    def step(self, state: AdExState, current: Array) -> tuple[AdExState, Array]:
        voltage, adaptation = state
        depth = voltage - self.rest
        exponent = jnp.minimum(voltage - self.rheobase, self.peak - self.rheobase)
        upstroke = self.slope_factor * jnp.exp(exponent / self.slope_factor)
        inflow = self.leak_conductance * (upstroke - depth) - adaptation + current
        membrane = voltage + self.dt / self.capacitance * inflow
        change = self.dt / self.tau_adaptation * (self.a * depth - adaptation)
        spikes = spike(membrane - self.peak, self.surrogate, self.strict)
        after = reset_to(membrane, spikes, self.reset_voltage, self.detach_reset)
        return AdExState(after, adaptation + change + self.b * spikes), spikes
