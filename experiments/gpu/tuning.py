"""How the kernels are cut: block, steps between two states that are kept, reading ahead, weights that stay on chip.

The library's own choices are in `spikejax.dynamics.kernels.backends`; this part measures their alternatives.
"""

import dataclasses

import jax
import jax.numpy as jnp

from experiments.gpu.cells import CELLS
from experiments.gpu.sheet import Sheet
from experiments.gpu.timing import best_and_median, build_all, built, race
from spikejax.dynamics import Feedback, feedback, unroll
from spikejax.dynamics.choice import using

OWN = {}
ALONE = [
    OWN,
    *({"unroll": n} for n in (1, 4, 16)),
    *({"block": (n,)} for n in (128, 512, 1024)),
    {"block": (128,), "unroll": 4},
    {"block": (128,), "warps": 2},
    {"ahead": True},
    {"ahead": True, "unroll": 4, "block": (128,)},
]
FED = [
    OWN,
    {"ahead": False},
    *({"warps": n} for n in (4, 16)),
    *({"block": (16, n)} for n in (64, 256)),
    {"resident": 1},
    {"resident": 1, "block": (16, 64)},
]
# Precision, features of a recurrent layer: the parts of a matrix that fit on a chip depend on both.
LAYERS = ((None, 256), (None, 128), ("high", 256), ("high", 128))
SHAPES = {"T=784 N=65536": (784, 256, 256), "T=32 N=4194304": (32, 1024, 4096)}


def measure(sheet: Sheet) -> None:
    """Rows "TC-LIF, T=…, block=(128,)" with nanoseconds per neuron and time step."""
    shapes = {"T=12 N=32": (12, 4, 8)} if sheet.quick else SHAPES
    for label, shape in shapes.items():
        for name in ("LIF", "TC-LIF"):
            _race(sheet, f"{name}, {label}", name, shape, ALONE[:2] if sheet.quick else ALONE, None)
    layers = ((None, 8),) if sheet.quick else LAYERS
    for precision, features in layers:
        shape = (4, 4, features) if sheet.quick else (784, 256, features)
        title = f"TC-LIF {features}, with feedback, {precision or 'default'} precision"
        _race(sheet, title, "TC-LIF", shape, FED[:2] if sheet.quick else FED, features, precision)


def _race(sheet, title, name, shape, variants, features, precision=None):
    """Times one layer, cut in several ways."""
    currents, weights = (jax.random.normal(jax.random.key(n), shape) for n in (0, 1))
    matrix = None
    if features is not None:
        matrix = jax.random.normal(jax.random.key(2), (features, features)) / features**0.5
    builders = {}
    for settings in variants:
        shown = ", ".join(f"{key}={value}" for key, value in settings.items()) or "our own"

        def build(settings=settings):
            with jax.default_matmul_precision(precision), using("pallas", **settings):
                given = currents, weights, matrix
                return built(jax.jit(lambda *given: _both(name, *given)), *given)

        builders[f"{title}, {shown}"] = build
    programs = {row: made.call for row, made in build_all(sheet, builders).items()}
    work = currents.size

    def note(row, seconds):
        found = best_and_median(seconds)
        sheet.note(row, {**found, "nanoseconds": 1e9 * found["seconds"] / work})

    race(sheet, programs, note, rounds=3 if sheet.quick else 6)


def _both(name, currents, weights, matrix):
    """Spikes, and gradients by what is learned, the currents and the matrix."""
    cell, learned = CELLS[name]

    def spikes_of(values, currents, matrix):
        own = dict(zip(learned, values, strict=True))
        neuron = dataclasses.replace(jax.tree.map(jnp.float32, cell), **own)
        state = neuron.init_state(currents[0])

        # A step of its own: that of a neuron is traced once for all settings.
        def step(state, current):
            return neuron.step(state, current)

        if matrix is None:
            return unroll(step, state, currents)[1]
        fed = feedback(step, lambda spikes: spikes @ matrix)
        return unroll(fed, Feedback(state, jnp.zeros_like(currents[0])), currents)[1]

    values = [jnp.float32(getattr(cell, key)) for key in learned]
    spikes, pullback = jax.vjp(spikes_of, values, currents, matrix)
    return spikes, pullback(weights)
