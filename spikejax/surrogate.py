"""Spikes with surrogate gradients: the package's only `custom_vjp`.

Forward, a spike is the Heaviside step Θ(x) = 1 if x ≥ 0 else 0 of x = membrane − threshold. Backward, the
derivative of Θ, which is zero almost everywhere, is replaced by a surrogate's bell-shaped `derivative(x)`.

A surrogate is a frozen dataclass registered as a pytree. Its numbers are leaves and reach the rule as
operands, so a width can be traced, vmapped and swept without a recompile, also inside `jax.lax.scan` under
`jax.grad`. The spike does not depend on them, so their own gradient is zero. Your own is a frozen dataclass with a
`derivative`, registered with `pytree.register`.

Reverse mode (`jax.grad`, `jax.vjp`, `jax.jacrev`) and Hessian-vector products (`jax.jvp` of `jax.grad`) work.
Forward mode straight through a spike (`jax.jvp`, `jax.jacfwd`) raises JAX's `TypeError` for `custom_vjp`: use
`jax.jacrev`.
"""

import dataclasses
import math
from types import MappingProxyType
from typing import Protocol

import jax
import jax.numpy as jnp
from jax import Array

from spikejax import pytree


class Surrogate(Protocol):
    """What `spike` needs: a pytree of numbers with a `derivative`."""

    def derivative(self, x: Array) -> Array:
        """Stands in for dΘ/dx at x, element by element."""
        ...


def heaviside(x: Array) -> Array:
    """Θ(x): 1 where x ≥ 0, else 0, in the dtype of x."""
    return (x >= 0).astype(x.dtype)


@jax.custom_vjp
def spike(x: Array, surrogate: Surrogate) -> Array:
    """Spikes where x ≥ 0; its gradient is the surrogate's.

    Args:
      x: distance of the membrane from the threshold, any shape, floating point.
      surrogate: pytree with a `derivative`, for example `Triangle(width=1.0)`.

    Returns:
      Exactly 0 or 1, shape and dtype of x.

    Reference: Neftci, Mostafa, Zenke (2019), Surrogate gradient learning in spiking neural networks.

    >>> import jax, jax.numpy as jnp
    >>> x = jnp.array([-1.5, -0.5, 0.0, 0.5])
    >>> spike(x, Triangle())
    Array([0., 0., 1., 1.], dtype=float32)
    >>> jax.grad(lambda x: spike(x, Triangle()).sum())(x)
    Array([0. , 0.5, 1. , 0.5], dtype=float32)
    """
    del surrogate
    return heaviside(x)


def _forward(x, surrogate):
    # The raw step, not `spike`: a custom_vjp called here would break Hessian-vector products.
    return heaviside(x), (x, surrogate)


def _backward(residuals, cotangent):
    x, surrogate = residuals
    return (cotangent * surrogate.derivative(x)).astype(x.dtype), None


spike.defvjp(_forward, _backward)

_REGISTERED: dict[str, type] = {}
SURROGATES = MappingProxyType(_REGISTERED)


def _surrogate(name):
    def register(cls):
        cls = pytree.register(dataclasses.dataclass(frozen=True)(cls))
        _REGISTERED[name] = cls
        return cls

    return register


def _normal(x, mean, sigma):
    return jnp.exp(-0.5 * jnp.square((x - mean) / sigma)) / (sigma * math.sqrt(2 * math.pi))


@_surrogate("triangle")
class Triangle:
    """max(1 − |x|/w, 0) / w with width w. Peak 1/w, area 1.

    Reference: TC-LIF (AAAI 2024), Eq. 21 (w = 1).
    """

    width: float = 1.0

    def derivative(self, x: Array) -> Array:
        return jnp.maximum(1 - jnp.abs(x) / self.width, 0) / self.width


@_surrogate("rectangle")
class Rectangle:
    """1/w where |x| ≤ w/2, borders included, else 0. Peak 1/w, area 1.

    Reference: AR-LIF (arXiv 2507.20746), Eq. 11 (a = w = 1).
    """

    width: float = 1.0

    def derivative(self, x: Array) -> Array:
        return (jnp.abs(x) <= self.width / 2).astype(x.dtype) / self.width


