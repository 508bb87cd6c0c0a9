"""Layers with dynamics of their own are layers like any: chunks, pieces, learning, dtypes, refusals."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fast_compilation import fast_jit
from spikejax import Time, run
from spikejax.layers import DHLIF, LTC
from spikejax.layers.models.dh_lif import DHLIFState
from spikejax.layers.models.ltc import LTCState
from spikejax.networks.dh_snn import DHSNN
from spikejax.networks.ltc_snn import LTCSNN
from spikejax.neurons.lif import LIF

KEY, STEPS, BATCH, INPUTS = jax.random.key(0), 5, 2, 5
NETWORKS = {
    "dh_snn": DHSNN((8,), 3, branches=2, threshold=0.05),
    "dh_snn recurrent": DHSNN((8, 6), 3, branches=2, threshold=0.02, recurrent=(0, 1)),
    "ltc_snn": LTCSNN((8,), 3),
    "ltc_snn recurrent": LTCSNN((8, 6), 3, recurrent=(0, 1)),
}
networks = pytest.mark.parametrize("name", NETWORKS)
LAYERS = {"dh_lif": DHLIF(4, threshold=0.1), "ltc": LTC(recurrent=True)}
layers = pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)


def assert_alike(one, other):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, 1e-10, 1e-12), one, other)


def inputs(dtype=float, size=INPUTS):
    return jnp.asarray(np.random.default_rng(0).normal(0.5, 2.0, (STEPS, BATCH, size)), dtype)


@networks
def test_chunks_of_any_size_give_the_whole(name, float64):
    """Outputs and what is carried for K = 1 to T, and the gradient of every parameter for K = 2 and T."""
    network, x = NETWORKS[name], inputs()
    weights = np.random.default_rng(1).normal(size=(STEPS, BATCH, 3))
    variables = network.init(KEY, x)

    def loss(params, chunk):
        given = {**variables, "params": params}
        outputs, carry = run(network, given, x, time=Time(chunk=chunk))
        return (weights * outputs).sum(), (outputs, carry)

    @fast_jit
    def found(params):
        slopes = jax.grad(loss, has_aux=True)
        chunks = [loss(params, chunk)[1] for chunk in (1, 3, 4)]
        return slopes(params, None), slopes(params, 2), chunks

    whole, cut, chunks = found(variables["params"])
    assert_alike(cut, whole)
    for outputs in chunks:
        assert_alike(outputs, whole[1])
    assert np.all(whole[1][0].std((0, 1)) > 0)
    for path, slope in jax.tree_util.tree_leaves_with_path(whole[0]):
        assert np.isfinite(slope).all() and np.any(slope != 0), path


@networks
def test_a_stream_in_pieces_gives_the_whole(name, float64):
    network, x = NETWORKS[name], inputs()
    variables = network.init(KEY, x)
    whole, after = run(network, variables, x)
    pieces, carry = [], None
    for piece in (x[:1], x[1:3], x[3:]):
        outputs, carry = run(network, variables, piece, carry)
        pieces.append(outputs)
    np.testing.assert_allclose(np.concatenate(pieces), whole, 1e-12, 1e-14)
    assert_alike(carry, after)


@networks
def test_rows_are_independent_and_vmap_gives_networks_of_their_own(name, float64):
    network, x = NETWORKS[name], inputs()
    variables = network.init(KEY, x)
    whole, _ = run(network, variables, x)
    alone, _ = run(network, variables, x[:, 1:])
    np.testing.assert_allclose(alone, whole[:, 1:], 1e-12, 1e-14)
    several = fast_jit(jax.vmap(lambda key: network.apply(network.init(key, x), x)))
    outputs = several(jax.random.split(KEY, 2))
    other = network.init(jax.random.split(KEY, 2)[1], x)
    np.testing.assert_allclose(outputs[1], network.apply(other, x), 1e-12, 1e-14)
    assert np.any(outputs[0] != outputs[1])


@layers
def test_half_precision_and_what_is_stored(layer):
    """Spikes have the dtype of the inputs, the state is float32; variables are stored by name."""
    module = layer.clone(record=("membrane",))
    variables = module.init(KEY, inputs(size=4))
    spikes, found = module.apply(
        variables, inputs(jnp.bfloat16, 4), mutable=["state", "activity", "start"]
    )
    assert spikes.dtype == jnp.bfloat16 and set(np.unique(spikes.astype(float))) == {0.0, 1.0}
    np.testing.assert_array_equal(found["activity"]["spikes"], spikes)
    state = found["state"]["neuron"]
    assert {leaf.dtype for leaf in jax.tree.leaves(state)} == {jnp.dtype("float32")}
    np.testing.assert_array_equal(found["activity"]["membrane"][-1], state.membrane)
    assert found["start"]["neuron"].membrane.shape == (BATCH, 4)


def test_the_states():
    x = inputs(size=4)
    state = DHLIF(3, branches=2).apply(DHLIF(3, branches=2).init(KEY, x), x, mutable=["state"])[1][
        "state"
    ]["neuron"]
    assert isinstance(state, DHLIFState)
    assert [leaf.shape for leaf in state] == [(BATCH, 3, 2), (BATCH, 3), (BATCH, 3)]
    first = LTC().apply(LTC().init(KEY, x), x, mutable=["start"])[1]["start"]["neuron"]
    assert isinstance(first, LTCState)
    np.testing.assert_array_equal(first.adaptation, np.full((BATCH, 4), 0.1, np.float32))


def test_events_are_inputs_of_branches():
    """Integers give what they give as floats."""
    layer, events = DHLIF(4, threshold=0.1), jnp.round(abs(inputs())).astype(jnp.uint8)
    variables = layer.init(KEY, events)
    spikes = layer.apply(variables, events)
    np.testing.assert_array_equal(spikes, layer.apply(variables, events.astype(float)))
    assert spikes.dtype == jnp.float32 and spikes.any()


@layers
@pytest.mark.parametrize(
    "change, x, message",
    [
        ({}, np.ones((3, 4)), r"\[T, B, \*F\], found shape \(3, 4\)"),
        ({"record": "membrane"}, np.ones((3, 2, 4)), r"give record=\('membrane',\)"),
        (
            {"record": ("soma",)},
            np.ones((3, 2, 4), np.float32),
            "no variable 'soma' to record; expected",
        ),
    ],
)
def test_what_does_not_fit(layer, change, x, message):
    module = layer.clone(**change)
    with pytest.raises(ValueError, match=message):
        jax.eval_shape(lambda: module.init_with_output(KEY, x, mutable=True))


def test_what_does_not_fit_a_layer_of_branches_or_a_network():
    with pytest.raises(ValueError, match=re.escape("x.reshape(*x.shape[:2], -1)")):
        DHLIF(4).init(KEY, np.ones((3, 2, 4, 4)))
    for wrong in (0, 2.0):
        with pytest.raises(ValueError, match="branches as a whole number of at least 1"):
            DHLIF(4, branches=wrong).init(KEY, np.ones((3, 2, 4)))
    with pytest.raises(ValueError, match="features as a whole number of at least 1, found LIF"):
        DHLIF(LIF()).init(KEY, np.ones((3, 2, 4)))
    with pytest.raises(ValueError, match="expected recurrent as True or False, found 64"):
        LTC(64).init(KEY, np.ones((3, 2, 4)))
    x, network = np.ones((3, 2, 4)), DHSNN((8,), 3)
    for wrong in ({"branches": 0}, {"hidden": 8}, {"recurrent": (1,)}, {"classes": None}):
        with pytest.raises(ValueError, match=f"expected .*{next(iter(wrong))}"):
            network.clone(**wrong).init(KEY, x)
    with pytest.raises(ValueError, match=r"expected inputs \[T, B, F\]"):
        LTCSNN((8,), 3).init(KEY, np.ones((3, 2, 4, 4)))
