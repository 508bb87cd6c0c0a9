"""The synapse of the papers' networks: a dense layer with uniform initialisation."""

import math

import flax.linen as nn
import jax
from jax import Array


def uniform_fan_in(fan_in: int):
    """An initialiser that draws from U(−1/√fan_in, 1/√fan_in)."""
    bound = 1 / math.sqrt(fan_in)

    def init(key, shape, dtype=float):
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return init


class Linear(nn.Module):
    """I = x W + b, with W and b drawn from U(−1/√fan_in, 1/√fan_in).

    All steps pass through it at once, as one matrix product over T·B rows.

    Attributes:
      features: number of outputs.

    Reference: the initialisation of the released code of TC-LIF (AAAI 2024).

    >>> import jax, jax.numpy as jnp
    >>> currents, variables = Linear(3).init_with_output(jax.random.key(0), jnp.ones((5, 2, 4)))
    >>> currents.shape
    (5, 2, 3)
    """

    features: int

    @nn.compact
    def __call__(self, x: Array) -> Array:
        init = uniform_fan_in(x.shape[-1])
        kernel = self.param("kernel", init, (x.shape[-1], self.features))
        bias = self.param("bias", init, (self.features,))
        return x @ kernel.astype(x.dtype) + bias.astype(x.dtype)