@_surrogate("atan")
class ATan:
    """(a/2) / (1 + (π a x / 2)²) with slope a. Peak a/2, area 1.

    Reference: Fang et al. (2021), Incorporating learnable membrane time constant (a = 2).
    """

    slope: float = 2.0

    def derivative(self, x: Array) -> Array:
        return self.slope / 2 / (1 + jnp.square(math.pi / 2 * self.slope * x))


@_surrogate("sigmoid")
class Sigmoid:
    """a σ(ax) (1 − σ(ax)) with slope a. Peak a/4, area 1.

    Reference: Zenke, Vogels (2021), The remarkable robustness of surrogate gradient learning.
    """

    slope: float = 4.0

    def derivative(self, x: Array) -> Array:
        return self.slope * jax.nn.sigmoid(self.slope * x) * jax.nn.sigmoid(-self.slope * x)


@_surrogate("fast_sigmoid")
class FastSigmoid:
    """1 / (1 + k|x|)² with slope k. Peak 1, area 2/k.

    The curve of `SuperSpike`, with the slope that snnTorch made common.

    Reference: Eshraghian et al. (2023), Training spiking neural networks using lessons from deep learning.
    """

    slope: float = 25.0

    def derivative(self, x: Array) -> Array:
        return 1 / jnp.square(1 + self.slope * jnp.abs(x))


@_surrogate("super_spike")
class SuperSpike:
    """1 / (1 + k|x|)² with slope k. Peak 1, area 2/k.

    Reference: Zenke, Ganguli (2018), SuperSpike; slope 100 as in Neftci et al. (2019).
    """

    slope: float = 100.0

    def derivative(self, x: Array) -> Array:
        return 1 / jnp.square(1 + self.slope * jnp.abs(x))


@_surrogate("gaussian")
class Gaussian:
    """N(x; 0, σ), the normal density. Peak 1/(σ√(2π)), area 1.

    Reference: Yin, Corradi, Bohté (2020), Effective and efficient computation with multiple-timescale SRNNs.
    """

    sigma: float = 0.5

    def derivative(self, x: Array) -> Array:
        return _normal(x, 0, self.sigma)


@_surrogate("multi_gaussian")
class MultiGaussian:
    """½ [(1+h) N(x; 0, σ) − h N(x; σ, sσ) − h N(x; −σ, sσ)] with height h and scale s.

    Peak ½ [(1+h)/σ − 2h exp(−1/(2s²))/(sσ)] / √(2π), area ½ (1 − h); negative in the flanks.

    Reference: Yin, Corradi, Bohté (2021), Accurate and efficient time-domain classification.
    """

    sigma: float = 0.5
    height: float = 0.15
    scale: float = 6.0

    def derivative(self, x: Array) -> Array:
        wide = self.scale * self.sigma
        flanks = _normal(x, self.sigma, wide) + _normal(x, -self.sigma, wide)
        return 0.5 * ((1 + self.height) * _normal(x, 0, self.sigma) - self.height * flanks)


@_surrogate("piecewise_exponential")
class PiecewiseExponential:
    """(a/2) exp(−a|x|) with slope a. Peak a/2, area 1.

    Reference: Shrestha, Orchard (2018), SLAYER, the spike escape rate.
    """

    slope: float = 1.0

    def derivative(self, x: Array) -> Array:
        return self.slope / 2 * jnp.exp(-self.slope * jnp.abs(x))


@_surrogate("erf")
class Erf:
    """(a/√π) exp(−(ax)²) with slope a, the derivative of ½(1 + erf(ax)). Peak a/√π, area 1.

    Reference: Fang et al. (2023), SpikingJelly.
    """

    slope: float = 2.0

    def derivative(self, x: Array) -> Array:
        return self.slope / math.sqrt(math.pi) * jnp.exp(-jnp.square(self.slope * x))
