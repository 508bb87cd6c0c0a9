"""Independent references for the neurons and the surrogate gradients, in float64 NumPy.

Every neuron is its equations, written once, step by step.  They run on plain arrays or on dual
numbers; with dual numbers the same lines give the surrogate gradient in forward mode, which shares
nothing with reverse-mode differentiation.
"""

from oracles.adaptation_currents import adlif, se_adlif, silif
from oracles.adaptive import adaptive_relu, ahp, alif, ce_lif
from oracles.biophysical import pinsky_rinzel
from oracles.compartments import lm_h, tc_lif, two_compartment
from oracles.dual import (
    Dual,
    bernoulli,
    cos,
    count,
    detach,
    draw,
    elementwise,
    exp,
    fire,
    heaviside,
    lift,
    log,
    logistic,
    maximum,
    minimum,
    product,
    relu,
    sigmoid,
    sin,
    square_root,
    stack,
    tanh,
)
from oracles.gated import glif
from oracles.leaky import da_lif, integrate_and_fire, klif, leaky_integrator, lif, plif
from oracles.multilevel import i_lif, ternary_lif
from oracles.nonlinear import adex, exponential_lif, izhikevich, quadratic_lif, resonate_and_fire
from oracles.parallel import masked_psn, pmsn, psn, sliding_psn
from oracles.resetting import ar_lif, clif, ltmd
from oracles.resonating import balanced_resonate_and_fire, c_silif
from oracles.stochastic import mpe_psn, stochastic_lif
from oracles.surrogates import SURROGATES, multi_gaussian, normal
from oracles.synaptic import alpha, cuba_lif, heterogeneous_lif
from oracles.trace import gradient, objective, traced

__all__ = [
    "adaptive_relu",
    "adex",
    "adlif",
    "ahp",
    "alif",
    "alpha",
    "ar_lif",
    "balanced_resonate_and_fire",
    "bernoulli",
    "c_silif",
    "ce_lif",
    "clif",
    "cos",
    "count",
    "cuba_lif",
    "da_lif",
    "detach",
    "draw",
    "DRIVES",
    "Dual",
    "elementwise",
    "exp",
    "exponential_lif",
    "fire",
    "glif",
    "gradient",
    "heaviside",
    "heterogeneous_lif",
    "i_lif",
    "integrate_and_fire",
    "izhikevich",
    "klif",
    "leaky_integrator",
    "lif",
    "lift",
    "lm_h",
    "log",
    "logistic",
    "ltmd",
    "masked_psn",
    "maximum",
    "minimum",
    "mpe_psn",
    "multi_gaussian",
    "normal",
    "objective",
    "pinsky_rinzel",
    "plif",
    "product",
    "pmsn",
    "psn",
    "quadratic_lif",
    "relu",
    "resonate_and_fire",
    "se_adlif",
    "sigmoid",
    "silif",
    "sin",
    "sliding_psn",
    "square_root",
    "stack",
    "stochastic_lif",
    "SURROGATES",
    "tanh",
    "tc_lif",
    "ternary_lif",
    "traced",
    "two_compartment",
]

