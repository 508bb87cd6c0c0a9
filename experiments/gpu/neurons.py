"""A layer of neurons alone, forward and backward: as a kernel, as a scan, and SpikingJelly's kernels beside them."""

import importlib.util
import math

import jax

from experiments.gpu.cells import CELLS, both, kernels, operands, spiking
from experiments.gpu.sheet import Sheet
from experiments.gpu.timing import best_and_median, build_all, built, race

SHAPES = {"T=784 N=65536": (784, 256, 256), "T=32 N=4194304": (32, 1024, 4096)}
QUICK = {"T=12 N=32": (12, 4, 8)}
PEERS = {"SpikingJelly LIF": "LIFNode", "SpikingJelly PLIF": "ParametricLIFNode"}


def measure(sheet: Sheet) -> None:
    """Rows "LIF, kernel, T=… N=…", with nanoseconds per neuron and time step."""
    for label, shape in (QUICK if sheet.quick else SHAPES).items():
        work = math.prod(shape)

        def note(name, seconds, work=work):
            found = best_and_median(seconds)
            sheet.note(name, {**found, "nanoseconds": 1e9 * found["seconds"] / work})

        names = ("LIF", "user's") if sheet.quick else tuple(CELLS)
        builders, layers = {}, {name: spiking(name) for name in names}
        variables = {name: operands(layers[name], (1, *shape[1:]))[0] for name in names}
        _, currents, weights = operands(layers["LIF"], shape)
        for kernel, shown in kernels(sheet.quick).items():
            for name, layer in layers.items():
                given = variables[name], currents, weights
                jitted = jax.jit(both(layer, kernel))
                builders[f"{name}, {shown}, {label}"] = lambda jitted=jitted, given=given: built(
                    jitted, *given
                )
        programs = {name: made.call for name, made in build_all(sheet, builders).items()}
        if importlib.util.find_spec("spikingjelly") is None:
            for name in PEERS:
                sheet.note(f"{name}, {label}", {"error": "not installed"})
        else:
            for name, kind in PEERS.items():
                sheet.attempt(f"{name}, {label}", _adder(programs, name, kind, label, shape))
        race(sheet, programs, note)


def _adder(programs, name, kind, label, shape):
    """Adds a layer of SpikingJelly to the programs."""

    def add():
        spikingjelly = importlib.import_module("experiments.peers.spikingjelly_neurons")
        programs[f"{name}, {label}"], facts = spikingjelly.layer(kind, shape)
        return facts

    return add
