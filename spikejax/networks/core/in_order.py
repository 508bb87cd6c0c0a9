"""Networks of this library as `nn.Sequential`: their layers in order, for exchange with other tools."""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
import numpy as np

from spikejax.layers import Conv, Linear, Recurrent, Spiking, layer_of
from spikejax.layers.pooling import Flatten, Pool
from spikejax.networks.core.adaptive_pooling import adaptive_average_pool
from spikejax.networks.core.sizes import classes_of
from spikejax.networks.mlp import MLP
from spikejax.networks.vgg import GRID, POOL, VGG11, VGG13, VGGSNN


def sequential(
    network: nn.Module, variables: Any, shape: tuple[int, ...]
) -> tuple[nn.Sequential, dict[str, Any]]:
    """A network as its layers in order, which compute in evaluation what it computes.

    The means over a grid that VGG-11 and VGG-13 take before their read-out are part of its weights here.

    Args:
      network: an `MLP`, a VGG network or `nn.Sequential`.
      variables: its variables.
      shape: of one step of one sample, `[F]` or `[H, W, C]`.

    Returns:
      The network as `nn.Sequential`, and its variables under the names "layers_0", "layers_1", …

    Raises:
      ValueError: a network of another kind.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> network, x = MLP((8,), 3, LIF()), jnp.ones((5, 2, 4))
    >>> variables = network.init(jax.random.key(0), x)
    >>> layers, same = sequential(network, variables, (4,))
    >>> bool((layers.apply(same, x) == network.apply(variables, x)).all())
    True
    """
    if isinstance(network, nn.Sequential):
        return network, {name: dict(tree) for name, tree in variables.items()}
    if isinstance(network, MLP):
        return _named(_of_mlp(network), variables)
    if isinstance(network, VGGSNN | VGG11 | VGG13):
        if len(shape) != 3:
            raise ValueError(f"expected the shape [H, W, C] of an image, found {list(shape)}")
        if not isinstance(network, VGGSNN):
            variables = _without_grid(network, variables, shape)
        return _named(_of_vgg(network), variables)
    raise ValueError(
        f"expected an MLP, a VGG network or nn.Sequential, found {type(network).__name__}; write it as nn.Sequential "
        "of Linear, Conv, Spiking, Recurrent, Pool and Flatten, whose layers are in order. If it has others, with "
        "delays for example, only its variables can be written, as npz or safetensors"
    )


def _of_mlp(network):
    """Each layer and the name of its variables."""
    own = {"neuron": network.neuron, "learn": network.learn, "record": network.record}
    layers = []
    for i, features in enumerate(network.hidden):
        layers.append((Linear(features, network.dtype), f"linear_{i}"))
        recurrent = i in network.recurrent
        neurons = Recurrent(**own, dtype=network.dtype) if recurrent else Spiking(**own)
        layers.append((neurons, f"neuron_{i}"))
    return [*layers, (Linear(classes_of(network), network.dtype), "readout")]


def _of_vgg(network):
    layers, number, norm = [], 0, type(network.norm).__name__
    for widths in network.plan:
        if widths == POOL:
            layers.append((Pool((2, 2)), None))
            continue
        conv = Conv(widths * network.width, (3, 3), 1, padding=1, dtype=network.dtype)
        layers.append((conv, f"Conv_{number}"))
        layers.append((layer_of(network.norm), f"{norm}_{number}"))
        neurons = Spiking(network.neuron, network.learn, network.record)
        layers.append((neurons, f"Spiking_{number}"))
        number += 1
    return [*layers, (Flatten(), None), (Linear(classes_of(network), network.dtype), "Dense_0")]


def _without_grid(network, variables, shape):
    """The variables, with the read-out's weights for all positions instead of those of the grid."""
    halved = 2 ** network.plan.count(POOL)
    rows, columns = shape[0] // halved, shape[1] // halved
    readout = variables["params"]["Dense_0"]
    kernel = jnp.asarray(readout["kernel"])
    channels = len(kernel) // GRID**2
    # A column of the matrix of the means is what they make of one pixel.
    pixels = jnp.eye(rows * columns, dtype=kernel.dtype).reshape(-1, rows, columns, 1)
    means = adaptive_average_pool(pixels, GRID)[..., 0]
    parts = np.asarray(kernel).reshape(GRID, GRID, channels, -1)
    spread = np.einsum("pij,ijck->pck", np.asarray(means), parts)
    kernel = jnp.asarray(spread.reshape(rows * columns * channels, -1))
    params = {**variables["params"], "Dense_0": {**readout, "kernel": kernel}}
    return {**variables, "params": params}


def _named(layers, variables):
    renamed = {
        collection: {
            f"layers_{number}": tree[name]
            for number, (_, name) in enumerate(layers)
            if name in tree
        }
        for collection, tree in variables.items()
    }
    return nn.Sequential([layer for layer, _ in layers]), renamed
