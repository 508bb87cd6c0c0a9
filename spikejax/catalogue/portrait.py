"""What a neuron does: its response to a step, to pulses and to noise, and its f-I curve."""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.dynamics.layer import unroll
from spikejax.neurons.core.contract import start
from spikejax.neurons.core.parameters import initialise, named_parameters


class Response(NamedTuple):
    """One neuron under one current, over T steps.

    Attributes:
      current: `[T]`.
      variables: by name, `[T]`; none for a model that mixes whole sequences.
      spikes: `[T]`; for a model without spikes its output.
      thresholds: `[T]`, by the variable that is compared with it; none for a model that has none.
    """

    current: Array
    variables: dict[str, Array]
    spikes: Array
    thresholds: dict[str, Array]


def settle(neuron: Any, key: Any, steps: int) -> Any:
    """A neuron for sequences of `steps` steps, its initialisers sampled."""
    return initialise(neuron.for_steps(steps), key)


def respond(neuron: Any, current: Array, key: Any) -> Response:
    """Runs one neuron, initialised, over a current `[T]`."""
    state = start(neuron, current[0], key if neuron.stochastic else None)
    if not neuron.streams:
        return Response(current, {}, neuron.sequence(state, current)[1], {})

    def save(state, spikes):
        shown = {
            name: variable
            for name, variable in state._asdict().items()
            if name not in ("spikes", "key", "time") and variable.shape == current[0].shape
        }
        return shown, spikes

    _, (variables, spikes) = unroll(neuron.step, state, current, save=save)
    return Response(current, variables, spikes, _thresholds(neuron, variables))


def _thresholds(neuron, variables):
    """The threshold at each step, which is a variable or a parameter."""
    found = {**named_parameters(neuron), **variables}
    if neuron.compared not in variables or "threshold" not in found:
        return {}
    shape = variables[neuron.compared].shape
    return {neuron.compared: jnp.broadcast_to(found["threshold"], shape)}


def responses(neuron: Any, *, seed: int = 0) -> dict[str, Response]:
    """Its responses to a "step", to "pulses" and to "noise", with the amplitude `drive` and the length `horizon`.

    >>> from spikejax.neurons.lif import LIF
    >>> found = responses(LIF())
    >>> sorted(found), list(found["step"].variables)
    (['noise', 'pulses', 'step'], ['membrane'])
    """
    steps, drive, draw = neuron.horizon, neuron.drive, np.random.default_rng(seed)
    time = np.arange(steps)
    correlation = max(1, steps // 100)  # a hundred different noise values
    # Eight pulses, each stronger than the last: the first ones stay below the threshold.
    width = max(1, steps // 100)
    number = time // max(2, steps // 8)
    pulse = time % max(2, steps // 8) // width == max(1, steps // 24) // width
    currents = {
        "step": drive * (time >= steps // 10) * (time < steps - steps // 5),
        "pulses": drive * 0.5 * (1 + number) * pulse,
        "noise": drive
        * draw.normal(0.8, 0.8, steps // correlation + 1).repeat(correlation)[:steps],
    }
    key = jax.random.key(seed)
    settled = settle(neuron, key, steps)
    run = jax.jit(respond)
    return {
        name: _in_order(run(settled, jnp.asarray(current, jnp.float32), key), neuron.State._fields)
        for name, current in currents.items()
    }


def _in_order(response, names):
    """The variables in the order of the state; JAX sorts the keys of dictionaries."""
    shown = {name: response.variables[name] for name in names if name in response.variables}
    return response._replace(variables=shown)


def step_in_ms(neuron: Any) -> float | None:
    """The length of a step, for a model that states it in ms.

    >>> from spikejax.neurons.izhikevich import Izhikevich
    >>> step_in_ms(Izhikevich())
    0.5
    """
    units = {field.name: field.metadata.get("unit") for field in dataclasses.fields(neuron)}
    return float(neuron.dt) if units.get("dt") == "ms" else None


def rates(neuron: Any, *, points: int = 40, seed: int = 0) -> tuple[Array, Array] | None:
    """Its f-I curve: constant currents from 0 to three times its `drive`, and the spikes per time step they elicit.

    Spikes are counted in the second half of twice its `horizon`; those of a model that sends several at once, or
    negative ones, by their size. None for a model without a constant rate: one that never fires, or whose weights
    belong to the steps of a sequence.

    >>> from spikejax.neurons.integrate_and_fire import IntegrateAndFire
    >>> currents, found = rates(IntegrateAndFire(), points=4)
    >>> [f"{rate:.2f}" for rate in found]  # one spike per unit of charge
    ['0.00', '0.30', '0.60', '0.90']
    """
    if not neuron.streams or not (neuron.spiking or "threshold" in named_parameters(neuron)):
        return None
    steps = 2 * neuron.horizon
    strength = jnp.linspace(0, 3 * neuron.drive, points)
    key = jax.random.key(seed)

    @jax.jit
    def run(neuron):
        currents = jnp.broadcast_to(strength, (steps, points))
        state = start(neuron, currents[0], key if neuron.stochastic else None)
        return neuron.sequence(state, currents)[1][steps // 2 :].mean(0)

    return strength, run(settle(neuron, key, steps))
