"""Losses on what a network puts out over time: logits `[T, B, C]` and labels `[B]` to a scalar."""

import jax
import jax.numpy as jnp
from jax import Array


def check_logits(logits: Array, labels: Array) -> None:
    """Raises ValueError unless logits are `[T, B, C]` with T ≥ 1 and labels integers `[B]`."""
    if logits.ndim != 3 or logits.shape[0] == 0:
        raise ValueError(
            f"expected logits [T, B, C] with T of at least 1, found shape {logits.shape}"
        )
    if labels.shape != logits.shape[1:2]:
        raise ValueError(
            f"expected labels [B] = [{logits.shape[1]}] for logits [T, B, C] = {list(logits.shape)}, found shape "
            f"{labels.shape}; is the batch on axis 1?"
        )
    if not jnp.issubdtype(labels.dtype, jnp.integer):
        raise ValueError(
            f"expected integer labels, found {labels.dtype}; cast them with astype(int32)"
        )


def summed_cross_entropy(logits: Array, labels: Array) -> Array:
    """Cross-entropy of the logits summed over time, mean over the batch.

        L = mean_b [ logsumexp_c z[b, c] − z[b, labels[b]] ],  z = Σ_t logits[t]

    Args:
      logits: `[T, B, C]`, of each step.
      labels: integers `[B]` in 0 … C−1. Out-of-range labels cannot be seen in a traced array; `train.fit` checks
        those of a data set.

    Returns:
      A scalar.

    Raises:
      ValueError: shapes or dtypes other than these.

    Reference: TC-LIF (AAAI 2024), released code: the sum is over all T steps, not a mean.

    >>> import jax.numpy as jnp
    >>> float(summed_cross_entropy(jnp.zeros((5, 1, 4)), jnp.array([2])))  # log 4
    1.3862943649291992
    """
    check_logits(logits, labels)
    log_probabilities = jax.nn.log_softmax(logits.sum(0))
    return -jnp.take_along_axis(log_probabilities, labels[:, None], axis=1).mean()
