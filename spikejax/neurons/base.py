"""The contract of a neuron model.

A neuron is a frozen dataclass registered as a pytree, one model a file. Its numbers (`param`) and its
`surrogate` are leaves: they can be differentiated, learned, vmapped, swept and sharded without a recompile. Its
choices (`option`) are static: a new choice is a new program. The instance is the parameter tree, so

    state = neuron.init_state(current)               # before the first step; current is [B, *F]
    state, spikes = neuron.step(state, current)      # one step, pure

and `Model.step(params, state, current)` is a pure state-transition function. The state is a NamedTuple of arrays
of the current's shape and dtype. `step` knows nothing of time, batches, layers or Flax.

The threshold is met at equality, Θ(0) = 1, gradients flow through the reset and a state holds the values after the
reset, unless a model says otherwise.

A new neuron is one file: a NamedTuple, a class under `@neuron(State)` with a docstring and a `step`, and an
`init_state` if it does not start at zero.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol, dataclass_transform

import jax.numpy as jnp
from jax import Array

from spikejax import pytree
from spikejax.surrogate import Surrogate

# A number, an array that broadcasts against [B, *F], or, in a layer, an initialiser (key, shape, dtype) -> array.
Leaf = Any


class Neuron(Protocol):
    """What layers and `unroll` need of a neuron."""

    State: type
    spiking: bool

    def init_state(self, current: Array) -> Any:
        """The state before the first step, made from one step's current `[B, *F]`."""
        ...

    def step(self, state: Any, current: Array) -> tuple[Any, Array]:
        """One step: the next state and the spikes, both of the current's shape and dtype."""
        ...


def param(
    default: float,
    *,
    low: float = -jnp.inf,
    high: float = jnp.inf,
    unit: str = "",
    learned: bool = False,
    doc: str,
) -> Any:
    """A number of the model: a leaf. Python numbers outside [low, high] are refused at construction.

    `learned` says that the model's authors learn it; whether a layer does is the layer's `learn`.
    """
    metadata = {
        "kind": "param",
        "low": low,
        "high": high,
        "unit": unit,
        "learned": learned,
        "doc": doc,
    }
    return dataclasses.field(default=default, metadata=metadata)


def option(default: Any, *, choices: tuple, doc: str) -> Any:
    """A choice of the model: static, one of `choices`."""
    metadata = {"kind": "option", "static": True, "choices": choices, "doc": doc}
    return dataclasses.field(default=default, metadata=metadata)


def surrogate_field(default: Surrogate) -> Any:
    """The surrogate gradient of the model's spikes: a subtree of leaves."""
    metadata = {"kind": "surrogate", "doc": "surrogate gradient of the spikes"}
    return dataclasses.field(default=default, metadata=metadata)


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(param, option, surrogate_field)
)
def neuron(state: type, *, spiking: bool = True) -> Callable[[type], type]:
    """Makes a class a neuron model: frozen, keyword-only, a pytree, with its state's type and a zero start.

    Args:
      state: NamedTuple of the model's variables.
      spiking: False for a model whose output is not spikes.
    """

    def register(cls):
        cls.State, cls.spiking = state, spiking
        cls.__post_init__ = _validate
        if "init_state" not in cls.__dict__:
            cls.init_state = _zeros
        cls = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        return pytree.register(cls)

    return register


def fields(model: Any, kind: str = "param") -> dict[str, dataclasses.Field]:
    """The fields of a neuron (class or instance) of one kind: "param", "option" or "surrogate".

    >>> from spikejax.neurons.lif import LIF
    >>> list(fields(LIF)), list(fields(LIF, "surrogate"))
    (['decay', 'threshold'], ['surrogate'])
    """
    return {f.name: f for f in dataclasses.fields(model) if f.metadata["kind"] == kind}


def usually_learned(model: Any) -> tuple[str, ...]:
    """The numbers that the model's authors learn, for a layer's `learn`.

    >>> from spikejax.neurons.tc_lif import TCLIF
    >>> usually_learned(TCLIF)
    ('c1', 'c2')
    """
    return tuple(name for name, field in fields(model).items() if field.metadata["learned"])


def check_learnable(model: Any, learn: tuple[str, ...]) -> None:
    """Raises ValueError where a name in `learn` is not a number of the model."""
    known = fields(model)
    for name in learn:
        if name not in known:
            raise ValueError(
                f"{type(model).__name__} has no number {name!r} to learn; expected one of {sorted(known)}"
            )


def _zeros(self, current: Array):
    """All variables zero, made from the current so that they share its sharding."""
    # zeros_like of the input, never zeros(shape): inside shard_map or on an explicit mesh the type of a
    # carry includes where it lives.
    return self.State(*(jnp.zeros_like(current) for _ in self.State._fields))


def _validate(self):
    for name, field in fields(self).items():
        value, low, high = getattr(self, name), field.metadata["low"], field.metadata["high"]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and not low <= value <= high:
            raise ValueError(
                f"{type(self).__name__}.{name} must lie in [{low}, {high}], found {value}"
            )
    for name, field in fields(self, "option").items():
        value, choices = getattr(self, name), field.metadata["choices"]
        if value not in choices:
            raise ValueError(
                f"{type(self).__name__}.{name} must be one of {choices}, found {value!r}"
            )
