"""The neurons against the oracles, the printed traces and arithmetic by hand, in float64."""

import dataclasses
from typing import Any

import golden
import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest

from spikejax.dynamics.layer import unroll
from spikejax.neurons import NEURONS, make
from spikejax.neurons.ar_lif import ARLIF
from spikejax.neurons.core.contract import fields, start
from spikejax.neurons.leaky_integrator import LeakyIntegrator
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.neurons.two_compartment import TwoCompartment
from spikejax.surrogate import SURROGATES, ATan, Scaled

pytestmark = pytest.mark.usefixtures("float64")

STEPS, BATCH, FEATURES = 24, 2, 3
NOISE = np.random.default_rng(0).normal(size=(STEPS, BATCH, FEATURES))
VECTOR = np.array([0.5, 0.7, 0.9])  # a number for each neuron
KEY = jax.random.key(7)


# --- Cases ----------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Case:
    """A neuron, its oracle and the currents for both.

    Attributes:
      model: its name, also the oracle's.
      settings: numbers and choices of the neuron.
      drive: means, deviations and, if not `STEPS`, numbers of steps of the currents: a key of
        `oracles.DRIVES`, or a list.
      names: the oracle's names of numbers, where they differ.
      options: the oracle's choices, where they differ; None where it has no such choice.
      variables: ours by the oracle's names, where they differ.
      rate: least share of spikes.
    """

    model: str
    settings: dict[str, Any]
    drive: Any
    names: dict[str, str] = dataclasses.field(default_factory=dict)
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    variables: dict[str, str] = dataclasses.field(default_factory=dict)
    rate: float = 0.1

    @property
    def neuron(self):
        return make(self.model, **self.settings)

    def sign(self, name):
        """−1 where the oracle has the publication's bias in place of a threshold."""
        return -1.0 if self.names.get(name) == "bias" else 1.0

    def drives(self):
        found = oracles.DRIVES[self.drive] if isinstance(self.drive, str) else self.drive
        return [(*entry, STEPS)[:3] for entry in found]


CASES: dict[str, Case] = {}


def case(name, model, settings, drive=None, **rest):
    CASES[name] = Case(model, settings, drive or model, **rest)


def label(**choices):
    return "-".join(str(value) for value in choices.values())


# The four choices of firing: all of them alone with each reset, and the pairs that change the order.
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


def test_every_model_has_an_oracle():
    assert {case.model for case in CASES.values()} == set(NEURONS)


# --- Traces ---------------------------------------------------------------------------------------


def shared(case, expected):
    """Our variables by the oracle's names: the carried value is the one after the reset, where there is one."""
    found = {}
    for name in NEURONS[case.model].State._fields:
        for theirs in (f"{name}_after", name):
            if theirs in expected and theirs not in found:
                found[theirs] = name
                break
    found = {theirs: ours for theirs, ours in found.items() if ours != "spikes"} | case.variables
    return {theirs: ours for theirs, ours in found.items() if ours}


def draws(neuron, steps, shape):
    """The uniform numbers that a neuron with this key draws."""
    key, found = KEY, []
    for _ in range(steps):
        key, now = jax.random.split(key)
        found.append(jax.random.uniform(now, shape, jnp.float64))
    return np.stack(found)


def trace(neuron, currents):
    """{variable: [T, ...]}: the state after each step and "spikes"."""
    currents = jnp.asarray(currents)
    state = start(neuron, currents[0], KEY)
    if not hasattr(neuron, "step"):
        return {"spikes": neuron.sequence(state, currents)[1]}

    def save(state, spikes):
        shown = {k: v for k, v in state._asdict().items() if v.shape == currents[0].shape}
        return {**shown, "spikes": spikes}

    return unroll(neuron.step, state, currents, save=save)[1]


@jax.jit
def trace_and_slopes(neuron, currents, weights):
    """The trace, and the gradient of Σ weights · trace by the neuron's numbers and the currents."""

    def loss(neuron, currents):
        found = trace(neuron, currents)
        return sum((weights[name] * found[name]).sum() for name in weights), found

    return jax.grad(loss, argnums=(0, 1), has_aux=True)(neuron, currents)


# --- Against the oracles --------------------------------------------------------------------------


