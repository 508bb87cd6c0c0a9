"""Spikformer: a transformer whose queries, keys and values are spikes."""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jax import Array

from spikejax.layers import BatchNorm, Norm
from spikejax.networks.core.convolutional import PYTORCH, Layers, images_of, max_pool
from spikejax.networks.core.sizes import check_size
from spikejax.neurons.core.contract import Neuron

SCALE = 0.125
NORMAL = nn.initializers.normal(0.02)


class Spikformer(nn.Module):
    """Convolutions that split images into tokens, blocks of spiking self-attention, and a linear read-out.

        Q, K, V = neurons(norm(W_q x)), neurons(norm(W_k x)), neurons(norm(W_v x))
        A = neurons(2 · 0.125 · Q Kᵀ V), for each head
        x ← x + neurons(norm(W_a A))
        x ← x + neurons(norm(W_2 neurons(norm(W_1 x))))

    is a block: attention without a softmax, since spikes are not negative. Sums of spikes are numbers of spikes, as in
    `SEWResNet18`. Four convolutions 3x3 with normalisation and neurons make E = 8 · `width` channels and a token of 4x4
    pixels, and the spikes of a fifth one are added, as positions. The outputs are read from the mean of all tokens. The
    publication's Spikformer-L-D is depth L and a width of D / 8.

    Attributes:
      classes: number of outputs; None, in a config, means the classes of the data set.
      neuron: the neuron of all layers. In the released code that of A has half the threshold of the others, here its
        currents are doubled, which is the same for the spikes of neurons that are linear below threshold.
      width: channels of the first layer, an eighth of a token's.
      depth: number of blocks.
      heads: number of heads, into which a token's channels are divided.
      learn: names of its parameters that are learned, see `Spiking`.
      record: names of variables of its state that are stored, see `Spiking`.
      norm: a normalisation; each layer has one like it.
      dtype: that in which convolutions and dense layers are computed; that of the inputs if None.

    Reference: Zhou et al. (2023), Spikformer: when spiking neural network meets transformer, and its released code for
    CIFAR-10, without the layer normalisations that it has and does not use.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> network = Spikformer(classes=10, neuron=LIF())
    >>> shapes = jax.eval_shape(network.init, jax.random.key(0), jnp.ones((1, 1, 32, 32, 3)))["params"]
    >>> sum(x.size for x in jax.tree.leaves(shapes))
    4155178
    """

    classes: int | None
    neuron: Neuron
    width: int = 32
    depth: int = 4
    heads: int = 8
    learn: tuple[str, ...] | None = None
    record: tuple[str, ...] = ()
    norm: Norm = BatchNorm()
    dtype: Any = None

    @nn.compact
    def __call__(self, x: Array, train: bool = False) -> Array:
        """Maps images `[T, B, H, W, C]` to outputs `[T, B, classes]`; H and W must be multiples of 4.

        Raises:
          ValueError: images of another size, or heads that do not divide the channels of a token.
        """
        layers = Layers(self, train)
        _check(self)
        x = images_of(x, 4)
        for widths, pooled in ((1, False), (2, False), (4, True), (8, True)):
            x = layers.conv(x, widths * self.width, init=PYTORCH)
            x = layers.spiking(layers.norm(x))
            x = max_pool(x) if pooled else x
        x += layers.spiking(layers.norm(layers.conv(x, x.shape[-1], init=PYTORCH)))
        x = x.reshape(*x.shape[:2], -1, x.shape[-1])
        for _ in range(self.depth):
            x += attention(layers, x, self.heads)
            x += perceptron(layers, x)
        return layers.dense(x.mean(2), layers.classes, NORMAL)


def attention(layers: Layers, x: Array, heads: int) -> Array:
    """Spiking self-attention over tokens `[T, B, N, E]`."""
    parts = (*x.shape[:3], heads, -1)
    query, key, value = (fired(layers, x, x.shape[-1]).reshape(parts) for _ in range(3))
    weights = jnp.einsum("tbnhe,tbmhe->tbhnm", query, key)
    mixed = jnp.einsum("tbhnm,tbmhe->tbnhe", weights, value).reshape(x.shape)
    return fired(layers, layers.spiking(2 * SCALE * mixed), x.shape[-1])


def perceptron(layers: Layers, x: Array) -> Array:
    """Two layers of neurons for each token `[T, B, N, E]`, the first one four times as wide."""
    return fired(layers, fired(layers, x, 4 * x.shape[-1]), x.shape[-1])


def fired(layers: Layers, x: Array, features: int) -> Array:
    """A dense layer, normalisation and neurons."""
    return layers.spiking(layers.norm(layers.dense(x, features, NORMAL)))


def _check(network):
    check_size("depth", network.depth)
    check_size("heads", network.heads)
    if 8 * network.width % network.heads:
        raise ValueError(
            f"expected heads that divide the {8 * network.width} channels of a token, found {network.heads}; give "
            "heads=8"
        )
