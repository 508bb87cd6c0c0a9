"""The oracles of neurons published since 2022 with the parameters at which their gradients are compared."""

import numpy as np

from oracle_inputs import CURRENTS, VECTOR, Case, case
from oracles import (
    adlif,
    balanced_resonate_and_fire,
    c_silif,
    ce_lif,
    i_lif,
    pmsn,
    se_adlif,
    silif,
    ternary_lif,
)

CASES: dict[str, Case] = {}
CASES["adlif"] = case(
    adlif,
    currents=4.0 * CURRENTS,
    decay=VECTOR,
    adaptation_decay=0.9,
    a=-0.1,
    b=0.5,
    threshold=0.8,
)
for method in ("symplectic", "forward"):
    CASES[f"se_adlif_{method}"] = case(
        se_adlif,
        {"discretisation": method, "detach": False},
        currents=8.0 * CURRENTS,
        tau_membrane=8.0,
        tau_adaptation=20.0 * VECTOR,
        a=0.4,
        b=0.7,
        q=10.0,
        threshold=0.8,
    )
CASES["balanced_resonate_and_fire"] = case(
    balanced_resonate_and_fire,
    currents=60.0 * CURRENTS,
    frequency=10.0 * VECTOR,
    damping=1.5,
    recovery=0.8,
    threshold=0.6,
    dt=0.02,
)
CASES["i_lif"] = case(
    i_lif, {"levels": 2}, quiet=0.02 * CURRENTS - 1.0, decay=VECTOR, threshold=0.9
)
for reset in ("subtract", "zero"):
    CASES[f"ternary_lif_{reset}"] = case(
        ternary_lif, {"reset": reset}, decay=VECTOR, threshold=0.6, amplitude=1.2
    )
CASES["ce_lif"] = case(
    ce_lif,
    embedding=0.2 * np.random.default_rng(8).normal(size=(9, 2)),
    decay=VECTOR,
    recovery=0.1,
    threshold=0.7,
)
CASES["pmsn"] = case(
    pmsn,
    {"detach": False},
    quiet=-1.0 + 0.02 * CURRENTS,
    log_dt=VECTOR - 3.0,
    log_rate=np.array([-0.5, -0.7]),
    frequency=np.array([4.0, -3.0]),
    input_real=np.array([1.0, 0.9]),
    input_imaginary=np.array([0.1, -0.2]),
    output_real=np.array([0.6, 0.8]),
    output_imaginary=np.array([-0.3, 0.2]),
    feedthrough=0.4,
    threshold=0.7,
)
CASES["silif"] = case(
    silif,
    currents=4.0 * CURRENTS,
    log_dt=-0.3,
    log_rate=VECTOR - 2.0,
    log_adaptation_rate=-1.5,
    a=0.3,
    b=0.5,
    threshold=0.8,
)
CASES["c_silif"] = case(
    c_silif,
    log_dt=-1.2,
    log_rate=VECTOR - 1.0,
    frequency=2.5,
    gain=0.6,
    reset_factor=0.4,
    threshold=0.8,
)
