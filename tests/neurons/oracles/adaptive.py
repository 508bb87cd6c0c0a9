"""Neurons that a spike makes harder to excite for a while."""

from oracles.dual import detach, exp, maximum, relu
from oracles.trace import traced


@traced
def alif(
    currents,
    spike,
    *,
    tau_membrane=20.0,
    tau_adaptation=200.0,
    baseline=0.01,
    strength=1.8,
    floor=0.005,
    order="yin",
):
    """A threshold that rises with the spikes, in five published orders of the same equations.

    "yin": Yin, Corradi and Bohte 2021.  "lsnn": Bellec et al. 2018, whose spike is that of the
    membrane before the step, relative to the threshold.  "sfa": Salaj et al. 2021, with a floor
    under the threshold.  "tc_lif": the baseline of the code released with TC-LIF (AAAI 2024), where
    the adaptation follows the membrane after its reset, not the spike that was sent.  "spyx": that
    library's, whose spike is of the membrane before the step, and whose input is not scaled.
    """
    by_order = {
        "yin": alif_yin,
        "lsnn": alif_lsnn,
        "sfa": alif_lsnn,
        "tc_lif": alif_tc_lif,
        "spyx": alif_spyx,
    }
    lowest = {"floor": floor} if order == "sfa" else {}
    decays = exp(-1.0 / tau_membrane), exp(-1.0 / tau_adaptation)
    return by_order[order](currents, spike, *decays, baseline, strength, **lowest)


def alif_yin(currents, spike, alpha, rho, baseline, strength):
    u = z = 0.0
    a = baseline
    for x in currents:
        a = rho * a + (1.0 - rho) * z
        theta = baseline + strength * a
        u = alpha * u + (1.0 - alpha) * x - theta * z
        s, z = spike(u - theta, strict=True)
        yield {"membrane": u, "adaptation": a, "spikes": s}


def alif_lsnn(currents, spike, alpha, rho, baseline, strength, floor=None):
    u = a = z = 0.0
    for x in currents:
        a = rho * a + (1.0 - rho) * z
        theta = baseline + strength * a
        if floor is not None:
            theta = maximum(theta, floor)
        before = u
        u = alpha * u + (1.0 - alpha) * x - theta * z
        s, z = spike((before - theta) / theta, strict=True)
        yield {"membrane": u, "adaptation": a, "spikes": s}


def alif_tc_lif(currents, spike, alpha, rho, baseline, strength):
    u = a = 0.0
    theta = 1.0
    for x in currents:
        _, again = spike(u - theta, strict=False)
        a = rho * a + (1.0 - rho) * again
        theta = baseline + strength * a
        h = alpha * u + (1.0 - alpha) * x
        s, z = spike(h - theta, strict=False)
        u = h - theta * z
        trace = {"membrane": h, "adaptation": a, "threshold": theta, "spikes": s}
        yield {**trace, "membrane_after": u}


def alif_spyx(currents, spike, alpha, rho, baseline, strength):
    v = t = 0.0
    for x in currents:
        theta = baseline + strength * t
        s, z = spike(v - theta, strict=True)
        v = alpha * v + x - z * theta
        t = rho * t + (1.0 - rho) * z
        yield {"membrane": v, "adaptation": t, "spikes": s}


@traced
def adaptive_relu(
    currents, spike, *, tau_membrane=20.0, tau_adaptation=200.0, baseline=0.01, strength=1.8
):
    """Yin, Corradi and Bohte 2020: the adaptive neuron whose output is max(0, u - theta), no spike."""
    alpha, rho = exp(-1.0 / tau_membrane), exp(-1.0 / tau_adaptation)
    u = y = 0.0
    a = baseline
    for x in currents:
        a = rho * a + (1.0 - rho) * y
        theta = baseline + strength * a
        u = alpha * u + (1.0 - alpha) * x - theta * y
        y = relu(u - theta)
        yield {"membrane": u, "adaptation": a, "outputs": y}


@traced
def ahp(currents, spike, *, tau_membrane=20.0, tau_adaptation=700.0, strength=1.0, threshold=1.0):
    """Rao et al. 2022 (arXiv 2107.03992): each spike drives a slow negative current.

    Hard reset, and one step of refractoriness in which the membrane stays 0 and no spike is sent.
    The discrete form is a reading of the two compartments on the chip.
    """
    w = strength * (1.0 / (tau_adaptation * tau_membrane) - 1.0 / tau_adaptation**2)
    u = a = z = 0.0
    for x in currents:
        a = (1.0 - 1.0 / tau_adaptation) * a - w * z
        awake = 1.0 - z
        h = awake * ((1.0 - 1.0 / tau_membrane) * u + x + a)
        s, z = spike(h - threshold)
        s, z = awake * s, awake * z
        u = h * (1.0 - z)
        yield {"membrane": h, "adaptation": a, "spikes": s, "membrane_after": u}


@traced(strict=True)
def ce_lif(currents, spike, *, embedding, decay=0.5, recovery=0.02, threshold=0.5):
    """Chen et al. 2023 (arXiv 2308.15150), as in NEAT: the threshold first, by the membrane of the step before.

    `embedding` has a row for each step; the last one is for all that follow.
    """
    v = s = z = 0.0
    theta = threshold
    for t, x in enumerate(currents):
        row = embedding[min(t, len(detach(embedding)) - 1)]
        theta = theta + v * row - (theta - threshold) * recovery
        v = v * decay * (1.0 - z) + x
        s, z = spike(v - theta)
        yield {"membrane": v, "threshold": theta, "spikes": s}
