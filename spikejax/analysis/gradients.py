"""How a gradient is spread over time steps and neurons."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def gradient_shares(gradients: Mapping[str, Any]) -> np.ndarray:
    """The share of each step and neuron in the gradient, `[T, N]`: mean of |∂L/∂I| over samples, divided by the sum.

    Args:
      gradients: from `layers.current_gradients`, `[T, B, *F]` by layer; the neurons of all layers stand side by side.

    Raises:
      ValueError: no layer, or gradients that are all zero.

    Reference: TC-LIF (AAAI 2024), Figure 3, whose G is not specified further.

    >>> gradient_shares({"a": np.ones((2, 3, 1)), "b": -np.ones((2, 3, 1))})
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    if not gradients:
        raise ValueError(
            "expected gradients of one layer at least, found none; give those of `layers.current_gradients`"
        )
    found = [np.abs(np.asarray(x, np.float64)).mean(1) for x in gradients.values()]
    joined = np.concatenate([x.reshape(len(x), -1) for x in found], 1)
    total = joined.sum()
    if total == 0:
        raise ValueError(
            f"expected gradients that are not all zero, found zeros in {', '.join(gradients)}, which have no shares; "
            "use inputs that make neurons fire, or a wider surrogate"
        )
    return joined / total
