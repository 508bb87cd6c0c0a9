"""Temporal accumulated batch normalisation (TAB)."""

from typing import Any, ClassVar

import flax.linen as nn
import jax.numpy as jnp
from jax import Array

from spikejax.layers.declared import WholeSequence, declare
from spikejax.layers.normalisation.core import norm as core
from spikejax.layers.normalisation.core.norm import Affine, Norm
from spikejax.layers.normalisation.core.statistics import accumulated, per_step


class TAB(Norm):
    """Temporal accumulated batch normalisation: the statistics of a step are over the steps 1 to t.

        y[t] = ω[t] (γ[t] (x[t] − μ[1:t]) / √(σ²[1:t] + ε) + β[t]),   ω[t] = p[t]²

    There is one learned p per step, 1 at first. γ, β and the running statistics have a value per step and
    channel. The number of steps is that of the x that it is initialised with.

    Attributes:
      momentum: of the running statistics, see `BatchNorm`.
      epsilon: ε.

    Reference: Jiang et al. (2024), TAB: Temporal accumulated batch normalization in spiking neural networks, ICLR; that
    ω is a square, and that each step has its own γ and β, is from the released code.

    >>> import jax, jax.numpy as jnp
    >>> variables = TAB().init(jax.random.key(0), jnp.ones((4, 2, 8, 8, 3)))
    >>> jax.tree.map(jnp.shape, variables["params"])
    {'bias': (4, 3), 'scale': (4, 3), 'step_scale': (4,)}
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
        core.check_steps(self, "params", "scale", x)
        each = (x.shape[0], x.shape[-1])
        scale = self.param("scale", nn.initializers.ones, each)
        shift = self.param("bias", nn.initializers.zeros, each)
        weight = jnp.square(self.param("step_scale", nn.initializers.ones, x.shape[:1]))[:, None]
        by, follow = core.running(self, each, x.dtype)
        declare(self, "steps", WholeSequence("it has a scale and statistics for each step"))
        if train:
            by = accumulated(per_step(x, step_mask))
            follow(by, self.momentum)
        return core.normalised(x, by, weight * scale, weight * shift, self.epsilon)

    def inference(self, variables: Any) -> Affine:
        """See `Norm`."""
        params = variables["params"]
        weight = jnp.square(params["step_scale"])[:, None]
        scale, shift = weight * params["scale"], weight * params["bias"]
        return core.inference_of(variables, scale, shift, self.epsilon)
