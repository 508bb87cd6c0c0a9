"""The recorded cases of SpikingJelly as neurons of this library."""

import jax.numpy as jnp

from parity.recorded import Case, fixed
from spikejax.neurons import make
from spikejax.surrogate import Sigmoid, Triangle

CASES: dict[str, Case] = {}

RESET = {"hard": "zero", "soft": "subtract"}
SCALING = {"decayed": "complement", "plain": "none"}

for kind in RESET:
    CASES[f"if_{kind}"] = Case(fixed("integrate_and_fire", "spikingjelly", reset=RESET[kind]))
    for way in SCALING:
        for detach in (False, True):
            CASES[f"lif_{way}_{kind}" + "_detached" * detach] = Case(
                fixed(
                    "lif",
                    "spikingjelly",
                    reset=RESET[kind],
                    input_scaling=SCALING[way],
                    detach_reset=detach,
                )
            )
        for scaled in (False, True):
            CASES[f"klif_{way}_{kind}" + "_scaled" * scaled] = Case(
                lambda p, kind=kind, way=way, scaled=scaled: make(
                    "klif",
                    like="spikingjelly",
                    k=p["k"],
                    reset=RESET[kind],
                    input_scaling=SCALING[way],
                    scale_reset=scaled,
                )
            )
        for tau in ("1.5", "2.0") if kind == "hard" else ("1.5",):
            CASES[f"plif_{way}_{kind}_{tau}"] = Case(
                lambda p, kind=kind, way=way: make(
                    "plif",
                    like="spikingjelly",
                    w=p["w"],
                    reset=RESET[kind],
                    input_scaling=SCALING[way],
                )
            )
    CASES[f"cuba_lif_{kind}"] = Case(
        fixed("cuba_lif", "spikingjelly", reset=RESET[kind]),
        lambda state: {"v": state.membrane, "c": state.synapse},
    )
for way in SCALING:
    # A reset to v_reset = −0.2, to which the membrane also decays: ours counts from there.
    CASES[f"lif_{way}_hard_below"] = Case(
        fixed("lif", "spikingjelly", decay=1 - 1 / 3, threshold=1.0, input_scaling=SCALING[way]),
        lambda state: {"v": state.membrane - 0.2},
    )
CASES["qif_hard"] = Case(fixed("quadratic_lif", "spikingjelly"))
CASES["eif_hard"] = Case(fixed("exponential_lif", "spikingjelly"))
for name, b, d in (("default", 0.0, 0.0), ("adaptive", 0.3, 0.2)):
    CASES[f"izhikevich_{name}"] = Case(
        fixed("izhikevich", "spikingjelly", b=b, d=d),
        lambda state: {"v": state.membrane, "w": state.recovery},
        start=lambda neuron, current: neuron.State(
            jnp.zeros_like(current), jnp.zeros_like(current)
        ),
    )
CASES["clif"] = Case(
    fixed("clif", "spikingjelly"),
    lambda state: {"v": state.membrane, "m": state.memory},
)
CASES["clif_sigmoid"] = Case(
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
    CASES[f"glif_{kind}"] = Case(
        lambda p: make(
            "glif",
            like="spikingjelly",
            steps=24,
            **{ours: p[theirs] for ours, theirs in GLIF.items()},
        ),
        lambda state: {"v": jnp.moveaxis(state.membrane, -1, 1)},
        currents=lambda x, p: jnp.moveaxis(x, 2, -1),  # channels last
    )
CASES["raf_hard"] = Case(
    fixed("resonate_and_fire", "spikingjelly"),
    lambda state: {"v": state.imaginary, "u": state.real},
)
CASES["psn"] = Case(
    lambda p: make(
        "psn", like="spikingjelly", steps=24, weight=p["weight"], threshold=-p["bias"].ravel()
    )
)
for masking in (0.0, 0.4, 1.0):
    CASES[f"masked_psn_{masking}"] = Case(
        lambda p, masking=masking: make(
            "masked_psn",
            like="spikingjelly",
            steps=24,
            order=2,
            masking=masking,
            weight=p["weight"],
            threshold=-p["bias"].ravel(),
        )
    )
CASES["sliding_psn"] = Case(
    lambda p: make(
        "sliding_psn", like="spikingjelly", order=3, weight=p["weight"], threshold=-p["bias"]
    ),
    lambda state: {},
)
CASES["leaky_integrator"] = Case(fixed("leaky_integrator", "spikingjelly", decay=1 - 1 / 2.5))

for detach in (False, True):
    CASES["i_lif" + "_detached" * detach] = Case(
        fixed("i_lif", "spikingjelly", detach_reset=detach)
    )
for kind in RESET:
    CASES[f"ternary_lif_{kind}"] = Case(
        lambda p, kind=kind: make(
            "ternary_lif", decay=0.5, threshold=1.0, reset=RESET[kind], surrogate=Triangle(1.0)
        )
    )

NOT_OFFERED = {
    "qif_soft": "a quadratic neuron is reset to a voltage, not by a subtraction",
    "eif_soft": "an exponential neuron is reset to a voltage, not by a subtraction",
    "raf_soft": "subtracting the threshold from one of two coordinates",
}
