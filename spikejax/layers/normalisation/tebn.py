"""Temporal effective batch normalisation (TEBN)."""

from typing import Any, ClassVar

import flax.linen as nn
from jax import Array

from spikejax.layers.declared import WholeSequence, declare
from spikejax.layers.normalisation.core import norm as core
from spikejax.layers.normalisation.core.norm import Affine, Norm
from spikejax.layers.normalisation.core.statistics import pooled


class TEBN(Norm):
    """Temporal effective batch normalisation: a scale per step, with μ and σ² pooled over time.

        y[t] = p[t] (γ (x[t] − μ) / √(σ² + ε) + β)

    γ and β have a value per channel. p has one learned value per step, 1 at first: the number of steps is that of the x
    that it is initialised with.

    Attributes:
      momentum: of the running statistics, see `BatchNorm`.
      epsilon: ε.

    Reference: Duan et al. (2022), Temporal effective batch normalization in spiking neural networks, NeurIPS, and its
    released code.

    >>> import jax, jax.numpy as jnp
    >>> variables = TEBN().init(jax.random.key(0), jnp.ones((4, 2, 8, 8, 3)))
    >>> jax.tree.map(jnp.shape, variables["params"])
    {'bias': (3,), 'scale': (3,), 'step_scale': (4,)}
    """

    momentum: Any = 0.9
    epsilon: Any = 1e-5
    ranges: ClassVar = core.RANGES

    @nn.compact
    def __call__(self, x: Array, train: bool = False, step_mask: Array | None = None) -> Array:
        """See `Norm`.

        Raises:
          ValueError: values that are not floating point `[T, B, *spatial, C]`, or of another T than at
            initialisation.
        """
        x = core.checked(self, x, step_mask)
        core.check_steps(self, "params", "step_scale", x)
        channels = x.shape[-1:]
        scale = self.param("scale", nn.initializers.ones, channels)
        shift = self.param("bias", nn.initializers.zeros, channels)
        step_scale = self.param("step_scale", nn.initializers.ones, x.shape[:1])[:, None]
        by, follow = core.running(self, channels, x.dtype)
        declare(self, "steps", WholeSequence("it has a scale for each step"))
        if train:
            by = pooled(x, step_mask)
            follow(by, self.momentum)
        scale, shift = step_scale * scale, step_scale * shift
        return core.normalised(x, by, scale, shift, self.epsilon)

    def inference(self, variables: Any) -> Affine:
        """See `Norm`."""
        params = variables["params"]
        step_scale = params["step_scale"][:, None]
        scale, shift = step_scale * params["scale"], step_scale * params["bias"]
        return core.inference_of(variables, scale, shift, self.epsilon)
