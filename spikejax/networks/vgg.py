"""VGG networks of spiking neurons: VGG-SNN, VGG-11 and VGG-13."""

from typing import Any, ClassVar

import flax.linen as nn
from jax import Array

from spikejax.layers import BatchNorm, Norm
from spikejax.networks.core.adaptive_pooling import adaptive_average_pool
from spikejax.networks.core.convolutional import PYTORCH, Layers, images_of
from spikejax.neurons.core.contract import Neuron

POOL = 0
GRID = 7  # rows and columns that the read-out of VGG-11 and VGG-13 receives, as in the VGG networks for ImageNet


class _VGG(nn.Module):
    """Convolutions 3x3, each with normalisation and neurons, and average pooling; then a linear read-out."""

    classes: int | None
    neuron: Neuron
    width: int = 64
    learn: tuple[str, ...] | None = None
    record: tuple[str, ...] = ()
    norm: Norm = BatchNorm()
    dropout: float = 0.0
    dtype: Any = None

    plan: ClassVar[tuple[int, ...]]  # channels of each convolution in widths, or POOL
    # Of the read-out's initial weights, which are normal; None: they are uniform, as PyTorch's are by default.
    deviation: ClassVar[float | None] = 0.01

    @nn.compact
    def __call__(self, x: Array, train: bool = False) -> Array:
        """Maps images `[T, B, H, W, C]` to outputs `[T, B, classes]`; every pooling must halve H and W."""
        layers = Layers(self, train)
        x = images_of(x, 2 ** self.plan.count(POOL))
        for widths in self.plan:
            if widths == POOL:
                x = nn.avg_pool(x, (2, 2), (2, 2))
            else:
                x = layers.norm(layers.conv(x, widths * self.width, bias=True))
                x = self.after_neurons(layers, layers.spiking(x))
        x = self.before_readout(layers, x)
        x = x.reshape(*x.shape[:2], -1)
        init = PYTORCH if self.deviation is None else nn.initializers.normal(self.deviation)
        return layers.dense(x, layers.classes, init)

    def after_neurons(self, layers: Layers, spikes: Array) -> Array:
        """What the next layer receives of a layer's spikes."""
        return layers.dropped(spikes)

    def before_readout(self, layers: Layers, x: Array) -> Array:
        """What the read-out receives of the images."""
        return adaptive_average_pool(x, GRID)


class VGGSNN(_VGG):
    """Convolutions 3x3, each with normalisation and neurons, and average pooling; then a linear read-out.

    With a width of 64 the channels are 64, 128, pool, 256, 256, pool, 512, 512, pool, 512, 512, pool.

    Attributes:
      classes: number of outputs; None, in a config, means the classes of the data set.
      neuron: the neuron of all layers.
      width: channels of the first layer.
      learn: names of its parameters that are learned, see `Spiking`.
      record: names of variables of its state that are stored, see `Spiking`.
      norm: a normalisation; each layer has one like it.
      dropout: fraction of the read-out's inputs that are dropped in training, with another mask at each step; 0.25 for
        CIFAR10-DVS in the publications of PSN and AR-LIF.
      dtype: that in which convolutions and the read-out are computed; that of the inputs if None.

    Reference: Deng et al. (2022), Temporal efficient training of spiking neural network via gradient re-weighting,
    Sec. 5 (VGGSNN) and its released code.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> network = VGGSNN(classes=10, neuron=LIF(), width=8)
    >>> shapes = jax.eval_shape(network.init, jax.random.key(0), jnp.ones((1, 1, 32, 32, 3)))["params"]
    >>> sum(x.size for x in jax.tree.leaves(shapes))
    147818
    """

    spec_name: ClassVar = "vgg_snn"
    plan: ClassVar = (1, 2, POOL, 4, 4, POOL, 8, 8, POOL, 8, 8, POOL)
    deviation: ClassVar = None

    def after_neurons(self, layers: Layers, spikes: Array) -> Array:
        """All spikes."""
        return spikes

    def before_readout(self, layers: Layers, x: Array) -> Array:
        """The images, some of whose values are dropped."""
        return layers.dropped(x, "step")


class VGG11(_VGG):
    """VGG-11: convolutions 3x3, each with normalisation and neurons, and average pooling; then a linear read-out.

    With a width of 64 the channels are 64, pool, 128, pool, 256, 256, pool, 512, 512, pool, 512, 512, pool. The
    read-out receives means over a grid of 7x7, see `adaptive_average_pool`: 4x4 positions, of images 128x128, are
    spread over it.

    Attributes:
      classes: number of outputs; None, in a config, means the classes of the data set.
      neuron: the neuron of all layers.
      width: channels of the first layer.
      learn: names of its parameters that are learned, see `Spiking`.
      record: names of variables of its state that are stored, see `Spiking`.
      norm: a normalisation; each layer has one like it.
      dropout: fraction of the spikes of each layer that are dropped in training, with one mask for all steps of a
        sequence; 0.4 for DVS Gesture in the publication of AR-LIF.
      dtype: that in which convolutions and the read-out are computed; that of the inputs if None.

    Reference: the network of CLIF (Huang et al., 2024) and of AR-LIF, Table 3, as in their released code; the channels
    are those of Simonyan and Zisserman (2015), Very deep convolutional networks for large-scale image recognition.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> network = VGG11(classes=11, neuron=LIF())
    >>> shapes = jax.eval_shape(network.init, jax.random.key(0), jnp.ones((1, 1, 128, 128, 2)))["params"]
    >>> sum(x.size for x in jax.tree.leaves(shapes))
    9501387
    """

    spec_name: ClassVar = "vgg_11"
    plan: ClassVar = (1, POOL, 2, POOL, 4, 4, POOL, 8, 8, POOL, 8, 8, POOL)


class VGG13(_VGG):
    """VGG-13: `VGG11` with two convolutions before each of the first two poolings.

    With a width of 64 the channels are 64, 64, pool, 128, 128, pool, 256, 256, pool, 512, 512, pool, 512, 512, pool.
    The attributes are those of `VGG11`.

    Reference: as of `VGG11`; the network for Tiny-ImageNet in the publications of CLIF and AR-LIF.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> network = VGG13(classes=200, neuron=LIF())
    >>> shapes = jax.eval_shape(network.init, jax.random.key(0), jnp.ones((1, 1, 64, 64, 3)))["params"]
    >>> sum(x.size for x in jax.tree.leaves(shapes))
    14428680
    """

    spec_name: ClassVar = "vgg_13"
    plan: ClassVar = (1, 1, POOL, 2, 2, POOL, 4, 4, POOL, 8, 8, POOL, 8, 8, POOL)
