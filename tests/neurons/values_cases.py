"""The neurons that are compared with their oracles: every model, with every option that changes its equations."""

import numpy as np

import values_cases_recent  # noqa: F401, adds its own
from neuron_traces import NOISE, STEPS, VECTOR
from values_case import CASES, case

__all__ = ["CASES"]


def label(**choices):
    return "-".join(str(value) for value in choices.values())


# The options of firing: all of them alone with each reset, and the pairs that change the order.
FIRING = [
    {"reset": reset, "reset_timing": timing, "late": late, "strict": late, "detach_reset": detach}
    for reset in ("subtract", "zero", "none")
    for timing in ("same", "next")
    for late in (False, True)
    for detach in ((False, True) if reset != "none" else (False,))
]
for choices in FIRING:
    none = " reset none" if choices["reset"] == "none" else ""
    name = label(**choices)
    case(
        f"integrate_and_fire-{name}",
        "integrate_and_fire",
        {"threshold": 0.9, **choices},
        f"integrate_and_fire{none}",
    )
    case(f"lif-{name}", "lif", {"decay": VECTOR, "threshold": 0.8, **choices}, f"lif{none}")
    case(
        f"cuba_lif-{name}",
        "cuba_lif",
        {"synaptic_decay": 0.7, "decay": VECTOR, "threshold": 0.8, **choices},
        f"cuba_lif{none}",
        options={"synapse": "jump"},
    )
case(
    "lif-complement",
    "lif",
    {"decay": VECTOR, "threshold": 0.8, "input_scaling": "complement"},
    [(0.8, 0.5), (0.8, 2), (0.8, 4)],
)
case(
    "cuba_lif-complement-after",
    "cuba_lif",
    {"decay": VECTOR, "input_scaling": "complement", "synapse": "decays after"},
    "cuba_lif complement",
    options={"synapse": "decayed_jump"},
)
for scaling in ("none", "complement"):
    case(
        f"leaky_integrator-{scaling}",
        "leaky_integrator",
        {"decay": VECTOR, "input_scaling": scaling},
        [(0.3, 0.5), (0.0, 4.0)],
    )
    for reset in ("zero", "subtract"):
        none = " none" if scaling == "none" else ""
        case(
            f"plif-{scaling}-{reset}",
            "plif",
            {"w": -0.3, "reset": reset, "input_scaling": scaling, "detach_reset": reset == "zero"},
            f"plif{none}",
        )
        for scaled in (False, True):
            case(
                f"klif-{scaling}-{reset}-{scaled}",
                "klif",
                {"k": 1.3, "reset": reset, "input_scaling": scaling, "scale_reset": scaled},
                f"klif{none}",
            )
for reset in ("zero", "none"):
    for detach in (False, True):
        case(
            f"alpha-{reset}-{detach}",
            "alpha",
            {"reset": reset, "detach_reset": detach, "threshold": 1.1},
            "alpha" if reset == "zero" else "alpha reset none",
            names={"slow_decay": "synaptic_decay", "fast_decay": "decay"},
        )
for order in ("yin", "lsnn", "sfa", "tc_lif", "spyx"):
    case(
        f"alif-{order}",
        "alif",
        {
            "order": order,
            "tau_membrane": 5.0 * VECTOR,
            "tau_adaptation": 8.0,
            "baseline": 0.3,
            "strength": -0.2 if order == "sfa" else 0.6,
            "floor": 0.25,
        },
        [(0.6, 1.0), (0.6, 2.0)] if order != "spyx" else [(0.1, 0.5), (0.0, 1.0)],
        variables={"threshold": "threshold"} if order == "tc_lif" else {},
    )
case(
    "ahp",
    "ahp",
    {"strength": 20.0, "tau_membrane": 5.0, "tau_adaptation": 30.0, "threshold": 0.9},
)
LOGITS = {f"{name}_logit": name for name in ("decay", "threshold", "leak", "conductance")} | {
    "reset_logit": "reset_voltage"
}
case("glif", "glif", {"steps": STEPS}, names=LOGITS)
case(
    "glif-by-step",
    "glif",
    {"steps": STEPS, "conductance_logit": np.linspace(-1, 1, STEPS), "gate_leak": 0.8 * VECTOR},
    "glif",
    names=LOGITS,
)
case(
    "glif-by-step-and-channel",
    "glif",
    {"steps": 5, "conductance_logit": NOISE[:5, 0], "gate_reset": VECTOR, "threshold_logit": 0.1},
    "glif",
    names=LOGITS,
)
case(
    "adaptive_relu",
    "adaptive_relu",
    {"tau_membrane": 5.0 * VECTOR, "tau_adaptation": 8.0, "baseline": 0.3},
    [(1.0, 1.0), (0.5, 3.0)],
)
case("clif", "clif", {"tau": 2.5, "threshold": 0.9})
case("ltmd", "ltmd", {"w": 0.6 * VECTOR, "decay": 0.4})
for reset in ("zero", "subtract"):
    case(f"da_lif-{reset}", "da_lif", {"a": 0.6, "b": VECTOR, "reset": reset})
