"""Quantised weights: their values against NumPy, training through them, chunks, runs and files."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spikejax
import toy
from spikejax import MLP, Config, Recurrent, Spiking, Time
from spikejax.layers import Linear
from spikejax.networks.core.quantisation import (
    LEVELS,
    Quantised,
    dequantised,
    integers,
    quantise,
    quantised,
)
from spikejax.neurons.lif import LIF


def by_hand(kernel, levels):
    """The rule of each output in a loop, in float64; ternary from the paper's minimisation, not from its solution."""
    kernel = np.asarray(kernel, np.float64)
    found, scales = np.zeros(kernel.shape, int), np.zeros(kernel.shape[-1])
    for output in range(kernel.shape[-1]):
        w = kernel[..., output]
        if levels == "int8":
            scales[output] = np.abs(w).max() / 127
            found[..., output] = np.clip(np.rint(w / scales[output]), -127, 127)
        else:
            found[..., output] = np.where(np.abs(w) > 0.7 * np.abs(w).mean(), np.sign(w), 0)
            t = found[..., output]
            scales[output] = (w * t).sum() / (t * t).sum()  # argmin over s of |w - s t|²
    return found, scales


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("shape", [(30, 5), (3, 3, 4, 6)])
def test_the_values_are_those_of_the_rule(levels, shape, float64):
    kernel = jnp.asarray(np.random.default_rng(0).normal(size=shape))
    found, scale = quantise(kernel, levels)
    expected, scales = by_hand(kernel, levels)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(scale.ravel(), scales, rtol=1e-12)
    assert found.dtype == jnp.int8 and abs(found).max() == (127 if levels == "int8" else 1)


@pytest.mark.parametrize("levels", LEVELS)
def test_weights_of_zero_stay_zero(levels):
    found, scale = quantise(jnp.zeros((3, 2)), levels)
    assert not found.any() and (scale == 1).all()


class Conv(nn.Module):
    """A convolution, a batch norm that is trained, and a read-out."""

    @nn.compact
    def __call__(self, x, train=False):
        x = nn.BatchNorm(not train)(nn.Conv(4, (3, 3))(x))
        x = Spiking(LIF())(x)
        return Linear(3)(x.reshape(*x.shape[:2], -1))


NETWORKS = {
    "recurrent": (MLP((8, 6), 3, LIF(), recurrent=(0,), gain=3.0), (12, 2, 5)),
    "conv": (Conv(), (6, 2, 4, 4, 2)),
    "sequential": (nn.Sequential([nn.Dense(8), Recurrent(LIF()), nn.Dense(3)]), (12, 2, 5)),
}


def made(name, levels):
    network, shape = NETWORKS[name]
    network, x = Quantised(network, levels), jax.random.normal(jax.random.key(1), shape) + 0.5
    return network, network.init(jax.random.key(0), x), x


def alone(network, variables):
    """The inner network, and its variables with quantised weights."""
    own = {name: found["network"] for name, found in variables.items() if "network" in found}
    return network.network, {**own, "params": quantised(own["params"], network.levels)}


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("name", NETWORKS)
def test_it_computes_what_the_network_with_quantised_weights_does(name, levels):
    network, variables, x = made(name, levels)
    outputs, _ = spikejax.run(network, variables, x)
    expected, _ = spikejax.run(*alone(network, variables), x)
    np.testing.assert_array_equal(outputs, expected)
    full, _ = spikejax.run(
        network.network, {k: v["network"] for k, v in variables.items() if "network" in v}, x
    )
    assert np.abs(outputs - full).max() > 1e-5
    pieces, _ = spikejax.run(network, variables, x, time=Time(chunk=3))
    np.testing.assert_allclose(pieces, outputs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradient_passes_straight_through(name):
    network, variables, x = made(name, "ternary")
    inner, own = alone(network, variables)

    def loss(network, params, variables):
        outputs, _ = spikejax.run(network, {**variables, "params": params}, x, train=True)
        return jnp.square(outputs).sum()

    found = jax.grad(lambda p: loss(network, p, variables))(variables["params"])["network"]
    expected = jax.grad(lambda p: loss(inner, p, own))(own["params"])
    jax.tree.map(np.testing.assert_array_equal, found, expected)
    assert all(np.abs(x).max() > 0 for x in jax.tree.leaves(found))


def test_it_is_trained_by_a_config_and_loaded(tmp_path):
    config = toy.config(epochs=3)
    config = Config(**{**vars(config), "network": Quantised(config.network, "ternary")})
    trained = spikejax.fit(config, tmp_path / "run")
    losses = [row["loss"] for row in trained.record["history"]]
    assert losses[-1] < losses[0]
    loaded = spikejax.load(tmp_path / "run")
    assert loaded.network == trained.network
    kernel = quantised(loaded.variables["params"], "ternary")["network"]["readout"]["kernel"]
    assert all(len(np.unique(np.abs(column))) <= 2 for column in np.asarray(kernel).T)


def test_half_precision_and_other_names():
    kernel = jnp.asarray([[1.0, -0.3], [-1.0, 0.1]], jnp.bfloat16)
    assert int(jnp.abs(quantise(kernel, "int8")[0].astype(int)).max()) == 127
    found = quantised({"membrane_kernel": kernel, "scale": kernel}, "ternary")
    assert found["membrane_kernel"].dtype == kernel.dtype
    assert len(np.unique(np.abs(found["membrane_kernel"][:, 1].astype(float)))) == 2
    np.testing.assert_array_equal(found["scale"], kernel)


@pytest.mark.parametrize("levels", LEVELS)
def test_integers_run_only_with_their_scales(levels):
    network, variables, x = made("recurrent", levels)
    inner, own = alone(network, variables)
    stored = integers(variables["params"]["network"], levels)
    expected, _ = spikejax.run(inner, own, x)
    found, _ = spikejax.run(inner, {**own, "params": dequantised(stored)}, x)
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueError, match=r"found int8; .*dequantised\(params\)"):
        spikejax.run(inner, {**own, "params": stored}, x)


def test_integers_have_their_scales_beside_them():
    params = made("recurrent", "int8")[1]["params"]
    found, expected = integers(params, "int8")["network"], quantised(params, "int8")["network"]
    for layer, values in found.items():
        np.testing.assert_array_equal(
            values["kernel"] * values["kernel_scale"], expected[layer]["kernel"]
        )
        assert values["kernel"].dtype == jnp.int8
        np.testing.assert_array_equal(values["bias"], params["network"][layer]["bias"])


def test_other_levels_and_shapes_are_refused():
    with pytest.raises(ValueError, match="int8 or ternary, found 'int4'"):
        quantise(jnp.ones((2, 2)), "int4")  # pyright: ignore
    with pytest.raises(ValueError, match=r"two axes or more, found shape \(2,\)"):
        quantise(jnp.ones(2), "int8")
    with pytest.raises(ValueError, match="int8 or ternary"):
        Quantised(MLP((4,), 2, LIF()), "binary").init(jax.random.key(0), jnp.ones((2, 1, 3)))  # pyright: ignore
