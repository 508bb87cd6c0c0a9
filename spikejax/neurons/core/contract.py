"""The contract of a neuron model.

A neuron is a frozen dataclass registered as a pytree, one model a file. Its numbers (`param`) and its
`surrogate` are leaves: they can be differentiated, learned, vmapped, swept and sharded without a recompile. Its
choices (`option`) and sizes (`size`) are static: a new choice is a new program. The instance is the parameter tree, so

    state = neuron.init_state(current)               # before the first step; current is [B, *F]
    state, spikes = neuron.step(state, current)      # one step, pure
    state, spikes = neuron.sequence(state, currents) # T steps, currents [T, B, *F]

and `Model.step(params, state, current)` is a pure state-transition function. The state is a NamedTuple of arrays
of the current's shape and dtype; a counter of steps or a key may stand beside them. `step` knows nothing of time,
batches, layers or Flax.

The threshold is met at equality, Θ(0) = 1, gradients flow through the reset and a state holds the values after the
reset, unless a model says otherwise.

A model that draws (`stochastic=True`) is given a key at the start, `init_state(current, key)`, and carries it; shards
of a `shard_map` want a key each. Numbers that are initialisers are drawn first, by a layer or `numbers.draw_numbers`. A
model that mixes the steps of a sequence has a `sequence` of its own and no `step`.

Where numbers constrain each other a model has a `check` that raises ValueError.

A new neuron is one file: a NamedTuple, a class under `@neuron(State)` with a docstring and a `step`, and an
`init_state` if it does not start at zero.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, Protocol, dataclass_transform

import jax.numpy as jnp
from jax import Array

from spikejax import pytree
from spikejax.dynamics.layer import unroll
from spikejax.surrogate import Surrogate

# A number, an array that broadcasts against [B, *F], or an initialiser (key, shape, dtype) -> array.
Leaf = Any


class Neuron(Protocol):
    """What layers need of a neuron."""

    State: type
    spiking: bool
    stochastic: bool

    def init_state(self, current: Array, key: Any = None) -> Any:
        """The state before the first step, made from one step's current `[B, *F]`."""
        ...

    def sequence(self, state: Any, currents: Array) -> tuple[Any, Array]:
        """All steps of currents `[T, B, *F]`: the next state and the spikes `[T, B, *F]`."""
        ...


def param(
    default: Any,
    *,
    low: float = -jnp.inf,
    high: float = jnp.inf,
    unit: str = "",
    learned: bool = False,
    axes: tuple[str, ...] | None = None,
    doc: str,
) -> Any:
    """A number of the model: a leaf. Python numbers outside [low, high] are refused at construction.

    Args:
      default: a number, or an initialiser (key, shape, dtype) -> array.
      low: least value.
      high: greatest value.
      unit: its unit.
      learned: the model's authors learn it; whether a layer does is the layer's `learn`.
      axes: names of the model's sizes, for a number that is an array of that shape; None for a scalar or `[*F]`.
      doc: what it is.
    """
    metadata = {
        "kind": "param",
        "low": low,
        "high": high,
        "unit": unit,
        "learned": learned,
        "axes": axes,
        "doc": doc,
    }
    return dataclasses.field(default=default, metadata=metadata)


def option(default: Any, *, choices: tuple, doc: str) -> Any:
    """A choice of the model: static, one of `choices`."""
    metadata = {"kind": "option", "static": True, "choices": choices, "doc": doc}
    return dataclasses.field(default=default, metadata=metadata)


def size(default: int, *, doc: str) -> Any:
    """A whole number of at least 1 that sets the shape of the model's numbers: static."""
    return dataclasses.field(
        default=default, metadata={"kind": "size", "static": True, "low": 1, "doc": doc}
    )


def surrogate_field(default: Surrogate) -> Any:
    """The surrogate gradient of the model's spikes: a subtree of leaves."""
    metadata = {"kind": "surrogate", "doc": "surrogate gradient of the spikes"}
    return dataclasses.field(default=default, metadata=metadata)


def neuron_field() -> Any:
    """The neuron inside a wrapper: a subtree of leaves."""
    return dataclasses.field(metadata={"kind": "neuron", "doc": "the neuron that is wrapped"})


