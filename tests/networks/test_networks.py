"""Networks: parameter counts of publications, and the order in which layers and steps are run."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax import Time, run
from spikejax.networks import LSTM, MLP, ReLUSRNN
from spikejax.networks.vgg import VGGSNN
from spikejax.neurons.alif import NormalTau
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF

KEY = jax.random.key(0)

# TC-LIF (AAAI 2024), Tables 1 and 6: inputs, hidden layers, classes, recurrent layers, parameters.
COUNTS = {
    "S-MNIST feed-forward, small": (1, (40, 256, 128), 10, (), 44_762),
    "S-MNIST feed-forward": (1, (64, 256, 256), 10, (), 85_130),
    "S-MNIST recurrent, small": (1, (40, 200, 64), 10, (0, 1), 63_634),
    "S-MNIST recurrent": (1, (64, 256, 256), 10, (0, 1), 155_082),
    "GSC feed-forward": (40, (300, 300), 12, (), 106_212),
    "GSC recurrent": (40, (300, 300), 12, (0,), 196_512),
    "SHD feed-forward": (700, (128, 128), 20, (), 108_820),
    "SHD recurrent": (700, (128, 128), 20, (0, 1), 141_844),
    "SSC feed-forward": (700, (128, 128), 35, (), 110_755),
    "SSC recurrent": (700, (128,), 35, (0,), 110_755),
}


def make_shapes(network, inputs):
    return jax.eval_shape(network.init, KEY, jnp.zeros((1, 1, inputs)))


def count(network, inputs):
    return sum(x.size for x in jax.tree.leaves(make_shapes(network, inputs)["params"]))


def draw_params(network, inputs, dtype):
    draw = np.random.default_rng(0)
    shapes = make_shapes(network, inputs)["params"]
    return jax.tree.map(lambda x: jnp.asarray(draw.normal(0, 0.7, x.shape), dtype), shapes)


@pytest.mark.parametrize("name", COUNTS)
def test_parameter_counts_of_the_paper(name):
    inputs, hidden, classes, recurrent, expected = COUNTS[name]
    assert count(MLP(hidden, classes, LIF(), recurrent=recurrent), inputs) == expected
    # TC-LIF learns a pair of parameters in each layer of neurons.
    tc_lif = MLP(hidden, classes, TCLIF(), recurrent=recurrent)
    assert count(tc_lif, inputs) == expected + 2 * len(hidden)
    assert count(tc_lif.clone(learn=()), inputs) == expected


@pytest.mark.parametrize("recurrent", [(), (0,), (0, 1)])
def test_layer_by_layer_is_step_by_step(recurrent, float64):
    network = MLP(
        (5, 4), 3, TCLIF(), learn=tuple(TCLIF.__dataclass_fields__)[:6], recurrent=recurrent
    )
    params = draw_params(network, 2, np.float64)
    for i in range(2):
        numbers = {"c1": 0.3, "c2": -0.2 * i, "sign1": -1.0, "sign2": 1.0, "gamma": 0.5}
        params[f"neuron_{i}"] |= {**numbers, "threshold": 0.8 + 0.1 * i}
    x = np.random.default_rng(1).normal(0.5, 2.0, (7, 3, 2))
    constants = {f"neuron_{i}": {"surrogate_width": jnp.ones(())} for i in range(2)}
    variables = {"params": params, "constants": constants}
    apply = jax.jit(lambda variables, x: network.apply(variables, x, mutable=["state"]))
    logits, found = apply(variables, x)
    state = [found["state"][f"neuron_{i}"]["neuron"] for i in range(2)]

    def dense(layer, x):
        return x @ np.asarray(layer["kernel"]) + np.asarray(layer["bias"])

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    dendrite, soma, spikes = ([np.zeros((3, width)) for width in (5, 4)] for _ in range(3))
    expected, fired = [], 0
    for t in range(7):
        below = x[t]
        for i in range(2):
            p = params[f"neuron_{i}"]
            current = dense(params[f"linear_{i}"], below)
            if i in recurrent:
                current = current + dense(p, spikes[i])
            dendrite[i] = dendrite[i] - sigmoid(p["c1"]) * soma[i] + current
            soma[i] = soma[i] + sigmoid(p["c2"]) * dendrite[i]
            spikes[i] = (soma[i] >= p["threshold"]).astype(np.float64)
            dendrite[i] = dendrite[i] - p["gamma"] * spikes[i]
            soma[i] = soma[i] - p["threshold"] * spikes[i]
            below = spikes[i]
            fired += spikes[i].mean() / 14
        expected.append(dense(params["readout"], below))
    assert 0.1 < fired < 0.9
    np.testing.assert_allclose(logits, expected, rtol=1e-12, atol=1e-12)
    for i in range(2):
        after = state[i].neuron if i in recurrent else state[i]
        np.testing.assert_allclose(after.dendrite, dendrite[i], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(after.soma, soma[i], rtol=1e-12, atol=1e-12)
        if i in recurrent:
            np.testing.assert_array_equal(state[i].spikes, spikes[i])


def test_each_layer_has_its_own_variables():
    network = MLP((4, 4), 4, LIF(), learn=("decay",), recurrent=(0, 1))
    variables = make_shapes(network, 4)
    params = variables["params"]
    assert set(params) == {"linear_0", "neuron_0", "linear_1", "neuron_1", "readout"}
    for name in ("neuron_0", "neuron_1"):
        assert set(params[name]) == {"kernel", "bias", "decay"}
        assert set(variables["constants"][name]) == {"threshold", "surrogate_width"}


def test_a_recurrent_layer_that_is_not_there():
    network = MLP((4, 4), 2, LIF(), recurrent=(0, 5))
    message = r"from 0 to 1, as hidden=\(4, 4\) has them, found \(0, 5\); give recurrent=\(0,\)"
    with pytest.raises(ValueError, match=message):
        make_shapes(network, 3)


@pytest.mark.parametrize(
    "attributes, message",
    [
        ({"hidden": 64}, "expected hidden as a tuple of integers of at least 1, found 64"),
        ({"hidden": ()}, r"expected hidden as a tuple of integers of at least 1, found \(\)"),
        ({"hidden": (4, 0)}, r"of at least 1, found \(4, 0\)"),
        ({"recurrent": 0}, "expected recurrent as a tuple of integers of at least 0, found 0"),
        ({"recurrent": (-1,)}, r"of at least 0, found \(-1,\)"),
        ({"classes": None}, "expected a number of classes, found None"),
        ({"neuron": "lif"}, "must be a neuron, found 'lif'"),
        ({"neuron": LIF(decay=jnp.ones(8)), "hidden": (8, 6)}, r"decay of LIF .*found shape \[8\]"),
        *(
            ({"classes": x}, f"expected classes as an integer of at least 1, found {x!r}")
            for x in ("3", 2.5, 0, True)
        ),
        ({"gain": "a"}, "expected gain as a number of at least 0, found 'a'; give gain=1.0"),
        ({"gain": None}, "expected gain as .*, found None"),
        ({"gain": -1.0}, "expected gain as .*, found -1.0"),
        ({"dtype": "nope"}, "expected dtype as a floating-point dtype or None, found 'nope'"),
        ({"dtype": int}, "expected dtype as .*, found <class 'int'>"),
        ({"record": "membrane"}, r"as a tuple of names, found .*; give record=\('membrane',\)"),
    ],
)
def test_attributes_that_do_not_fit(attributes, message):
    network = MLP(**{"hidden": (4, 4), "classes": 2, "neuron": LIF(), **attributes})
    with pytest.raises(ValueError, match=message):
        make_shapes(network, 3)


@pytest.mark.parametrize(
    "network, message",
    [
        (LSTM(units=2.5, classes=2), "expected units as an integer of at least 1, found 2.5"),
        (LSTM(classes="3"), "expected classes as an integer of at least 1, found '3'"),
        (ReLUSRNN(hidden=8, classes=2), r"found 8; give hidden=\(8,\)"),
        (VGGSNN(0, LIF()), "expected classes as an integer of at least 1, found 0"),
        (VGGSNN(2, LIF(), width="8"), "expected width as an integer of at least 1, found '8'"),
    ],
)
def test_sizes_of_every_network(network, message):
    with pytest.raises(ValueError, match=message):
        jax.eval_shape(network.init, KEY, jnp.zeros((1, 1, 16, 16, 3)))


@pytest.mark.parametrize("shape", [(4, 2), (4, 2, 8, 8, 1)], ids=["no features", "frames"])
def test_an_mlp_takes_one_axis_of_features(shape):
    found = re.escape(f"expected inputs [T, B, F], found shape {shape}; flatten the features")
    with pytest.raises(ValueError, match=found):
        jax.eval_shape(MLP((4,), 2, LIF()).init, KEY, jnp.ones(shape))


def test_sizes_may_be_integers_of_numpy():
    network = MLP((np.int64(8),), np.int32(3), LIF(), recurrent=(np.int64(0),))
    assert count(network, 2) == count(MLP((8,), 3, LIF(), recurrent=(0,)), 2)


def test_a_network_with_arrays_is_a_static_argument():
    """Its neuron is hashed and compared by the arrays' contents."""
    apply = jax.jit(lambda network, v, x: network.apply(v, x), static_argnums=0)
    x = jnp.ones((3, 1, 2))
    networks = [MLP((8,), 3, LIF(decay=jnp.full(8, decay))) for decay in (0.9, 0.9, 0.8)]
    assert networks[0] == networks[1] != networks[2]
    for network in networks:
        assert apply(network, network.init(KEY, x), x).shape == (3, 1, 3)
    assert apply._cache_size() == 2


