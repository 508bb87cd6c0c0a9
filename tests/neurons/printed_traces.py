"""What the neurons do under the currents of the printed traces in `golden`, by the names of the tables' columns."""

import dataclasses

import jax
import numpy as np

import golden
from fast_compilation import fast_jit
from neuron_traces import trace
from spikejax.neurons import make
from spikejax.neurons.ar_lif import ARLIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.surrogate import surrogate


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


@surrogate()
class Distance:
    """A probe: the gradient of a spike tells how far its membrane was from the threshold."""

    def derivative(self, x):
        return x


@fast_jit
def step_with_distance(neuron, state, current):
    """A step, and how far the membrane potential was from the threshold when the neuron did or did not fire."""
    probe = dataclasses.replace(neuron, surrogate=Distance())

    def spikes(membrane):
        return probe.step(state._replace(membrane=membrane), current)[1]

    return neuron.step(state, current), jax.grad(spikes)(state.membrane) / neuron.decay


def ar_lif_found(table):
    symbols = dict(table.parameters)
    a, c = np.arctanh(symbols.pop("beta")), symbols.pop("alpha")
    neuron = ARLIF(a=a, c=c, **symbols, **table.options)
    state, rows = neuron.init_state(np.zeros(())), []
    for current in np.array(table.currents, float):
        before = neuron.decay * state.membrane + current
        (state, spikes), distance = step_with_distance(neuron, state, current)
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
