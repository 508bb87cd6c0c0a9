"""Threshold-dependent batch normalisation (tdBN)."""

import math
from typing import Any, ClassVar

import flax.linen as nn
from jax import Array

from spikejax.layers.normalisation.core import norm as core
from spikejax.layers.normalisation.core.norm import Affine, Norm
from spikejax.layers.normalisation.core.statistics import pooled


class TDBN(Norm):
    """Threshold-dependent batch normalisation, with μ and σ² pooled over time.

        y[t] = λ α V_th (x[t] − μ) / √(σ² + ε) + β

    λ and β have a value per channel.

    Attributes:
      threshold: V_th, that of the neurons that receive y.
      alpha: α: 1 where a layer stands alone, 1/√n where n of them are summed, as at the end of a residual block; there
        `layer_of(norm, summed=n)` divides it.
      momentum: of the running statistics, see `BatchNorm`.
      epsilon: ε.

    Reference: Zheng et al. (2021), Going deeper with directly-trained larger spiking neural networks, AAAI, Eqs. 6 to
    9.

    >>> import jax, jax.numpy as jnp
    >>> layer, x = TDBN(threshold=0.5), jnp.arange(12.0).reshape(3, 4, 1)  # [T, B, C]
    >>> variables = layer.init(jax.random.key(0), x)
    >>> y, _ = layer.apply(variables, x, train=True, mutable=["batch_stats"])
    >>> print(f"{y.mean():.2f} {y.std():.2f}")
    0.00 0.50
    """

    threshold: Any = 1.0
    alpha: Any = 1.0
    momentum: Any = 0.9
    epsilon: Any = 1e-5
    ranges: ClassVar = {**core.RANGES, "threshold": (0, math.inf), "alpha": (0, math.inf)}

    @nn.compact
    def __call__(self, x: Array, train: bool = False, step_mask: Array | None = None) -> Array:
        """See `Norm`.

        Raises:
          ValueError: values that are not floating point `[T, B, *spatial, C]`.
        """
        x = core.checked(self, x, step_mask)
        channels = x.shape[-1:]
        scale = self.param("scale", nn.initializers.ones, channels)
        shift = self.param("bias", nn.initializers.zeros, channels)
        by, follow = core.running(self, channels, x.dtype)
        if train:
            by = pooled(x, step_mask)
            follow(by, self.momentum)
        scale = scale * (self.alpha * self.threshold)
        return core.normalised(x, by, scale, shift, self.epsilon)

    def inference(self, variables: Any) -> Affine:
        """See `Norm`."""
        params = variables["params"]
        scale = params["scale"] * (self.alpha * self.threshold)
        return core.inference_of(variables, scale, params["bias"], self.epsilon)

    def summed(self, count: int) -> dict[str, Any]:
        """α / √count, which keeps the variance of the sum."""
        return {"alpha": self.alpha / math.sqrt(count)}
