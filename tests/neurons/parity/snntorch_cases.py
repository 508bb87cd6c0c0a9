"""The recorded cases of snnTorch as neurons of this library."""

import jax.numpy as jnp

from parity.recorded import Case, membrane
from spikejax.neurons import make

CASES: dict[str, Case] = {}


def leaky(**settings):
    return lambda p: make(
        "lif", like="snntorch", decay=p["beta"], threshold=p["threshold"], **settings
    )


def lapicque(**settings):
    """Its decay is 1 + log β, and its gain the rest."""
    return lambda p: make(
        "lif",
        like="snntorch",
        decay=1 + jnp.log(p["beta"]),
        threshold=p["threshold"],
        input_scaling="complement",
        **settings,
    )


def synaptic(**settings):
    return lambda p: make(
        "cuba_lif",
        like="snntorch",
        synaptic_decay=p["alpha"],
        decay=p["beta"],
        threshold=p["threshold"],
        **settings,
    )


SAME = {"reset_timing": "same", "detach_reset": False}
for kind in ("subtract", "zero", "none"):
    CASES[f"leaky_{kind}"] = Case(leaky(reset=kind), membrane("mem"))
for kind in ("subtract", "none"):
    CASES[f"lapicque_{kind}"] = Case(lapicque(reset=kind), membrane("mem"))
    CASES[f"synaptic_{kind}"] = Case(
        synaptic(reset=kind),
        lambda state: {"mem": state.membrane, "syn": state.synapse},
    )
for kind in ("subtract", "zero"):
    CASES[f"leaky_{kind}_same_step"] = Case(leaky(reset=kind, **SAME), membrane("mem"))
CASES["lapicque_rc"] = Case(
    lambda p: make(
        "lif",
        like="snntorch",
        decay=1 - 1 / 6,
        threshold=p["threshold"],
        input_scaling="complement",
    ),
    membrane("mem"),
    currents=lambda x, p: 2 * x,  # R = 2, C = 3
)
CASES["synaptic_subtract_same_step"] = Case(
    synaptic(**SAME),
    lambda state: {"mem": state.membrane, "syn": state.synapse},
)
for kind in ("zero", "none"):
    CASES[f"alpha_{kind}"] = Case(
        lambda p, kind=kind: make(
            "alpha",
            like="snntorch",
            slow_decay=p["alpha"],
            fast_decay=p["beta"],
            threshold=p["threshold"],
            reset=kind,
        ),
        lambda state: {
            "mem": state.membrane,
            "syn_exc": state.excitatory,
            "syn_inh": state.inhibitory,
        },
    )


def by_weights(spikes, p):
    return spikes @ p["recurrent_weight"].T + p["recurrent_bias"]


CASES["rleaky_subtract"] = Case(leaky(), membrane("mem"), synapse=by_weights)
CASES["rleaky_subtract_same_step"] = Case(leaky(**SAME), membrane("mem"), synapse=by_weights)
CASES["rleaky_one_to_one"] = Case(leaky(), membrane("mem"), synapse=lambda s, p: s * p["V"])

JUDGED_BELOW = (
    "judges the next spike below the membrane that it reports, where one spike does not suffice"
)
INPUT_DROPPED = "its reset to zero drops the input of the step; that of Leaky does not"
NOT_OFFERED = {
    "alpha_subtract": "sets N to 0 and adds its old value to U: no reset of the model",
    **{
        f"{name}_subtract_same_step_twice": JUDGED_BELOW for name in ("leaky", "synaptic", "rleaky")
    },
    **{f"{name}_zero": INPUT_DROPPED for name in ("lapicque", "synaptic", "rleaky")},
}
