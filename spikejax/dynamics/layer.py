"""Time for one layer: `unroll` runs a step over the leading axis, `feedback` closes a loop around a step, `held` stops
it where a sequence has ended.

A step is `(state, current) -> (state, spikes)`. It knows nothing of time, and this file knows nothing of neurons.
"""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.dynamics.choice import chosen, scan

Step = Callable[[Any, Any], tuple[Any, Array]]


def _spikes(state, spikes):
    del state
    return spikes


def unroll(
    step: Step,
    state: Any,
    currents: Any,
    *,
    save: Callable[[Any, Array], Any] = _spikes,
    kernel: str = "auto",
    linear: bool = False,
) -> tuple[Any, Any]:
    """Runs `step` over T steps: (state[t], spikes[t]) = step(state[t−1], currents[t]).

    On a GPU or TPU all steps are one fused kernel, and their gradient is another, if `step` acts element by element,
    with at most one product of spikes and a matrix, that of `feedback`. If not, they are a `lax.scan`, and a warning
    names the reason; on a CPU they always are. A linear step has all steps at once on a GPU or TPU, as a prefix sum.

    Args:
      step: `(state, current) -> (state, spikes)`, for example the `step` of a neuron.
      state: the state before the first step, for example `neuron.init_state(currents[0])`.
      currents: `[T, B, *F]`, or a pytree of arrays that all have T as their leading axis (one key per step, say).
      save: `(state, spikes) -> anything`, what to keep of each step; the spikes by default.
      kernel: "scan" for `lax.scan`, "pallas" for the kernel everywhere, which a CPU interprets, slowly, for tests,
        "parallel" for a linear step at once everywhere, while any other runs as with "auto"; "auto" for what
        `Time.kernel` of the network says or, if that is "auto", a scan on a CPU and no scan on an accelerator.
      linear: the next state is linear in the state and the current, element by element, see `Neuron.is_linear`.

    Returns:
      The state after the last step and the saved values, stacked to `[T, ...]`; carry first, as in `lax.scan`.
      With T = 0 these are the unchanged state and an empty array.

    Raises:
      ValueError: `currents` has no time axis, or its leaves differ in T; an unknown kernel; a step that is not linear
        although it should be.

    >>> import jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> lif = LIF(decay=0.5)
    >>> currents = jnp.full((4, 1), 0.75)
    >>> state, spikes = unroll(lif.step, lif.init_state(currents[0]), currents)
    >>> spikes.ravel()
    Array([0., 1., 0., 1.], dtype=float32)
    >>> def membrane(state, spikes):
    ...     return state.membrane
    >>> unroll(lif.step, lif.init_state(currents[0]), currents, save=membrane)[1].ravel()
    Array([0.75   , 0.125  , 0.8125 , 0.15625], dtype=float32)
    """
    if not callable(step):
        raise TypeError(f"expected a step, found {step!r}; give the step of a neuron, lif.step")
    currents = jax.tree.map(jnp.asarray, currents)
    shapes = [x.shape for x in jax.tree.leaves(currents)]
    if not shapes or any(not shape for shape in shapes) or len({s[0] for s in shapes}) > 1:
        raise ValueError(f"expected currents [T, B, F] with one length T, found shapes {shapes}")

    choice = chosen(kernel, linear)
    if not inspect.ismethod(step) or jax.tree_util.all_leaves([step.__self__]):
        return _scan(step, save, choice, state, currents)
    return _scan_method(step.__func__, save, choice, step.__self__, state, currents)


def _scan(step, save, choice, state, currents):
    def body(state, current):
        state, spikes = step(state, current)
        return state, save(state, spikes)

    return scan(body, state, currents, choice, _name(step))


@functools.partial(jax.jit, static_argnums=(0, 1, 2), inline=True)
def _scan_method(method, save, choice, model, state, currents):
    # The step of a neuron outside of `jax.jit`: its parameters are operands, so that it is compiled once.
    return _scan(functools.partial(method, model), save, choice, state, currents)