def oracle_surrogate(surrogate):
    if isinstance(surrogate, Scaled):
        curve = oracle_surrogate(surrogate.curve)
        return lambda x: surrogate.factor * curve(x)
    names = {cls: name for name, cls in SURROGATES.items()}
    numbers = dataclasses.asdict(surrogate)
    return lambda x: oracles.SURROGATES[names[type(surrogate)]](x, **numbers)


def arguments(case, neuron, currents):
    """The oracle's numbers and choices."""
    numbers = {
        case.names.get(name, name): case.sign(name) * np.asarray(getattr(neuron, name), float)
        for name in fields(neuron)
    }
    options = {name: getattr(neuron, name) for name in fields(neuron, "option")} | case.options
    if neuron.stochastic:
        options["uniform"] = draws(neuron, len(currents), currents.shape[1:])
    if case.model == "masked_psn":
        options["order"] = neuron.order
    return numbers, {name: value for name, value in options.items() if value is not None}


def differences(case, surrogate=None):
    """By "spikes", variable and gradient the largest difference from the oracle, over the largest value of its kind."""
    neuron = case.neuron
    if surrogate is not None:
        neuron = dataclasses.replace(neuron, surrogate=surrogate)
    curve = getattr(neuron, "surrogate", None)
    curve = oracle_surrogate(curve) if curve is not None else None
    oracle, found = getattr(oracles, case.model), {}
    for mean, deviation, steps in case.drives()[: 1 if surrogate else None]:
        noise = np.random.default_rng(0).normal(size=(int(steps), BATCH, FEATURES))
        currents = mean + deviation * noise
        numbers, options = arguments(case, neuron, currents)
        expected = oracle(currents, curve, **numbers, **options)
        ours = shared(case, expected) | ({"spikes": "spikes"} if neuron.spiking else {})
        draw = np.random.default_rng(1).normal
        weights = {name: draw(size=currents.shape) for name in ours}
        by_ours = {ours[name]: weight for name, weight in weights.items()}
        (by_neuron, by_currents), result = trace_and_slopes(neuron, currents, by_ours)
        if neuron.spiking:
            assert case.rate <= expected["spikes"].mean() <= 0.75, expected["spikes"].mean()
        slopes = oracles.gradient(
            oracle, currents, curve, weights, numbers, ["currents", *numbers], **options
        )
        pairs = {name: (result[ours[name]], expected[name]) for name in ours}
        theirs = {case.names.get(name, name): name for name in fields(neuron)}
        for name, slope in slopes.items():
            by_name = by_currents if name == "currents" else getattr(by_neuron, theirs[name])
            sign = 1.0 if name == "currents" else case.sign(theirs[name])
            pairs[f"gradient_{name}"] = (by_name, sign * slope)
        for name, (ours_, theirs_) in pairs.items():
            scale = max(np.max(np.abs(theirs_)), 1e-12)
            gap = float(np.max(np.abs(np.asarray(ours_) - theirs_)) / scale)
            found[name] = max(found.get(name, 0.0), gap)
    return found


def check(case, surrogate=None):
    for name, difference in differences(case, surrogate).items():
        limit = 0 if name == "spikes" else 1e-8 if name.startswith("gradient") else 1e-10
        assert difference <= limit, (name, difference)


@pytest.mark.parametrize("name", CASES)
def test_neuron_equals_its_oracle(name):
    """States, spikes and surrogate gradients, by the currents and by every number."""
    check(CASES[name])


# The surrogate is the same line for all choices of a model: one of each does.
ANOTHER = {case.model: name for name, case in CASES.items() if hasattr(case.neuron, "surrogate")}


@pytest.mark.parametrize("name", list(ANOTHER.values()))
def test_neuron_equals_its_oracle_with_another_surrogate(name):
    width = getattr(CASES[name].neuron.surrogate, "width", 1.0)
    check(CASES[name], ATan(slope=1.5 / width))


# --- Printed traces -------------------------------------------------------------------------------


def logit(p):
    return np.log(p / (1 - p))


