"""Surrogates that adapt while a network trains: a learned slope (ASGL), and a width set by the currents (MPD-AGL)."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, part
from spikejax.surrogate.rule import Surrogate, heaviside, surrogate


@surrogate("clipped_line")
class ClippedLine(Surrogate):
    """Derivative of clip(exp(a) x + ½, 0, 1), with log-slope a.

        dS/dx = exp(a)     if |exp(a) x| ≤ ½
                0          otherwise

    Peak exp(a), area 1. ASGL learns a: `learn=("surrogate_log_slope",)` in a layer.

    Reference: Wang et al. (2023), Adaptive smoothing gradient learning for spiking neural networks.
    """

    log_slope: Leaf = param(default=0.0, doc="a")

    def derivative(self, x: Array) -> Array:
        slope = jnp.exp(jnp.asarray(self.log_slope, x.dtype))
        return jnp.where(jnp.abs(slope * x) <= 0.5, slope, 0)

    def antiderivative(self, x: Array) -> Array:
        return jnp.clip(jnp.exp(jnp.asarray(self.log_slope, x.dtype)) * x + 0.5, 0, 1)


@surrogate()
class Mixed(Surrogate):
    """Spikes where `mask` is 1, the curve's antiderivative where it is 0; the gradient is always the latter's.

        S = P(x) + sg[M (Θ(x) − P(x))]

    Attributes:
      curve: a surrogate with an `antiderivative`.
      mask: 0 or 1, broadcasts against x.

    Reference: Wang et al. (2023), Adaptive smoothing gradient learning for spiking neural networks, as in its
    released code.

    >>> import jax.numpy as jnp
    >>> from spikejax.surrogate import spike
    >>> spike(jnp.array([0.25, 0.25]), Mixed(ClippedLine(), jnp.array([1.0, 0.0])))
    Array([1.  , 0.75], dtype=float32)
    """

    curve: Any = part(of="surrogate", doc="with an `antiderivative`")
    mask: Any

    def fire(self, x: Array, strict: bool) -> Array:
        """What is emitted at x."""
        soft = self.curve.antiderivative(x)
        hard = jax.lax.stop_gradient(heaviside(x, strict) - soft)
        return jnp.where(self.mask != 0, hard, 0) + soft


def membrane_width(scale: Array, threshold: Array, decay: Array) -> Array:
    """The width that MPD-AGL gives a `Rectangle`: two standard deviations of the membrane's distribution.

        w = 2 γ V_th √(1 + α²)

    γ is the mean scale of the batch normalisation before the neuron, whose currents have the standard deviation γ V_th.
    At the first step there is no membrane potential yet: α = 0 gives the authors' w = 2 γ V_th.

    Args:
      scale: γ.
      threshold: V_th.
      decay: α, of the membrane potential, per step; 0 for the first step.

    Reference: Jiang et al. (2025), Adaptive gradient learning for spiking neural networks by exploiting membrane
    potential dynamics, Theorem 2.

    >>> import jax.numpy as jnp
    >>> float(membrane_width(jnp.array(1.0), jnp.array(0.5), jnp.array(0.75)))
    1.25
    """
    return 2 * scale * threshold * jnp.sqrt(1 + jnp.square(decay))
