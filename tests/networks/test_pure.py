"""Any Flax module as pure functions: chunks, streaming, statistics, transformations."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax import Recurrent, Spiking, Time, run
from spikejax.networks.core import pure
from spikejax.neurons import make
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF

KEY, T = jax.random.key(0), 12


class Block(nn.Module):
    """Convolution, batch norm and neurons, with a skip connection; flattened without a word about time."""

    statistics: str | None = None

    @nn.compact
    def __call__(self, x, train=False):
        y = nn.Conv(3, (3, 3))(x)
        y = nn.BatchNorm(use_running_average=not train, axis_name=self.statistics)(y)
        y = Spiking(TCLIF(), record=("soma",))(y)
        y = Spiking(LIF(), name="second")(nn.Conv(3, (3, 3))(y) + y)
        return nn.Dense(2)(y.reshape(*y.shape[:2], -1))


def make_inputs(steps=T, shape=(4, 4, 1)):
    return jnp.asarray(np.random.default_rng(0).normal(0.5, 1.0, (steps, 2, *shape)), float)


def made(network, x):
    variables = network.init({"params": KEY, "noise": KEY}, x)
    return jax.tree.map(lambda leaf: leaf.astype(float), variables)


def assert_close(one, other):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9), one, other)


def test_init_gives_no_state():
    assert set(Block().init(KEY, make_inputs())) == {"params", "constants", "batch_stats"}


@pytest.mark.parametrize("chunk", [1, 3, 5, T])
def test_every_chunk_gives_the_same(chunk, float64):
    network, x = Block(), make_inputs()
    variables = made(network, x)
    expected, last = run(network, variables, x)
    found, carry = run(network, variables, x, time=Time(chunk=chunk))
    assert_close((found, carry), (expected, last))
    assert set(carry) == {"state", "batch_stats"}
    assert jnp.any(expected != 0)


def test_a_stream_is_the_whole(float64):
    network, x = Block(), make_inputs()
    variables = made(network, x)
    expected, last = run(network, variables, x)
    carry, pieces = None, []
    for start, stop in ((0, 5), (5, 6), (6, T)):
        outputs, carry = run(network, variables, x[start:stop], carry)
        pieces.append(outputs)
    assert_close((jnp.concatenate(pieces), carry), (expected, last))


def test_sequential_of_flax(float64):
    network = nn.Sequential(
        [nn.Dense(5), Recurrent(LIF()), nn.Dense(4), Spiking(LIF()), nn.Dense(2)]
    )
    x = make_inputs(shape=(3,))
    variables = made(network, x)
    expected, last = run(network, variables, x)
    found, carry = run(network, variables, x, time=Time(chunk=5))
    assert_close((found, carry), (expected, last))


def test_statistics_are_carried_in_training(float64):
    """Two chunks update the running mean twice, as two calls do; without `train` nothing changes."""
    network, x = Block(), make_inputs()
    variables = made(network, x)
    _, carry = run(network, variables, x, time=Time(chunk=6), train=True)
    by_hand = variables
    for piece in (x[:6], x[6:]):
        _, changed = network.apply(by_hand, piece, train=True, mutable=["batch_stats"])
        by_hand = {**by_hand, **changed}
    assert_close(carry["batch_stats"], by_hand["batch_stats"])
    mean = carry["batch_stats"]["BatchNorm_0"]["mean"]
    assert np.any(mean != variables["batch_stats"]["BatchNorm_0"]["mean"])
    _, carry = run(network, variables, x)
    assert_close(carry["batch_stats"], variables["batch_stats"])


def test_gradients_through_chunks_and_checkpoints(float64):
    network, x = Block(), make_inputs()
    variables = made(network, x)
    weights = np.random.default_rng(1).normal(size=(T, 2, 2))

    def gradient(**time):
        def loss(params):
            outputs, _ = run(network, {**variables, "params": params}, x, time=Time(**time))
            return (outputs * weights).sum()

        return jax.jit(jax.grad(loss))(variables["params"])

    expected = gradient()
    assert all(np.any(leaf != 0) for leaf in jax.tree.leaves(expected["Dense_0"]))
    for time in ({"chunk": 4}, {"chunk": 4, "checkpoint": False}, {"chunk": 2, "segment": 6}):
        assert_close(gradient(**time), expected)


def test_vmap_over_initialisations(float64):
    network, x = Block(), make_inputs()

    def outputs(key):
        variables = jax.tree.map(lambda leaf: leaf.astype(float), network.init(key, x))
        return run(network, variables, x, time=Time(chunk=4))[0]

    keys = jax.random.split(KEY, 2)
    together = jax.jit(jax.vmap(outputs))(keys)
    assert_close(together[1], outputs(keys[1]))
    assert np.any(together[0] != together[1])


def test_the_first_state_costs_nothing():
    """The step that gives it is dropped by the compiler: no convolution, no random bits in its program."""
    network, x = Block(), make_inputs()
    variables = network.init(KEY, x)
    first = jax.jit(lambda v, x: pure.first_carry(network, v, x)["state"])
    text = first.lower(variables, x).compile().as_text()
    assert "convolution" not in text and "dot(" not in text
    assert "threefry" not in text and "rng" not in text
    found = first(variables, x)
    expected = LIF().init_state(jnp.zeros((2, 4, 4, 3)))
    assert_close(found["second"]["neuron"], expected)


def test_a_stochastic_neuron_carries_its_key(float64):
    """In chunks and in one piece the noise is the same; without a key there is a word about it."""
    network = nn.Sequential([nn.Dense(5), Spiking(make("stochastic_lif")), nn.Dense(2)])
    x, rngs = make_inputs(shape=(3,)), {"noise": jax.random.key(3)}
    variables = made(network, x)
    expected, _ = run(network, variables, x, rngs=rngs)
    found, _ = run(network, variables, x, rngs=rngs, time=Time(chunk=4))
    assert_close(found, expected)
    with pytest.raises(ValueError, match=r"StochasticLIF is stochastic .*rngs=\{\"noise\": key\}"):
        run(network, variables, x)


def test_activity_by_layer():
    network, x = Block(), make_inputs()
    variables = network.init(KEY, x)
    _, carry, activity = pure.apply(network, variables, x, {}, record=True)
    assert set(carry) == {"state", "batch_stats"}
    assert {layer: sorted(found) for layer, found in activity.items()} == {
        "Spiking_0": ["soma", "spikes"],
        "second": ["spikes"],
    }
    assert pure.apply(network, variables, x, {})[2] == {}


# --- What a module says of itself -----------------------------------------------------------------


def facts_of(network, x):
    variables = jax.eval_shape(lambda: network.init({"params": KEY, "noise": KEY}, x))
    return pure.inspect_module(network, variables, jax.ShapeDtypeStruct(x.shape, x.dtype))


def test_facts_of_a_convolutional_network():
    facts = facts_of(Block(), make_inputs())
    assert facts.outputs.shape == (T, 2, 2) and facts.widths == (48, 48, 2)
    assert facts.changes == ("batch_stats",) and facts.convolves
    assert facts.whole_sequence == {
        "BatchNorm_0": "its statistics are pooled over time in training"
    }


def test_facts_of_a_dense_network():
    facts = facts_of(nn.Sequential([nn.Dense(5), Spiking(LIF())]), make_inputs(shape=(3,)))
    assert facts.widths == (5, 5) and not facts.convolves
    assert not facts.changes and not facts.whole_sequence


def test_facts_of_a_neuron_of_whole_sequences():
    network = nn.Sequential([nn.Dense(5), Spiking(make("psn", steps=T))])
    facts = facts_of(network, make_inputs(shape=(3,)))
    assert facts.whole_sequence == {"layers_1": "its neuron mixes all steps of a sequence"}
