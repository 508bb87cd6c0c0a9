"""The recorded cases as neurons of this library: settings, variables and parameters under the peers' names.

A case is a function of the peer's parameters, so that gradients are compared by these and no conversion is left out.
Cases that are not listed are in `NOT_OFFERED`, with the reason.
"""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from spikejax.dynamics.layer import Feedback, feedback, unroll
from spikejax.neurons import make
from spikejax.neurons.wrappers import Refractory, Synapse
from spikejax.surrogate import Sigmoid

FOLDER = Path(__file__).parent
PEERS = ("spikingjelly", "snntorch", "norse", "spyx")


@dataclasses.dataclass(frozen=True)
class Case:
    """How a recorded case is run here.

    Attributes:
      neuron: the neuron, from the peer's parameters.
      variables: the peer's variables, from our state.
      start: our state before the first step, from the neuron and the currents; its own if None.
      currents: what the neuron gets, from the peer's currents and parameters.
      synapse: what the neuron gets of its own spikes, from spikes and parameters.
      sent_later: the peer sends our spikes one step later.
      gradients: whether they are compared; if not, `note` says why.
      note: a difference that is known.
    """

    neuron: Callable[[dict], Any]
    variables: Callable[[Any], dict]
    start: Callable[[Any, Any], Any] | None = None
    currents: Callable[[Any, dict], Any] = lambda x, p: x
    synapse: Callable[[Any, dict], Any] | None = None
    sent_later: bool = False
    gradients: bool = True
    note: str = ""


def run(case, parameters, currents):
    """Our trace under the peer's names: {variable: [T, ...]} with "spikes", of a peer that has them."""
    neuron = case.neuron(parameters)
    currents = case.currents(currents, parameters)
    begin = case.start or (lambda neuron, current: neuron.init_state(current))
    state = begin(neuron, currents[0])
    if not hasattr(neuron, "step"):
        return {"spikes": neuron.sequence(state, currents)[1]}

    def save(state, spikes):
        inner = state.neuron if case.synapse else state
        return {"spikes": spikes, **case.variables(inner)}

    step = neuron.step
    if case.synapse:
        step = feedback(step, lambda spikes: case.synapse(spikes, parameters))
        state = Feedback(state, jnp.zeros_like(currents[0]))
    trace = unroll(step, state, currents, save=save)[1]
    if case.sent_later:
        first = jnp.zeros_like(trace["spikes"][:1])
        trace["spikes"] = jnp.concatenate([first, trace["spikes"][:-1]])
    return trace


def load(peer):
    """The record of a peer: its arrays and what they are."""
    arrays = np.load(FOLDER / f"{peer}.npz")
    return arrays, json.loads(str(arrays["meta"]))


# --- SpikingJelly ---------------------------------------------------------------------------------

CASES: dict[tuple[str, str], Case] = {}


def membrane(name):
    return lambda state: {name: state.membrane}


def case(peer, name, neuron, variables=None, **options):
    CASES[peer, name] = Case(neuron, variables or membrane("v"), **options)


RESET = {"hard": "zero", "soft": "subtract"}
SCALING = {"decayed": "complement", "plain": "none"}


def fixed(model, peer, **settings):
    """A neuron whose settings are no parameters of the peer."""
    return lambda p: make(model, like=peer, **settings)


for kind in RESET:
    case(
        "spikingjelly", f"if_{kind}", fixed("integrate_and_fire", "spikingjelly", reset=RESET[kind])
    )
    for way in SCALING:
        for detach in (False, True):
            case(
                "spikingjelly",
                f"lif_{way}_{kind}" + "_detached" * detach,
                fixed(
                    "lif",
                    "spikingjelly",
                    reset=RESET[kind],
                    input_scaling=SCALING[way],
                    detach_reset=detach,
                ),
            )
        for scaled in (False, True):
            case(
                "spikingjelly",
                f"klif_{way}_{kind}" + "_scaled" * scaled,
                lambda p, kind=kind, way=way, scaled=scaled: make(
                    "klif",
                    like="spikingjelly",
                    k=p["k"],
                    reset=RESET[kind],
                    input_scaling=SCALING[way],
                    scale_reset=scaled,
                ),
            )
        for tau in ("1.5", "2.0") if kind == "hard" else ("1.5",):
            case(
                "spikingjelly",
                f"plif_{way}_{kind}_{tau}",
                lambda p, kind=kind, way=way: make(
                    "plif",
                    like="spikingjelly",
                    w=p["w"],
                    reset=RESET[kind],
                    input_scaling=SCALING[way],
                ),
            )
    case(
        "spikingjelly",
        f"cuba_lif_{kind}",
        fixed("cuba_lif", "spikingjelly", reset=RESET[kind]),
        lambda state: {"v": state.membrane, "c": state.synapse},
    )
