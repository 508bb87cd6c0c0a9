"""What layers of neurons have in common: currents are checked, a step is run over time, activity is stored."""

from collections.abc import Callable
from typing import Any

from jax import Array

from spikejax.dynamics import held, unroll
from spikejax.neurons.core.checks import widened

ACTIVITY, SPIKES, OUTPUT = "activity", "spikes", "output"


def check_currents(currents: Array, step_mask: Array | None, of: str = "currents") -> None:
    """Raises ValueError for currents, or what else `of` says, that are not floating point `[T, B, *F]`."""
    if currents.ndim < 3:
        raise ValueError(
            f"expected {of} [T, B, *F], found shape {currents.shape}. For one recording [T, F] add the batch axis, "
            "x[:, None]; for samples [B, F] without time add the steps, Repeat(steps=T).encode(x)"
        )
    widened(currents)  # refuses events
    if step_mask is not None and step_mask.shape != currents.shape[:2]:
        raise ValueError(
            f"expected a step mask [T, B] = {list(currents.shape[:2])}, found shape {step_mask.shape}; a layer whose "
            "time is not that of the network's inputs needs a mask of its own"
        )


def check_names(what: str, names: Any) -> None:
    """Raises ValueError unless an attribute is a tuple of names."""
    if isinstance(names, tuple | list) and all(isinstance(name, str) for name in names):
        return
    hint = f"; give {what}=({names!r},)" if isinstance(names, str) else ""
    raise ValueError(f"expected {what} as a tuple of names, found {names!r}{hint}")


def check_flag(what: str, value: Any) -> None:
    """Raises ValueError unless an attribute is True or False: a number there was meant for another attribute."""
    if not isinstance(value, bool):
        raise ValueError(f"expected {what} as True or False, found {value!r}")


def stepwise(
    module: Any,
    step: Callable,
    carry: tuple[Any, Callable],
    given: tuple,
    axes: Callable,
    kind: str,
    linear: bool = False,
) -> Array:
    """Runs a step over what is given to it and a mask; stores the state, and activity if that collection is mutable.

    Args:
      module: the layer, whose `record` names the variables that are stored.
      step: `(state, current) -> (state, spikes)`.
      carry: the state before the first step and the function that stores the one after the last, see `state.carried`.
      given: what the step takes, `[T, B, ...]`, and the mask `[T, B]` of the real steps or None.
      axes: returns the axis of the samples of each array of the state, see `dynamics.held`.
      kind: what the layer emits, `SPIKES` or `OUTPUT`.
      linear: whether the step is linear, see `dynamics.unroll`; with a mask it is not, since a state is held.
    """
    currents, step_mask = given
    state, keep = carry
    if step_mask is not None:
        step, currents = held(step, axes()), given
    names = module.record if module.is_mutable_collection(ACTIVITY) else ()

    def save(state, spikes):
        return spikes, {name: _variable(state, name) for name in names}

    linear = linear and step_mask is None
    state, (spikes, recorded) = unroll(step, state, currents, save=save, linear=linear)
    keep(state)
    store(module, {kind: spikes, **recorded})
    return spikes


def store(module: Any, activity: dict[str, Array]) -> None:
    """Stores what a layer emits, and recorded variables, in the collection "activity"."""
    if not module.is_initializing():
        for name, values in activity.items():
            module.sow(ACTIVITY, name, values, reduce_fn=lambda _, new: new, init_fn=lambda: None)


def _variable(state, name):
    """A variable of a state by name, also of the neuron inside a wrapper or a feedback."""
    known, inner = [], state
    while True:
        held = {key: value for key, value in inner._asdict().items() if value is not None}
        known += held
        if name != "neuron" and name in held:
            return held[name]
        if "neuron" not in held:
            raise ValueError(
                f"no variable {name!r} to record; expected one of {sorted(set(known) - {'neuron'})}"
            )
        inner = inner.neuron
