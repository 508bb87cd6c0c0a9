"""ResNet-18 with activations before the convolutions and spikes on the shortcuts."""

from typing import Any

import flax.linen as nn
from jax import Array

from spikejax.layers import BatchNorm, Norm
from spikejax.networks.core.convolutional import STAGES, Layers, images_of
from spikejax.neurons.core.contract import Neuron


class ResNet18(nn.Module):
    """A 3x3 convolution, eight residual blocks of two 3x3 convolutions, mean pooling and a linear read-out.

        s = neurons(norm(x))
        y = conv(dropout(neurons(norm(conv(s))))) + shortcut(s)

    is a block. Its shortcut starts at the spikes s, not at x: it passes them on as they are, or through a 1x1
    convolution where the number of channels or the resolution changes. With a width of 64 the blocks have 64, 64, 128,
    128, 256, 256, 512 and 512 channels, and every change halves the resolution. There are 17 layers of neurons.

    Attributes:
      classes: number of outputs; None, in a config, means the classes of the data set.
      neuron: the neuron of all layers.
      width: channels of the first layer.
      learn: names of its parameters that are learned, see `Spiking`.
      record: names of variables of its state that are stored, see `Spiking`.
      norm: a normalisation; each layer has one like it.
      dropout: fraction that is dropped in training, with one mask for all steps of a sequence, of the spikes between
        the convolutions of a block and of the means that the read-out receives.
      dtype: that in which convolutions and the read-out are computed; that of the inputs if None.

    Reference: the network of CLIF (Huang et al., 2024) and of AR-LIF, Table 3, as in their released code; activations
    before convolutions are those of He et al. (2016), Identity mappings in deep residual networks. There the pooling
    windows are 4x4, which is the mean of all positions for images 32x32.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> network = ResNet18(classes=10, neuron=LIF())
    >>> shapes = jax.eval_shape(network.init, jax.random.key(0), jnp.ones((1, 1, 32, 32, 3)))["params"]
    >>> sum(x.size for x in jax.tree.leaves(shapes))
    11176906
    """

    classes: int | None
    neuron: Neuron
    width: int = 64
    learn: tuple[str, ...] | None = None
    record: tuple[str, ...] = ()
    norm: Norm = BatchNorm()
    dropout: float = 0.0
    dtype: Any = None

    @nn.compact
    def __call__(self, x: Array, train: bool = False) -> Array:
        """Maps images `[T, B, H, W, C]` to outputs `[T, B, classes]`; H and W must be multiples of 8."""
        layers = Layers(self, train)
        x = layers.conv(images_of(x, 8), self.width)
        for stage, widths in enumerate(STAGES):
            for block in range(2):
                x = residual(layers, x, widths * self.width, 2 if stage and not block else 1)
        x = layers.spiking(layers.norm(x)).mean((2, 3))
        return layers.dense(layers.dropped(x), layers.classes)


def residual(layers: Layers, x: Array, features: int, stride: int) -> Array:
    """A block of `ResNet18`."""
    spikes = layers.spiking(layers.norm(x))
    out = layers.norm(layers.conv(spikes, features, 3, stride, bias=True))
    out = layers.conv(layers.dropped(layers.spiking(out)), features, bias=True)
    if stride > 1 or x.shape[-1] != features:
        spikes = layers.conv(spikes, features, 1, stride, bias=True)
    return out + spikes
