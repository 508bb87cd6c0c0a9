"""VGG-SNN: eight convolutional layers of spiking neurons."""

import flax.linen as nn
from jax import Array

from spikejax.layers import Conv, Spiking
from spikejax.networks.core.sizes import check_size, classes_of
from spikejax.neurons.core.contract import Neuron

POOL = 0
PLAN = (1, 2, POOL, 4, 4, POOL, 8, 8, POOL, 8, 8, POOL)  # in widths


class VGG(nn.Module):
    """Convolutions 3x3, each with batch normalisation and neurons, and average pooling; then a linear read-out.

    With a width of 64 the channels are 64, 128, pool, 256, 256, pool, 512, 512, pool, 512, 512, pool.

    Attributes:
      classes: number of outputs; None, in a config, means the classes of the data set.
      neuron: the neuron of all layers.
      width: channels of the first layer.
      learn: names of its parameters that are learned, see `Spiking`.
      record: names of variables of its state that are stored, see `Spiking`.

    Reference: Deng et al. (2022), Temporal efficient training of spiking neural network via gradient re-weighting,
    Sec. 5 (VGGSNN) and its released code.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> network = VGG(classes=10, neuron=LIF(), width=8)
    >>> shapes = jax.eval_shape(network.init, jax.random.key(0), jnp.ones((1, 1, 32, 32, 3)))["params"]
    >>> sum(x.size for x in jax.tree.leaves(shapes))
    147818
    """

    classes: int | None
    neuron: Neuron
    width: int = 64
    learn: tuple[str, ...] | None = None
    record: tuple[str, ...] = ()

    @nn.compact
    def __call__(self, x: Array, train: bool = False) -> Array:
        """Maps images `[T, B, H, W, C]` to outputs `[T, B, classes]`; H and W must be multiples of 16."""
        classes = classes_of(self)
        check_size("width", self.width)
        if x.ndim != 5 or x.shape[2] % 16 or x.shape[3] % 16:
            raise ValueError(
                f"expected images [T, B, H, W, C] with H and W multiples of 16, found shape {x.shape}"
            )
        convolved = nn.initializers.variance_scaling(2.0, "fan_out", "normal")
        for widths in PLAN:
            if widths == POOL:
                x = nn.avg_pool(x, (2, 2), (2, 2))
                continue
            x = Conv(widths * self.width, (3, 3), kernel_init=convolved)(x)
            x = nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)
            x = Spiking(self.neuron, self.learn, self.record)(x)
        x = x.reshape(*x.shape[:2], -1)
        return nn.Dense(classes, kernel_init=nn.initializers.normal(0.01))(x)
