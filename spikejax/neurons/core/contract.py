"""The contract of a neuron model.

A neuron is a frozen dataclass registered as a pytree, one model per file. Its parameters (`param`) and its `surrogate`
are leaves: they can be differentiated, learned, vmapped, swept and sharded without a recompile. Its choices (`option`)
and sizes (`size`) are static: a new choice is a new program. The instance is the parameter tree, so

    state = neuron.init_state(current)               # before the first step; current is [B, *F]
    state, spikes = neuron.step(state, current)      # one step, pure
    state, spikes = neuron.sequence(state, currents) # T steps, currents [T, B, *F]

and `Model.step(parameters, state, current)` is a pure state-transition function. The state is a NamedTuple of arrays
of the current's shape; a step counter or a PRNG key may accompany them. `step` knows nothing of time, batches, layers
or Flax.

A step computes in float32 at least: of a current in bfloat16 or float16 the state is float32, since a membrane that
integrates, a counter or a slow decay would stall in fewer bits; the spikes have the current's dtype.

A spike is emitted at equality, Θ(0) = 1, gradients flow through the reset and a state holds the values after the reset,
unless a model says otherwise.

A stochastic model (`stochastic=True`) receives a PRNG key at the start, `init_state(current, key)`, and carries it;
under `shard_map` give each shard its own key. Parameters given as initialisers are sampled first, by a layer or by
`parameters.initialise`. A model that mixes the steps of a sequence has its own `sequence` and no `step`.

A model that is not reset says so, `is_linear`, and gets all steps at once from its `step`.

A model whose parameters constrain each other has a `check` that raises ValueError.

A new neuron is one file: a NamedTuple, a class under `@neuron(State)` with a docstring and a `step`, and an
`init_state` if it does not start at zero.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, dataclass_transform

import jax.numpy as jnp
from jax import Array

from spikejax import fields as declared
from spikejax.dynamics import unroll
from spikejax.fields import fields_of
from spikejax.neurons.core.checks import checked, checked_start
from spikejax.surrogate.rule import Surrogate

T = TypeVar("T")


class Neuron:
    """What layers need from a neuron; the base of every model.

    Attributes:
      State: NamedTuple of its variables.
      spiking: False for a model whose output is not spikes.
      stochastic: True for a model that uses random numbers; its `init_state` takes a key.
      streams: whether it runs step by step; False for a model that needs the whole sequence at once.
      presets: by the name of another library, the settings that make the model behave like that library's.
      derived: names of values that follow from its parameters and that `with_derived` sets, such as β1 of TC-LIF.
      drive: a constant current that makes it fire, in its own unit; for figures and tests.
      horizon: number of steps that shows its behaviour; likewise.
      current_unit: unit of the current, for a model that has units.
      compared: variable that its `threshold` is compared with, if it has both; for figures.
    """

    State: ClassVar[Any]
    spiking: ClassVar[bool]
    stochastic: ClassVar[bool]
    streams: ClassVar[bool]
    presets: ClassVar[Mapping[str, Mapping[str, Any]]]
    derived: ClassVar[tuple[str, ...]] = ()
    drive: ClassVar[float]
    horizon: ClassVar[int]
    current_unit: ClassVar[str]
    compared: ClassVar[str]

    def init_state(self, current: Array, key: Any = None) -> Any:
        """The state before the first step, from one step's current `[B, *F]`.

        Variables are zero, those of `State` that have a default excepted.
        """
        del key
        # zeros_like of the input, never zeros(shape): inside shard_map or on an explicit mesh the type of a
        # carry includes its sharding.
        own = [name for name in self.State._fields if name not in self.State._field_defaults]
        return self.State(**{name: jnp.zeros_like(current) for name in own})

    def step(self, state: Any, current: Array) -> tuple[Any, Array]:
        """One step: the next state and the spikes `[B, *F]` of a current `[B, *F]`."""
        raise NotImplementedError(f"{type(self).__name__} needs the whole sequence at once")

    @property
    def is_linear(self) -> bool:
        """Whether the next state is linear in the state and the current: no reset, no constant, no product of them,
        nothing of another neuron.

        All variables are of the current's shape then, and all steps can be computed at once, see `dynamics.parallel`.
        """
        return False

    def sequence(self, state: Any, currents: Array) -> tuple[Any, Array]:
        """All steps of currents `[T, B, *F]`: the state after the last one and the spikes `[T, B, *F]`."""
        return unroll(self.step, state, currents, linear=self.is_linear)

    def check(self) -> None:
        """Raises ValueError if parameters are inconsistent; called for numbers and arrays."""

    def for_steps(self: T, steps: int) -> T:
        """The model for sequences of `steps` steps: its size `steps`, if it has one, is set."""
        sized = "steps" in fields_of(self, "size")
        return dataclasses.replace(self, steps=steps) if sized else self  # pyright: ignore

    def with_derived(self: T, **values: Any) -> T:
        """The model with other values of its `derived` quantities."""
        raise ValueError(f"{type(self).__name__} has no derived values, found {sorted(values)}")


def surrogate_field(default: Surrogate) -> Any:
    """The surrogate gradient of a model's spikes: a subtree of leaves."""
    return declared.part(
        default, doc="surrogate gradient of the spikes", of="surrogate", check=_check_surrogate
    )


