"""Smooth bell-shaped curves: (nearly) positive, highest at the threshold, falling on both sides."""

import math

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param
from spikejax.surrogate.rule import SMALLEST, Surrogate, surrogate


@jax.custom_jvp
def _erf(x):
    return jax.lax.erf(x)


# In JAX 0.12.0 the derivative of its own error function fails inside `shard_map`.
_erf.defjvps(lambda tangent, value, x: tangent * (2 / math.sqrt(math.pi)) * jnp.exp(-jnp.square(x)))


def _normal(x, mean, sigma):
    return jnp.exp(-0.5 * jnp.square((x - mean) / sigma)) / (sigma * math.sqrt(2 * math.pi))


def _normal_antiderivative(x, mean, sigma):
    return 0.5 * (1 + _erf((x - mean) / (sigma * math.sqrt(2))))


@surrogate("atan")
class ATan(Surrogate):
    """Derivative of the arctangent, with slope a.

        dS/dx = (a/2) / (1 + (π a x / 2)²)

    Peak a/2, area 1.

    Reference: Fang et al. (2021), Incorporating learnable membrane time constant (a = 2).
    """

    slope: Leaf = param(default=2.0, low=SMALLEST, doc="a")

    def derivative(self, x: Array) -> Array:
        return self.slope / 2 / (1 + jnp.square(math.pi / 2 * self.slope * x))

    def antiderivative(self, x: Array) -> Array:
        return 0.5 + jnp.arctan(math.pi / 2 * self.slope * x) / math.pi


@surrogate("sigmoid")
class Sigmoid(Surrogate):
    """Derivative of the logistic function σ, with slope a.

        dS/dx = a σ(a x) (1 − σ(a x))

    Peak a/4, area 1.

    Reference: Zenke, Vogels (2021), The remarkable robustness of surrogate gradient learning.
    """

    slope: Leaf = param(default=4.0, low=SMALLEST, doc="a")

    def derivative(self, x: Array) -> Array:
        return self.slope * jax.nn.sigmoid(self.slope * x) * jax.nn.sigmoid(-self.slope * x)

    def antiderivative(self, x: Array) -> Array:
        return jax.nn.sigmoid(self.slope * x)


@surrogate("tanh")
class Tanh(Surrogate):
    """Derivative of tanh(k x) / k, a hyperbolic tangent with slope k.

        dS/dx = 1 − tanh²(k x)

    Peak 1, area 2/k.

    Reference: Pehle, Pedersen (2021), Norse.
    """

    slope: Leaf = param(default=1.0, low=SMALLEST, doc="k")

    def derivative(self, x: Array) -> Array:
        # As logistic functions: 1 − tanh² cancels in the tails.
        return 4 * jax.nn.sigmoid(2 * self.slope * x) * jax.nn.sigmoid(-2 * self.slope * x)

    def antiderivative(self, x: Array) -> Array:
        return 0.5 + jnp.tanh(self.slope * x) / self.slope


@surrogate("fast_sigmoid")
class FastSigmoid(Surrogate):
    """Derivative of the fast sigmoid, with slope k.

        dS/dx = 1 / (1 + k |x|)²

    Peak 1, area 2/k. The curve of `SuperSpike`, with the slope that snnTorch made popular.

    Reference: Eshraghian et al. (2023), Training spiking neural networks using lessons from deep learning.
    """

    slope: Leaf = param(default=25.0, low=SMALLEST, doc="k")

    def derivative(self, x: Array) -> Array:
        return 1 / jnp.square(1 + self.slope * jnp.abs(x))

    def antiderivative(self, x: Array) -> Array:
        return 0.5 + x / (1 + self.slope * jnp.abs(x))


@surrogate("super_spike")
class SuperSpike(Surrogate):
    """SuperSpike: derivative of the fast sigmoid, with slope k.

        dS/dx = 1 / (1 + k |x|)²

    Peak 1, area 2/k.

    Reference: Zenke, Ganguli (2018), SuperSpike; slope 100 as in Neftci et al. (2019).
    """

    slope: Leaf = param(default=100.0, low=SMALLEST, doc="k")

    def derivative(self, x: Array) -> Array:
        return 1 / jnp.square(1 + self.slope * jnp.abs(x))

    def antiderivative(self, x: Array) -> Array:
        return 0.5 + x / (1 + self.slope * jnp.abs(x))


@surrogate("soft_sign")
class SoftSign(Surrogate):
    """Derivative of the soft sign, with slope a.

        dS/dx = (a/2) / (1 + a |x|)²,   the derivative of ½ (1 + a x / (1 + a |x|))

    Peak a/2, area 1.

    Reference: Fang et al. (2023), SpikingJelly (a = 2).
    """

    slope: Leaf = param(default=2.0, low=SMALLEST, doc="a")

    def derivative(self, x: Array) -> Array:
        return self.slope / 2 / jnp.square(1 + self.slope * jnp.abs(x))

    def antiderivative(self, x: Array) -> Array:
        return 0.5 + self.slope / 2 * x / (1 + self.slope * jnp.abs(x))


@surrogate("gaussian")
class Gaussian(Surrogate):
    """Normal density with standard deviation σ.

        dS/dx = N(x; 0, σ) = 1/(σ √(2 π)) exp(−½ (x/σ)²)

    Peak 1/(σ √(2π)), area 1.

    Reference: Yin, Corradi, Bohté (2020), Effective and efficient computation with multiple-timescale SRNNs.
    """

    sigma: Leaf = param(default=0.5, low=SMALLEST, doc="σ, standard deviation")

    def derivative(self, x: Array) -> Array:
        return _normal(x, 0, self.sigma)

    def antiderivative(self, x: Array) -> Array:
        return _normal_antiderivative(x, 0, self.sigma)


