"""MS-ResNet-18: residual blocks that add membrane currents, with neurons before the convolutions."""

from typing import Any

import flax.linen as nn
from jax import Array

from spikejax.layers import BatchNorm, Norm
from spikejax.networks.core.convolutional import STAGES, Layers, images_of
from spikejax.neurons.core.contract import Neuron


class MSResNet18(nn.Module):
    """A convolution, eight membrane-shortcut blocks of two 3x3 convolutions, mean pooling and a linear read-out.

        y = norm(conv(neurons(norm(conv(neurons(x)))))) + shortcut(x)

    is a block: what it adds are currents, and all that a 3x3 convolution receives are spikes. The shortcut passes x on
    as it is, without a neuron on the way from the first block to the last, or through a 1x1 convolution and
    normalisation where the number of channels or the resolution changes. With a width of 64 the blocks have 64, 64,
    128, 128, 256, 256, 512 and 512 channels, and every change halves the resolution. There are 17 layers of neurons.

    Attributes:
      classes: number of outputs; None, in a config, means the classes of the data set.
      neuron: the neuron of all layers.
      width: channels of the first layer.
      imagenet: whether the first convolution is 7x7 with a stride of 2 and the first block halves the resolution too,
        as in the released code, for images of 224x224; otherwise it is 3x3 with a stride of 1, for images of 32x32.
      learn: names of its parameters that are learned, see `Spiking`.
      record: names of variables of its state that are stored, see `Spiking`.
      norm: a normalisation; each layer has one like it. `TDBN` has α/√2 where a block sums, in its last normalisation
        and in that of its shortcut, as in Zheng et al. (2021).
      dtype: that in which convolutions and the read-out are computed; that of the inputs if None.

    Reference: Hu et al. (2021), Advancing spiking neural networks towards deep residual learning. The released code
    starts the scale of a block's last normalisation at 0 and that of the others at the threshold; here it is that of
    `norm`.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> network = MSResNet18(classes=100, neuron=LIF())
    >>> shapes = jax.eval_shape(network.init, jax.random.key(0), jnp.ones((1, 1, 32, 32, 3)))["params"]
    >>> sum(x.size for x in jax.tree.leaves(shapes))
    11220132
    """

    classes: int | None
    neuron: Neuron
    width: int = 64
    imagenet: bool = False
    learn: tuple[str, ...] | None = None
    record: tuple[str, ...] = ()
    norm: Norm = BatchNorm()
    dtype: Any = None

    @nn.compact
    def __call__(self, x: Array, train: bool = False) -> Array:
        """Maps images `[T, B, H, W, C]` to outputs `[T, B, classes]`.

        Raises:
          ValueError: H or W that is no multiple of 8, or of 32 with `imagenet`.
        """
        layers = Layers(self, train)
        x = images_of(x, 32 if self.imagenet else 8)
        window, stride = (7, 2) if self.imagenet else (3, 1)
        x = layers.norm(layers.conv(x, self.width, window, stride))
        for stage, widths in enumerate(STAGES):
            for block in range(2):
                halves = not block and (stage or self.imagenet)
                x = residual(layers, x, widths * self.width, 2 if halves else 1)
        return layers.dense(layers.spiking(x).mean((2, 3)), layers.classes)


def residual(layers: Layers, x: Array, features: int, stride: int) -> Array:
    """A block of `MSResNet18`."""
    out = layers.norm(layers.conv(layers.spiking(x), features, 3, stride))
    out = layers.norm(layers.conv(layers.spiking(out), features), summed=2)
    if stride > 1 or x.shape[-1] != features:
        x = layers.norm(layers.conv(x, features, 1, stride), summed=2)
    return out + x
