"""Neurons, networks, losses, metrics and callbacks of a user that do what they must not do, each in many ways."""

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.fields import option
from spikejax.neurons.core.contract import Neuron, neuron


class Mine(Exception):
    """The user's own error."""


def raises(*args: Any, **kwargs: Any) -> Any:
    """Raises the user's own error."""
    raise Mine("from my own code")


# The ways in which the user's own code fails, with its own error or one of JAX; that error is the right one.
OWN = ("raises", "NumPy", "branches on values")


class RogueState(NamedTuple):
    """Variables of `Rogue`."""

    membrane: Array


# By name, from the state and the spikes of a step as it should be to what it returns.
STEPS: dict[str, Callable[[Any, Array], Any]] = {
    "right": lambda state, spikes: (state, spikes),
    "bool spikes": lambda state, spikes: (state, spikes > 0),
    "int spikes": lambda state, spikes: (state, spikes.astype(jnp.int32)),
    "complex spikes": lambda state, spikes: (state, spikes + 0j),
    "half spikes": lambda state, spikes: (state, spikes.astype(jnp.float16)),
    "spikes without batch": lambda state, spikes: (state, spikes[0]),
    "spikes with an axis more": lambda state, spikes: (state, spikes[..., None]),
    "scalar spikes": lambda state, spikes: (state, spikes.sum()),
    "fewer spikes": lambda state, spikes: (state, spikes[..., :1]),
    "NaN spikes": lambda state, spikes: (state, spikes * jnp.nan),
    "no spikes": lambda state, spikes: (state, None),
    "spikes of text": lambda state, spikes: (state, "spikes"),
    "spikes in a list": lambda state, spikes: (state, [spikes]),
    "spikes alone": lambda state, spikes: spikes,
    "three values": lambda state, spikes: (state, spikes, spikes),
    "nothing": lambda state, spikes: None,
    "another state": lambda state, spikes: ({"membrane": state.membrane}, spikes),
    "state of another shape": lambda state, spikes: (RogueState(state.membrane[:1]), spikes),
    "state of another dtype": lambda state, spikes: (RogueState(state.membrane > 0), spikes),
    "no state": lambda state, spikes: (None, spikes),
    "a state of numbers": lambda state, spikes: (RogueState(0.0), spikes),  # pyright: ignore
    "NaN state": lambda state, spikes: (RogueState(state.membrane * jnp.nan), spikes),
    "raises": raises,
    "NumPy": lambda state, spikes: (state, np.asarray(spikes)),
    "branches on values": lambda state, spikes: (state, spikes if spikes.sum() > 0 else -spikes),
}


@neuron(RogueState)
class Rogue(Neuron):
    """LIF without a surrogate that returns something else."""

    how: str = option(default="right", choices=tuple(STEPS), doc="what it returns")

    def step(self, state: RogueState, current: Array) -> Any:
        """What `how` says."""
        membrane = 0.5 * state.membrane + current
        return STEPS[self.how](RogueState(membrane), jax.nn.sigmoid(membrane))


# By name, from the outputs [T, B, C] as they should be to what the network returns.
OUTPUTS: dict[str, Callable[[Array], Any]] = {
    "right": lambda outputs: outputs,
    "without time": lambda outputs: outputs[0],
    "fewer steps": lambda outputs: outputs[:-1],
    "without batch": lambda outputs: outputs[:, 0],
    "batch first": lambda outputs: outputs.swapaxes(0, 1),
    "fewer classes": lambda outputs: outputs[..., :1],
    "scalar": lambda outputs: outputs.sum(),
    "bool": lambda outputs: outputs > 0,
    "int": lambda outputs: outputs.astype(jnp.int32),
    "complex": lambda outputs: outputs + 0j,
    "NaN": lambda outputs: outputs * jnp.nan,
    "tuple": lambda outputs: (outputs, outputs),
    "nothing": lambda outputs: None,
    "text": lambda outputs: "outputs",
    "raises": raises,
    "NumPy": lambda outputs: np.asarray(outputs),
    "branches on values": lambda outputs: outputs if outputs.sum() > 0 else -outputs,
}


class RogueNetwork(nn.Module):
    """A read-out that returns something else."""

    how: str = "right"

    @nn.compact
    def __call__(self, x: Array) -> Any:
        return OUTPUTS[self.how](nn.Dense(3)(x))


class Parameterless(nn.Module):
    """A network that learns nothing."""

    def __call__(self, x: Array) -> Array:
        return jnp.concatenate([x, x[..., :1]], axis=-1)


def _mean(outputs):
    return (outputs**2).mean()


# Losses, regularisers and metrics have one form.
SCALARS: dict[str, Callable[..., Any]] = {
    "right": lambda outputs, labels, activity, mask: _mean(outputs),
    "per sample": lambda outputs, labels, activity, mask: (outputs**2).mean((0, 2)),
    "one axis": lambda outputs, labels, activity, mask: _mean(outputs)[None],
    "bool": lambda outputs, labels, activity, mask: _mean(outputs) > 0,
    "int": lambda outputs, labels, activity, mask: _mean(outputs).astype(jnp.int32),
    "complex": lambda outputs, labels, activity, mask: _mean(outputs) + 1j,
    "NaN": lambda outputs, labels, activity, mask: _mean(outputs) * jnp.nan,
    "infinite": lambda outputs, labels, activity, mask: _mean(outputs) + jnp.inf,
    "nothing": lambda outputs, labels, activity, mask: None,
    "text": lambda outputs, labels, activity, mask: "loss",
    "tuple": lambda outputs, labels, activity, mask: (_mean(outputs), 1.0),
    "dictionary": lambda outputs, labels, activity, mask: {"loss": _mean(outputs)},
    "two arguments": lambda outputs, labels: _mean(outputs),
    "no arguments": lambda: 0.0,
    "raises": raises,
    "NumPy": lambda outputs, labels, activity, mask: np.asarray(outputs).mean(),
    "branches on values": lambda outputs, labels, activity, mask: (
        _mean(outputs) if outputs.sum() > 0 else 0.0
    ),
}
for _name, _function in SCALARS.items():
    # A record names functions by their module and name; a metric is known by its name.
    _function.__name__ = _function.__qualname__ = f"scalar_{_name.replace(' ', '_')}"
    globals()[_function.__name__] = _function

CALLBACKS: dict[str, Any] = {
    "right": lambda history, variables: None,
    "raises": raises,
    "no arguments": lambda: None,
    "three arguments": lambda history, variables, more: None,
    "an array": lambda history, variables: jnp.zeros(3),
    "text": lambda history, variables: "stop",
    "empties the history": lambda history, variables: history.clear(),
    "puts NaN into the history": lambda history, variables: history[-1].update(mine=float("nan")),
    "puts an object into the history": lambda history, variables: history[-1].update(mine=object()),
    "changes variables": lambda history, variables: variables.clear(),
    "no function": 3,
}