@surrogate("multi_gaussian")
class MultiGaussian(Surrogate):
    """Sum of normal densities N with negative flanks of height h and scale s.

        dS/dx = ½ [(1 + h) N(x; 0, σ) − h N(x; σ, s σ) − h N(x; −σ, s σ)]

    Peak ½ [(1 + h)/σ − 2 h exp(−1/(2 s²))/(s σ)] / √(2π), area ½ (1 − h); negative on the flanks.

    Reference: Yin, Corradi, Bohté (2021), Accurate and efficient time-domain classification.
    """

    sigma: Leaf = param(default=0.5, low=SMALLEST, doc="σ, standard deviation of the middle")
    height: Leaf = param(default=0.15, low=0, doc="h, of the flanks")
    scale: Leaf = param(default=6.0, low=SMALLEST, doc="s, width of the flanks in σ")

    def _mix(self, density, x):
        wide = self.scale * self.sigma
        flanks = density(x, self.sigma, wide) + density(x, -self.sigma, wide)
        return 0.5 * ((1 + self.height) * density(x, 0, self.sigma) - self.height * flanks)

    def derivative(self, x: Array) -> Array:
        return self._mix(_normal, x)

    def antiderivative(self, x: Array) -> Array:
        return self._mix(_normal_antiderivative, x)


@surrogate("piecewise_exponential")
class PiecewiseExponential(Surrogate):
    """Exponential on both sides, with slope a.

        dS/dx = (a/2) exp(−a |x|)

    Peak a/2, area 1.

    Reference: Shrestha, Orchard (2018), SLAYER, the spike escape rate.
    """

    slope: Leaf = param(default=1.0, low=SMALLEST, doc="a")

    def derivative(self, x: Array) -> Array:
        return self.slope / 2 * jnp.exp(-self.slope * jnp.abs(x))

    def antiderivative(self, x: Array) -> Array:
        return 0.5 - 0.5 * jnp.sign(x) * jnp.expm1(-self.slope * jnp.abs(x))


@surrogate("erf")
class Erf(Surrogate):
    """Derivative of the error function, with slope a.

        dS/dx = (a/√π) exp(−(a x)²),   the derivative of ½ (1 + erf(a x))

    Peak a/√π, area 1.

    Reference: Fang et al. (2023), SpikingJelly.
    """

    slope: Leaf = param(default=2.0, low=SMALLEST, doc="a")

    def derivative(self, x: Array) -> Array:
        return self.slope / math.sqrt(math.pi) * jnp.exp(-jnp.square(self.slope * x))

    def antiderivative(self, x: Array) -> Array:
        return 0.5 * (1 + _erf(self.slope * x))


@surrogate("circle")
class Circle(Surrogate):
    """Derivative of an algebraic sigmoid, with width w.

        dS/dx = (1 + (x/w)²)^(−3/2),   the derivative of x / √(1 + (x/w)²)

    Peak 1, area 2w.

    Reference: Pehle, Pedersen (2021), Norse.
    """

    width: Leaf = param(default=1.0, low=SMALLEST, doc="w")

    def derivative(self, x: Array) -> Array:
        return (1 + jnp.square(x / self.width)) ** -1.5

    def antiderivative(self, x: Array) -> Array:
        return 0.5 + x / jnp.sqrt(1 + jnp.square(x / self.width))


@surrogate("q_pseudo_spike")
class QPseudoSpike(Surrogate):
    """A power law on both sides, with exponent q > 1.

        dS/dx = (1 + 2 |x| / (q − 1))^(−q)

    Peak 1, area 1.

    Reference: Herranz-Celotti, Rouat (2022), Surrogate gradients design.
    """

    exponent: Leaf = param(default=2.0, low=1 + SMALLEST, doc="q")

    def derivative(self, x: Array) -> Array:
        return (1 + 2 * jnp.abs(x) / (self.exponent - 1)) ** -self.exponent

    def antiderivative(self, x: Array) -> Array:
        fallen = (1 + 2 * jnp.abs(x) / (self.exponent - 1)) ** (1 - self.exponent)
        return 0.5 + 0.5 * jnp.sign(x) * (1 - fallen)


@surrogate("dspike")
class DSpike(Surrogate):
    """Derivative of the hyperbolic tangent within ½ of the threshold, with temperature a.

        dS/dx = a / (2 tanh(a/2) cosh²(a x)) where |x| ≤ ½, else 0

    Peak a / (2 tanh(a/2)), area 1.

    Reference: Li et al. (2021), Differentiable Spike: rethinking gradient-descent for training spiking neural
    networks, scaled to the threshold in the middle; temperature as in SpikingJelly.
    """

    temperature: Leaf = param(default=3.0, low=SMALLEST, doc="a")

    def derivative(self, x: Array) -> Array:
        inside = jnp.tanh(self.temperature * jnp.clip(x, -0.5, 0.5))
        bell = (1 - jnp.square(inside)) * self.temperature / 2 / jnp.tanh(self.temperature / 2)
        return jnp.where(jnp.abs(x) <= 0.5, bell, 0).astype(x.dtype)

    def antiderivative(self, x: Array) -> Array:
        inside = jnp.tanh(self.temperature * jnp.clip(x, -0.5, 0.5))
        return 0.5 + 0.5 * inside / jnp.tanh(self.temperature / 2)
