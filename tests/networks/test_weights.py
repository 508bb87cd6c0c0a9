"""Variables in a file: npz and safetensors, the same to the last bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax import MLP
from spikejax.layers import BatchNorm
from spikejax.networks.core.weights import read_weights, write_weights
from spikejax.networks.vgg import VGGSNN
from spikejax.neurons.lif import LIF


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_variables_come_back(suffix, tmp_path):
    network = VGGSNN(3, LIF(), width=1, norm=BatchNorm(), learn=("decay",))
    variables = network.init(jax.random.key(0), jnp.ones((1, 1, 16, 16, 2)))
    variables = {name: variables[name] for name in ("params", "constants", "batch_stats")}
    # Axes in another order in memory than they are counted.
    variables["params"]["Dense_0"]["kernel"] = np.asarray(
        variables["params"]["Dense_0"]["kernel"], order="F"
    )
    read = read_weights(write_weights(tmp_path / f"weights.{suffix}", variables))
    assert jax.tree.structure(read) == jax.tree.structure(variables)
    for old, new in zip(jax.tree.leaves(variables), jax.tree.leaves(read), strict=True):
        np.testing.assert_array_equal(old, new)
        assert old.dtype == new.dtype


def test_other_tools_read_them_by_their_names(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    network = MLP((4,), 2, LIF())
    variables = network.init(jax.random.key(0), jnp.ones((1, 1, 3)))
    names = {"params/linear_0/kernel", "params/readout/bias", "constants/neuron_0/decay"}
    path = write_weights(tmp_path / "weights.safetensors", variables)
    assert names <= set(safetensors.load_file(path))
    path = write_weights(tmp_path / "weights.npz", variables)
    assert names <= set(np.load(path).files)


def test_refusals(tmp_path):
    with pytest.raises(ValueError, match="ends in one of .safetensors, .npz"):
        write_weights(tmp_path / "weights.h5", {})
    with pytest.raises(ValueError, match="bfloat16 in params/w; cast it"):
        write_weights(tmp_path / "w.npz", {"params": {"w": jnp.ones(2, jnp.bfloat16)}})
