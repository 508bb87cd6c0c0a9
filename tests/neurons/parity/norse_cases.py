"""The recorded cases of Norse as neurons of this library."""

import jax.numpy as jnp

from parity.recorded import Case
from spikejax.neurons import make
from spikejax.neurons.wrappers import Refractory, Synapse

CASES: dict[str, Case] = {}


def kept(rate):
    """Share kept in a step of a millisecond."""
    return 1 - 0.001 * rate


def norse_lif(reset):
    return lambda p: make(
        "lif", like="norse", decay=kept(p["tau_mem_inv"]), threshold=p["v_th"], reset=reset
    )


def norse_cuba(p, **settings):
    return make(
        "cuba_lif",
        like="norse",
        synaptic_decay=kept(p["tau_syn_inv"]),
        decay=kept(p["tau_mem_inv"]),
        threshold=p["v_th"],
        **settings,
    )


def behind_synapse(model):
    """Norse puts a synapse before most of its neurons; here it is a wrapper."""
    return lambda p: Synapse(
        neuron=model(p), synaptic_decay=kept(p["tau_syn_inv"]), synapse="decays after"
    )


def v_and_i(state):
    return {"v": state.neuron.membrane, "i": state.current}


CASES["lif_box_value"] = Case(norse_lif("zero"))
CASES["lif_box_subtract"] = Case(norse_lif("subtract"))
CASES["lif"] = Case(norse_cuba, lambda state: {"v": state.membrane, "i": state.synapse})
for period in (2, 5):
    CASES[f"lif_refrac_{period}"] = Case(
        lambda p: Refractory(neuron=norse_cuba(p), period=p["rho_reset"], hold=("membrane",)),
        lambda state: {
            "v": state.neuron.membrane,
            "i": state.neuron.synapse,
            "rho": state.remaining,
        },
        gradients=False,
        note="Norse lets the gradient through the counter of the pause, by its surrogate; here none flows",
    )
CASES["lif_recurrent"] = Case(
    lambda p: norse_cuba(p, detach_reset=True),
    lambda state: {"v": state.membrane, "i": state.synapse},
    currents=lambda x, p: x @ p["input_weights"].T,
    synapse=lambda spikes, p: spikes @ p["recurrent_weights"].T,
)
CASES["iaf"] = Case(lambda p: make("integrate_and_fire", like="norse", threshold=p["v_th"]))
CASES["lif_ex"] = Case(
    behind_synapse(
        lambda p: make(
            "exponential_lif",
            like="norse",
            tau=1 / (0.001 * p["tau_mem_inv"]),
            slope_factor=p["delta_T"],
            threshold=p["v_th"],
            rheobase=p["v_th"],
        )
    ),
    v_and_i,
)
for name in ("lif_adex", "lif_adex_strong"):
    CASES[name] = Case(
        behind_synapse(
            lambda p: make(
                "adex",
                like="norse",
                capacitance=1 / (0.001 * p["tau_mem_inv"]),
                slope_factor=p["delta_T"],
                rheobase=p["v_th"],
                peak=p["v_th"],
                a=p["adaptation_current"],
                b=p["adaptation_spike"],
                tau_adaptation=1 / (0.001 * p["tau_ada_inv"]),
            )
        ),
        lambda state: {**v_and_i(state), "a": state.neuron.adaptation},
    )
CASES["izhikevich_tonic"] = Case(
    lambda p: make(
        "izhikevich",
        like="norse",
        dt=0.001 * p["tau_inv"],
        peak=p["v_th"],
        quadratic=p["sq"],
        linear=p["mn"],
        constant=p["bias"],
        **{name: p[name] for name in "abcd"},
    ),
    lambda state: {"v": state.membrane, "u": state.recovery},
    start=lambda neuron, current: neuron.State(
        jnp.full_like(current, -70.0), jnp.full_like(current, -14.0)
    ),
)
CASES["li"] = Case(
    behind_synapse(lambda p: make("leaky_integrator", like="norse", decay=kept(p["tau_mem_inv"]))),
    v_and_i,
)
CASES["li_box"] = Case(
    lambda p: make("leaky_integrator", like="norse", decay=kept(p["tau_mem_inv"]))
)

JUMPS = "its threshold starts at, and falls back to, v_th by jumps without (1 − ρ)"
NOT_OFFERED = {
    "lif_shifted": "a leak and a reset potential that differ",
    "iaf_below": "a start at 0 and a reset below it",
    "lsnn": JUMPS,
    "lsnn_fast": JUMPS,
}
