"""The samples of a data set: what they must be like, and which of them make up each step of an epoch."""

from typing import Any

import jax
import numpy as np
from jax import Array


def batches(key: Array, epoch: int | Array, samples: int, batch_size: int) -> Array:
    """The order of an epoch: sample numbers `[steps, batch_size]`, drawn anew each epoch, the rest left out.

    >>> import jax
    >>> order = batches(jax.random.key(0), epoch=3, samples=10, batch_size=4)
    >>> order.shape, len(set(order.ravel().tolist()))
    ((2, 4), 8)
    """
    steps = samples // batch_size
    order = jax.random.permutation(jax.random.fold_in(jax.random.split(key)[0], epoch), samples)
    return order[: steps * batch_size].reshape(steps, batch_size)


def check_samples(inputs: Any, labels: Any, classes: int, batch_size: int) -> None:
    """Raises ValueError unless a data set fits: one label a sample, integers in 0 … classes−1, a whole batch."""
    if len(inputs) != len(labels):
        raise ValueError(
            f"expected one label a sample, found {len(inputs)} samples and {len(labels)} labels"
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"expected integer labels, found {labels.dtype}; cast them with astype('int32')"
        )
    if not 1 <= batch_size <= len(labels):
        raise ValueError(
            f"expected a batch size from 1 to the {len(labels)} samples, found {batch_size}"
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        raise ValueError(f"expected labels in 0 to {classes - 1}, found {low} to {high}")
