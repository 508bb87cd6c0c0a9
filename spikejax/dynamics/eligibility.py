"""Eligibility traces: derivatives of a layer's state that are carried forward in time, for learning without going back.

A step here is `(parameters, state, current) -> (state, spikes)` for currents `[B, F]`, and acts element by element: a
neuron sees its own current only. Then a weight W_pj changes the state of neuron j alone, and its trace is an array of
the state's shape for each presynaptic value p. This file knows no neurons and no networks.
"""

import math
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

Parameters = dict[str, Array]


class Eligibility(NamedTuple):
    """Derivatives of the floating-point arrays of a state, `[B, F]` or with leading axes of the state's own.

    Attributes:
      weights: with respect to the weight of each of P presynaptic values, `[P, *state]`.
      parameters: with respect to each of the D values that a neuron's learned parameters have, `[D, *state]`.
    """

    weights: Any
    parameters: Any


class Advanced(NamedTuple):
    """What `advance` returns.

    Attributes:
      state: after the step.
      spikes: of the step, `[B, F]`.
      eligibility: after the step.
      gradients: maps the learning signal ∂ℓ/∂s, `[B, F]`, to the gradients of weights `[P, F]` and parameters, and to
        ∂ℓ/∂I, `[B, F]`, by which the signal reaches the layer before.
    """

    state: Any
    spikes: Array
    eligibility: Eligibility
    gradients: Callable[[Array], tuple[Array, Parameters, Array]]


def begin(
    start: Callable[[Parameters], Any],
    parameters: Parameters,
    per_neuron: Collection[str],
    presynaptic: int,
) -> tuple[Any, Eligibility]:
    """The state before the first step and its eligibility, which is 0 unless the state depends on a parameter.

    Args:
      start: `parameters -> state`.
      parameters: those that are learned, by name.
      per_neuron: names of those whose last axis is that of the neurons, F; the others are shared by all neurons.
      presynaptic: P.

    Returns:
      The state and its eligibility.

    >>> state, found = begin(lambda given: (jnp.full((1, 2), given["rest"]),), {"rest": jnp.array(0.5)}, (), 3)
    >>> found.weights[0].shape, found.parameters[0]
    ((3, 1, 2), Array([[[1., 1.]]], dtype=float32))
    """
    values, rest, _, push = _linearised(lambda given: _split(start(given)), parameters)
    weights = jax.tree.map(lambda x: jnp.zeros((presynaptic, *x.shape), x.dtype), values)
    count, directions = _directions(parameters, per_neuron)
    traces = jax.vmap(push, axis_size=count)(directions)
    return _joined(values, rest), Eligibility(weights, traces)


