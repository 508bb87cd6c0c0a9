"""Batch normalisation through time (BNTT)."""

from typing import Any, ClassVar

import flax.linen as nn
from jax import Array

from spikejax.layers.declared import WholeSequence, declare
from spikejax.layers.normalisation.core import norm as core
from spikejax.layers.normalisation.core.norm import Affine, Norm
from spikejax.layers.normalisation.core.statistics import per_step


class BNTT(Norm):
    """Batch normalisation through time: each step has its own statistics and scale, and no shift.

        y[t] = γ[t] (x[t] − μ[t]) / √(σ²[t] + ε)

    γ and the running statistics have a value per step and channel: the number of steps is that of the x that it is
    initialised with.

    Attributes:
      momentum: of the running statistics, see `BatchNorm`.
      epsilon: ε; the default is that of the released code.

    Reference: Kim and Panda (2021), Revisiting batch normalization for training low-latency deep spiking neural
    networks from scratch, Frontiers in Neuroscience 15, Eq. 6, and its released code.

    >>> import jax, jax.numpy as jnp
    >>> variables = BNTT().init(jax.random.key(0), jnp.ones((4, 2, 8, 8, 3)))
    >>> jax.tree.map(jnp.shape, variables)
    {'batch_stats': {'mean': (4, 3), 'var': (4, 3)}, 'params': {'scale': (4, 3)}}
    """

    momentum: Any = 0.9
    epsilon: Any = 1e-4
    ranges: ClassVar = core.RANGES

    @nn.compact
    def __call__(self, x: Array, train: bool = False, step_mask: Array | None = None) -> Array:
        """See `Norm`.

        Raises:
          ValueError: values that are not floating point `[T, B, *spatial, C]`, or of another T than at
            initialisation.
        """
        x = core.checked(self, x, step_mask)
        core.check_steps(self, "params", "scale", x)
        each = (x.shape[0], x.shape[-1])
        scale = self.param("scale", nn.initializers.ones, each)
        by, follow = core.running(self, each, x.dtype)
        declare(self, "steps", WholeSequence("it has a scale and statistics for each step"))
        if train:
            by = per_step(x, step_mask)
            follow(by, self.momentum)
        return core.normalised(x, by, scale, 0.0, self.epsilon)

    def inference(self, variables: Any) -> Affine:
        """See `Norm`."""
        return core.inference_of(variables, variables["params"]["scale"], 0.0, self.epsilon)
