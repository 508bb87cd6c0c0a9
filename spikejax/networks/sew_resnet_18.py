"""SEW-ResNet-18: residual blocks that add spikes to spikes."""

from typing import Any

import flax.linen as nn
from jax import Array

from spikejax.layers import BatchNorm, Norm
from spikejax.networks.core.convolutional import STAGES, Layers, images_of, max_pool
from spikejax.neurons.core.contract import Neuron


class SEWResNet18(nn.Module):
    """A convolution, eight spike-element-wise blocks of two 3x3 convolutions, mean pooling and a linear read-out.

        y = neurons(norm(conv(neurons(norm(conv(x)))))) + shortcut(x)

    is a block: the sum of two layers of spikes, so x and y are numbers of spikes, which grow along the network. The
    shortcut passes x on as it is, or through a 1x1 convolution, normalisation and neurons where the number of channels
    or the resolution changes. With a width of 64 the blocks have 64, 64, 128, 128, 256, 256, 512 and 512 channels, and
    every change halves the resolution. There are 20 layers of neurons.

    Attributes:
      classes: number of outputs; None, in a config, means the classes of the data set.
      neuron: the neuron of all layers.
      width: channels of the first layer.
      imagenet: whether the first convolution is 7x7 with a stride of 2 and followed by max-pooling, as in the
        publication, for images of 224x224; otherwise it is 3x3 with a stride of 1, as usual for images of 32x32.
      learn: names of its parameters that are learned, see `Spiking`.
      record: names of variables of its state that are stored, see `Spiking`.
      norm: a normalisation; each layer has one like it.
      dtype: that in which convolutions and the read-out are computed; that of the inputs if None.

    Reference: Fang et al. (2021), Deep residual learning in spiking neural networks; blocks that add, as in the
    released code.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> network = SEWResNet18(classes=1000, neuron=LIF(), imagenet=True)
    >>> shapes = jax.eval_shape(network.init, jax.random.key(0), jnp.ones((1, 1, 224, 224, 3)))["params"]
    >>> sum(x.size for x in jax.tree.leaves(shapes))
    11689512
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
        x = layers.spiking(layers.norm(layers.conv(x, self.width, window, stride)))
        x = max_pool(x) if self.imagenet else x
        for stage, widths in enumerate(STAGES):
            for block in range(2):
                x = residual(layers, x, widths * self.width, 2 if stage and not block else 1)
        return layers.dense(x.mean((2, 3)), layers.classes)


def residual(layers: Layers, x: Array, features: int, stride: int) -> Array:
    """A block of `SEWResNet18`."""
    out = layers.spiking(layers.norm(layers.conv(x, features, 3, stride)))
    out = layers.spiking(layers.norm(layers.conv(out, features)))
    if stride > 1 or x.shape[-1] != features:
        x = layers.spiking(layers.norm(layers.conv(x, features, 1, stride)))
    return out + x
