"""The currents of `oracles.DRIVES`: every neuron, with every option, fires neither rarely nor all the time."""

import numpy as np
import pytest

import oracles
from oracle_cases import CASES, FIRING
from oracle_inputs import logit
from oracles import DRIVES, mpe_psn, pinsky_rinzel, stochastic_lif

RESETS = [{"reset": reset} for reset in ("subtract", "zero")]
NO_RESET = [{"reset": "none"}]
BOTH = [*RESETS, *NO_RESET]
FIRES = [firing for firing in FIRING if firing["reset"] != "none"]
FIRES_ON = [firing for firing in FIRING if firing["reset"] == "none"]


def with_all(choices, **options):
    return [{**choice, **options} for choice in choices]


def square(steps):
    return np.random.default_rng(5).normal(size=(steps, steps)) / np.sqrt(steps)


VARIANTS = {
    "integrate_and_fire": FIRES,
    "integrate_and_fire reset none": FIRES_ON,
    "lif": FIRES,
    "lif reset none": FIRES_ON,
    "lif complement": with_all(FIRES, input_scaling="complement"),
    "lif complement reset none": with_all(FIRES_ON, input_scaling="complement"),
    "plif": BOTH,
    "plif none": with_all(BOTH, input_scaling="none"),
    "cuba_lif": FIRES + with_all(FIRES, synapse="decayed_jump"),
    "cuba_lif reset none": FIRES_ON,
    "cuba_lif complement": with_all(FIRES, input_scaling="complement"),
    "alpha reset none": NO_RESET,
    "alif": [{"order": order} for order in ("yin", "lsnn", "sfa", "tc_lif")],
    "alif spyx": [{"order": "spyx"}],
    "se_adlif": [{"discretisation": method} for method in ("symplectic", "forward")],
    "ce_lif": [{"embedding": np.random.default_rng(5).normal(0.05, 0.05, (24, 3))}],
    "glif": [{"leak": logit(0.25 / 24)}],
    "klif": BOTH + with_all(BOTH, scale_reset=True),
    "klif none": with_all(BOTH, input_scaling="none"),
    "da_lif": BOTH,
    "ar_lif": [{"a": 0.0, "c": 1.0, "order": order} for order in ("code", "paper")],
    "two_compartment": [{"alpha1": 0.9, "alpha2": 0.8, "beta1": -0.4, "beta2": 0.6}],
    "tc_lif": [{"c1": 0, "c2": 0, "gamma": 0.5, "order": order} for order in ("code", "paper")],
    "ternary_lif": RESETS,
    "pinsky_rinzel": [{"coupling": coupling} for coupling in ("physical", "printed")],
    "resonate_and_fire": [{"reset": reset} for reset in ("zero", "voltage", "none")],
    "pmsn": [
        {
            "log_dt": -3.0,
            "log_rate": np.log([0.5, 0.5]),
            "frequency": np.array([-5.0, 5.0]),
            "input_real": np.ones(2),
            "input_imaginary": np.array([-0.5, 0.5]),
            "output_real": np.ones(2),
            "output_imaginary": np.array([0.5, -0.5]),
            "feedthrough": 0.4,
        }
    ],
    "psn": [{"weight": square(24), "bias": -np.ones(24)}],
    "masked_psn": [
        {"weight": square(24), "bias": -np.ones(24), "order": 3, "masking": masking}
        for masking in (0.5, 1.0)
    ],
    "sliding_psn": [{"weight": np.array([0.25, 0.5, 1.0])}],
    "stochastic_lif": RESETS,
    "stochastic_lif reset none": NO_RESET,
}


@pytest.mark.parametrize("name", DRIVES)
def test_drives(name):
    """Neither silence nor saturation: a trace under these currents tells neurons apart."""
    neuron = getattr(oracles, name.split()[0])
    for mean, deviation, *steps in DRIVES[name]:
        draw = np.random.default_rng(4)
        shape = (*(steps or [24]), 2, 3)
        currents = mean + deviation * draw.normal(size=shape)
        random = neuron in (stochastic_lif, mpe_psn)
        uniform = {"uniform": draw.uniform(size=shape)} if random else {}
        for options in VARIANTS.get(name, [{}]):
            rate = neuron(currents, **uniform, **options)["spikes"].mean()
            low, high = (0.001, 0.02) if neuron is pinsky_rinzel else (0.1, 0.6)
            assert low <= rate <= high, (mean, deviation, options)


def test_every_model_has_a_drive():
    silent = {"leaky_integrator"}
    traced = {case.neuron.__name__ for case in CASES.values()}
    assert traced - silent == {name.split()[0] for name in DRIVES}
