"""Neurons whose input is filtered by synapses before it reaches the membrane."""

from oracles import dual
from oracles.dual import log
from oracles.firing import fired, gain
from oracles.trace import traced


@traced
def cuba_lif(
    currents,
    spike,
    *,
    synaptic_decay=0.8,
    decay=0.9,
    threshold=1.0,
    reset="subtract",
    input_scaling="none",
    synapse="jump",
    reset_timing="same",
    late=False,
):
    """Neftci, Mostafa and Zenke 2019: a current that jumps with the input and decays.

    The membrane sees it after the jump; `synapse` tells when it decays, before the jump of the
    next input ("jump") or at once, so that the membrane sees it before ("decayed_jump").
    """
    assert synapse in ("jump", "decayed_jump")
    u = y = z = 0.0
    for x in currents:
        if synapse == "jump":
            c = y = synaptic_decay * y + x
        else:
            c = y + x
            y = synaptic_decay * c
        c = gain(decay, input_scaling) * c
        step = fired(
            u, lambda u, c=c: decay * u + c, spike, threshold, reset, reset_timing, late, z
        )
        u, z = step["membrane_after"], step.pop("last")
        yield {"synapse": y, **step}


@traced
def alpha(currents, spike, *, synaptic_decay=0.9, decay=0.8, threshold=1.0, reset="zero"):
    """Eshraghian et al. 2023 (snnTorch): the input through a difference of two exponentials.

    The reset by a spike acts one step later, after that step's input.
    """
    assert reset in ("zero", "none")
    k = log(synaptic_decay) / (log(decay) - log(synaptic_decay)) + 1.0
    e = n = u = 0.0
    for x in currents:
        _, b = spike(u - threshold)
        kept = 1.0 - b if reset == "zero" else 1.0
        e = synaptic_decay * e + x
        n = decay * n - x
        u = k * (e + n)
        before = {"membrane": u, "excitatory": e, "inhibitory": n}
        e, n, u = e * kept, n * kept, u * kept
        s, _ = spike(u - threshold)
        after = {"membrane_after": u, "excitatory_after": e, "inhibitory_after": n}
        yield {**before, "spikes": s, **after}


@traced(strict=True)
def heterogeneous_lif(
    currents,
    spike,
    *,
    synaptic_decay=0.8,
    decay=0.9,
    threshold=1.0,
    rest=0.0,
    reset_voltage=0.0,
    detach=True,
):
    """Perez-Nieves, Leung, Dragotti and Goodman 2021: time constants of each neuron's own.

    All right-hand sides are of the step before, and so is the spike that is sent.  With `detach`,
    as in the code released with the paper, the spike, the threshold and the decay that scales the
    current carry no derivative into the membrane.
    """
    held = dual.detach if detach else lambda x: x
    u = y = 0.0
    for x in currents:
        s, z = spike(u - threshold)
        drop = held(z) * (held(threshold) - reset_voltage)
        u = decay * (u - rest) + rest + (1.0 - held(decay)) * y - drop
        y = synaptic_decay * y + x
        yield {"membrane": u, "synapse": y, "spikes": s}
