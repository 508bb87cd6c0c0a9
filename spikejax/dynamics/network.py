"""Time for a whole network: `run` cuts a sequence into chunks, and chunks into segments.

Inside a chunk of K steps every synapse is one matrix product over K·B rows and every neuron layer scans K steps. The
chunks are the steps of an outer scan, and the unit that is recomputed in the backward pass, so memory is that of one
chunk plus the states at the borders. K = 1 is step by step, K = T is layer by layer. All K give the same result up to
rounding (which, at a threshold, can make or unmake a spike).

The states at the borders of T/K chunks grow with T. With segments of S steps only those at T/S borders are kept: the
backward pass runs a segment once more, keeps its matrix products and the states between its chunks, and then
recomputes the neurons chunk by chunk. No matrix product is made more often than without segments.
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
    segment: int | None = None,
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
      chunk: K, from 1 to T; the last chunk is shorter where K does not divide T. None is K = T; then nothing is
        recomputed.
      segment: S, a multiple of K; the last segment may be shorter. None is none: all states between chunks are kept.
      checkpoint: recompute a chunk in the backward pass instead of storing what happened in it.
      truncate: stop the gradient at the borders of the chunks (truncated backpropagation through time).

    Returns:
      The outputs `[T, B, ...]` and the state after the last step.

    Raises:
      ValueError: T = 0, a chunk that is not in 1 … T, a segment that is not whole chunks or is not recomputed, or
        truncation without a chunk.

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
    if segment is not None and (segment < 1 or segment % chunk or not checkpoint):
        raise ValueError(
            f"expected a segment of whole chunks of {chunk} steps, recomputed, found {segment} with "
            f"checkpoint={checkpoint}"
        )
    if chunk == steps:
        return network(variables, inputs, state)
    if state is None:
        _, state = network(variables, jax.tree.map(lambda x: x[:0], inputs), None)

    def run_chunk(state, piece):
        start, x = piece
        if truncate:
            # The state that the caller gave is no border.
            def cut(leaf):
                return jnp.where(start == 0, leaf, jax.lax.stop_gradient(leaf))

            state = jax.tree.map(cut, state)
        outputs, state = network(variables, x, state)
        return state, outputs

    def run_segment(state, piece):
        start, x = piece
        return _scan(keep_products, state, start, x, chunk)

    policy = jax.checkpoint_policies.dots_saveable
    keep_products = jax.checkpoint(run_chunk, prevent_cse=False, policy=policy)
    if segment == chunk:
        segment = None  # a chunk is its own
    if segment is not None and segment < steps:
        body, size = jax.checkpoint(run_segment, prevent_cse=False), segment
    elif segment is not None:
        body, size = keep_products, chunk
    elif checkpoint:
        body, size = jax.checkpoint(run_chunk, prevent_cse=False), chunk
    else:
        body, size = run_chunk, chunk
    state, outputs = _scan(body, state, 0, inputs, size)
    return outputs, state


def _scan(body, state, start, inputs, size):
    """Scans `body(state, (step, x[size, ...]))` over pieces of `size` steps; what remains is a shorter last piece."""
    steps = _steps(inputs)
    count = steps // size
    whole = count * size

    def split(x):
        return x[:whole].reshape(count, size, *x.shape[1:])

    def join(x):
        return x.reshape(whole, *x.shape[2:])

    starts = start + size * jnp.arange(count)
    state, outputs = jax.lax.scan(body, state, (starts, jax.tree.map(split, inputs)))
    outputs = jax.tree.map(join, outputs)
    if whole < steps:
        rest = jax.tree.map(lambda x: x[whole:], inputs)
        state, last = body(state, (start + whole, rest))
        outputs = jax.tree.map(lambda *parts: jnp.concatenate(parts), outputs, last)
    return state, outputs


def _steps(inputs) -> int:
    leaves = jax.tree.leaves(inputs)
    lengths = {x.shape[0] if x.ndim else 0 for x in leaves}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            f"expected inputs [T, B, ...] with one T of at least 1, found shapes {[x.shape for x in leaves]}; "
            "add a time axis with encode.repeat"
        )
    return lengths.pop()