def advance(
    step: Callable[[Parameters, Any, Array], tuple[Any, Array]],
    parameters: Parameters,
    per_neuron: Collection[str],
    state: Any,
    eligibility: Eligibility,
    current: Array,
    presynaptic: Array,
) -> Advanced:
    """One step of a layer and of its eligibility.

        ε_pj[t] = ∂h_j[t]/∂h_j[t−1] ε_pj[t−1] + ∂h_j[t]/∂I_j[t] x_p[t]
        e_pj[t] = ∂s_j[t]/∂h_j[t−1] ε_pj[t−1] + ∂s_j[t]/∂I_j[t] x_p[t]

    for the variables h of a neuron and its spikes s, with all that connects them inside the neuron, its reset and
    the surrogate's derivative included; for a parameter θ with ∂h/∂θ and ∂s/∂θ in place of the last terms. The
    gradients at this step are L_j[t] e_pj[t], summed over the batch, for a learning signal L.

    Args:
      step: `(parameters, state, current) -> (state, spikes)`.
      parameters: those that are learned, by name.
      per_neuron: as in `begin`.
      state: before the step.
      eligibility: before the step.
      current: I, `[B, F]`.
      presynaptic: x, `[B, P]`; 1 for a bias.

    Reference: Bellec et al. (2020), A solution to the learning dilemma for recurrent networks of spiking neurons,
    Eq. 14; Bohnstingl et al. (2022), Online spatio-temporal learning in deep neural networks.

    >>> from spikejax.neurons.leaky_integrator import LeakyIntegrator
    >>> def step(parameters, state, current):
    ...     return LeakyIntegrator(**parameters).step(state, current)
    >>> decay, x = {"decay": jnp.array(0.5)}, jnp.ones((1, 1))
    >>> state, traces = begin(lambda _: LeakyIntegrator().init_state(x), decay, (), 1)
    >>> for _ in range(2):
    ...     state, _, traces, gradients = advance(step, decay, (), state, traces, x, x)
    >>> weights, parameters, _ = gradients(x)  # U[2] = decay U[1] + I[2], of which I[1] = I[2] = w
    >>> float(weights[0, 0]), float(parameters["decay"])
    (1.5, 1.0)
    """

    def of_floats(parameters, values, current):
        after, spikes = step(parameters, _joined(values, rest), current)
        values, others = _split(after)
        return (values, spikes), others

    values, rest = _split(state)
    (after, spikes), others, pull, push = _linearised(of_floats, parameters, values, current)
    nothing = jax.tree.map(jnp.zeros_like, parameters)

    def by_weight(trace, x):
        return push(nothing, trace, jnp.broadcast_to(x[:, None], current.shape))

    def by_parameter(trace, direction):
        return push(direction, trace, jnp.zeros_like(current))

    weights, sent = jax.vmap(by_weight, (0, 1))(eligibility.weights, presynaptic)
    count, directions = _directions(parameters, per_neuron)
    by_parameters = jax.vmap(by_parameter, axis_size=count)
    traces, sent_by = by_parameters(eligibility.parameters, directions)

    def gradients(signal):
        quiet = jax.tree.map(jnp.zeros_like, after)
        own = {}
        for name, place in _places(parameters, per_neuron).items():
            value, among = parameters[name], 1 if name in per_neuron else (1, 2)
            found = (signal * sent_by[place]).sum(among)
            own[name] = found.reshape(value.shape).astype(value.dtype)
        return jnp.einsum("bf,pbf->pf", signal, sent), own, pull((quiet, signal))[2]

    return Advanced(_joined(after, others), spikes, Eligibility(weights, traces), gradients)


def _linearised(function, *primals):
    """`function -> (value, aux)` with the derivative both ways: value, aux, pull of cotangents, push of tangents."""
    value, pull, aux = jax.vjp(function, *primals, has_aux=True)
    # A spike has a rule for cotangents only, so tangents are pushed by the transpose of what pulls cotangents.
    push = jax.linear_transpose(pull, value)

    def of_tangents(*tangents):
        return push(tangents)[0]

    return value, aux, pull, of_tangents


def _places(parameters, per_neuron):
    """Where the directions of each parameter are among those of all."""
    found, end = {}, 0
    for name, value in parameters.items():
        own = value.shape[:-1] if name in per_neuron else value.shape
        first, end = end, end + math.prod(own)
        found[name] = slice(first, end)
    return found


def _directions(parameters, per_neuron):
    """D, and the directions in which a neuron's parameters change one by one, `{name: [D, *shape]}`."""
    places, found = _places(parameters, per_neuron), {}
    count = max((place.stop for place in places.values()), default=0)
    for name, value in parameters.items():
        own = value.shape[:-1] if name in per_neuron else value.shape
        rows = jnp.eye(count, dtype=value.dtype)[:, places[name]].reshape(count, *own)
        rows = rows[..., None] if name in per_neuron else rows
        found[name] = jnp.broadcast_to(rows, (count, *value.shape))
    return count, found


def _split(state):
    """The floating-point arrays of a state, and the others, each with None in place of what is missing."""
    floats = jax.tree.map(lambda x: x if _is_float(x) else None, state)
    return floats, jax.tree.map(lambda x: None if _is_float(x) else x, state)


def _joined(floats, others):
    def either(x, other):
        return other if x is None else x

    return jax.tree.map(either, floats, others, is_leaf=lambda x: x is None)


def _is_float(x):
    return jnp.issubdtype(x.dtype, jnp.floating)
