"""What convolutional networks are made of: `Layers` makes them inside of a network's `__call__`."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jax import Array, lax

from spikejax.layers import Conv, Dropout, Spiking, layer_of
from spikejax.networks.core.sizes import check_product, check_size, classes_of

# Kaiming's initialisation for rectified layers, over the outputs of a kernel, and PyTorch's own for all layers.
KAIMING = nn.initializers.variance_scaling(2.0, "fan_out", "normal")
PYTORCH = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")

# The stages of a ResNet-18, two blocks each: channels in widths.
STAGES = (1, 2, 4, 8)


class Layers:
    """The layers of a network with the attributes neuron, learn, record, norm, dropout and dtype.

    They are modules of the network whose `__call__` is running, numbered by kind: Conv_0, Spiking_0, …. Products are
    computed in `dtype`, everything else in the dtype of the inputs.
    """

    def __init__(self, network: Any, train: bool):
        """Checks the network's attributes.

        Raises:
          ValueError: classes or a width that are no integers of at least 1, or an invalid dtype.
        """
        self.network, self.train = network, train
        self.classes = classes_of(network)
        check_size("width", network.width)
        check_product(network.dtype, 1.0)

    def conv(
        self,
        x: Array,
        features: int,
        window: int = 3,
        stride: int = 1,
        *,
        bias: bool = False,
        init: Callable[..., Any] = KAIMING,
    ) -> Array:
        """A convolution of images `[T, B, H, W, C]`, padded so that only the stride makes them smaller."""
        layer = Conv(
            features,
            (window, window),
            stride,
            padding=window // 2,
            use_bias=bias,
            kernel_init=init,
            dtype=self.network.dtype,
        )
        return layer(x).astype(x.dtype)

    def dense(self, x: Array, features: int, init: Callable[..., Any] = PYTORCH) -> Array:
        """A dense layer over the last axis; its bias starts at 0."""
        layer = nn.Dense(features, kernel_init=init, dtype=self.network.dtype)
        return layer(x).astype(x.dtype)

    def norm(self, x: Array, summed: int = 1) -> Array:
        """A normalisation like the network's attribute `norm`, one of `summed` whose outputs are summed."""
        return layer_of(self.network.norm, summed=summed)(x, self.train)

    def spiking(self, x: Array) -> Array:
        """A layer of the network's neurons."""
        network = self.network
        return Spiking(network.neuron, network.learn, network.record)(x)

    def dropped(self, x: Array, per: str = "sequence") -> Array:
        """Dropout, with one mask for a sequence or one for each step."""
        return Dropout(self.network.dropout, per)(x, self.train)


def images_of(x: Any, multiple: int) -> Array:
    """Images `[T, B, H, W, C]` in a floating-point dtype, whose H and W are multiples of a number.

    Raises:
      ValueError: inputs of another shape.

    >>> images_of(jnp.ones((4, 1, 30, 32, 3)), 16)
    Traceback (most recent call last):
    ValueError: expected images [T, B, H, W, C] with H and W multiples of 16, found shape (4, 1, 30, 32, 3); crop or \
resize them before, event data by its own `crop` or `resize`, NMNIST(crop=32) for example
    """
    x = jnp.asarray(x)
    way = (
        "crop or resize them before, event data by its own `crop` or `resize`, NMNIST(crop=32) for example"
        if x.ndim == 5
        else "give them all five axes, or use a network of dense layers, MLP for example"
    )
    if x.ndim != 5 or x.shape[2] % multiple or x.shape[3] % multiple:
        raise ValueError(
            f"expected images [T, B, H, W, C] with H and W multiples of {multiple}, found shape {x.shape}; {way}"
        )
    return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.float32)


def max_pool(x: Array) -> Array:
    """The maxima of images `[T, B, H, W, C]` over windows of 3x3, with a stride of 2."""
    # Flax's max_pool pads one batch axis only.
    none, one = (0, 0), (1, 1)
    window, strides = (1, 1, 3, 3, 1), (1, 1, 2, 2, 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, strides, (none, none, one, one, none))
