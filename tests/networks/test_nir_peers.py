"""Graphs that snnTorch, SpikingJelly and Spyx wrote and read, recorded: what they compute and what is computed here."""

import io
import json

import jax.numpy as jnp
import numpy as np
import pytest

nir = pytest.importorskip("nir")

from exchange import drive, spikejax_networks  # noqa: E402
from spikejax import run  # noqa: E402
from spikejax.networks.core.nir import from_nir  # noqa: E402


def load(tool):
    with np.load(drive.FOLDER / f"{tool}.npz") as arrays:
        found = dict(arrays)
    return found, json.loads(str(found["meta"]))


def graph_of(tool, name):
    arrays, _ = load(tool)
    return nir.read(io.BytesIO(arrays[f"{name}/graph"].tobytes()))


def inputs(name):
    x = drive.currents(images=name == "convolutional")
    return jnp.asarray(x.transpose(0, 1, 3, 4, 2) if x.ndim == 5 else x)


def outputs(graph, name, **options):
    return run(*from_nir(graph, dt=1e-4, **options), inputs(name))[0]


# By tool and network, `like` of `from_nir`: None is what NIR says. The read-out shows each spike more or less.
WROTE = [
    ("snntorch", "lif", None),
    ("snntorch", "lif subtract", "snntorch"),
    ("snntorch", "cuba", None),
    ("snntorch", "recurrent", None),
    ("snntorch", "convolutional", None),
    ("spikingjelly", "lif", None),
    ("spikingjelly", "lif complement", None),
    ("spikingjelly", "if", None),
    ("spikingjelly", "cuba", None),
    ("spikingjelly", "convolutional", None),
]
READ = {
    "snntorch": ("lif", "lif complement", "cuba"),
    "spikingjelly": ("lif", "lif complement", "if", "cuba", "convolutional"),
    "spyx": ("spyx",),
}


@pytest.mark.parametrize("tool, name, like", WROTE, ids=["-".join(case[:2]) for case in WROTE])
def test_their_graph_here(tool, name, like):
    found = outputs(graph_of(tool, name), name, like=like)
    np.testing.assert_allclose(found, load(tool)[0][f"{name}/outputs"], atol=1e-5)


@pytest.mark.parametrize("tool, name", [(t, n) for t, names in READ.items() for n in names])
def test_our_graph_there(tool, name):
    arrays, _ = load(tool)
    _, expected = spikejax_networks.graph(name)
    np.testing.assert_allclose(arrays[f"spikejax {name}/outputs"], expected, atol=1e-5)


@pytest.mark.parametrize("name", ["lif", "if", "cuba"])
def test_spyx_writes_another_resistance_than_it_computes_with(name):
    """Its graph says r = decay, or 1, and w_in = 1; its own step is that of r = τ/dt, or 1/dt, and w_in = τ/dt."""
    graph, expected = graph_of("spyx", name), load("spyx")[0][f"{name}/outputs"]
    assert np.abs(outputs(graph, name, like="spyx") - expected).max() > 0.1
    node = graph.nodes["layer_1"]
    if name == "if":
        node.r = np.full(8, 1e4)
    else:
        node.r = (node.tau if name == "lif" else node.tau_mem) / 1e-4
    if name == "cuba":
        node.w_in = node.tau_syn / 1e-4
    np.testing.assert_allclose(outputs(graph, name, like="spyx"), expected, atol=1e-5)


def test_spyx_sends_the_input_of_a_recurrent_layer_through_its_feedback():
    with pytest.raises(ValueError, match="w_rec: expected nodes in a row"):
        outputs(graph_of("spyx", "recurrent"), "recurrent", like="spyx")


def test_spikingjelly_leaves_the_bias_of_feedback_out_of_the_first_step():
    """nirtorch, which runs the graph, has no feedback there; from the second step on it is ours."""
    network, variables, x = spikejax_networks.NETWORKS["recurrent"]()
    params = variables["params"]
    without = {**params["neuron_0"], "bias": jnp.zeros_like(params["neuron_0"]["bias"])}
    first = {**variables, "params": {**params, "neuron_0": without}}
    begun, carry = run(network, first, jnp.asarray(x[:1]))
    rest, _ = run(network, variables, jnp.asarray(x[1:]), carry)
    expected = load("spikingjelly")[0]["spikejax recurrent/outputs"]
    np.testing.assert_allclose(jnp.concatenate([begun, rest]), expected, atol=1e-5)


def test_what_they_read_otherwise_or_not_at_all():
    """As the page on exchange says; when one of these no longer holds, it should say so no more."""
    snntorch, meta = load("snntorch")
    assert "r != 1 not supported" in meta["errors"]["spikejax if"]
    assert "cannot be multiplied" in meta["errors"]["spikejax convolutional"]  # flattens the batch
    recurrent = spikejax_networks.graph("recurrent")[1]
    assert np.abs(snntorch["spikejax recurrent/outputs"] - recurrent).max() > 0.1
    assert "soft reset" in load("spikingjelly")[1]["errors"]["lif soft"]
    spyx, meta = load("spyx")
    assert (
        "contracting dimensions" in meta["errors"]["spikejax convolutional"]
    )  # leaves pooling out
    for name in ("lif", "lif complement", "if", "cuba", "recurrent"):  # resets by subtraction, late
        expected = spikejax_networks.graph(name)[1]
        assert np.abs(spyx[f"spikejax {name}/outputs"] - expected).max() > 0.1


@pytest.mark.parametrize("name", spikejax_networks.NETWORKS)
def test_the_graphs_that_they_read_are_those_written_today(name):
    graph, expected = spikejax_networks.graph(name)
    recorded = graph_of("spikejax", name)
    np.testing.assert_array_equal(load("spikejax")[0][f"{name}/outputs"], expected)
    assert sorted(graph.edges) == sorted(recorded.edges)
    for key, node in graph.nodes.items():
        old, new = recorded.nodes[key].to_dict(), node.to_dict()
        assert old["type"] == new["type"] and old.get("metadata") == new.get("metadata")
        for field in set(new) - {"type", "metadata"}:
            np.testing.assert_array_equal(old[field], new[field])
