"""What `spikejax.run` refuses: what is no network, and a carry that is not of the network and its inputs."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spikejax
from spikejax import MLP
from spikejax.dynamics import Time
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF

KEY, X = jax.random.key(0), jnp.full((6, 4, 5), 0.7)
NETWORK = MLP((8,), 3, LIF(), recurrent=(0,))
VARIABLES = NETWORK.init(KEY, X)
CHUNKS = pytest.mark.parametrize("chunk", [None, 2])


def carry_of(network=NETWORK, x=X):
    return spikejax.run(network, network.init(KEY, x), x)[1]


@CHUNKS
@pytest.mark.parametrize("batch", [1, 2, 8])
def test_a_carry_of_another_batch_size(batch, chunk):
    other = jnp.full((6, batch, 5), 0.7)
    for inputs, carry in ((other, carry_of()), (X, carry_of(x=other))):
        with pytest.raises(ValueError, match="carry is not of this network and these inputs"):
            spikejax.run(NETWORK, VARIABLES, inputs, carry, time=Time(chunk))


@CHUNKS
@pytest.mark.parametrize(
    "network, words",
    [
        (MLP((6,), 3, LIF(), recurrent=(0,)), r"expected float32\[4, 8\], found float32\[4, 6\]"),
        (MLP((8,), 3, TCLIF(), recurrent=(0,)), r"neuron.*\.membrane: expected .*, found nothing"),
        (MLP((8,), 3, LIF()), r"neuron.*\.neuron\.membrane: expected .*, found nothing"),
        (MLP((8, 8), 3, LIF(), recurrent=(0,)), r"\['neuron_1'\].*: expected nothing"),
    ],
    ids=["neurons", "model", "feed-forward", "layers"],
)
def test_a_carry_of_another_network(network, words, chunk):
    with pytest.raises(ValueError, match=words):
        spikejax.run(NETWORK, VARIABLES, X, carry_of(network), time=Time(chunk))


@CHUNKS
def test_a_carry_of_another_kind(chunk):
    carry = carry_of()
    half = jax.tree.map(lambda x: x.astype(jnp.bfloat16), carry)
    for given in (half, {}, carry["state"]):
        with pytest.raises(ValueError, match="carry is not of this network"):
            spikejax.run(NETWORK, VARIABLES, X, given, time=Time(chunk))
    with pytest.raises(ValueError, match="as an earlier run returned it, found tuple"):
        spikejax.run(NETWORK, VARIABLES, X, (X, carry), time=Time(chunk))
    with pytest.raises(ValueError, match="as an earlier run returned it, found Time; give time="):
        spikejax.run(NETWORK, VARIABLES, X, Time(chunk))


@CHUNKS
def test_inputs_of_other_features(chunk):
    with pytest.raises(
        ValueError, match=r"variables were made for, found inputs with F = \[7\]\..*kernel"
    ):
        spikejax.run(NETWORK, VARIABLES, jnp.ones((6, 4, 7)), time=Time(chunk))


@CHUNKS
def test_a_state_among_the_variables_does_not_start_a_sequence(chunk):
    expected, carry = spikejax.run(NETWORK, VARIABLES, X)
    found, _ = spikejax.run(NETWORK, {**VARIABLES, **carry}, X, time=Time(chunk))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "module, time, words",
    [
        (MLP, Time(), "an instance of a Flax module, found the class MLP"),
        (LIF(), Time(), r"an instance of a Flax module, found LIF\("),
        (NETWORK.apply, Time(), "an instance of a Flax module"),
        (NETWORK, 5, r"expected a Time, found 5; give Time\(chunk=5\)"),
    ],
)
def test_what_is_no_network_and_no_time(module, time, words):
    with pytest.raises(TypeError, match=words):
        spikejax.run(module, VARIABLES, X, time=time)


@pytest.mark.parametrize("chunk", [2.5, "5", True, 0, 7])
def test_what_is_no_chunk(chunk):
    with pytest.raises(ValueError, match="expected a chunk .*, found"):
        spikejax.run(NETWORK, VARIABLES, X, time=Time(chunk))


class Short(nn.Module):
    """Keeps one step less than it is given, or only the last one."""

    last: bool = False

    @nn.compact
    def __call__(self, x):
        return x[-1] if self.last else x[1:]


@pytest.mark.parametrize("chunk", [None, 2, 3])
@pytest.mark.parametrize("last", [True, False])
def test_a_network_that_loses_steps(chunk, last):
    with pytest.raises(
        ValueError, match=r"expected the network to return .* leading axis T = \d, found"
    ):
        spikejax.run(Short(last), {}, X, time=Time(chunk))


def test_a_network_that_swaps_the_axes():
    class Swapped(nn.Module):
        @nn.compact
        def __call__(self, x):
            return x.swapaxes(0, 1)

    with pytest.raises(ValueError, match="leading axis T"):
        spikejax.run(Swapped(), {}, X, time=Time(2))


@pytest.mark.parametrize("returned", [None, "logits", {}])
@pytest.mark.parametrize("chunk", [None, 2])
def test_a_network_that_returns_no_array(returned, chunk):
    class Mute(nn.Module):
        @nn.compact
        def __call__(self, x):
            return returned

    with pytest.raises(
        ValueError, match=r"to return outputs \[T, B, ...\], found .*; return an array"
    ):
        spikejax.run(Mute(), {}, X, time=Time(chunk))
