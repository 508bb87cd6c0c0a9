"""Piecewise linear curves."""

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.surrogate.rule import SMALLEST, Surrogate, surrogate


@surrogate("triangle")
class Triangle(Surrogate):
    """Triangle with a base of 2w.

        dS/dx = max(1 − |x|/w, 0) / w

    Peak 1/w, area 1.

    Reference: TC-LIF (AAAI 2024), Eq. 21 (w = 1).
    """

    width: Leaf = param(default=1.0, low=SMALLEST, doc="w, half of its base")

    def derivative(self, x: Array) -> Array:
        return jnp.maximum(1 - jnp.abs(x) / self.width, 0) / self.width

    def antiderivative(self, x: Array) -> Array:
        rest = jnp.maximum(1 - jnp.abs(x) / self.width, 0)
        return 0.5 + 0.5 * jnp.sign(x) * (1 - jnp.square(rest))


@surrogate("rectangle")
class Rectangle(Surrogate):
    """Rectangle of width w, borders included.

        dS/dx = 1/w     if |x| ≤ w/2
                0       otherwise

    Peak 1/w, area 1.

    Reference: AR-LIF (arXiv 2507.20746), Eq. 11 (a = w = 1).
    """

    width: Leaf = param(default=1.0, low=SMALLEST, doc="w")

    def derivative(self, x: Array) -> Array:
        return (jnp.abs(x) <= self.width / 2).astype(x.dtype) / self.width

    def antiderivative(self, x: Array) -> Array:
        return jnp.clip(x / self.width + 0.5, 0, 1)


@surrogate("leaky_rectangle")
class LeakyRectangle(Surrogate):
    """Rectangle of half-width w, with leak c beyond.

        dS/dx = 1/(2 w)     if |x| < w
                c           otherwise

    Peak 1/(2w), area infinite unless c = 0, then 1.

    Reference: Fang et al. (2023), SpikingJelly, PiecewiseLeakyReLU.
    """

    width: Leaf = param(default=1.0, low=SMALLEST, doc="w, half of its base")
    leak: Leaf = param(default=0.01, low=0, doc="c")

    def derivative(self, x: Array) -> Array:
        return jnp.where(jnp.abs(x) < self.width, 0.5 / self.width, self.leak).astype(x.dtype)

    def antiderivative(self, x: Array) -> Array:
        beyond = jnp.sign(x) * jnp.maximum(jnp.abs(x) - self.width, 0)
        return jnp.clip(x / self.width / 2 + 0.5, 0, 1) + self.leak * beyond


@surrogate("leaky_step")
class LeakyStep(Surrogate):
    """Step of height h, with leak c below.

        dS/dx = h     if x ≥ 0
                c     otherwise

    Peak h, area infinite. With c = 0 the gradient is the spike itself.

    Reference: Eshraghian et al. (2023), snnTorch, heaviside; Fang et al. (2023), SpikingJelly, LeakyKReLU.
    """

    height: Leaf = param(default=1.0, low=0, doc="h")
    leak: Leaf = param(default=0.1, low=0, doc="c")

    def derivative(self, x: Array) -> Array:
        return jnp.where(x >= 0, self.height, self.leak).astype(x.dtype)

    def antiderivative(self, x: Array) -> Array:
        return 0.5 + self.height * jnp.maximum(x, 0) + self.leak * jnp.minimum(x, 0)


@surrogate("straight_through")
class StraightThrough(Surrogate):
    """The height h everywhere.

        dS/dx = h

    Peak h, area infinite.

    Reference: Bengio, Léonard, Courville (2013), Estimating or propagating gradients (h = 1).
    """

    height: Leaf = param(default=1.0, low=0, doc="h")

    def derivative(self, x: Array) -> Array:
        return jnp.ones_like(x) * self.height

    def antiderivative(self, x: Array) -> Array:
        return 0.5 + self.height * x
