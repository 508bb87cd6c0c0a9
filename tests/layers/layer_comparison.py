"""How far a layer with dynamics of its own is from its oracle."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import layer_oracles
import oracles
from fast_compilation import fast_jit
from spikejax.layers import DHLIF, LTC
from spikejax.surrogate import ATan

STEPS, BATCH, FEATURES, INPUTS = 24, 2, 4, 5


@dataclasses.dataclass(frozen=True)
class Case:
    """A layer and what is drawn for it.

    Attributes:
      model: its name, also the oracle's.
      module: the layer.
      numbers: its attributes that are differentiated.
      mean: of the inputs.
      deviation: of the inputs.
    """

    model: str
    module: Any
    numbers: tuple[str, ...]
    mean: float
    deviation: float

    @property
    def inputs(self):
        size = INPUTS if self.model == "dh_lif" else FEATURES
        noise = np.random.default_rng(0).normal(size=(STEPS, BATCH, size))
        return self.mean + self.deviation * noise

    def variables(self, inputs):
        """As `init` makes them, with larger weights, so that no parameter hardly matters."""
        draw = np.random.default_rng(1)
        made = self.module.init(jax.random.key(0), inputs)
        params = jax.tree.map(lambda x: x + draw.normal(0.1, 0.5, x.shape), made["params"])
        return {**made, "params": params}


DENDRITES = ("branches", "membrane")
LIQUID = ("membrane", "adaptation")
CASES = {
    "dh_lif": Case(
        "dh_lif", DHLIF(FEATURES, 3, threshold=0.3, record=DENDRITES), ("threshold",), 4.0, 8.0
    ),
    "dh_lif recurrent": Case(
        "dh_lif",
        DHLIF(FEATURES, 2, recurrent=True, threshold=0.3, record=DENDRITES),
        ("threshold",),
        4.0,
        8.0,
    ),
    "dh_lif one branch": Case(
        "dh_lif",
        DHLIF(FEATURES, 1, threshold=0.1, surrogate=ATan(1.5), record=DENDRITES),
        ("threshold",),
        8.0,
        16.0,
    ),
    "ltc": Case("ltc", LTC(record=LIQUID), ("baseline", "strength"), 0.3, 1.0),
    "ltc recurrent": Case(
        "ltc", LTC(recurrent=True, record=LIQUID), ("baseline", "strength"), 0.3, 1.0
    ),
    "ltc without adaptation": Case(
        "ltc",
        LTC(baseline=0.5, strength=0.0, surrogate=ATan(1.5), record=LIQUID),
        ("baseline", "strength"),
        0.8,
        2.0,
    ),
}


def surrogate_of(surrogate):
    numbers = dataclasses.asdict(surrogate)
    name = "atan" if isinstance(surrogate, ATan) else "multi_gaussian"
    return lambda x: oracles.SURROGATES[name](x, **numbers)


def shown(activity):
    """Recorded variables by the oracle's names; each branch is one."""
    found = dict(activity)
    branches = found.pop("branches", None)
    if branches is not None:
        found |= {f"branch {j}": branches[..., j] for j in range(branches.shape[-1])}
    return found


def slopes_of(case, variables, inputs, weights):
    """Recorded variables, and the gradient of Σ weights · variables by parameters, numbers and inputs."""

    def loss(params, numbers, inputs):
        module = dataclasses.replace(case.module, parent=None, **numbers)
        given = {**variables, "params": params}
        _, found = module.apply(given, inputs, mutable=["activity"])
        trace = shown(found["activity"])
        return sum((weights[name] * trace[name]).sum() for name in trace), trace

    numbers = {name: jnp.asarray(getattr(case.module, name)) for name in case.numbers}
    both = fast_jit(jax.grad(loss, argnums=(0, 1, 2), has_aux=True))
    (by_params, by_numbers, by_inputs), trace = both(variables["params"], numbers, inputs)
    return {**by_params, **by_numbers, "currents": by_inputs}, trace


def differences(case):
    """By "spikes", variable and gradient the largest difference from the oracle, over the largest value of its kind."""
    inputs, oracle = case.inputs, getattr(layer_oracles, case.model)
    variables = case.variables(inputs)
    parameters = {name: np.asarray(x) for name, x in variables["params"].items()}
    parameters |= {name: getattr(case.module, name) for name in case.numbers}
    options: dict[str, Any] = {}
    if case.model == "dh_lif":
        branch = np.asarray(variables["constants"]["branch"])
        options = {"branch": branch, "recurrent": case.module.recurrent}
    surrogate = surrogate_of(case.module.surrogate)
    expected = oracle(inputs, surrogate, **parameters, **options)
    assert 0.1 <= expected["spikes"].mean() <= 0.75, expected["spikes"].mean()
    draw = np.random.default_rng(2)
    weights = {name: draw.normal(size=values.shape) for name, values in expected.items()}
    ours, trace = slopes_of(case, variables, inputs, weights)
    assert set(trace) == set(expected)
    theirs = oracles.gradient(
        oracle, inputs, surrogate, weights, parameters, ["currents", *parameters], **options
    )
    pairs = {name: (trace[name], expected[name]) for name in expected}
    pairs |= {f"gradient_{name}": (ours[name], slope) for name, slope in theirs.items()}
    found = {}
    for name, (one, other) in pairs.items():
        scale = max(np.max(np.abs(other)), 1e-12)
        found[name] = float(np.max(np.abs(np.asarray(one) - other)) / scale)
    return found
