"""The neurons published since 2022 that are compared with their oracles: every option that changes their equations."""

import numpy as np

from neuron_traces import NOISE, STEPS, VECTOR
from values_case import case

case(
    "adlif",
    "adlif",
    {
        "decay": np.array([0.83, 0.9, 0.95]),
        "adaptation_decay": 0.98,
        "a": VECTOR - 0.8,
        "b": 0.7,
        "threshold": 0.9,
    },
)
for method in ("symplectic", "forward"):
    for detach in (True, False):
        case(
            f"se_adlif-{method}-{detach}",
            "se_adlif",
            {
                "tau_membrane": np.array([6.0, 10.0, 20.0]),
                "tau_adaptation": 80.0,
                "a": VECTOR,
                "b": 0.8,
                "q": 100.0,
                "threshold": 0.9,
                "discretisation": method,
                "detach_reset": detach,
            },
            options={"detach": detach, "detach_reset": None},
        )
case(
    "balanced_resonate_and_fire",
    "balanced_resonate_and_fire",
    {
        "frequency": 12.0 * VECTOR,
        "damping": 2.2,
        "recovery": 0.8,
        "threshold": 0.9,
        "dt": 0.009,
    },
)
for detach in (True, False):
    case(
        f"i_lif-{detach}",
        "i_lif",
        {"levels": 3, "decay": VECTOR, "threshold": 0.8, "detach_reset": detach},
        [(0.8, 0.5), (0.5, 2.0)],
    )
for reset in ("zero", "subtract"):
    for detach in (True, False):
        case(
            f"ternary_lif-{reset}-{detach}",
            "ternary_lif",
            {
                "decay": VECTOR,
                "threshold": 0.6,
                "amplitude": 1.3,
                "reset": reset,
                "detach_reset": detach,
            },
            [(0.0, 0.6), (0.0, 2.0)],
        )
case(
    "ce_lif",
    "ce_lif",
    {
        "steps": STEPS,
        "embedding": 0.2 * NOISE[:, 0],
        "decay": VECTOR,
        "recovery": 0.05,
        "threshold": 0.6,
    },
    variables={"threshold": "threshold"},
)
case(
    "ce_lif-shared-and-short",
    "ce_lif",
    {"steps": 5, "embedding": np.linspace(-0.1, 0.2, 5)},
    variables={"threshold": "threshold"},
)
draw = np.random.default_rng(7)
case(
    "pmsn",
    "pmsn",
    {
        "compartments": 3,
        "log_dt": np.array([-2.0, -2.5, -3.0]),
        **{
            name: draw.normal(mean, 0.3, (3, 3))
            for name, mean in {
                "log_rate": -0.5,
                "frequency": 4.0,
                "input_real": 1.0,
                "input_imaginary": 0.3,
                "output_real": 0.5,
                "output_imaginary": 0.2,
            }.items()
        },
        "feedthrough": np.array([0.3, 0.4, 0.5]),
        "threshold": 0.9,
    },
)
case(
    "silif",
    "silif",
    {
        "log_dt": -0.4,
        "log_rate": VECTOR - 2.5,
        "log_adaptation_rate": -3.5,
        "a": VECTOR,
        "b": 0.7,
        "threshold": 0.9,
    },
    "adlif",
)
case(
    "c_silif",
    "c_silif",
    {
        "log_dt": -1.0 - VECTOR,
        "log_rate": -0.6,
        "frequency": 3.5,
        "gain": 0.8,
        "reset_factor": 0.4,
        "threshold": 0.9,
    },
)
