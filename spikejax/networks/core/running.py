"""Runs any Flax module over a sequence, in chunks or in pieces: `spikejax.run`."""

import functools
from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.core import Tracer

from spikejax.dynamics import Time
from spikejax.dynamics import network as executor
from spikejax.dynamics.steps import steps_of
from spikejax.layers.state import STATE
from spikejax.networks.core.interceptor import check_lengths
from spikejax.networks.core.pure import FIXED, apply, first_carry
from spikejax.pytree import Static


def run(
    module: nn.Module,
    variables: Any,
    inputs: Any,
    carry: Any = None,
    *,
    time: Time = Time(),
    train: bool = False,
    rngs: Any = None,
    lengths: Any = None,
) -> tuple[Any, Any]:
    """Runs a Flax module over inputs `[T, B, *F]`, in chunks if `time` says so.

    It is compiled once for a module, a time and shapes; inside your own `jax.jit` it is part of your program.

    Args:
      module: any Flax module, see the top of this file.
      variables: its variables, as `module.init` made them.
      inputs: `[T, B, *F]`.
      carry: as an earlier run returned it, to continue from there; None starts from the initial states.
      time: how the sequence is cut, see `dynamics.network.Time`.
      train: passed to the module if its `__call__` has an argument `train`.
      rngs: PRNG keys by stream; "noise" for stochastic neurons, "dropout" for Flax's Dropout, whose masks depend on
        the number of the step in these inputs: give each piece of a sequence another key.
      lengths: real steps of each sample, integers `[B]`, where samples are padded to one length. The result is that
        of the samples without padding: outputs are zero beyond a sample's length, and its neurons stay as they were.
        With a carry they are those of the steps given here, 0 for a sample that has ended.

    Returns:
      The outputs `[T, B, ...]` and what is carried after the last step: the states of the neurons, batch statistics.

    Raises:
      ValueError: inputs without steps, a time that does not fit them, lengths that are not integers from 1 to T, or a
        carry that is not of these inputs.

    >>> import jax, jax.numpy as jnp
    >>> import flax.linen as nn
    >>> from spikejax import Spiking
    >>> from spikejax.neurons.lif import LIF
    >>> network, x = nn.Sequential([nn.Dense(8), Spiking(LIF()), nn.Dense(3)]), jnp.ones((10, 2, 4))
    >>> variables = network.init(jax.random.key(0), x)
    >>> whole, _ = run(network, variables, x)
    >>> first, carry = run(network, variables, x[:7], time=Time(chunk=3))
    >>> rest, _ = run(network, variables, x[7:], carry)
    >>> bool(jnp.allclose(whole, jnp.concatenate([first, rest])))
    True
    """
    _check(module, variables, carry, time)
    inputs = jax.tree.map(jnp.asarray, inputs)
    lengths = check_lengths(lengths, inputs, least=1 if carry is None else 0)
    operands = variables, inputs, carry, rngs, lengths
    if isinstance(jnp.zeros(()), Tracer):  # inside a program of the caller's
        return _run(module, time, train, *operands)
    try:
        static = Static(module)
    except TypeError:  # an attribute that cannot be compared with that of another call
        return _run(module, time, train, *operands)
    return _compiled(static, time, train, *operands)


def _run(module, time, train, variables, inputs, carry, rngs, lengths):
    fixed = {name: values for name, values in variables.items() if name in FIXED}
    count = executor.count_steps(inputs)
    variables = {name: values for name, values in variables.items() if name != STATE}
    if carry is not None:
        _check_carry(carry, module, variables, inputs, train)
    elif time.chunk in (None, count):
        carry = {name: values for name, values in variables.items() if name not in FIXED}
    else:
        carry = first_carry(module, variables, inputs, train=train, rngs=rngs)

    def network(fixed, piece, carry):
        numbers, x = piece
        options = {"train": train, "rngs": rngs, "steps": steps_of(numbers, lengths)}
        return apply(module, fixed, x, carry, **options)[:2]

    return executor.run(network, fixed, (jnp.arange(count), inputs), carry, time)


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def _compiled(static, *what):
    return _run(static.value, *what)


def _check(module, variables, carry, time):
    if not isinstance(module, nn.Module):
        found = f"the class {module.__name__}" if isinstance(module, type) else repr(module)
        raise TypeError(f"expected a network, an instance of a Flax module, found {found}")
    if not isinstance(variables, Mapping):
        raise TypeError(
            f"expected variables as module.init returns them, found {type(variables).__name__}"
        )
    if carry is not None and not isinstance(carry, Mapping):
        remedy = (
            f"give time={carry!r}" if isinstance(carry, Time) else "run returns (outputs, carry)"
        )
        raise ValueError(
            f"expected a carry as an earlier run returned it, found {type(carry).__name__}; {remedy}"
        )
    if not isinstance(time, Time):
        raise TypeError(f"expected a Time, found {time!r}; give Time(chunk={time!r})")


def _check_carry(carry, module, variables, inputs, train):
    """Raises ValueError unless a carry has what the network carries, for inputs of these shapes."""
    rngs = {name: jax.random.key(0) for name in ("noise", "dropout")}

    def first(variables, inputs):
        return first_carry(module, variables, inputs, train=train, rngs=rngs)

    expected = _described(jax.eval_shape(first, variables, inputs))
    found = _described({name: values for name, values in carry.items() if name not in FIXED})
    differences = [
        f"{path}: expected {expected.get(path, 'nothing')}, found {found.get(path, 'nothing')}"
        for path in [*expected, *(path for path in found if path.startswith(f"['{STATE}']"))]
        if expected.get(path) != found.get(path)
    ]
    if differences:
        raise ValueError(
            f"the carry is not of this network and these inputs: {'; '.join(differences[:3])}. Give the carry of an "
            "earlier run of the network on inputs of this batch size and dtype, or None to start anew"
        )


def _described(tree):
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {jax.tree_util.keystr(path): f"{x.dtype}{list(jnp.shape(x))}" for path, x in leaves}