for name, options in {
    "code": {},
    "forgetful": {"carry": False},
    "paper": {"order": "paper"},
    "strict": {"strict": True},
}.items():
    case(
        f"ar_lif-{name}",
        "ar_lif",
        {"a": VECTOR, "c": 0.8, "decay": 0.6, **options},
        variables={"memory": "reset"},
    )
case(
    "two_compartment",
    "two_compartment",
    {"alpha1": 0.9, "alpha2": VECTOR, "beta1": -0.4, "beta2": 0.6, "threshold": 0.9},
)
for order in ("code", "paper"):
    for sign1 in (-1.0, 1.0):
        for sign2 in (-1.0, 1.0):
            signs = {"sign1": sign1, "sign2": sign2}
            case(
                f"tc_lif-{order}-{sign1:+.0f}{sign2:+.0f}",
                "tc_lif",
                {"c1": -1.2, "c2": -VECTOR, "threshold": 0.9, "order": order, **signs},
                variables={"dendrite_after": ""} if order == "paper" else {},
            )
for detach in (True, False):
    case(
        f"lm_h-{detach}",
        "lm_h",
        {"alpha1": 0.3, "beta1": -0.5, "alpha2": VECTOR, "beta2": 0.2, "detach_reset": detach},
    )
for coupling in ("physical", "printed"):
    # The printed sign lets the dendrite run away upwards: few steps.
    case(
        f"pinsky_rinzel-{coupling}",
        "pinsky_rinzel",
        {"coupling": coupling, "dt": 0.02},
        [(30.0, 100.0, 400)] if coupling == "physical" else [(5.0, 10.0, 150)],
        rate=0.0005,
    )
case("adex", "adex", {"b": 60.0})
for recovery in ("before", "after"):
    case(f"izhikevich-{recovery}", "izhikevich", {"b": 0.25, "recovery": recovery})
case(
    "izhikevich-general",
    "izhikevich",
    {"quadratic": 0.05, "linear": 4.8, "constant": 139.0, "rest": -3.0, "a": 0.1},
)
case("quadratic_lif", "quadratic_lif", {"rest": 0.05, "start": -0.1, "critical": 0.7})
case("exponential_lif", "exponential_lif", {"slope_factor": 0.5, "rest": 0.1, "start": -0.1})
for reset in ("zero", "voltage", "none"):
    for detach in (False, True):
        case(
            f"resonate_and_fire-{reset}-{detach}",
            "resonate_and_fire",
            {"reset": reset, "detach_reset": detach, "threshold": 0.9},
        )
BIAS = {"threshold": "bias"}
draw = np.random.default_rng(5)
case(
    "psn",
    "psn",
    {
        "steps": STEPS,
        "weight": draw.normal(0, 0.3, (STEPS, STEPS)),
        "threshold": draw.normal(1, 0.2, STEPS),
    },
    names=BIAS,
)
for masking in (0.0, 0.6, 1.0):
    case(
        f"masked_psn-{masking}",
        "masked_psn",
        {
            "steps": STEPS,
            "order": 3,
            "masking": masking,
            "weight": draw.normal(0, 0.3, (STEPS, STEPS)),
            "threshold": draw.normal(1, 0.2, STEPS),
        },
        "psn" if masking < 1 else "masked_psn",
        names=BIAS,
    )
case(
    "sliding_psn",
    "sliding_psn",
    {"order": 3, "weight": np.array([0.2, 0.6, 1.1]), "threshold": 0.9},
    names=BIAS,
)
for detach in (True, False):
    case(
        f"heterogeneous_lif-{detach}",
        "heterogeneous_lif",
        {
            "synaptic_decay": VECTOR,
            "decay": 0.95 * VECTOR,
            "rest": 0.1,
            "reset_voltage": -0.1,
            "detach_reset": detach,
        },
        options={"detach": detach, "detach_reset": None},
    )
for reset in ("subtract", "zero"):
    for detach in (False, True):
        case(
            f"stochastic_lif-{reset}-{detach}",
            "stochastic_lif",
            {"decay": VECTOR, "reset": reset, "detach_reset": detach, "width": 0.3},
        )
case("mpe_psn", "mpe_psn", {"decay": 0.4}, names={"decay": "tau"}, variables={"membrane": ""})
