"""Batch normalisation with one affine map for all steps: statistics pooled over time, or of each step."""

from typing import Any, ClassVar

import flax.linen as nn
from jax import Array

from spikejax.layers.declared import AnyChunk, declare
from spikejax.layers.normalisation.core import norm as core
from spikejax.layers.normalisation.core.norm import Affine, Norm
from spikejax.layers.normalisation.core.statistics import per_step, pooled


class BatchNorm(Norm):
    """Batch normalisation with one scale and shift for all steps.

        y[t] = γ (x[t] − μ) / √(σ² + ε) + β

    γ and β have a value per channel, shared over time.

    Attributes:
      statistics: what μ and σ² are over in training. "pooled": all steps, samples and positions, as where a network
        folds time into the batch (the PSN framework). "step": the samples and positions of step t, as where a network
        is called once per step (the CLIF framework); the running statistics are then updated T times, in the order of
        the steps, and training does not depend on how a sequence is cut into chunks.
      momentum: m in r ← m r + (1 − m) s for a running statistic r; PyTorch's momentum is 1 − m. As there, the running
        variance follows the unbiased variance of a batch, which Flax's follows the biased one of; a batch itself is
        normalised by the biased one.
      epsilon: ε.

    Reference: Ioffe and Szegedy (2015), Batch normalization: accelerating deep network training by reducing internal
    covariate shift.

    >>> import jax, jax.numpy as jnp
    >>> layer, x = BatchNorm(), jnp.arange(12.0).reshape(3, 4, 1)  # [T, B, C]
    >>> variables = layer.init(jax.random.key(0), x)
    >>> y, found = layer.apply(variables, x, train=True, mutable=["batch_stats"])
    >>> print(f"{y.mean():.2f} {y.var():.2f} {found['batch_stats']['mean'][0]:.2f}")
    0.00 1.00 0.55
    """

    statistics: str = "pooled"
    momentum: Any = 0.9
    epsilon: Any = 1e-5
    ranges: ClassVar = core.RANGES

    @nn.compact
    def __call__(self, x: Array, train: bool = False, step_mask: Array | None = None) -> Array:
        """See `Norm`.

        Raises:
          ValueError: values that are not floating point `[T, B, *spatial, C]`, or statistics of another name.
        """
        x = core.checked(self, x, step_mask)
        if self.statistics not in ("pooled", "step"):
            raise ValueError(
                f"expected statistics as 'pooled' or 'step', found {self.statistics!r}"
            )
        channels = x.shape[-1:]
        scale = self.param("scale", nn.initializers.ones, channels)
        shift = self.param("bias", nn.initializers.zeros, channels)
        by, follow = core.running(self, channels, x.dtype)
        if self.statistics == "step":
            declare(self, "statistics", AnyChunk())
        if train:
            by = (per_step if self.statistics == "step" else pooled)(x, step_mask)
            follow(by, self.momentum)
        return core.normalised(x, by, scale, shift, self.epsilon)

    def inference(self, variables: Any) -> Affine:
        """See `Norm`."""
        params = variables["params"]
        return core.inference_of(variables, params["scale"], params["bias"], self.epsilon)
