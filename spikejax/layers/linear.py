"""The synapse of the papers' networks: a dense layer with uniform initialisation."""

import math
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array


def uniform_fan_in(fan_in: int, gain: Any = 1.0):
    """An initialiser that samples from U(−gain/√fan_in, gain/√fan_in)."""
    bound = gain / math.sqrt(fan_in)

    def init(key, shape, dtype=float):
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return init


def synapse(x: Array, kernel: Array, dtype: Any = None) -> Array:
    """x W over the last axis, multiplied in `dtype` and returned in x's dtype.

    Integer or boolean events are exact as floats and are cast to the dtype of W.
    """
    # One flat product: the gradient of W then is one, too, and not one with two axes summed. An axis that is sharded
    # by an explicit mesh cannot be merged with another.
    if not jnp.issubdtype(kernel.dtype, jnp.floating):
        raise ValueError(
            f"expected floating-point weights, found {kernel.dtype}; those of a file of integers need their scales, "
            "networks.core.quantisation.dequantised(params)"
        )
    x = jnp.asarray(x)
    x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(kernel.dtype)
    merged = not any(jax.typeof(x).sharding.spec)
    rows = x.reshape(-1, x.shape[-1]) if merged else x
    dtype = dtype or x.dtype
    product = jnp.matmul(rows.astype(dtype), kernel.astype(dtype), preferred_element_type=x.dtype)
    return product.reshape(*x.shape[:-1], kernel.shape[-1]) if merged else product


class Linear(nn.Module):
    """A dense layer.

        I = x W + b

    W and b are initialised from U(−gain/√fan_in, gain/√fan_in). All steps pass through it at once, as one matrix
    product over T·B rows.

    Attributes:
      features: number of outputs.
      dtype: of the product of x and W, for example bfloat16; that of x if None. Sums, b and I have x's dtype,
        so spikes and the states of neurons stay exact. Integer or boolean events are cast to floats.
      gain: scale of the initial W and b; it may be traced.

    Reference: the initialisation of the released code of TC-LIF (AAAI 2024).

    >>> import jax, jax.numpy as jnp
    >>> currents, variables = Linear(3).init_with_output(jax.random.key(0), jnp.ones((5, 2, 4)))
    >>> currents.shape
    (5, 2, 3)
    """

    features: int
    dtype: Any = None
    gain: Any = 1.0

    @nn.compact
    def __call__(self, x: Array) -> Array:
        init = uniform_fan_in(x.shape[-1], self.gain)
        kernel = self.param("kernel", init, (x.shape[-1], self.features))
        bias = self.param("bias", init, (self.features,))
        currents = synapse(x, kernel, self.dtype)
        return currents + bias.astype(currents.dtype)