for way in SCALING:
    # A reset to v_reset = −0.2, to which the membrane also decays: ours counts from there.
    case(
        "spikingjelly",
        f"lif_{way}_hard_below",
        fixed("lif", "spikingjelly", decay=1 - 1 / 3, threshold=1.0, input_scaling=SCALING[way]),
        lambda state: {"v": state.membrane - 0.2},
    )
case("spikingjelly", "qif_hard", fixed("quadratic_lif", "spikingjelly"))
case("spikingjelly", "eif_hard", fixed("exponential_lif", "spikingjelly"))
for name, b, d in (("default", 0.0, 0.0), ("adaptive", 0.3, 0.2)):
    case(
        "spikingjelly",
        f"izhikevich_{name}",
        fixed("izhikevich", "spikingjelly", b=b, d=d),
        lambda state: {"v": state.membrane, "w": state.recovery},
        start=lambda neuron, current: neuron.State(
            jnp.zeros_like(current), jnp.zeros_like(current)
        ),
    )
case(
    "spikingjelly",
    "clif",
    fixed("clif", "spikingjelly"),
    lambda state: {"v": state.membrane, "m": state.memory},
)
case(
    "spikingjelly",
    "clif_sigmoid",
    fixed("clif", "spikingjelly", tau=3.0, surrogate=Sigmoid(4.0)),
    lambda state: {"v": state.membrane, "m": state.memory},
)
GLIF = {
    "gate_leak": "alpha",
    "gate_input": "beta",
    "gate_reset": "gamma",
    "decay_logit": "tau",
    "threshold_logit": "v_threshold",
    "leak_logit": "linear_decay",
    "reset_logit": "v_subreset",
    "conductance_logit": "conduct",
}
for kind in ("layer", "channel"):
    case(
        "spikingjelly",
        f"glif_{kind}",
        lambda p: make(
            "glif",
            like="spikingjelly",
            steps=24,
            **{ours: p[theirs] for ours, theirs in GLIF.items()},
        ),
        lambda state: {"v": jnp.moveaxis(state.membrane, -1, 1)},
        currents=lambda x, p: jnp.moveaxis(x, 2, -1),  # channels last
    )
case(
    "spikingjelly",
    "raf_hard",
    fixed("resonate_and_fire", "spikingjelly"),
    lambda state: {"v": state.imaginary, "u": state.real},
)
case(
    "spikingjelly",
    "psn",
    lambda p: make(
        "psn", like="spikingjelly", steps=24, weight=p["weight"], threshold=-p["bias"].ravel()
    ),
)
for masking in (0.0, 0.4, 1.0):
    case(
        "spikingjelly",
        f"masked_psn_{masking}",
        lambda p, masking=masking: make(
            "masked_psn",
            like="spikingjelly",
            steps=24,
            order=2,
            masking=masking,
            weight=p["weight"],
            threshold=-p["bias"].ravel(),
        ),
    )
case(
    "spikingjelly",
    "sliding_psn",
    lambda p: make(
        "sliding_psn", like="spikingjelly", order=3, weight=p["weight"], threshold=-p["bias"]
    ),
    lambda state: {},
)
case(
    "spikingjelly", "leaky_integrator", fixed("leaky_integrator", "spikingjelly", decay=1 - 1 / 2.5)
)

# --- snnTorch -------------------------------------------------------------------------------------


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
    case("snntorch", f"leaky_{kind}", leaky(reset=kind), membrane("mem"))
for kind in ("subtract", "none"):
    case("snntorch", f"lapicque_{kind}", lapicque(reset=kind), membrane("mem"))
    case(
        "snntorch",
        f"synaptic_{kind}",
        synaptic(reset=kind),
        lambda state: {"mem": state.membrane, "syn": state.synapse},
    )
for kind in ("subtract", "zero"):
    case("snntorch", f"leaky_{kind}_same_step", leaky(reset=kind, **SAME), membrane("mem"))
