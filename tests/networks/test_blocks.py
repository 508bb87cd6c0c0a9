"""Blocks of the networks against plain NumPy with the same weights, and what travels on their shortcuts."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fast_compilation import fast_jit
from spikejax.layers.normalisation import BatchNorm
from spikejax.networks import ms_resnet_18, resnet_18, sew_resnet_18, spikformer
from spikejax.networks.core.convolutional import Layers
from spikejax.networks.vgg import POOL, VGGSNN
from spikejax.neurons.lif import LIF

KEY = jax.random.key(0)


class Block(nn.Module):
    """A block of a network, alone."""

    block: Callable
    given: tuple[Any, ...]
    neuron: Any = LIF(decay=0.5)
    classes: int = 1
    width: int = 1
    learn: Any = ()
    record: tuple[str, ...] = ()
    norm: Any = BatchNorm(epsilon=0.0)
    dropout: float = 0.0
    dtype: Any = None

    @nn.compact
    def __call__(self, x, train=False):
        return self.block(Layers(self, train), x, *self.given)


def drawn(network, x):
    """Variables with weights, means and variances that are all drawn."""
    draw = np.random.default_rng(0)
    shapes = jax.eval_shape(network.init, KEY, x)
    variables = jax.tree.map(lambda like: draw.normal(0, 0.5, like.shape), shapes)
    for statistics in variables["batch_stats"].values():
        statistics["var"] = np.exp(statistics["var"])
    return {**network.init(KEY, x), **{k: variables[k] for k in ("params", "batch_stats")}}


class Numpy:
    """The layers in NumPy, with the variables of a network; they are used in the order of their names."""

    def __init__(self, variables):
        self.variables, self.used, self.fired = variables, {}, []

    def _next(self, kind):
        number = self.used.get(kind, -1) + 1
        self.used[kind] = number
        found = self.variables["params"].get(f"{kind}_{number}", {})
        return found | self.variables["batch_stats"].get(f"{kind}_{number}", {})

    def conv(self, x, stride=1):
        own = self._next("Conv")
        side = own["kernel"].shape[0]
        low = side // 2
        padded = np.pad(x, ((0, 0), (0, 0), (low, low), (low, low), (0, 0)))
        rows, columns = (range(0, length, stride) for length in x.shape[2:4])
        out = np.zeros((*x.shape[:2], len(rows), len(columns), own["kernel"].shape[-1]))
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                window = padded[:, :, row : row + side, column : column + side]
                out[:, :, i, j] = np.tensordot(window, own["kernel"], ((2, 3, 4), (0, 1, 2)))
        return out + own.get("bias", 0.0)

    def dense(self, x):
        own = self._next("Dense")
        return x @ own["kernel"] + own["bias"]

    def norm(self, x):
        own = self._next("BatchNorm")
        return own["scale"] * (x - own["mean"]) / np.sqrt(own["var"]) + own["bias"]

    def spiking(self, currents):
        membrane, spikes = np.zeros(currents.shape[1:]), []
        for current in currents:
            membrane = 0.5 * membrane + current
            spikes.append((membrane >= 1.0).astype(float))
            membrane = membrane - spikes[-1]
        self.fired.append(np.mean(spikes))
        return np.stack(spikes)


def resnet(layers, x, stride):
    spikes = layers.spiking(layers.norm(x))
    out = layers.conv(layers.spiking(layers.norm(layers.conv(spikes, stride))))
    return out + (layers.conv(spikes, stride) if stride > 1 else spikes)


def sew(layers, x, stride):
    out = layers.spiking(layers.norm(layers.conv(x, stride)))
    out = layers.spiking(layers.norm(layers.conv(out)))
    return out + (layers.spiking(layers.norm(layers.conv(x, stride))) if stride > 1 else x)


def ms(layers, x, stride):
    out = layers.norm(layers.conv(layers.spiking(x), stride))
    out = layers.norm(layers.conv(layers.spiking(out)))
    return out + (layers.norm(layers.conv(x, stride)) if stride > 1 else x)


BLOCKS = {
    "resnet_18": (resnet_18.residual, resnet),
    "sew_resnet_18": (sew_resnet_18.residual, sew),
    "ms_resnet_18": (ms_resnet_18.residual, ms),
}


def compare(network, x, expected):
    variables = drawn(network, x)
    layers = Numpy(variables)
    wanted = expected(layers, np.asarray(x))
    found = network.apply(variables, x)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
    assert all(0.02 < rate < 0.98 for rate in layers.fired), layers.fired


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", BLOCKS)
def test_a_residual_block(name, stride, float64):
    ours, plain = BLOCKS[name]
    x = jax.random.normal(KEY, (4, 2, 6, 4, 3), jnp.float64)
    network = Block(ours, (3 * stride, stride))
    compare(network, x, lambda layers, x: plain(layers, x, stride))


def test_a_layer_of_vgg_and_its_readout(float64):
    class Short(VGGSNN):
        plan = (1, POOL)

    def expected(layers, x):
        spikes = layers.spiking(layers.norm(layers.conv(x)))
        pooled = spikes.reshape(4, 2, 3, 2, 2, 2, 5).mean((3, 5))
        return layers.dense(pooled.reshape(4, 2, -1))

    x = jax.random.normal(KEY, (4, 2, 6, 4, 3), jnp.float64)
    network = Short(2, LIF(decay=0.5), width=5, norm=BatchNorm(epsilon=0.0))
    compare(network, x, expected)


def test_spiking_self_attention(float64):
    def fired(layers, x):
        return layers.spiking(layers.norm(layers.dense(x)))

    def expected(layers, x):
        query, key, value = (fired(layers, x) for _ in range(3))
        mixed = np.zeros_like(x)
        for head in (slice(0, 4), slice(4, 8)):
            for token in range(x.shape[2]):
                for other in range(x.shape[2]):
                    weight = (query[:, :, token, head] * key[:, :, other, head]).sum(-1)
                    mixed[:, :, token, head] += weight[..., None] * value[:, :, other, head]
        # Half the threshold for a neuron that is linear below it: the currents are twice 0.125 of the mixture.
        return fired(layers, layers.spiking(mixed / 4))

    x = 3 * jax.random.normal(KEY, (4, 2, 16, 8), jnp.float64)
    compare(Block(spikformer.attention, (2,)), x, expected)


@pytest.mark.parametrize("name", BLOCKS)
def test_what_a_shortcut_passes_on(name):
    """Without its convolutions a block of ResNet-18 gives spikes, one of the others its input."""
    block, x = BLOCKS[name][0], 2 * jax.random.normal(KEY, (4, 2, 4, 4, 3))
    if name == "sew_resnet_18":
        x = jnp.round(abs(x))
    network = Block(block, (3, 1))

    @fast_jit
    def passed_on(key):
        variables = network.init(key, x)
        params = variables["params"]
        for layer in params:
            if layer.startswith("Conv"):
                params[layer] = jax.tree.map(jnp.zeros_like, params[layer])
        return network.apply(variables, x)

    passed = passed_on(KEY)
    if name == "resnet_18":
        assert set(np.unique(passed)) == {0.0, 1.0}
    else:
        np.testing.assert_array_equal(passed, x)


def test_blocks_of_sew_add_numbers_of_spikes():
    def three(layers, x):
        for _ in range(3):
            x = sew_resnet_18.residual(layers, x, 4, 1)
        return x

    x = (jax.random.normal(KEY, (6, 2, 8, 8, 4)) > 0).astype(jnp.float32)
    network = Block(three, ())

    @fast_jit
    def summed(key):
        variables = network.init(key, x)
        return network.apply(variables, x, train=True, mutable=["batch_stats"])[0]

    assert set(np.unique(summed(KEY))) == {0.0, 1.0, 2.0, 3.0, 4.0}
