"""Time for a whole network: `run` cuts a sequence into chunks, and chunks into segments.

Inside a chunk of K steps every synapse is one matrix product over K·B rows and every neuron layer scans K steps. The
chunks are the steps of an outer scan, and the unit that is recomputed in the backward pass, so memory is that of one
chunk plus the states at the chunk boundaries. K = 1 is step by step, K = T is layer by layer. All K give the same
result up to rounding (which, at a threshold, can add or remove a spike).

The states at the boundaries of T/K chunks grow with T. With segments of S steps only those at T/S boundaries are kept:
the backward pass runs a segment once more, keeps its matrix products and the states between its chunks, and then
recomputes the neurons chunk by chunk. No matrix product is computed more often than without segments.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from spikejax.dynamics.choice import check_kernel, using

Network = Callable[[Any, Any, Any], tuple[Any, Any]]


@dataclass(frozen=True)
class Time:
    """How a sequence is cut, see `run`.

    Attributes:
      chunk: K, from 1 to T; the last chunk is shorter if K does not divide T. None is K = T; then nothing is
        recomputed.
      segment: S, a multiple of K; the last segment may be shorter. None keeps all states between chunks.
      checkpoint: recompute a chunk in the backward pass instead of storing its intermediate values.
      truncate: stop the gradient at the chunk boundaries (truncated backpropagation through time).
      kernel: how layers run their steps, "auto", "scan", "parallel" or "pallas", see `unroll`.

    Raises:
      ValueError: a chunk that no sequence has, or an unknown kernel.
    """

    chunk: int | None = None
    segment: int | None = None
    checkpoint: bool = True
    truncate: bool = False
    kernel: str = "auto"

    def __post_init__(self):
        check_kernel(self.kernel)
        whole = isinstance(self.chunk, int) and not isinstance(self.chunk, bool)
        if self.chunk is not None and (not whole or self.chunk < 1):
            raise ValueError(f"expected a chunk of at least 1 step, found {self.chunk!r}")


def run(
    network: Network, variables: Any, inputs: Any, carry: Any, time: Time = Time()
) -> tuple[Any, Any]:
    """Runs a network over inputs `[T, B, ...]`, a chunk of steps at a time.

    Args:
      network: `(variables, x[K, B, ...], carry) -> (outputs[K, B, ...], carry)`, pure. Outputs may be a pytree of
        arrays with leading axis K.
      variables: the network's first argument.
      inputs: `[T, B, ...]`, or a pytree of arrays with leading axis T.
      carry: what the network carries from chunk to chunk, before the first one.
      time: how the sequence is cut.

    Returns:
      The outputs `[T, B, ...]` and the carry after the last step.

    Raises:
      ValueError: T = 0, a chunk longer than T, a segment that is not a multiple of the chunk or is not recomputed,
        or truncation without a chunk.

    Reference: Chen et al. (2016), Training deep nets with sublinear memory cost; Williams, Peng (1990) for
    truncation.

    >>> import jax.numpy as jnp
    >>> def integrate(gain, x, total):
    ...     sums = total + gain * jnp.cumsum(x, 0)
    ...     return sums, sums[-1]
    >>> outputs, total = run(integrate, 2.0, jnp.ones((5, 1)), jnp.zeros(1), Time(chunk=2))
    >>> outputs.ravel(), total
    (Array([ 2.,  4.,  6.,  8., 10.], dtype=float32), Array([10.], dtype=float32))
    """
    steps = count_steps(inputs)
    chunk, segment = time.chunk, time.segment
    if chunk is None:
        if time.truncate:
            raise ValueError(
                f"truncate cuts the gradient between chunks; give a chunk shorter than T={steps}"
            )
        chunk = steps
    if chunk > steps:
        raise ValueError(f"expected a chunk from 1 to T={steps} steps, found {chunk}")
    if segment is not None and (segment < 1 or segment % chunk or not time.checkpoint):
        raise ValueError(
            f"expected a segment of whole chunks of {chunk} steps, recomputed, found {segment} with "
            f"checkpoint={time.checkpoint}"
        )

    def applied(x, carry):
        with using(time.kernel):
            outputs, carry = network(variables, x, carry)
        _check_steps(outputs, count_steps(x))
        return outputs, carry

    if chunk == steps:
        return applied(inputs, carry)

    def run_chunk(carry, piece):
        start, x = piece
        if time.truncate:
            # Do not cut the gradient at the caller's initial state.
            def cut(leaf):
                return jnp.where(start == 0, leaf, jax.lax.stop_gradient(leaf))

            carry = jax.tree.map(cut, carry)
        outputs, carry = applied(x, carry)
        return carry, outputs

    def run_segment(carry, piece):
        start, x = piece
        return _scan(keep_products, carry, start, x, chunk)

    policy = jax.checkpoint_policies.dots_saveable
    keep_products = jax.checkpoint(run_chunk, prevent_cse=False, policy=policy)
    if segment == chunk:
        segment = None  # a chunk is its own
    if segment is not None and segment < steps:
        body, size = jax.checkpoint(run_segment, prevent_cse=False), segment
    elif segment is not None:
        body, size = keep_products, chunk
    elif time.checkpoint:
        body, size = jax.checkpoint(run_chunk, prevent_cse=False), chunk
    else:
        body, size = run_chunk, chunk
    carry, outputs = _scan(body, carry, 0, inputs, size)
    return outputs, carry


def _scan(body, carry, start, inputs, size):
    """Scans `body(carry, (step, x[size, ...]))` over pieces of `size` steps; the remainder is a shorter last piece."""
    steps = count_steps(inputs)
    count = steps // size
    whole = count * size

    def split(x):
        return x[:whole].reshape(count, size, *x.shape[1:])

    def join(x):
        return x.reshape(whole, *x.shape[2:])

    starts = start + size * jnp.arange(count)
    carry, outputs = jax.lax.scan(body, carry, (starts, jax.tree.map(split, inputs)))
    outputs = jax.tree.map(join, outputs)
    if whole < steps:
        rest = jax.tree.map(lambda x: x[whole:], inputs)
        carry, last = body(carry, (start + whole, rest))
        outputs = jax.tree.map(lambda *parts: jnp.concatenate(parts), outputs, last)
    return carry, outputs


def _check_steps(outputs, steps):
    shapes = [x.shape for x in jax.tree.leaves(outputs)]
    if any(shape[:1] != (steps,) for shape in shapes):
        raise ValueError(
            f"expected the network to return arrays with leading axis T = {steps}, found shapes {shapes}; keep the "
            "time axis, and reduce over time where the outputs are used"
        )


def count_steps(inputs: Any) -> int:
    """T of inputs `[T, B, ...]`.

    Raises:
      ValueError: leaves of different T, or T = 0.
    """
    leaves = jax.tree.leaves(inputs)
    lengths = {x.shape[0] if x.ndim else 0 for x in leaves}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            f"expected inputs [T, B, ...] with one T of at least 1, found shapes {[x.shape for x in leaves]}"
        )
    return lengths.pop()