def tc_lif_found(table):
    symbols = dict(table.parameters)
    beta1, beta2 = symbols.pop("beta1"), symbols.pop("beta2")
    neuron = TCLIF(c1=logit(-beta1), c2=logit(beta2), **symbols, **table.options)
    found = trace(neuron, np.array(table.currents, float))
    in_paper_order = neuron.order == "paper"
    taken = neuron.gamma - (neuron.beta1 * neuron.threshold if in_paper_order else 0.0)
    found["dendrite"] = found["dendrite"] + taken * found["spikes"]
    found["soma"] = found["soma"] + neuron.threshold * found["spikes"]
    return found


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Distance:
    """A probe: the gradient of a spike tells how far its membrane was from the threshold."""

    def derivative(self, x):
        return x


@jax.jit
def distance_to_threshold(neuron, state, current):
    probe = dataclasses.replace(neuron, surrogate=Distance())

    def spikes(membrane):
        return probe.step(state._replace(membrane=membrane), current)[1]

    return jax.grad(spikes)(state.membrane) / neuron.decay


def ar_lif_found(table):
    symbols = dict(table.parameters)
    a, c = np.arctanh(symbols.pop("beta")), symbols.pop("alpha")
    neuron = ARLIF(a=a, c=c, **symbols, **table.options)
    state, rows = neuron.init_state(np.zeros(())), []
    for current in np.array(table.currents, float):
        before = neuron.decay * state.membrane + current
        distance = distance_to_threshold(neuron, state, current)
        state, spikes = neuron.step(state, current)
        row = {"membrane": before, "threshold": before - distance, "spikes": spikes}
        row |= {"memory": state.reset, "membrane_after": state.membrane}
        rows.append(row | {"reset_voltage": distance - state.membrane})  # Eq. 8
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def clif_found(table):
    currents = np.array(table.currents, float)
    found = trace(make("clif", **table.parameters), currents)
    before = np.concatenate([[0.0], found["membrane"][:-1]])
    return {
        **found,
        "membrane": before * (1 - 1 / table.parameters["tau"]) + currents,
        "membrane_after": found["membrane"],
    }


PRINTED = {
    "tc_lif": (tc_lif_found, list(golden.TC_LIF.values())),
    "ar_lif": (ar_lif_found, list(golden.AR_LIF.values())),
    "clif": (clif_found, [golden.CLIF]),
}
TABLES = [(model, table) for model, (_, tables) in PRINTED.items() for table in tables]


@pytest.mark.parametrize("model, table", TABLES, ids=lambda x: x if isinstance(x, str) else "")
def test_printed_numbers_are_reproduced(model, table):
    """To the last digit that is printed."""
    found = PRINTED[model][0](table)
    for name in table.columns:
        np.testing.assert_allclose(
            found[name], table.column(name), rtol=0, atol=golden.TOLERANCE, err_msg=name
        )


def golden_differences():
    """By model: the tables, how many numbers they have, and the largest difference from a printed one."""
    result = {}
    for model, (find, tables) in PRINTED.items():
        gaps = [
            float(np.max(np.abs(find(table)[name] - np.array(table.column(name)))))
            for table in tables
            for name in table.columns
        ]
        numbers = sum(len(table.rows) * len(table.columns) for table in tables)
        sources = [table.source for table in tables]
        result[model] = {"tables": sources, "numbers": numbers, "largest": max(gaps)}
    return result


# --- By hand --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [LIF, LeakyIntegrator])
def test_below_threshold_the_membrane_decays(model):
    impulse, decay = 0.5 * np.eye(12)[0], 0.8
    for scaling, gain in (("none", 1.0), ("complement", 1 - decay)):
        membrane = trace(model(decay=decay, input_scaling=scaling), impulse)["membrane"]
        np.testing.assert_allclose(membrane, gain * 0.5 * decay ** np.arange(12), rtol=1e-14)


@pytest.mark.parametrize(
    "reset, after",
    [("subtract", [0.75, 0.5, 0.0]), ("zero", [0.75, 0, 0]), ("none", [0.75, 2, 1.5])],
)
def test_reset_rules(reset, after):
    """Threshold 1.5, decay ½, from U = 1: below, above and at the threshold, where it fires."""
    currents = np.array([0.25, 1.5, 1.0])
    neuron = LIF(decay=0.5, threshold=1.5, reset=reset)
    state, spikes = neuron.step(neuron.State(np.ones(3)), currents)
    np.testing.assert_array_equal(spikes, [0, 1, 1])
    np.testing.assert_array_equal(state.membrane, after)