def _check_surrogate(label, value):
    if isinstance(value, Surrogate) or value is None:
        return
    if isinstance(value, str):
        hint = f"; give surrogate.SURROGATES[{value!r}]()"
    elif isinstance(value, type) and issubclass(value, Surrogate):
        hint = f"; give an instance, {value.__name__}()"
    else:
        hint = "; decorate its class with @surrogate()"
    raise ValueError(f"{label} must be a surrogate, found {value!r}{hint}")


def neuron_field() -> Any:
    """The neuron inside a wrapper: a subtree of leaves."""
    return declared.part(doc="the neuron that is wrapped", of="neuron", check=check_neuron)


def check_neuron(label: str, value: Any) -> None:
    """Raises ValueError if a neuron is expected and something else was given."""
    if isinstance(value, Neuron):
        return
    if isinstance(value, str):
        hint = f"; give neurons.make({value!r})"
    elif isinstance(value, type) and issubclass(value, Neuron):
        hint = f"; give an instance, {value.__name__}()"
    else:
        hint = "; decorate its class with @neuron"
    raise ValueError(f"{label} must be a neuron, found {value!r}{hint}")


@dataclass_transform(
    frozen_default=True,
    kw_only_default=True,
    field_specifiers=(
        declared.param,
        declared.option,
        declared.size,
        declared.setting,
        declared.part,
        surrogate_field,
        neuron_field,
    ),
)
def neuron(
    state: type,
    *,
    spiking: bool = True,
    stochastic: bool = False,
    drive: float = 1.0,
    horizon: int = 100,
    current_unit: str = "",
    compared: str = "membrane",
    like: Mapping[str, Mapping[str, Any]] | None = None,
) -> Callable[[type[T]], type[T]]:
    """Makes a class a neuron model: a spec with its state's type, a zero initial state and the rest of `Neuron`.

    Args:
      state: NamedTuple of the model's variables.
      spiking: see `Neuron`, like all that follow.
      stochastic: see `Neuron`.
      drive: see `Neuron`.
      horizon: see `Neuron`.
      current_unit: see `Neuron`.
      compared: see `Neuron`.
      like: the `presets` of `Neuron`.
    """

    def register(cls: Any) -> Any:
        if not issubclass(cls, Neuron):
            body = {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__")}
            bases = tuple(base for base in cls.__bases__ if base is not object)
            cls = type(cls)(cls.__name__, (*bases, Neuron), body)
        cls.State, cls.presets = state, dict(like or {})
        cls.drive, cls.horizon, cls.current_unit = drive, horizon, current_unit
        cls.compared = compared
        cls.streams = cls.step is not Neuron.step
        cls.init_state = checked_start(cls.init_state)
        for name in ("step", "sequence"):
            if getattr(cls, name) is not getattr(Neuron, name):
                setattr(cls, name, checked(getattr(cls, name), name))
        cls.spiking, cls.stochastic = spiking, stochastic
        cls = declared.spec(cls)
        if fields_of(cls, "neuron"):  # a wrapper inherits these from the neuron inside it
            cls.spiking = property(lambda self: self.neuron.spiking)
            cls.stochastic = property(lambda self: stochastic or self.neuron.stochastic)
        return cls

    return register


def start(neuron: Neuron, current: Array, key: Any = None) -> Any:
    """The state of any neuron before the first step; a stochastic one receives the key.

    Raises:
      ValueError: it is stochastic and there is no key.
    """
    if not neuron.stochastic:
        return neuron.init_state(current)
    if key is None:
        raise ValueError(
            f"{type(neuron).__name__} is stochastic: expected a PRNG key, found None; pass key=jax.random.key(0)"
        )
    return neuron.init_state(current, key)


def start_inside(neuron: Neuron, current: Array, key: Any = None) -> Any:
    """`start` for the neuron inside a wrapper, which runs it step by step.

    Raises:
      ValueError: the neuron needs the whole sequence at once; or as `start`.
    """
    if not neuron.streams:
        raise ValueError(
            f"expected a neuron that runs step by step, found {type(neuron).__name__}, which needs the whole sequence "
            "at once; use it without a wrapper"
        )
    return start(neuron, current, key)
