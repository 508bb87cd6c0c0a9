"""Neurons with an adaptation current that the membrane drives as well as the spikes do."""

from oracles.dual import detach as held
from oracles.dual import exp
from oracles.trace import traced


@traced(strict=True)
def adlif(currents, spike, *, decay=0.9, adaptation_decay=0.98, a=0.5, b=1.0, threshold=1.0):
    """Bittar and Garner 2022, in the order of the released code: the current first, of the step before."""
    u = w = z = 0.0
    for x in currents:
        w = adaptation_decay * w + a * u + b * z
        u = decay * (u - threshold * z) + (1.0 - decay) * (x - w)
        s, z = spike(u - threshold)
        yield {"membrane": u, "adaptation": w, "spikes": s}


@traced(strict=True)
def se_adlif(
    currents,
    spike,
    *,
    tau_membrane=10.0,
    tau_adaptation=100.0,
    a=0.5,
    b=1.0,
    q=120.0,
    threshold=1.0,
    discretisation="symplectic",
    detach=True,
):
    """Baronig et al. 2025: the adaptation after the membrane, by its new value or by the old one.

    The reset is to 0 and before the adaptation; with `detach`, as in the released code, no
    derivative flows through the reset, while what a spike adds to the adaptation has one.
    """
    alpha, beta = exp(-1.0 / tau_membrane), exp(-1.0 / tau_adaptation)
    u = w = last = 0.0
    for x in currents:
        old = u, last
        h = alpha * u + (1.0 - alpha) * (x - w)
        s, z = spike(h - threshold)
        u = h * (1.0 - (held(z) if detach else z))
        last = z
        seen, fired = {"symplectic": (u, last), "forward": old}[discretisation]
        w = beta * w + (1.0 - beta) * q * (a * seen + b * fired)
        yield {"membrane": h, "adaptation": w, "spikes": s, "membrane_after": u}


@traced(strict=True)
def silif(
    currents,
    spike,
    *,
    log_dt=0.0,
    log_rate=-2.25,
    log_adaptation_rate=-3.9,
    a=0.5,
    b=1.0,
    threshold=1.0,
):
    """Fabre et al. 2025: the equations of `adlif`; decays that are exponentials of rates times a step."""
    dt = exp(log_dt)
    alpha, beta = exp(-exp(log_rate) * dt), exp(-exp(log_adaptation_rate) * dt)
    u = w = z = 0.0
    for x in currents:
        w = beta * w + a * u + b * z
        u = alpha * (u - threshold * z) + (1.0 - alpha) * (x - w)
        s, z = spike(u - threshold)
        yield {"membrane": u, "adaptation": w, "spikes": s}
