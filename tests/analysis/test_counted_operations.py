"""Operations found by tracing: how many, of which layers, and which of them have spikes as their input."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spikejax
from spikejax import MLP, Spiking, Time
from spikejax.analysis import count_parameters, measured_operations, operations_of, with_rates
from spikejax.layers import Conv
from spikejax.networks.core import pure
from spikejax.networks.lstm import LSTM
from spikejax.networks.vgg import VGGSNN as VGG
from spikejax.neurons import NEURONS
from spikejax.neurons.lif import LIF

WHOLE = Time()
X = np.random.default_rng(0).uniform(0, 3, (8, 4, 5)).astype(np.float32)


def function(network, time=WHOLE):
    return lambda variables, x: spikejax.run(network, variables, x, time=time)[0]


def shapes(network, *shape):
    """The variables and the inputs of a network, as shapes."""
    x = jax.ShapeDtypeStruct(shape, jnp.float32)
    return jax.eval_shape(network.init, jax.random.key(0), x), x


def macs(found):
    return {op.layer: op.macs for op in found}


def test_products_of_a_perceptron():
    network = MLP((8, 6), 3, LIF(), recurrent=(0,))
    found = operations_of(function(network), *shapes(network, 7, 2, 5))
    assert macs(found) == {"linear_0": 40, "neuron_0": 64, "linear_1": 48, "readout": 18}
    assert [op.spikes for op in found] == [False, True, True, True]
    assert [op.inputs for op in found] == [5, 8, 8, 6]


@pytest.mark.parametrize("chunk", [1, 2, 6])
def test_how_time_is_cut_does_not_matter(chunk):
    network = MLP((8,), 3, LIF(), recurrent=(0,))
    whole = operations_of(function(network), *shapes(network, 6, 2, 5))
    cut = operations_of(function(network, Time(chunk)), *shapes(network, 6, 2, 5))
    assert macs(cut) == macs(whole) and [x.spikes for x in cut] == [x.spikes for x in whole]


def test_convolutions_and_pooling():
    network = VGG(10, LIF(), width=2)
    found = operations_of(function(network), *shapes(network, 2, 3, 32, 32, 3))
    assert found[0].macs == 32 * 32 * 9 * 3 * 2 and found[0].window == (3, 3)
    assert found[1].macs == 32 * 32 * 9 * 2 * 4
    # Images are analog, and so are averages of spikes; all else are spikes, also what is averaged.
    analog = {"Conv_0", "Conv_2", "Conv_4", "Conv_6", "Dense_0"}
    assert {op.layer for op in found if not op.spikes} == analog
    pools = [op for op in found if op.kind == "pooling"]
    assert [(op.layer, op.macs, op.inputs) for op in pools][:2] == [
        ("pooling_0", 0, 32 * 32 * 4),
        ("pooling_1", 0, 16 * 16 * 8),
    ]


@pytest.mark.parametrize("groups, strides", [(1, 1), (1, 2), (4, 1)])
def test_the_compiler_counts_the_same(groups, strides):
    layer = Conv(8, (3, 3), strides, padding="VALID", feature_group_count=groups, use_bias=False)
    x = jnp.ones((1, 2, 9, 9, 4))
    variables = layer.init(jax.random.key(0), x)
    (found,) = operations_of(layer.apply, variables, x * 0.5)
    compiled = jax.jit(layer.apply).lower(variables, x).compile().cost_analysis()["flops"]
    assert compiled == pytest.approx(2 * found.macs * 2, rel=0.01)  # two samples


def test_gates_of_an_lstm_have_analog_inputs():
    network = LSTM(units=4, classes=2)
    found = operations_of(function(network), *shapes(network, 5, 2, 3))
    assert sum(op.macs for op in found) == 4 * (3 * 4 + 4 * 4) + 4 * 2
    assert not any(op.spikes for op in found)


SPIKING = [name for name, model in NEURONS.items() if model.spiking]


@pytest.mark.parametrize("name", SPIKING)
def test_the_spikes_of_every_neuron_are_known_as_such(name):
    network = nn.Sequential([nn.Dense(4), Spiking(NEURONS[name]()), nn.Dense(2)])
    variables = network.init({"params": jax.random.key(0), "noise": jax.random.key(1)}, X)

    def run(variables, x):
        return spikejax.run(network, variables, x, rngs={"noise": jax.random.key(2)})[0]

    first, *own, last = operations_of(run, variables, X)
    assert len(own) == (
        not NEURONS[name]().streams
    )  # a product over all steps, of the parallel ones
    assert not first.spikes and last.spikes


def test_what_is_and_what_is_not_spikes():
    def run(weights, x):
        s = (x >= 1).astype(x.dtype)
        flipped = jnp.concatenate([s[..., ::-1], jnp.where(x > 2, s, 0.0)], -1)
        masked, largest = s * (x > 0), nn.max_pool(s[..., None], (2,), (2,))[..., 0]
        summed, scaled = s + s, 0.5 * s
        return [z @ weights[: z.shape[-1]] for z in (flipped, masked, largest, summed, scaled)]

    found = operations_of(run, jnp.ones((10, 1)), X)
    assert [op.spikes for op in found] == [True, True, True, False, False]


def test_a_carry_is_spikes_only_if_it_always_is():
    def run(first, x):
        def turn(s, x):
            return (x >= 1).astype(x.dtype), s @ jnp.ones((5, 1))

        return jax.lax.scan(turn, first, x)[1]

    (unknown,) = operations_of(run, jnp.full((4, 5), 0.5), X)
    assert not unknown.spikes
    (zeros,) = operations_of(lambda w, x: run(jnp.zeros((4, 5)), x), (), X)
    assert zeros.spikes and zeros.macs == 5


def test_what_is_looked_up_by_the_inputs_depends_on_them():
    def run(tables, x):
        gathered = tables["words"][x]  # an embedding
        sliced = jax.lax.dynamic_slice(tables["words"], (x[0, 0], 0), (2, 3))
        return gathered @ tables["out"], sliced @ tables["out"]

    tables = {"words": jnp.ones((9, 3)), "out": jnp.ones((3, 5))}
    found = operations_of(run, tables, jnp.ones((2, 1), int))
    assert [(op.kind, op.macs) for op in found] == [("product", 15.0), ("product", 15.0)]


def test_factors_that_are_no_variables():
    def run(weights, x):
        weighted = x * weights[0]
        return (weighted @ np.eye(5, dtype=np.float32)) @ weights, weighted.swapaxes(-1, -2) @ x

    found = operations_of(run, jnp.ones((5, 5)), X)
    assert [(op.layer, op.kind) for op in found] == [
        ("fixed_0", "fixed"),
        ("product_0", "product"),
        ("product_1", "product"),
    ]


def test_weights_alone_are_not_counted():
    def run(weights, x):
        unused = x @ weights
        return x @ (weights @ weights) + 0 * unused.shape[0]

    (found,) = operations_of(run, jnp.ones((5, 5)), X)
    assert found.macs == 25


def test_rates_are_those_of_the_recorded_spikes():
    network = MLP((16, 8), 3, LIF(), recurrent=(0,))
    variables = network.init(jax.random.key(1), X)
    batches = [X[:, :3], X[:, 3:]]
    found = {op.layer: op.rate for op in measured_operations(function(network), variables, batches)}
    _, _, activity = pure.apply(network, variables, X, {}, record=True)
    first, second = (np.asarray(activity[f"neuron_{i}"]["spikes"]) for i in (0, 1))
    assert 0 < second.mean() < first.mean() < 1
    assert found["linear_0"] == 1  # no pixel is 0
    # A layer's own spikes come one step later, none at the first step.
    assert found["neuron_0"] == pytest.approx(first[:-1].sum() / first.size, rel=1e-6)
    assert found["linear_1"] == pytest.approx(first.mean(), rel=1e-6)
    assert found["readout"] == pytest.approx(second.mean(), rel=1e-6)


def test_inputs_of_spikes():
    network = MLP((4,), 2, LIF())
    events = (X > 1.5).astype(np.float32)
    variables = network.init(jax.random.key(0), events)
    assert operations_of(function(network), variables, events)[0].spikes
    assert not operations_of(function(network), variables, events, spikes=False)[0].spikes
    (first, *_) = measured_operations(function(network), variables, [events])
    assert first.spikes and first.rate == pytest.approx(events.mean())
    with pytest.raises(ValueError, match="expected inputs that are 0 or 1 in all batches.*give sp"):
        measured_operations(function(network), variables, [events, X])


def test_rates_given():
    network = MLP((4,), 2, LIF())
    found = operations_of(function(network), *shapes(network, 3, 1, 5))
    assert [op.rate for op in with_rates(found, 0.2)] == [None, 0.2]
    assert [op.rate for op in with_rates(found, {"readout": 0.1, "linear_0": 0.0})] == [0.0, 0.1]
    with pytest.raises(ValueError, match=r"expected the rates of the inputs of \['readout'\], fou"):
        with_rates(found, {"linear_0": 0.1})


def test_refusals():
    with pytest.raises(ValueError, match=r"expected inputs \[T, B, \*F\], found shapes \[\(3,\)\]"):
        operations_of(lambda w, x: x, (), jnp.ones(3))
    with pytest.raises(ValueError, match="expected at least one batch of inputs"):
        measured_operations(lambda w, x: x, (), [])

    def until(weights, x):
        return jax.lax.while_loop(lambda x: x.sum() < 9, lambda x: x @ weights, x)

    with pytest.raises(ValueError, match="a fixed number of times, found some in 'while'"):
        operations_of(until, jnp.ones((5, 5)), X)


def test_parameters():
    network = MLP((40, 200, 64), 10, LIF(), recurrent=(0, 1))
    assert count_parameters(shapes(network, 1, 1, 1)[0]["params"]) == 63_634
