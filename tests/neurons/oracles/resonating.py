"""Oscillators that a spike does not set back to zero."""

from oracles.dual import square_root
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
