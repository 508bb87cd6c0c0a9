"""The recorded cases of spyx as neurons of this library."""

import jax.numpy as jnp

from parity.recorded import Case, fixed, membrane
from spikejax.neurons import make

CASES: dict[str, Case] = {}

for threshold in (1.0, 0.75):
    CASES[f"lif_{threshold}"] = Case(
        lambda p, threshold=threshold: make(
            "lif", like="spyx", decay=p["beta"], threshold=threshold
        ),
        membrane("V"),
    )
CASES["if"] = Case(fixed("integrate_and_fire", "spyx"), membrane("V"))
CASES["li"] = Case(lambda p: make("leaky_integrator", like="spyx", decay=p["beta"]), membrane("V"))
CASES["alif"] = Case(
    lambda p: make(
        "alif",
        like="spyx",
        tau_membrane=-1 / jnp.log(p["beta"]),
        tau_adaptation=-1 / jnp.log(p["gamma"]),
    ),
    lambda state: {"V": state.membrane, "T": state.adaptation},
)


def spyx_cuba(p, **settings):
    return make("cuba_lif", like="spyx", synaptic_decay=p["alpha"], decay=p["beta"], **settings)


CASES["cuba_lif"] = Case(spyx_cuba, lambda state: {"V": state.membrane, "I": state.synapse})


def recur(spikes, p):
    return spikes @ p["recurrent_w"]


# spyx feeds back the spikes that it sends in the same step, those of the membrane before it. Here that is a neuron that
# sends at once and is fed back one step later.
CASES["rlif"] = Case(
    lambda p: make("lif", like="spyx", decay=p["beta"], late=False),
    membrane("V"),
    synapse=recur,
    sent_later=True,
)
CASES["rif"] = Case(
    fixed("integrate_and_fire", "spyx", late=False),
    membrane("V"),
    synapse=recur,
    sent_later=True,
)

NOT_OFFERED = {
    "rcuba_lif": "its reset comes before the decay, with the feedback of the same step",
}