@pytest.mark.parametrize("beta1", [-0.9, -0.25, 0.25, 0.9])
@pytest.mark.parametrize("beta2", [-0.6, 0.6])
def test_from_beta_in_all_quadrants(beta1, beta2):
    neuron = TCLIF.from_beta(beta1, beta2, gamma=0.25, order="paper")
    np.testing.assert_allclose([neuron.beta1, neuron.beta2], [beta1, beta2], rtol=1e-14)
    assert (neuron.gamma, neuron.order) == (0.25, "paper")
    state, _ = neuron.step(neuron.State(np.array(0.5), np.array(0.25)), np.array(0.125))
    dendrite = 0.5 + beta1 * 0.25 + 0.125
    np.testing.assert_allclose(state, [dendrite, 0.25 + beta2 * dendrite], rtol=1e-14)


@pytest.mark.parametrize("beta", [0.0, -1.0, 1.0, 1.5, np.inf, np.nan])
def test_from_beta_refuses_what_it_cannot_reach(beta):
    for name, betas in (("beta1", (beta, 0.5)), ("beta2", (0.5, beta))):
        expected = rf"{name} must lie in \(-1, 0\) or \(0, 1\), found {beta}"
        with pytest.raises(ValueError, match=expected):
            TCLIF.from_beta(*betas)


def ar_lif_memory_and_slope(**options):
    neuron = ARLIF(a=VECTOR, **options)
    currents = 0.6 + NOISE
    zeros = np.zeros_like(NOISE)
    weights = {"spikes": zeros + 1, "membrane": NOISE}
    (slopes, _), found = trace_and_slopes(neuron, currents, weights)
    return found["reset"], slopes.c


def test_c_of_ar_lif_matters_only_if_r_is_carried():
    memory, slope = ar_lif_memory_and_slope()
    assert np.all(memory != 0) and abs(slope) > 1e-3
    memory, slope = ar_lif_memory_and_slope(carry=False)
    assert np.all(memory != 0) and slope == 0
    memory, slope = ar_lif_memory_and_slope(order="paper")
    assert np.all(memory == 0) and slope == 0


@pytest.mark.parametrize("order", ["paper", "code"])
def test_tc_lif_without_spikes_is_linear(order):
    """The gradient is a power of J* = [[1, β1], [β2, 1 + β1 β2]], not of Eq. 14 of TC-LIF."""
    beta1, beta2, steps = -0.4, 0.7, 5
    neuron = TCLIF.from_beta(beta1, beta2, threshold=10.0, order=order)
    currents = np.full((steps, 1), 0.01)

    def last(state):
        return unroll(neuron.step, neuron.State(*state), currents)[0]

    rows = jax.jacrev(last)((np.zeros(1), np.zeros(1)))
    found = np.squeeze(rows)
    once = np.array([[1, beta1], [beta2, 1 + beta1 * beta2]])
    np.testing.assert_allclose(found, np.linalg.matrix_power(once, steps), rtol=1e-12)
    printed = np.array(
        [[1 + beta1 * beta2, beta1], [beta1 * beta2**2 + 2 * beta2, 1 + beta1 * beta2]]
    )
    # The trace does not care which compartment comes first.
    wrong = np.trace(np.linalg.matrix_power(printed, steps))
    assert abs(np.trace(found) - wrong) > 0.1


def test_tc_lif_in_paper_order_is_a_two_compartment_neuron():
    tc_lif = TCLIF.from_beta(-0.4, 0.7, gamma=0.0, threshold=1.2, order="paper")
    general = TwoCompartment(alpha1=1.0, alpha2=1.0, beta1=-0.4, beta2=0.7, threshold=1.2)
    special, expected = trace(tc_lif, 0.5 + NOISE), trace(general, 0.5 + NOISE)
    special["soma"] = special["soma"] + 1.2 * special["spikes"]  # before its reset
    special["dendrite"] = special["dendrite"] + 0.4 * 1.2 * special["spikes"]
    assert 0.1 < np.mean(expected["spikes"]) < 0.6
    for name in expected:
        np.testing.assert_allclose(special[name], expected[name], rtol=1e-10, atol=1e-12)
