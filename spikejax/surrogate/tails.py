"""Other curves: with long or one-sided tails, not centred on the threshold, or periodic."""

import math

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, size
from spikejax.surrogate.rule import SMALLEST, Surrogate, surrogate


@surrogate("log_abs")
class LogAbs(Surrogate):
    """Derivative of the logarithm on both sides, with slope a.

        dS/dx = 1 / (1/a + |x|),   the derivative of sign(x) log(1 + a |x|)

    Peak a, area infinite.

    Reference: Fang et al. (2023), SpikingJelly, NonzeroSignLogAbs.
    """

    slope: Leaf = param(default=1.0, low=SMALLEST, doc="a")

    def derivative(self, x: Array) -> Array:
        return self.slope / (1 + self.slope * jnp.abs(x))

    def antiderivative(self, x: Array) -> Array:
        return 0.5 + jnp.sign(x) * jnp.log1p(self.slope * jnp.abs(x))


@surrogate("inverse_distance")
class InverseDistance(Surrogate):
    """Inverse distance up to height h, as if the spike were its own difference quotient.

        dS/dx = min(1/|x|, h)

    Peak h, area infinite.

    Reference: Fang et al. (2023), SpikingJelly, FakeNumericalGradient.
    """

    height: Leaf = param(default=0.3, low=SMALLEST, doc="h")

    def derivative(self, x: Array) -> Array:
        return 1 / jnp.maximum(jnp.abs(x), 1 / self.height)

    def antiderivative(self, x: Array) -> Array:
        far = jnp.maximum(jnp.abs(x) * self.height, 1)
        return 0.5 + jnp.clip(x * self.height, -1, 1) + jnp.sign(x) * jnp.log(far)


@surrogate("log_tail")
class LogTail(Surrogate):
    """Derivative of a line that goes on as a logarithm, with leak c below.

        dS/dx = c       if x ≤ 0
                1       if 0 < x ≤ 1
                1/x     if x > 1

    Peak 1, area infinite.

    Reference: Cai et al. (2017), Deep learning with low precision by half-wave Gaussian quantization (c = 0).
    """

    leak: Leaf = param(default=0.0, low=0, doc="c")

    def derivative(self, x: Array) -> Array:
        return jnp.where(x > 0, 1 / jnp.maximum(x, 1), self.leak).astype(x.dtype)

    def antiderivative(self, x: Array) -> Array:
        above = jnp.clip(x, 0, 1) + jnp.log(jnp.maximum(x, 1))
        return above + self.leak * jnp.minimum(x, 0)


@surrogate("s2nn")
class S2NN(Surrogate):
    """Derivative of the logistic function σ below, of a logarithm above, with slope a and scale b.

        dS/dx = a σ(a x) σ(−a x)     if x < 0
                b / (1 + x)          otherwise

    Peak max(a/4, b), area infinite.

    Reference: Suetake et al. (2022), S2NN: time step reduction of spiking surrogate gradients.
    """

    slope: Leaf = param(default=4.0, low=SMALLEST, doc="a")
    scale: Leaf = param(default=1.0, low=0, doc="b")

    def derivative(self, x: Array) -> Array:
        below = self.slope * jax.nn.sigmoid(self.slope * x) * jax.nn.sigmoid(-self.slope * x)
        return jnp.where(x < 0, below, self.scale / (1 + jnp.maximum(x, 0))).astype(x.dtype)

    def antiderivative(self, x: Array) -> Array:
        below = jax.nn.sigmoid(self.slope * jnp.minimum(x, 0))
        return below + self.scale * jnp.log1p(jnp.maximum(x, 0))


@surrogate("spike_rate_escape")
class SpikeRateEscape(Surrogate):
    """Exponential on both sides of 1, with height h and rate b.

        dS/dx = h exp(−b |x − 1|)

    Peak h, one above the threshold; area 2h/b.

    Reference: Eshraghian et al. (2023), snnTorch, after Shrestha, Orchard (2018). SLAYER's own curve has its peak at
    the threshold: `PiecewiseExponential`.
    """

    height: Leaf = param(default=25.0, low=0, doc="h")
    rate: Leaf = param(default=1.0, low=SMALLEST, doc="b")

    def derivative(self, x: Array) -> Array:
        return self.height * jnp.exp(-self.rate * jnp.abs(x - 1))

    def antiderivative(self, x: Array) -> Array:
        risen = -jnp.expm1(-self.rate * jnp.abs(x - 1))
        return 0.5 + self.height / self.rate * jnp.sign(x - 1) * risen


@surrogate("sparse_fast_sigmoid")
class SparseFastSigmoid(Surrogate):
    """Derivative of the fast sigmoid above the cut c, with slope k.

        dS/dx = 1 / (1 + k |x|)²     if x > c
                0                    otherwise

    Peak 1/(1 + k c)², area 1/(k (1 + k c)), if c ≥ 0.

    Reference: Perez-Nieves, Goodman (2021), Sparse spiking gradient descent; cut 1 as in snnTorch, its slope 25.
    """

    slope: Leaf = param(default=25.0, low=SMALLEST, doc="k")
    cut: Leaf = param(default=1.0, doc="c")

    def derivative(self, x: Array) -> Array:
        return jnp.where(x > self.cut, 1 / jnp.square(1 + self.slope * jnp.abs(x)), 0)

    def antiderivative(self, x: Array) -> Array:
        kept = jnp.maximum(x, self.cut)
        start = self.cut / (1 + self.slope * jnp.abs(self.cut))
        return kept / (1 + self.slope * jnp.abs(kept)) - start


@surrogate("fourier_square")
class FourierSquare(Surrogate):
    """Slope of a square wave's first n Fourier terms, with period P.

        dS/dx = (4/P) Σ_i cos((2 i − 1) 2 π x / P),   i = 1 … n

    Peak 4n/P; its area over a period is 0, so it has no area.

    Reference: Fang et al. (2023), SpikingJelly, SquarewaveFourierSeries, whose `n` is one more than ours.
    """

    period: Leaf = param(default=8.0, low=SMALLEST, doc="P")
    terms: int = size(default=1, doc="n, terms of the series")

    def derivative(self, x: Array) -> Array:
        angle = 2 * math.pi / self.period * x
        waves = (jnp.cos((2 * i + 1) * angle) for i in range(self.terms))
        return 4 / self.period * sum(waves, start=jnp.zeros_like(x))

    def antiderivative(self, x: Array) -> Array:
        angle = 2 * math.pi / self.period * x
        waves = (jnp.sin((2 * i + 1) * angle) / (2 * i + 1) for i in range(self.terms))
        return 0.5 + 2 / math.pi * sum(waves, start=jnp.zeros_like(x))
