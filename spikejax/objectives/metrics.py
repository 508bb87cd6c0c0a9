"""What is measured of outputs and spikes."""

from jax import Array

from spikejax.objectives.losses import check_logits


def accuracy(logits: Array, labels: Array) -> Array:
    """Share of samples whose largest logit, summed over time, is that of the label.

    Args:
      logits: `[T, B, C]`.
      labels: integers `[B]`.

    Raises:
      ValueError: shapes or dtypes other than these.

    >>> import jax.numpy as jnp
    >>> float(accuracy(jnp.array([[[0.0, 1.0], [3.0, 0.0]]]), jnp.array([1, 1])))
    0.5
    """
    check_logits(logits, labels)
    return (logits.sum(0).argmax(-1) == labels).mean()


def firing_rate(spikes: Array) -> Array:
    """Spikes a neuron and step, the mean over batch and neurons: `[T, B, *F]` to `[T]`.

    >>> import jax.numpy as jnp
    >>> firing_rate(jnp.array([[[1.0, 0.0]], [[1.0, 1.0]]]))
    Array([0.5, 1. ], dtype=float32)
    """
    return spikes.mean(axis=tuple(range(1, spikes.ndim)))