@dataclass_transform(
    frozen_default=True,
    kw_only_default=True,
    field_specifiers=(param, option, size, surrogate_field, neuron_field),
)
def neuron(
    state: type,
    *,
    spiking: bool = True,
    stochastic: bool = False,
    drive: float = 1.0,
    horizon: int = 100,
    current_unit: str = "",
    like: Mapping[str, Mapping[str, Any]] | None = None,
) -> Callable[[type], type]:
    """Makes a class a neuron model: frozen, keyword-only, a pytree, with its state's type and a zero start.

    Args:
      state: NamedTuple of the model's variables.
      spiking: False for a model whose output is not spikes.
      stochastic: True for a model that draws: its `init_state` takes a key.
      drive: a constant current that makes it fire, in its own unit; for pictures and tests.
      horizon: how many steps show what it does; likewise.
      current_unit: unit of the current, of a model that has units.
      like: by the name of another library, the settings with which the model does what that library's does.
    """

    def register(cls):
        cls.spiking, cls.stochastic = spiking, stochastic
        cls.State, cls.presets = state, dict(like or {})
        cls.drive, cls.horizon, cls.current_unit = drive, horizon, current_unit
        cls.__post_init__ = _validate
        if "init_state" not in cls.__dict__:
            cls.init_state = _zeros
        if "sequence" not in cls.__dict__:
            cls.sequence = _sequence
        cls.init_state = _of_drawn(cls.init_state)
        cls = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        if fields(cls, "neuron"):  # a wrapper is what is inside it
            cls.spiking = property(lambda self: self.neuron.spiking)
            cls.stochastic = property(lambda self: stochastic or self.neuron.stochastic)
        return pytree.register(cls)

    return register


def _zeros(self, current: Array):
    """All variables zero, made from the current so that they share its sharding."""
    # zeros_like of the input, never zeros(shape): inside shard_map or on an explicit mesh the type of a
    # carry includes where it lives.
    return self.State(*(jnp.zeros_like(current) for _ in self.State._fields))


def _of_drawn(init_state):
    """Refuses to start a neuron whose numbers are still to be drawn."""

    @functools.wraps(init_state)
    def start_drawn(self, *args, **kwargs):
        undrawn = [name for name in fields(self) if callable(getattr(self, name))]
        if undrawn:
            raise ValueError(
                f"{type(self).__name__} has numbers that are drawn, {', '.join(undrawn)}: expected arrays, found "
                "initialisers; use numbers.draw_numbers, or a layer, which draws them"
            )
        return init_state(self, *args, **kwargs)

    return start_drawn


def _sequence(self, state, currents: Array):
    """Runs `step` over currents `[T, B, *F]`; returns the state after the last step and the spikes."""
    return unroll(self.step, state, currents)


def _validate(self):
    for name, field in fields(self).items():
        value, low, high = getattr(self, name), field.metadata["low"], field.metadata["high"]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and not low <= value <= high:
            raise ValueError(
                f"{type(self).__name__}.{name} must lie in [{low}, {high}], found {value}"
            )
        axes, shape = field.metadata["axes"], tuple(getattr(value, "shape", ()))
        if axes and shape:
            sizes = tuple(getattr(self, axis) for axis in axes)
            if shape[: len(sizes)] != sizes:
                raise ValueError(
                    f"{type(self).__name__}.{name} has the axes {axes}: expected a shape that begins with {sizes}, "
                    f"found {shape}"
                )
    for name, field in fields(self, "option").items():
        value, choices = getattr(self, name), field.metadata["choices"]
        if value not in choices:
            raise ValueError(
                f"{type(self).__name__}.{name} must be one of {choices}, found {value!r}"
            )
    for name in fields(self, "size"):
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(
                f"{type(self).__name__}.{name} must be a whole number of at least 1, found {value!r}"
            )
    leaves = [getattr(self, name) for name in fields(self)]
    if hasattr(self, "check") and all(isinstance(leaf, int | float) for leaf in leaves):
        self.check()


def start(neuron: Any, current: Array, key: Any = None) -> Any:
    """The state of any neuron before the first step; one that draws is given the key.

    Raises:
      ValueError: it draws and there is no key.
    """
    if not neuron.stochastic:
        return neuron.init_state(current)
    if key is None:
        raise ValueError(f"{type(neuron).__name__} draws: expected a key, found None")
    return neuron.init_state(current, key)


def start_inside(neuron: Any, current: Array, key: Any = None) -> Any:
    """`start` for the neuron inside a wrapper, which runs it step by step.

    Raises:
      ValueError: the neuron needs the whole sequence at once; or as `start`.
    """
    if not hasattr(neuron, "step"):
        raise ValueError(
            f"expected a neuron that runs step by step, found {type(neuron).__name__}, which needs the whole sequence "
            "at once; use it without a wrapper"
        )
    return start(neuron, current, key)


def fields(model: Any, kind: str = "param") -> dict[str, dataclasses.Field]:
    """The fields of a neuron (class or instance) of one kind: "param", "option", "size", "surrogate" or "neuron".

    >>> from spikejax.neurons.lif import LIF
    >>> list(fields(LIF)), list(fields(LIF, "surrogate"))
    (['decay', 'threshold'], ['surrogate'])
    """
    return {f.name: f for f in dataclasses.fields(model) if f.metadata["kind"] == kind}
