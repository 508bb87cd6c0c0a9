"""A norm folded into the weights before it: equal outputs, to float rounding."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import norm_cases
from fast_compilation import fast_jit
from norm_cases import NORMS, SHARED
from spikejax.layers import Conv, Linear, Norm, layer_of
from spikejax.layers.normalisation.folding import fold, fold_variables
from spikejax.networks.ms_resnet_18 import MSResNet18
from spikejax.neurons.lif import LIF

KEY = jax.random.key(0)


class Stack(nn.Module):
    """Convolutions and a dense layer, each with a norm; the first has no bias."""

    norm: Norm

    @nn.compact
    def __call__(self, x, train=False):
        x = jax.nn.relu(layer_of(self.norm)(Conv(3, (3, 3), use_bias=False)(x), train))
        x = jax.nn.relu(layer_of(self.norm)(Conv(4, (3, 3), feature_group_count=1)(x), train))
        x = x.reshape(*x.shape[:2], -1)
        return layer_of(self.norm, "last")(Linear(5)(x), train)


def trained(network, x):
    """Variables with parameters and statistics away from their initial values."""
    variables = network.init(KEY, x)
    leaves, tree = jax.tree.flatten(variables)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    moved = [
        leaf + 0.3 * jax.random.uniform(k, leaf.shape) for leaf, k in zip(leaves, keys, strict=True)
    ]
    return jax.tree.unflatten(tree, moved)


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_layer(name, dtype):
    with jax.enable_x64(dtype is np.float64):
        x = jnp.asarray(norm_cases.values(shape=(4, 3, 5, 5, 2)), dtype)
        layer, norm = Conv(3, (3, 3), dtype=dtype, param_dtype=dtype), NORMS[name]
        params = trained(layer, x)["params"]
        between = layer.apply({"params": params}, x)
        variables = trained(norm, between)
        expected = norm.apply(variables, between)
        kernel, bias = fold(norm, variables, params["kernel"], params["bias"])
        found = layer.apply({"params": {"kernel": kernel, "bias": bias}}, x)
        rounding = 20 * np.finfo(dtype).eps * float(jnp.abs(expected).max())
        np.testing.assert_allclose(found, expected, rtol=0, atol=rounding)
        assert float(jnp.abs(found - between).max()) > 0.1


@pytest.mark.parametrize("name", SHARED)
def test_a_network(name, float64):
    network, x = Stack(NORMS[name]), jnp.asarray(norm_cases.values(shape=(4, 3, 5, 5, 2)))
    variables = jax.tree.map(lambda leaf: leaf.astype(float), trained(network, x))
    kind = type(NORMS[name]).__name__
    pairs = {"Conv_0": f"{kind}_0", "Conv_1": f"{kind}_1", "Linear_0": "last"}
    folded = fold_variables(network, variables, pairs, x)
    np.testing.assert_allclose(network.apply(folded, x), network.apply(variables, x), rtol=1e-11)
    for after in (f"{kind}_1", "last"):
        own = {which: folded[which][after] for which in ("params", "batch_stats")}
        scale, shift = NORMS[name].inference(own)
        np.testing.assert_allclose(scale, 1, rtol=1e-4)  # ε is in the root
        np.testing.assert_array_equal(shift, 0)


def test_norms_whose_outputs_are_summed(float64):
    """Each is folded with its own α: α/√2 in tdBN at the end of a residual block."""
    network = MSResNet18(10, LIF(), width=2, norm=NORMS["tdbn"])
    x, draw = jnp.asarray(norm_cases.values(shape=(2, 1, 8, 8, 2))), np.random.default_rng(0)

    def drawn(path, leaf):
        if path[-1].key in ("kernel", "bias", "mean"):
            return jnp.asarray(draw.normal(0, 1, leaf.shape))
        return jnp.asarray(draw.uniform(0.5, 1, leaf.shape))

    shapes = jax.eval_shape(network.init, KEY, x)
    own = {name: shapes[name] for name in ("params", "batch_stats", "constants") if name in shapes}
    variables = jax.tree_util.tree_map_with_path(drawn, own)
    pairs = {f"Conv_{i}": f"TDBN_{i}" for i in range(20)}
    folded = fold_variables(network, variables, pairs, x)
    outputs = fast_jit(lambda v: network.apply(v, x, mutable=["state", "activity"])[0])
    expected = outputs(variables)
    silent = {**variables, "batch_stats": jax.tree.map(jnp.ones_like, own["batch_stats"])}
    assert float(jnp.abs(outputs(silent) - expected).max()) > 0.1  # they depend on the norms
    np.testing.assert_allclose(outputs(folded), expected, rtol=1e-11)


@pytest.mark.parametrize("name", sorted(set(NORMS) - set(SHARED)))
def test_a_norm_with_a_map_per_step_is_refused(name):
    x = norm_cases.values()
    variables = NORMS[name].init(KEY, x)
    with pytest.raises(ValueError, match=f"one affine map for all steps, found .* {len(x)} steps"):
        fold(NORMS[name], variables, jnp.ones((3, 3, 1, norm_cases.CHANNELS)))


def test_other_channels_and_layers_are_refused():
    norm = NORMS["pooled"]
    variables = norm.init(KEY, norm_cases.values())
    with pytest.raises(ValueError, match=r"\[\.\.\., 2\], found \[3, 5\]"):
        fold(norm, variables, jnp.ones((3, 5)))
    network, x = Stack(norm), norm_cases.values(shape=(4, 3, 5, 5, 2))
    variables = network.init(KEY, x)
    with pytest.raises(KeyError, match="a layer Conv_9"):
        fold_variables(network, variables, {"Conv_9": "BatchNorm_0"}, x)
    with pytest.raises(KeyError, match=r"a norm Conv_1, found the norms \['BatchNorm_0', 'Batch"):
        fold_variables(network, variables, {"Conv_0": "Conv_1"}, x)
