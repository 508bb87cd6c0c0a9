"""Neurons of any model: parameters drawn within their declared bounds, and combinations of its options.

A parameter is an operand and an option is a program: parameters are drawn as often as one likes, but each combination
of options compiles anew, so few of them are run. All draws are those of fixed seeds.
"""

import functools
import itertools

import jax
import numpy as np
import pytest

from fast_compilation import fast_jit
from spikejax.fields import fields_of
from spikejax.neurons import NEURONS
from spikejax.neurons.core.parameters import initialise, named_parameters

STEPS, BATCH, FEATURES = 8, 4, 3
KEY = jax.random.key(0)

every_model = pytest.mark.parametrize("model", NEURONS.values(), ids=NEURONS)
every_step = pytest.mark.parametrize(
    "model", [m for m in NEURONS.values() if m.streams], ids=lambda m: m.__name__
)
float64 = pytest.mark.usefixtures("float64")


# --- Options --------------------------------------------------------------------------------------


def all_options(model):
    choices = [field.metadata["choices"] for field in fields_of(model, "option").values()]
    for choice in itertools.product(*choices):
        yield dict(zip(fields_of(model, "option"), choice, strict=True))


def drawn_options(model, seed):
    among = list(all_options(model))
    return among[np.random.default_rng(seed).integers(len(among))]


def single_options(model):
    """The default options, and each other choice of one option alone."""
    yield {}
    for name, field in fields_of(model, "option").items():
        for choice in field.metadata["choices"]:
            if choice != field.default:
                yield {name: choice}


def few_options(model):
    """The default options, and few combinations that between them have every other choice of every option."""
    options, draw = fields_of(model, "option"), np.random.default_rng(4)
    yield {}
    others = {
        name: [choice for choice in field.metadata["choices"] if choice != field.default]
        for name, field in options.items()
    }
    rows = max(map(len, others.values()), default=0)
    for name, among in others.items():
        choices = options[name].metadata["choices"]
        more = [choices[i] for i in draw.integers(len(choices), size=rows - len(among))]
        others[name] = [[*among, *more][i] for i in draw.permutation(rows)]
    for row in range(rows):
        yield {name: column[row] for name, column in others.items()}


# --- Parameters -----------------------------------------------------------------------------------


@functools.cache
def first_values(model, dtype, **sizes):
    """Of the parameters whose defaults are initialisers."""
    neuron = model(**sizes)
    names = [name for name, leaf in named_parameters(neuron).items() if callable(leaf)]

    @fast_jit
    def values(key):
        drawn = initialise(neuron, key, (FEATURES,), dtype)
        return {name: getattr(drawn, name) for name in names}

    return values(KEY) if names else {}


def settle(model, steps=STEPS, **settings):
    """A neuron for sequences of so many steps, its initialisers drawn."""
    sizes = {"steps": steps} if "steps" in fields_of(model, "size") else {}
    dtype = np.float64 if jax.config.values["jax_enable_x64"] else np.float32
    return model(**{**sizes, **first_values(model, dtype, **sizes), **settings})


def drawn_parameters(model, count):
    """Sets of parameters by name, each within its declared bounds; an infinite bound is cut at 1 from the default.

    Initialisers stay, and sets that the model's `check` refuses are left out.
    """
    spans = {}
    for name, field in fields_of(model).items():
        if not callable(field.default):
            low, high = field.metadata["low"], field.metadata["high"]
            spans[name] = (
                max(low, field.default - 1) if np.isinf(high - low) else low,
                min(high, field.default + 1) if np.isinf(high - low) else high,
            )
    found, draw = [], np.random.default_rng(0)
    while len(found) < count:
        drawn = {name: float(draw.uniform(*span)) for name, span in spans.items()}
        try:
            settle(model, **drawn)
        except ValueError:
            continue
        found.append(drawn)
    return found
