"""Neurons with an adaptation current that the membrane drives as well as the spikes do."""

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