# --- Baselines without spikes ---------------------------------------------------------------------

BASELINES = {"lstm": LSTM(6, 3), "relu_srnn": ReLUSRNN((5, 4), 3)}


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_streams_and_learns(name, float64):
    network, draw = BASELINES[name], np.random.default_rng(0)
    x = draw.normal(0.5, 1, (9, 2, 3))
    shapes = make_shapes(network, 3)
    variables = jax.tree.map(lambda leaf: jnp.asarray(draw.uniform(0.1, 1, leaf.shape)), shapes)

    def logits(variables, chunk=None):
        return run(network, variables, x, time=Time(chunk=chunk))[0]

    whole = logits(variables)
    assert whole.shape == (9, 2, 3)
    np.testing.assert_allclose(logits(variables, 4), whole, rtol=1e-10, atol=1e-12)
    first, carry = run(network, variables, x[:5])
    rest, _ = run(network, variables, x[5:], carry)
    np.testing.assert_allclose(np.concatenate([first, rest]), whole, rtol=1e-10, atol=1e-12)
    weights = draw.normal(size=whole.shape)
    slopes = jax.grad(lambda v: (weights * logits(v)).sum())(variables)["params"]
    for path, slope in jax.tree_util.tree_leaves_with_path(slopes):
        assert np.all(np.isfinite(slope)) and np.any(slope != 0), path


def test_parameter_counts_of_the_baselines():
    """TC-LIF, Table 1: 66.5 K for the LSTM, which leaves out its read-out, and 129.6 K for SRNN + ReLU."""
    assert count(LSTM(128, 10), 1) == 66_560 + 128 * 10 + 10
    assert round(count(ReLUSRNN((40, 256, 128), 10), 1), -2) == 129_600


def test_time_constants_are_drawn():
    tau = NormalTau(20.0, 5.0)(KEY, (10_000,), jnp.float32)
    np.testing.assert_allclose([tau.mean(), tau.std()], [20, 5], rtol=0.02)
    assert NormalTau(2.0, 5.0)(KEY, (1000,), jnp.float32).min() == 1
