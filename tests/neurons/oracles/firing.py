"""What several neurons share: the gain of the input, and firing and resetting in any order."""


def gain(decay, input_scaling):
    """What the input is multiplied by; False and True are "none" and "complement"."""
    return {"none": 1.0, "complement": 1.0 - decay}[
        {False: "none", True: "complement"}.get(input_scaling, input_scaling)
    ]


def lowered(u, z, reset, threshold, reset_voltage=0.0):
    """The membrane after the reset by the spike z."""
    return {
        "subtract": u - z * threshold,
        "zero": u * (1.0 - z) + z * reset_voltage,
        "none": u,
    }[reset]


def fired(u, integrate, spike, threshold, reset, reset_timing="same", late=False, last=0.0):
    """One step from the membrane u, which `integrate` moves: its new values and the spike.

    The reset by a spike acts in the step of the spike ("same") or in the next one ("next"); with
    `late`, what is sent is the spike of the membrane as it was before the step. `last` is the
    spike of the step before, 0 before the first one, and "last" that of this step.
    """
    if reset_timing == "same" and not late:
        h = integrate(u)
        s, z = spike(h - threshold)
        u = lowered(h, z, reset, threshold)
        return {"membrane": h, "spikes": s, "membrane_after": u, "last": z}
    s, z = spike(u - threshold)  # of the membrane before the step
    if not late:
        z = last
    if reset_timing == "same":
        u = integrate(lowered(u, z, reset, threshold))
    else:
        assert reset_timing == "next"
        u = {
            "subtract": lambda: integrate(u) - z * threshold,
            "zero": lambda: integrate(u * (1.0 - z)),
            "none": lambda: integrate(u),
        }[reset]()
        if not late:
            s, last = spike(u - threshold)
    # Its own reset is still to come.
    return {"membrane": u, "spikes": s, "membrane_after": u, "last": last}
