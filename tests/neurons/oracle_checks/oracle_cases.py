"""The oracles with the parameters at which their gradients are compared with central differences."""

import itertools

import numpy as np

from oracle_cases_recent import CASES as RECENT
from oracle_inputs import BIAS, CURRENTS, NOISE, RANDOM, UNIFORM, VECTOR, WEIGHT, case
from oracles import (
    adex,
    ahp,
    alif,
    alpha,
    ar_lif,
    clif,
    cuba_lif,
    da_lif,
    exponential_lif,
    glif,
    heterogeneous_lif,
    integrate_and_fire,
    izhikevich,
    klif,
    leaky_integrator,
    lif,
    lm_h,
    ltmd,
    masked_psn,
    mpe_psn,
    pinsky_rinzel,
    plif,
    psn,
    quadratic_lif,
    resonate_and_fire,
    sliding_psn,
    stochastic_lif,
    tc_lif,
    two_compartment,
)

CASES = {
    "lif_scaled": case(lif, {"input_scaling": True}, decay=VECTOR, threshold=0.4),
    "plif_zero": case(plif, {"detach_reset": False, "input_scaling": "none"}, w=-1.4),
    "plif_subtract": case(
        plif, {"detach_reset": False, "reset": "subtract"}, w=VECTOR, threshold=0.7
    ),
    "leaky_integrator": case(leaky_integrator, decay=VECTOR),
    "leaky_integrator_scaled": case(leaky_integrator, {"input_scaling": "complement"}, decay=0.7),
    "two_compartment": case(two_compartment, alpha1=0.9, alpha2=0.8, beta1=-0.4, beta2=0.6),
    "tc_lif_paper": case(tc_lif, {"order": "paper"}, c1=0.3, c2=-0.4, gamma=0.6, threshold=1.2),
    "tc_lif_code": case(tc_lif, {"order": "code"}, c1=0.3, c2=-0.4, gamma=0.6, threshold=1.2),
    "tc_lif_signs": case(tc_lif, {"order": "code", "sign1": 1.0}, c1=-2.0, c2=-1.0, gamma=0.5),
    "ar_lif_code": case(ar_lif, a=VECTOR, c=0.8, decay=0.5),
    "ar_lif_forgetful": case(ar_lif, {"carry": False}, a=0.3, c=1.0, decay=0.2),
    "ar_lif_paper": case(ar_lif, {"order": "paper"}, a=0.3, c=1.0, decay=0.5),
    "alpha_none": case(alpha, {"reset": "none"}, synaptic_decay=VECTOR + 0.1, decay=0.4),
    "ahp": case(ahp, tau_membrane=5.0, tau_adaptation=8.0, strength=20.0, threshold=0.7),
    "clif": case(clif, tau=2.5, threshold=0.9),
    "ltmd": case(ltmd, w=VECTOR, decay=0.4),
    "lm_h": case(
        lm_h,
        {"detach_reset": False},
        alpha1=0.3,
        beta1=-0.4,
        alpha2=-0.9,
        beta2=0.5,
        threshold=0.9,
    ),
    "resonate_none": case(resonate_and_fire, {"reset": "none"}, damping=-0.3, frequency=0.8),
    "psn": case(psn, weight=WEIGHT, bias=BIAS),
    "masked_psn": case(masked_psn, {"order": 3}, weight=WEIGHT, bias=BIAS, masking=0.7),
    "sliding_psn": case(sliding_psn, weight=np.array([-0.2, 0.5, 0.9]), bias=-0.8),
    "mpe_psn": case(mpe_psn, {"uniform": UNIFORM}, tau=0.6, threshold=0.8),
    "heterogeneous_lif": case(
        heterogeneous_lif,
        {"detach": False},
        currents=3.0 * CURRENTS,
        synaptic_decay=VECTOR,
        decay=VECTOR[::-1],
        threshold=0.8,
        rest=-0.1,
        reset_voltage=0.2,
    ),
    "quadratic_lif": case(
        quadratic_lif,
        tau=2.0,
        a0=1.3,
        rest=-0.1,
        critical=0.7,
        threshold=0.9,
        reset_voltage=-0.2,
    ),
    "quadratic_lif_started": case(quadratic_lif, start=VECTOR - 0.5, a0=0.9),
    "exponential_lif": case(
        exponential_lif,
        quiet=0.02 * CURRENTS - 0.5,
        tau=2.0,
        slope_factor=0.6,
        rheobase=0.9,
        rest=-0.1,
        threshold=1.1,
        reset_voltage=-0.2,
    ),
    # With parameters at which the upswing, its cap and the adaptation all matter within a few steps.
    "adex": case(
        adex,
        currents=3000.0 + 3000.0 * NOISE,
        quiet=20.0 * NOISE,
        capacitance=200.0,
        leak_conductance=30.0,
        rest=-70.0,
        slope_factor=2.0,
        rheobase=-67.0,
        a=40.0,
        tau_adaptation=1.5,
        b=80.0,
        reset_voltage=-71.0,
        peak=-65.9,
        dt=0.1,
    ),
    "adex_started": case(
        adex, {"start": (-69.0, 30.0)}, 3e3 * NOISE + 4e3, -60.0 + NOISE, rest=-69.0, peak=-64.0
    ),
    "izhikevich": case(
        izhikevich,
        currents=25.0 + 20.0 * NOISE,
        quiet=-5.0 + NOISE,
        a=0.1,
        b=0.2,
        c=-64.0,
        d=6.0,
        peak=-54.0,
        dt=0.5,
    ),
    "izhikevich_after": case(
        izhikevich,
        {"recovery": "after"},
        currents=25.0 + 20.0 * NOISE,
        quiet=-5.0 + NOISE,
        a=0.3,
        peak=-54.0,
        quadratic=0.05,
        linear=6.0,
        constant=150.0,
        rest=-60.0,
    ),
    "izhikevich_started": case(
        izhikevich, {"start": (-60.0, -12.0)}, 20.0 + 20.0 * NOISE, NOISE, d=6.0, peak=-52.0
    ),
}
# Every way to fire and to reset.
FIRING = [
    dict(zip(("reset", "reset_timing", "late"), choice, strict=True))
    for choice in itertools.product(("subtract", "zero", "none"), ("same", "next"), (False, True))
]
for firing in FIRING:
    kind = "_".join(map(str, firing.values()))
    CASES[f"lif_{kind}"] = case(lif, firing, decay=VECTOR, threshold=0.9)
    CASES[f"integrate_and_fire_{kind}"] = case(integrate_and_fire, firing, threshold=1.1)
    synapse = "jump" if firing["reset_timing"] == "same" else "decayed_jump"
    scaling = "complement" if firing["late"] else "none"
    CASES[f"cuba_lif_{kind}"] = case(
        cuba_lif,
        {**firing, "synapse": synapse, "input_scaling": scaling},
        synaptic_decay=VECTOR,
        decay=0.7,
        threshold=0.9,
    )
