"""A surrogate times a factor: the same curve at another height."""

from typing import Any

from jax import Array

from spikejax.fields import Leaf, param, part
from spikejax.surrogate.rule import Surrogate, surrogate


@surrogate()
class Scaled(Surrogate):
    """A surrogate times a factor.

        dS/dx = factor curve(x)

    Peak and area are the curve's, times the factor.

    Attributes:
      curve: any surrogate.
      factor: its height.

    >>> import jax.numpy as jnp
    >>> from spikejax.surrogate import Triangle
    >>> Scaled(Triangle(), 0.3).derivative(jnp.array([0.0, 0.5]))
    Array([0.3 , 0.15], dtype=float32)
    """

    curve: Any = part(of="surrogate", doc="any surrogate")
    factor: Leaf = param(default=1.0, doc="its height")

    def derivative(self, x: Array) -> Array:
        return self.factor * self.curve.derivative(x)

    def antiderivative(self, x: Array) -> Array:
        return self.factor * self.curve.antiderivative(x)
