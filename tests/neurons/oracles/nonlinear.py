"""Membranes with a nonlinear drift, and one that turns; all by one explicit step of Euler.

Units of `adex` and `izhikevich` are mV, ms, nS, pF and pA; the others have none.
"""

from oracles.dual import cos, exp, minimum, sin
from oracles.firing import lowered
from oracles.trace import traced


@traced
def quadratic_lif(
    currents,
    spike,
    *,
    tau=2.0,
    a0=1.0,
    rest=0.0,
    critical=0.8,
    threshold=1.0,
    reset_voltage=-0.1,
    start=None,
):
    """Latham et al. 2000; Gerstner et al., Neuronal Dynamics, Eq. 5.16.  It starts at rest."""
    u = rest if start is None else start
    for x in currents:
        h = u + (x + a0 * (u - rest) * (u - critical)) / tau
        s, z = spike(h - threshold)
        u = lowered(h, z, "zero", threshold, reset_voltage)
        yield {"membrane": h, "spikes": s, "membrane_after": u}


@traced
def exponential_lif(
    currents,
    spike,
    *,
    tau=2.0,
    slope_factor=1.0,
    rheobase=0.8,
    rest=0.0,
    threshold=1.0,
    reset_voltage=-0.1,
    start=None,
):
    """Fourcaud-Trocme et al. 2003.  It starts at rest."""
    u = rest if start is None else start
    for x in currents:
        upswing = slope_factor * exp((u - rheobase) / slope_factor)
        h = u + (x + rest - u + upswing) / tau
        s, z = spike(h - threshold)
        u = lowered(h, z, "zero", threshold, reset_voltage)
        yield {"membrane": h, "spikes": s, "membrane_after": u}


@traced
def adex(
    currents,
    spike,
    *,
    capacitance=281.0,
    leak_conductance=30.0,
    rest=-70.6,
    slope_factor=2.0,
    rheobase=-50.4,
    a=4.0,
    tau_adaptation=144.0,
    b=80.5,
    reset_voltage=-70.6,
    peak=20.0,
    dt=0.1,
    start=None,
):
    """Brette and Gerstner 2005, Eq. 1-3.  `start` is (membrane, adaptation), or at rest.

    The exponent is not let beyond its value at the peak.
    """
    v, w = (rest, 0.0) if start is None else start
    for x in currents:
        exponent = minimum((v - rheobase) / slope_factor, (peak - rheobase) / slope_factor)
        upswing = leak_conductance * slope_factor * exp(exponent)
        h = v + dt / capacitance * (upswing - leak_conductance * (v - rest) - w + x)
        w = w + dt / tau_adaptation * (a * (v - rest) - w)
        s, z = spike(h - peak)
        v = lowered(h, z, "zero", peak, reset_voltage)
        before = {"membrane": h, "adaptation": w, "spikes": s}
        w = w + b * z
        yield {**before, "membrane_after": v, "adaptation_after": w}


@traced
def izhikevich(
    currents,
    spike,
    *,
    a=0.02,
    b=0.2,
    c=-65.0,
    d=8.0,
    peak=30.0,
    quadratic=0.04,
    linear=5.0,
    constant=140.0,
    rest=0.0,
    dt=0.5,
    recovery="before",
    start=None,
):
    """Izhikevich 2003, Eq. 1-3, with any quadratic force and a recovery that rests at `rest`.

    `recovery` says which v drives u: that before the step, or the one after it, before its reset
    (SpikingJelly).  `start` is (membrane, recovery), or (c, b (c - rest)).
    """
    v, u = (c, b * (c - rest)) if start is None else start
    for x in currents:
        h = v + dt * (quadratic * v**2 + linear * v + constant - u + x)
        driving = {"before": v, "after": h}[recovery]
        u = u + dt * a * (b * (driving - rest) - u)
        s, z = spike(h - peak)
        v = lowered(h, z, "zero", peak, c)
        before = {"membrane": h, "recovery": u, "spikes": s}
        u = u + d * z
        yield {**before, "membrane_after": v, "recovery_after": u}


@traced
def resonate_and_fire(
    currents, spike, *, damping=-0.2, frequency=1.0, dt=1.0, threshold=1.0, reset="zero"
):
    """Izhikevich 2001: z' = (b + i w) z + input, exact over a step; the imaginary part fires.

    The reset is of both parts ("zero"), of the imaginary one ("voltage"), or there is none.
    """
    assert reset in ("zero", "voltage", "none")
    x = y = 0.0
    shrink, turn = exp(damping * dt), frequency * dt
    for current in currents:
        real = shrink * (x * cos(turn) - y * sin(turn)) + current
        imaginary = shrink * (x * sin(turn) + y * cos(turn))
        s, z = spike(imaginary - threshold)
        x = real * (1.0 - z) if reset == "zero" else real
        y = imaginary if reset == "none" else imaginary * (1.0 - z)
        after = {"real_after": x, "imaginary_after": y}
        yield {"real": real, "imaginary": imaginary, "spikes": s, **after}