for order in ("yin", "lsnn", "sfa", "tc_lif", "spyx"):
    CASES[f"alif_{order}"] = case(
        alif,
        {"order": order},
        quiet=np.array([-1.0, -0.5]) + 0.02 * CURRENTS,
        tau_membrane=3.0,
        tau_adaptation=VECTOR * 10,
        baseline=0.2,
        strength=-0.3 if order == "sfa" else 1.5,
        floor=0.17,
    )
for reset in ("subtract", "zero", "none"):
    CASES[f"klif_{reset}"] = case(
        klif, {"reset": reset, "input_scaling": "none"}, k=0.8, decay=VECTOR, threshold=0.7
    )
    CASES[f"klif_{reset}_scaled"] = case(
        klif, {"reset": reset, "scale_reset": True}, k=VECTOR + 1, decay=0.4, threshold=0.7
    )
    CASES[f"da_lif_{reset}"] = case(da_lif, {"reset": reset}, a=VECTOR, b=0.6, threshold=0.6)
    # So quiet that the probability of a spike has no slope left.
    CASES[f"stochastic_lif_{reset}"] = case(
        stochastic_lif,
        {"reset": reset, "uniform": UNIFORM},
        quiet=0.02 * CURRENTS - 30.0,
        decay=VECTOR,
        threshold=0.9,
        width=0.25,
    )
for reset in ("zero", "voltage"):
    CASES[f"resonate_{reset}"] = case(
        resonate_and_fire,
        {"reset": reset},
        damping=-0.3,
        frequency=VECTOR + 0.2,
        dt=0.9,
        threshold=0.6,
    )
CASES["alpha_zero"] = case(
    alpha, {"reset": "zero"}, synaptic_decay=VECTOR + 0.1, decay=0.4, threshold=0.6
)
GATES = {"gate_leak": 0.3, "gate_input": VECTOR, "gate_reset": -0.4, "decay": 0.2}
VOLTAGES = {"threshold": -0.3, "leak": -1.0, "reset_voltage": 0.1}
for name, conductance in {
    "scalar": 0.4,
    "steps": RANDOM.normal(size=12),
    "short": RANDOM.normal(size=5),
    "channels": RANDOM.normal(size=(12, 2)),
}.items():
    CASES[f"glif_{name}"] = case(glif, **GATES, **VOLTAGES, conductance=conductance)
for coupling in ("physical", "printed"):
    CASES[f"pinsky_rinzel_{coupling}"] = case(
        pinsky_rinzel,
        {"coupling": coupling},
        currents=400.0 + 300.0 * NOISE,
        quiet=-20.0 + NOISE,
        g_na=50.0,
        g_k=22.0,
        g_l=0.2,
        g_nap=0.15,
        g_ks=0.8,
        g_c=1.1,
        e_na=54.0,
        e_k=-89.0,
        e_l=-64.0,
        capacitance=1.2,
        soma_fraction=0.2,
        dt=0.03,
        threshold=-60.0,
    )
CASES |= RECENT