case(
    "snntorch",
    "lapicque_rc",
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
case(
    "snntorch",
    "synaptic_subtract_same_step",
    synaptic(**SAME),
    lambda state: {"mem": state.membrane, "syn": state.synapse},
)
for kind in ("zero", "none"):
    case(
        "snntorch",
        f"alpha_{kind}",
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


case("snntorch", "rleaky_subtract", leaky(), membrane("mem"), synapse=by_weights)
case("snntorch", "rleaky_subtract_same_step", leaky(**SAME), membrane("mem"), synapse=by_weights)
case("snntorch", "rleaky_one_to_one", leaky(), membrane("mem"), synapse=lambda s, p: s * p["V"])

# --- Norse ----------------------------------------------------------------------------------------


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


case("norse", "lif_box_value", norse_lif("zero"))
case("norse", "lif_box_subtract", norse_lif("subtract"))
case("norse", "lif", norse_cuba, lambda state: {"v": state.membrane, "i": state.synapse})
for period in (2, 5):
    case(
        "norse",
        f"lif_refrac_{period}",
        lambda p: Refractory(neuron=norse_cuba(p), period=p["rho_reset"], hold=("membrane",)),
        lambda state: {
            "v": state.neuron.membrane,
            "i": state.neuron.synapse,
            "rho": state.remaining,
        },
        gradients=False,
        note="Norse lets the gradient through the counter of the pause, by its surrogate; here none flows",
    )
case(
    "norse",
    "lif_recurrent",
    lambda p: norse_cuba(p, detach_reset=True),
    lambda state: {"v": state.membrane, "i": state.synapse},
    currents=lambda x, p: x @ p["input_weights"].T,
    synapse=lambda spikes, p: spikes @ p["recurrent_weights"].T,
)
case(
    "norse",
    "iaf",
    lambda p: make("integrate_and_fire", like="norse", threshold=p["v_th"]),
)
case(
    "norse",
    "lif_ex",
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
    case(
        "norse",
        name,
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
case(
    "norse",
    "izhikevich_tonic",
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
case(
    "norse",
    "li",
    behind_synapse(lambda p: make("leaky_integrator", like="norse", decay=kept(p["tau_mem_inv"]))),
    v_and_i,
)
case(
    "norse",
    "li_box",
    lambda p: make("leaky_integrator", like="norse", decay=kept(p["tau_mem_inv"])),
)

# --- spyx -----------------------------------------------------------------------------------------

for threshold in (1.0, 0.75):
    case(
        "spyx",
        f"lif_{threshold}",
        lambda p, threshold=threshold: make(
            "lif", like="spyx", decay=p["beta"], threshold=threshold
        ),
        membrane("V"),
    )
case("spyx", "if", fixed("integrate_and_fire", "spyx"), membrane("V"))
case("spyx", "li", lambda p: make("leaky_integrator", like="spyx", decay=p["beta"]), membrane("V"))
case(
    "spyx",
    "alif",
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


case("spyx", "cuba_lif", spyx_cuba, lambda state: {"V": state.membrane, "I": state.synapse})


def recur(spikes, p):
    return spikes @ p["recurrent_w"]


# spyx feeds back the spikes that it sends in the same step, those of the membrane before it. Here that is a neuron that
# sends at once and is fed back one step later.
case(
    "spyx",
    "rlif",
    lambda p: make("lif", like="spyx", decay=p["beta"], late=False),
    membrane("V"),
    synapse=recur,
    sent_later=True,
)
case(
    "spyx",
    "rif",
    fixed("integrate_and_fire", "spyx", late=False),
    membrane("V"),
    synapse=recur,
    sent_later=True,
)

JUDGED_BELOW = (
    "judges the next spike below the membrane that it reports, where one spike does not suffice"
)
INPUT_DROPPED = "its reset to zero drops the input of the step; that of Leaky does not"
JUMPS = "its threshold starts at, and falls back to, v_th by jumps without (1 − ρ)"
NOT_OFFERED = {
    ("spikingjelly", "qif_soft"): "a quadratic neuron is reset to a voltage, not by a subtraction",
    (
        "spikingjelly",
        "eif_soft",
    ): "an exponential neuron is reset to a voltage, not by a subtraction",
    ("spikingjelly", "raf_soft"): "subtracting the threshold from one of two coordinates",
    (
        "snntorch",
        "alpha_subtract",
    ): "sets N to 0 and adds its old value to U: no reset of the model",
    ("norse", "lif_shifted"): "a leak and a reset potential that differ",
    ("norse", "iaf_below"): "a start at 0 and a reset below it",
    ("spyx", "rcuba_lif"): "its reset comes before the decay, with the feedback of the same step",
} | {
    **{
        ("snntorch", f"{name}_subtract_same_step_twice"): JUDGED_BELOW
        for name in ("leaky", "synaptic", "rleaky")
    },
    **{("snntorch", f"{name}_zero"): INPUT_DROPPED for name in ("lapicque", "synaptic", "rleaky")},
    **{("norse", name): JUMPS for name in ("lsnn", "lsnn_fast")},
}
