"""What a recorded case is, how it is run here, and how the record of a peer is read.

A case is a function of the peer's parameters, so that gradients are compared by these and no conversion is left out.
"""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from spikejax.dynamics.layer import Feedback, feedback, unroll
from spikejax.neurons import make

FOLDER = Path(__file__).parent


def membrane(name):
    """The membrane potential under the peer's name."""
    return lambda state: {name: state.membrane}


@dataclasses.dataclass(frozen=True)
class Case:
    """How a recorded case is run here.

    Attributes:
      neuron: the neuron, from the peer's parameters.
      variables: the peer's variables, from our state; the membrane potential, named v, if not given.
      start: our state before the first step, from the neuron and the currents; its own if None.
      currents: what the neuron gets, from the peer's currents and parameters.
      synapse: what the neuron gets of its own spikes, from spikes and parameters.
      sent_later: the peer sends our spikes one step later.
      gradients: whether they are compared; if not, `note` says why.
      note: a difference that is known.
    """

    neuron: Callable[[dict], Any]
    variables: Callable[[Any], dict] = membrane("v")
    start: Callable[[Any, Any], Any] | None = None
    currents: Callable[[Any, dict], Any] = lambda x, p: x
    synapse: Callable[[Any, dict], Any] | None = None
    sent_later: bool = False
    gradients: bool = True
    note: str = ""


def run(case, parameters, currents):
    """Our trace under the peer's names: {variable: [T, ...]} with "spikes", of a peer that has them."""
    neuron = case.neuron(parameters)
    currents = case.currents(currents, parameters)
    begin = case.start or (lambda neuron, current: neuron.init_state(current))
    state = begin(neuron, currents[0])
    if not neuron.streams:
        return {"spikes": neuron.sequence(state, currents)[1]}

    def save(state, spikes):
        inner = state.neuron if case.synapse else state
        return {"spikes": spikes, **case.variables(inner)}

    step = neuron.step
    if case.synapse:
        step = feedback(step, lambda spikes: case.synapse(spikes, parameters))
        state = Feedback(state, jnp.zeros_like(currents[0]))
    trace = unroll(step, state, currents, save=save)[1]
    if case.sent_later:
        first = jnp.zeros_like(trace["spikes"][:1])
        trace["spikes"] = jnp.concatenate([first, trace["spikes"][:-1]])
    return trace


def load(peer):
    """The record of a peer: its arrays and what they are."""
    arrays = np.load(FOLDER / f"{peer}.npz")
    return arrays, json.loads(str(arrays["meta"]))


def fixed(model, peer, **settings):
    """A neuron whose settings are no parameters of the peer."""
    return lambda p: make(model, like=peer, **settings)