# Normal currents (mean, deviation), over 24 steps if no number of steps follows, at which a model
# with its own numbers fires at 0.1 to 0.6 of the steps.  A model's first entry is for its defaults;
# further ones are for choices that need others.
DRIVES = {
    "integrate_and_fire": [(0.4, 0.5), (0.4, 1.0)],
    "integrate_and_fire reset none": [(0.05, 0.5), (0.0, 1.0)],
    "lif": [(0.4, 0.5), (0.4, 1.0), (0.4, 4.0)],
    "lif reset none": [(0.2, 0.5), (0.1, 1.0), (0.0, 4.0)],
    "lif complement": [(2.5, 0.5), (2.5, 1.0), (2.5, 4.0)],
    "lif complement reset none": [(1.0, 1.0), (1.0, 2.0), (0.8, 4.0)],
    "plif": [(1.0, 1.0), (0.8, 2.0), (0.6, 4.0)],
    "plif none": [(0.4, 1.0), (0.2, 2.0), (0.2, 4.0)],
    "cuba_lif": [(0.1, 0.2), (0.1, 0.5), (0.1, 4.0)],
    "cuba_lif reset none": [(0.05, 0.2), (0.05, 0.5), (0.0, 4.0)],
    "cuba_lif complement": [(1.0, 0.5), (1.0, 2.0), (1.0, 4.0)],
    "alpha": [(3.0, 0.5), (3.0, 2.0), (3.0, 4.0)],
    "alpha reset none": [(0.2, 0.5), (0.2, 2.0), (0.1, 4.0)],
    "alif": [(0.4, 1.0), (0.4, 2.0), (0.4, 4.0)],
    "alif spyx": [(0.02, 0.2), (0.0, 1.0), (-0.1, 4.0)],
    "adlif": [(8.0, 4.0), (8.0, 8.0), (6.0, 16.0)],
    "se_adlif": [(12.0, 4.0), (12.0, 12.0), (10.0, 30.0)],
    "ce_lif": [(0.3, 0.5), (0.3, 1.0), (0.3, 4.0)],
    "silif": [(8.0, 4.0), (8.0, 8.0), (6.0, 16.0)],
    "ahp": [(0.7, 0.5), (1.0, 1.0), (1.0, 4.0)],
    "glif": [(0.4, 0.5), (0.4, 2.0), (0.2, 4.0)],
    "klif": [(1.0, 1.0), (0.8, 2.0), (0.0, 4.0)],
    "klif none": [(0.3, 1.0), (0.0, 2.0), (-0.3, 4.0)],
    "clif": [(0.6, 0.5), (0.6, 1.0), (0.4, 4.0)],
    "i_lif": [(0.3, 0.5), (0.1, 1.0)],
    "ternary_lif": [(0.3, 0.4), (0.4, 1.0), (1.0, 4.0)],
    "ltmd": [(0.3, 0.5), (0.2, 1.0), (0.2, 4.0)],
    "da_lif": [(1.0, 1.0), (0.8, 2.0), (0.5, 4.0)],
    "ar_lif": [(0.6, 1.0), (0.6, 2.0), (0.6, 4.0)],
    "two_compartment": [(0.4, 0.5), (0.4, 1.0), (0.4, 4.0)],
    "tc_lif": [(0.0, 1.0), (0.0, 2.0), (0.0, 4.0)],
    "lm_h": [(0.4, 0.5), (0.4, 1.0), (0.3, 4.0)],
    # Spikes are rare in steps this short: 0.002 to 0.015 of them.
    "pinsky_rinzel": [(30.0, 100.0, 600), (30.0, 200.0, 600)],
    "adex": [(1e5, 1e4), (1e5, 4e4), (1e5, 1e5)],
    "izhikevich": [(100.0, 20.0), (100.0, 100.0), (50.0, 200.0)],
    "quadratic_lif": [(1.0, 0.5), (1.0, 2.0), (0.5, 4.0)],
    "exponential_lif": [(0.6, 0.5), (0.6, 2.0), (0.6, 4.0)],
    "resonate_and_fire": [(0.5, 2.0), (0.5, 4.0)],
    "balanced_resonate_and_fire": [(60.0, 30.0), (40.0, 120.0)],
    "pmsn": [(0.3, 0.5), (0.2, 1.0), (0.0, 4.0)],
    "c_silif": [(0.3, 0.3), (0.2, 1.0), (0.1, 4.0)],
    "psn": [(0.0, 2.0), (0.0, 4.0)],
    "masked_psn": [(0.6, 8.0), (1.0, 16.0)],
    "sliding_psn": [(0.3, 1.0), (0.3, 4.0)],
    "mpe_psn": [(0.5, 1.0), (0.5, 2.0), (0.3, 4.0)],
    "heterogeneous_lif": [(1.0, 0.5), (1.0, 2.0), (1.0, 4.0)],
    "stochastic_lif": [(0.4, 0.5), (0.4, 1.0), (0.4, 4.0)],
    "stochastic_lif reset none": [(0.2, 0.5), (0.1, 1.0), (0.0, 4.0)],
}
