"""A network as a graph of NIR and back: the same network; what NIR cannot say is refused, or carried as metadata."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

nir = pytest.importorskip("nir")

from spikejax import MLP, run  # noqa: E402
from spikejax.layers import BatchNorm, Conv, Linear, Recurrent, Spiking  # noqa: E402
from spikejax.layers.pooling import Flatten, Pool  # noqa: E402
from spikejax.networks.core.in_order import sequential  # noqa: E402
from spikejax.networks.core.nir import from_nir, to_nir, write_nir  # noqa: E402
from spikejax.networks.lstm import LSTM  # noqa: E402
from spikejax.networks.vgg import VGG11, VGGSNN  # noqa: E402
from spikejax.neurons import make  # noqa: E402
from spikejax.neurons.cuba_lif import CubaLIF  # noqa: E402
from spikejax.neurons.heterogeneous_lif import HeterogeneousLIF  # noqa: E402
from spikejax.neurons.integrate_and_fire import IntegrateAndFire  # noqa: E402
from spikejax.neurons.leaky_integrator import LeakyIntegrator  # noqa: E402
from spikejax.neurons.lif import LIF  # noqa: E402
from spikejax.neurons.tc_lif import TCLIF  # noqa: E402
from spikejax.surrogate import ATan, Scaled, Triangle  # noqa: E402

KEY = jax.random.key(0)
X = 2 * jax.random.normal(jax.random.key(1), (12, 3, 5))
IMAGES = jax.random.uniform(jax.random.key(2), (4, 2, 16, 16, 2))


def init(network, x=X):
    """Variables whose biases and norms are not those of the start."""
    variables = network.init(KEY, x)
    draw = np.random.default_rng(0)

    def moved(values):
        return values + jnp.asarray(draw.uniform(0.0, 0.1, values.shape), values.dtype)

    return {
        name: jax.tree.map(moved, tree) if name in ("params", "batch_stats") else tree
        for name, tree in variables.items()
        if name not in ("state", "start")
    }


NEURONS = {
    "lif": LIF(decay=0.73, reset="zero"),
    "lif strict": LIF(decay=0.2, threshold=0.7, reset="zero", strict=True, surrogate=ATan(3.0)),
    "lif complement": LIF(reset="zero", threshold=0.2, input_scaling="complement"),
    "if": IntegrateAndFire(reset="zero", surrogate=Scaled(Triangle(0.5), 0.3)),
    "li": LeakyIntegrator(decay=0.6),
    "cuba": CubaLIF(synaptic_decay=0.4, decay=0.9, reset="zero", detach_reset=True),
    "cuba after": CubaLIF(reset="zero", synapse="decays after", input_scaling="complement"),
}
BEYOND = {
    "lif subtract": LIF(),
    "lif next": LIF(reset="zero", reset_timing="next"),
    "lif late": make("lif", like="spyx"),
    "tc_lif": TCLIF(),
    "heterogeneous": HeterogeneousLIF(),
    "refractory": make("refractory", neuron=LIF(reset="zero"), period=2),
}


def test_what_comes_back_of_a_file_is_the_network(tmp_path):
    """Equal modules, and equal variables to the last bit, so the same spikes and membranes."""
    network = MLP(
        (6, 4),
        3,
        LIF(decay=0.73, threshold=0.4, reset="zero"),
        recurrent=(0,),
        record=("membrane",),
    )
    variables = init(network)
    path = write_nir(tmp_path / "network.nir", to_nir(network, variables, dt=1e-3))
    read, same = from_nir(path)
    expected, known = sequential(network, variables, (5,))
    assert jax.tree.structure(same) == jax.tree.structure(known)
    assert all(map(np.array_equal, jax.tree.leaves(same), jax.tree.leaves(known)))
    recorded = read.copy(layers=[_recording(layer) for layer in read.layers])
    assert [type(layer) for layer in recorded.layers] == [type(x) for x in expected.layers]
    old, activity = network.apply(variables, X, mutable=["activity"])
    new, found = recorded.apply(same, X, mutable=["activity"])
    assert 0.02 < activity["activity"]["neuron_1"]["spikes"].mean() < 0.95
    np.testing.assert_array_equal(old, new)
    for name, layer in {"neuron_0": "layers_1", "neuron_1": "layers_3"}.items():
        for variable in ("spikes", "membrane"):
            before, after = (
                tree["activity"][key][variable] for tree, key in ((activity, name), (found, layer))
            )
            np.testing.assert_array_equal(before, after)


def _recording(layer):
    return layer.copy(record=("membrane",)) if isinstance(layer, Spiking | Recurrent) else layer


@pytest.mark.parametrize("name", NEURONS)
@pytest.mark.parametrize("recurrent", [(), (0,)], ids=["feed-forward", "recurrent"])
def test_each_neuron_comes_back(name, recurrent):
    network = MLP((6,), 3, NEURONS[name], recurrent=recurrent)
    variables = init(network)
    read, same = from_nir(to_nir(network, variables))
    assert jax.tree.structure(read.layers[1].neuron) == jax.tree.structure(NEURONS[name])
    old, new = network.apply(variables, X), read.apply(same, X)
    np.testing.assert_array_equal(old, new)

    def loss(network, layers):
        def of(params):
            outputs = network.apply({**layers, "params": params}, X)
            return (outputs**2).mean()

        return jax.tree.leaves(jax.grad(of)(layers["params"]))

    slopes, found = loss(*sequential(network, variables, (5,))), loss(read, same)
    assert any(np.abs(x).max() > 0 for x in slopes)
    assert all(map(np.array_equal, slopes, found))


@pytest.mark.parametrize("name", BEYOND)
def test_what_nir_cannot_say_is_refused_or_carried(name):
    network = MLP((6,), 3, BEYOND[name])
    variables = init(network)
    with pytest.raises(ValueError, match="layers_1: NIR cannot say .*beyond_nir"):
        to_nir(network, variables)
    read, same = from_nir(to_nir(network, variables, beyond_nir="metadata"))
    np.testing.assert_array_equal(network.apply(variables, X), read.apply(same, X))
    assert jax.tree.structure(read.layers[1].neuron) == jax.tree.structure(BEYOND[name])


def test_learned_and_unequal_parameters_come_back():
    decays = jnp.linspace(0.3, 0.9, 6)
    neuron = LIF(decay=decays, reset="zero")
    network = MLP((6,), 3, neuron, ("decay", "surrogate_width"), recurrent=(0,))
    variables = init(network)
    graph = to_nir(network, variables, dt=1e-3)
    learned = variables["params"]["neuron_0"]["decay"]
    np.testing.assert_allclose(graph.nodes["layers_1"].tau, 1e-3 / (1 - np.float64(learned)))
    read, same = from_nir(graph)
    np.testing.assert_array_equal(same["params"]["layers_1"]["decay"], learned)
    np.testing.assert_array_equal(network.apply(variables, X), read.apply(same, X))


@pytest.mark.parametrize("network", [VGGSNN, VGG11], ids=["VGGSNN", "VGG11"])
def test_vgg_networks(network, tmp_path):
    """Norms and the grid before the read-out are folded, up to rounding; from there on the network is the same."""
    x = jnp.tile(IMAGES, (1, 1, 2, 2, 1))
    network = network(3, LIF(decay=0.8, threshold=0.4, reset="zero"), width=2)
    variables = init(network, x)
    graph = to_nir(network, variables, (32, 32, 2))
    read, same = from_nir(write_nir(tmp_path / "vgg.nir", graph))
    old, new = network.apply(variables, x), read.apply(same, x)
    assert np.abs(old).max() > 0.01
    np.testing.assert_allclose(new, old, atol=1e-5)
    again, twice = from_nir(to_nir(read, same, (32, 32, 2)))
    np.testing.assert_array_equal(again.apply(twice, x), new)


def test_images_have_their_channels_first():
    """A neuron of its own at each position, pooling of both kinds, odd sizes, and neurons behind Flatten."""
    decays = jnp.linspace(0.1, 0.9, 5 * 6 * 3).reshape(5, 6, 3)
    thresholds = jnp.linspace(0.1, 0.5, 2 * 4 * 3)
    x = IMAGES[:, :, :10, :13]
    layers = [
        Conv(3, (3, 3), (2, 2), padding=((1, 1), (0, 0)), kernel_dilation=1),
        BatchNorm(),
        Spiking(LIF(decay=decays, reset="zero", threshold=0.3)),
        Pool((2, 2), (2, 2), (0, 1), "sum"),
        nn.Conv(3, (1, 1)),
        Flatten(),
        Recurrent(LIF(threshold=thresholds, reset="zero")),
        nn.Dense(4, use_bias=False),
    ]
    network = nn.Sequential(layers)
    variables = init(network, x)
    graph = to_nir(network, variables, x.shape[2:])
    assert tuple(graph.nodes["layers_2"].tau.shape) == (3, 5, 6)
    read, same = from_nir(graph)
    old, new = network.apply(variables, x), read.apply(same, x)
    assert np.abs(old).max() > 0.01
    np.testing.assert_allclose(new, old, atol=1e-5)


def test_an_imported_network_runs_in_chunks_and_learns():
    from spikejax import Time

    network = MLP((6,), 3, LIF(reset="zero"), recurrent=(0,))
    read, variables = from_nir(to_nir(network, init(network)))
    whole, _ = run(read, variables, X)
    pieces, _ = run(read, variables, X, time=Time(chunk=5))
    np.testing.assert_allclose(whole, pieces, atol=1e-6)


def graph_of(*nodes):
    return nir.NIRGraph.from_list(*nodes, type_check=False)


def lif(size=4, **other):
    ones = np.ones(size)
    fields = {"tau": 4e-4 * ones, "r": 4.0 * ones, "v_leak": 0 * ones, "v_threshold": ones}
    return nir.LIF(**{**fields, **other})


AFFINE = nir.Affine(weight=np.ones((4, 4), np.float32), bias=np.zeros(4, np.float32))
WRONG = {
    "v_leak": (lif(v_leak=np.ones(4)), "lif: expected v_leak = 0"),
    "v_reset": (lif(v_reset=-np.ones(4)), "lif: expected v_reset = 0"),
    "tau": (lif(tau=np.full(4, 5e-5)), "lif: expected time constants of at least dt"),
    "shape": (lif(3), r"lif: expected parameters of the shape \[4\]"),
    "delay": (nir.Delay(delay=np.ones(4)), "delay: found a node Delay"),
    "scale": (nir.Scale(scale=np.ones(4)), "scale: found a node Scale"),
    "threshold": (nir.Threshold(threshold=np.ones(4)), "threshold: expected a neuron"),
    "images": (
        nir.AvgPool2d(kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.zeros(2)),
        "avgpool2d: expected images",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_nodes_that_cannot_be_read_are_named(name):
    node, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        from_nir(graph_of(AFFINE, node), dt=1e-4)


def test_a_factor_of_the_currents_goes_into_the_weights():
    """τ dv/dt = −v + r I with any r: v[t] = (1 − dt/τ) v[t−1] + r dt/τ I[t]."""
    network, variables = from_nir(graph_of(AFFINE, lif(r=np.array([1.0, 2, 3, 8]))), dt=1e-4)
    kernel = variables["params"]["layers_0"]["kernel"]
    np.testing.assert_allclose(kernel[0], np.array([1.0, 2, 3, 8]) / 4)
    assert network.layers[1].neuron.input_scaling == "none" and network.layers[1].neuron.strict
    with pytest.raises(ValueError, match="lif: expected currents with the factor 1"):
        from_nir(graph_of(nir.Input(input_type=np.array([4])), lif(r=2 * np.ones(4))), dt=1e-4)


def test_graphs_that_are_no_chain_are_refused():
    nodes = {"input": nir.Input(np.array([4])), "a": AFFINE, "b": AFFINE, "n": lif()}
    nodes["output"] = nir.Output(np.array([4]))
    edges = [("input", "a"), ("input", "b"), ("a", "n"), ("b", "n"), ("n", "output")]
    with pytest.raises(ValueError, match="input: expected nodes in a row.* a, b"):
        from_nir(nir.NIRGraph(nodes, edges, type_check=False), dt=1e-4)


def test_the_step_is_recorded():
    network = MLP((6,), 3, LIF(reset="zero"))
    graph = to_nir(network, init(network), dt=1e-3)
    assert graph.metadata == {"dt": 1e-3, "discretisation": "forward Euler"}
    with pytest.raises(ValueError, match="as the graph records it, 0.001, found 0.0001"):
        from_nir(graph, dt=1e-4)
    with pytest.raises(ValueError, match="expected dt, the length of a step"):
        from_nir(graph_of(AFFINE, lif()))


def test_networks_that_are_refused():
    lstm = LSTM(4, 3)
    with pytest.raises(ValueError, match="expected an MLP, a VGG network or nn.Sequential"):
        to_nir(lstm, init(lstm), (5,))
    network = MLP((6,), 3, LIF(decay=1.0, reset="zero"))
    with pytest.raises(ValueError, match="layers_1: expected a decay below 1"):
        to_nir(network, init(network))
    network = nn.Sequential([Linear(4), Spiking(LIF(reset="zero")), jnp.tanh])
    with pytest.raises(ValueError, match="layers_2: expected Linear, Conv"):
        to_nir(network, init(network))
    network = nn.Sequential([Conv(2, (1, 3))])
    with pytest.raises(ValueError, match="layers_0: expected a square window"):
        to_nir(network, init(network, IMAGES), (16, 16, 2))
    with pytest.raises(ValueError, match="expected shape"):
        to_nir(nn.Sequential([Flatten()]), {"params": {}})
