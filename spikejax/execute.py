"""Time for a whole network: `run` cuts a sequence into chunks.

Inside a chunk of K steps every synapse is one matrix product over K·B rows and every neuron layer scans K steps. The
chunks are the steps of an outer scan, and the unit that is recomputed in the backward pass, so memory is that of one
chunk plus the states at the borders. K = 1 is step by step, K = T is layer by layer. All K give the same result up to
rounding (which, at a threshold, can make or unmake a spike).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

Network = Callable[[Any, Any, Any], tuple[Any, Any]]


def run(
    network: Network,
    variables: Any,
    inputs: Any,
    state: Any = None,
    *,
    chunk: int | None = None,
    checkpoint: bool = True,
    truncate: bool = False,
) -> tuple[Any, Any]:
    """Runs a network over inputs `[T, B, ...]`, `chunk` steps at a time.

    Args:
      network: `(variables, x[K, B, ...], state) -> (outputs[K, B, ...], state)`, for example the `apply` of a
        Linen network of this library. Outputs may be a pytree of arrays that lead with K.
      variables: what the network wants first.
      inputs: `[T, B, ...]`, or a pytree of arrays that lead with T.
      state: the state to start from, as an earlier run returned it; None starts anew. Then the network is asked
        for its state after zero steps: `network(variables, inputs[:0], None)`.
      chunk: K, from 1 to T; the last chunk is shorter where K does not divide T. None is K = T.
      checkpoint: recompute a chunk in the backward pass instead of storing what happened in it.
      truncate: stop the gradient at the borders of the chunks (truncated backpropagation through time).

    Returns:
      The outputs `[T, B, ...]` and the state after the last step.

    Raises:
      ValueError: T = 0, a chunk that is not in 1 … T, or truncation without a chunk.

    Reference: Chen et al. (2016), Training deep nets with sublinear memory cost; Williams, Peng (1990) for
    truncation.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.networks import MLP
    >>> from spikejax.neurons.lif import LIF
    >>> network, x = MLP((8,), 3, LIF()), jnp.ones((10, 2, 4))
    >>> variables = network.init(jax.random.key(0), x[:1])
    >>> whole, _ = run(network.apply, variables, x)
    >>> first, state = run(network.apply, variables, x[:7], chunk=3)
    >>> rest, _ = run(network.apply, variables, x[7:], state)
    >>> bool(jnp.allclose(whole, jnp.concatenate([first, rest])))
    True
    """
    steps = _steps(inputs)
    if chunk is None:
        if truncate:
            raise ValueError(
                f"truncate cuts the gradient between chunks; give a chunk shorter than T={steps}"
            )
        chunk = steps
    if not 1 <= chunk <= steps:
        raise ValueError(f"expected a chunk from 1 to T={steps} steps, found {chunk}")
    if chunk == steps:
        return network(variables, inputs, state)
    if state is None:
        _, state = network(variables, jax.tree.map(lambda x: x[:0], inputs), None)

    def body(state, numbered):
        number, x = numbered
        if truncate:
            # The state that the caller gave is no border.
            def cut(leaf):
                return jnp.where(number == 0, leaf, jax.lax.stop_gradient(leaf))

            state = jax.tree.map(cut, state)
        outputs, state = network(variables, x, state)
        return state, outputs

    if checkpoint:
        body = jax.checkpoint(body, prevent_cse=False)
    count = steps // chunk
    whole = count * chunk

    def split(x):
        return x[:whole].reshape(count, chunk, *x.shape[1:])

    def join(x):
        return x.reshape(whole, *x.shape[2:])

    state, outputs = jax.lax.scan(body, state, (jnp.arange(count), jax.tree.map(split, inputs)))
    outputs = jax.tree.map(join, outputs)
    if whole < steps:
        state, rest = body(state, (count, jax.tree.map(lambda x: x[whole:], inputs)))
        outputs = jax.tree.map(lambda *parts: jnp.concatenate(parts), outputs, rest)
    return outputs, state


def _steps(inputs) -> int:
    leaves = jax.tree.leaves(inputs)
    lengths = {x.shape[0] if x.ndim else 0 for x in leaves}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            f"expected inputs [T, B, ...] with one T of at least 1, found shapes {[x.shape for x in leaves]}; "
            "add a time axis with encode.repeat"
        )
    return lengths.pop()
