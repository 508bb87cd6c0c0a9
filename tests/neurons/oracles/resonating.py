"""Oscillators that a spike does not set back to zero."""

from oracles.dual import cos, exp, sin, square_root
from oracles.trace import traced


@traced(strict=True)
def balanced_resonate_and_fire(
    currents, spike, *, frequency=10.0, damping=2.5, recovery=0.9, threshold=1.0, dt=0.01
):
    """Higuchi et al. 2024: forward Euler, with a damping that keeps off the boundary of divergence."""
    boundary = (-1.0 + square_root(1.0 - (dt * frequency) ** 2)) / dt
    x = y = q = 0.0
    for current in currents:
        b = boundary - damping - q
        x, y = x + dt * (b * x - frequency * y + current), y + dt * (frequency * x + b * y)
        s, z = spike(x - threshold - q)
        q = recovery * q + z
        yield {"real": x, "imaginary": y, "refractory": q, "spikes": s}


@traced(strict=True)
def c_silif(
    currents,
    spike,
    *,
    log_dt=-1.5,
    log_rate=-0.7,
    frequency=3.0,
    gain=1.0,
    reset_factor=0.5,
    threshold=1.0,
):
    """Fabre et al. 2025: the reset of the step before, then the turn of a complex decay; twice its real part fires."""
    dt = exp(log_dt)
    size, angle = exp(-exp(log_rate) * dt), frequency * dt
    x = y = z = 0.0
    for current in currents:
        x = x - reset_factor * z
        x, y = (
            size * (x * cos(angle) - y * sin(angle)) + gain * current,
            size * (x * sin(angle) + y * cos(angle)),
        )
        s, z = spike(2.0 * x - threshold)
        yield {"real": x, "imaginary": y, "spikes": s}