def _name(step):
    """What a step is called in a message: the neuron whose method it is, or its own name."""
    if isinstance(step, functools.partial) and step.args:
        return type(step.args[0]).__name__
    if inspect.ismethod(step):
        return type(step.__self__).__name__
    if inspect.isfunction(step) and step.__name__ == "<lambda>":
        code = step.__code__
        return f"the lambda in line {code.co_firstlineno} of {Path(code.co_filename).name}"
    return step.__name__ if inspect.isroutine(step) else type(step).__name__


class Feedback(NamedTuple):
    """State of a neuron whose spikes are fed back to it one step later."""

    neuron: Any
    spikes: Array


def feedback(step: Step, synapse: Callable[[Array], Array]) -> Step:
    """Feeds the spikes of step t−1 through a synapse into the current of step t.

    I[t] = currents[t] + synapse(s[t−1]). Recurrence is connectivity, not a neuron: any step will do.

    Args:
      step: the step of the neuron.
      synapse: maps spikes `[B, F]` to currents `[B, F]`, for example `lambda s: s @ kernel + bias`.

    Returns:
      A step whose state is `Feedback(neuron, spikes)`.

    >>> import jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> lif = LIF(decay=1.0)
    >>> currents = jnp.array([[1.0], [0.0], [0.0]])
    >>> state = Feedback(lif.init_state(currents[0]), jnp.zeros(1))
    >>> unroll(feedback(lif.step, lambda spikes: spikes), state, currents)[1].ravel()
    Array([1., 1., 1.], dtype=float32)
    """

    def fed(state: Feedback, current):
        if not isinstance(state, Feedback):
            raise ValueError(
                f"expected the state of a step with feedback, Feedback(neuron, spikes), found {type(state).__name__}"
            )
        neuron, spikes = step(state.neuron, current + synapse(state.spikes))
        return Feedback(neuron, spikes), spikes

    fed.__name__ = f"{_name(step)} with feedback"
    return fed


def held(step: Step, axes: Any) -> Step:
    """Stops a step for the samples of a batch whose sequence has ended: their state stays, and they emit zeros.

    Args:
      step: the step of a neuron, or one with feedback.
      axes: for each array of the state the axis of its samples, −1 for a key or a counter that the batch shares and
        that advances.

    Returns:
      A step whose second argument is `(current, real)`, `real[B]` being True where the step of a sample is real.

    >>> import jax.numpy as jnp
    >>> from spikejax.neurons.leaky_integrator import LeakyIntegrator, LeakyIntegratorState
    >>> model, currents = LeakyIntegrator(decay=1.0), jnp.ones((3, 2, 1))
    >>> real = jnp.array([[True, True], [True, False], [True, False]])
    >>> step = held(model.step, LeakyIntegratorState(membrane=0))
    >>> state, outputs = unroll(step, model.init_state(currents[0]), (currents, real))
    >>> state.membrane.ravel(), outputs.sum(0).ravel()
    (Array([3., 1.], dtype=float32), Array([6., 1.], dtype=float32))
    """

    def holding(state, given):
        current, real = given
        after, spikes = step(state, current)
        kept = jax.tree.map(lambda axis, a, b: _kept(real, axis, a, b), axes, after, state)
        return kept, _kept(real, 0, spikes, jnp.zeros_like(spikes))

    holding.__name__ = _name(step)
    return holding


def _kept(real, axis, after, before):
    """Values after a step where it is real, those before it elsewhere."""
    if axis < 0:
        return after
    return jnp.where(real.reshape(-1, *[1] * (after.ndim - axis - 1)), after, before)


def batch_axes(start: Callable[[Any], Any], current: Any) -> Any:
    """For each array of a state the axis of its samples, −1 if there is none.

    Args:
      start: makes the state from one step's current.
      current: shape and dtype of a current `[B, *F]`.
    """
    count, *features = current.shape

    def shapes(count):
        like = jax.ShapeDtypeStruct((count, *features), current.dtype)
        return jax.eval_shape(start, like)

    def axis(one, other):
        pairs = zip(one.shape, other.shape, strict=True)
        return next((i for i, (a, b) in enumerate(pairs) if a != b), -1)

    return jax.tree.map(axis, shapes(count), shapes(count + 1))
