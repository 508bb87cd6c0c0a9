"""`unroll` is a loop over time, `feedback` a loop around a step; on one device or on two."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from fast_compilation import fast_jit
from spikejax.dynamics.layer import Feedback, feedback, unroll
from spikejax.neurons import NEURONS
from spikejax.neurons.core.parameters import initialise
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF

STEPS, BATCH, FEATURES = 6, 4, 3
CURRENTS = np.random.default_rng(0).normal(0.5, 0.8, (STEPS, BATCH, FEATURES)).astype(np.float32)
KERNEL = np.random.default_rng(1).normal(0, 0.7, (FEATURES, FEATURES)).astype(np.float32)
ZEROS = np.zeros((BATCH, FEATURES), np.float32)


def accumulate(state, current):
    """An exact step in integers: sums, and sends the parity of the sum."""
    state = state + current
    return state, state % 2


def check_equal(found, expected):
    jax.tree.map(np.testing.assert_array_equal, found, expected)


# --- unroll ---------------------------------------------------------------------------------------


def test_unroll_is_a_loop():
    currents = np.arange(10.0, dtype=np.float32).reshape(5, 2)
    state, spikes = unroll(accumulate, np.zeros(2, np.float32), currents)
    np.testing.assert_array_equal(state, currents.sum(0))
    np.testing.assert_array_equal(spikes, np.cumsum(currents, 0) % 2)


@pytest.mark.usefixtures("float64")
def test_unroll_of_a_neuron_equals_a_python_loop():
    neuron, sent = LIF(), []
    state = neuron.init_state(jnp.asarray(CURRENTS[0]))
    whole = unroll(neuron.step, state, CURRENTS)
    for current in CURRENTS:
        state, spikes = neuron.step(state, current)
        sent.append(spikes)
    np.testing.assert_array_equal(whole[1], np.stack(sent))
    np.testing.assert_allclose(whole[0].membrane, state.membrane, rtol=1e-6)
    assert 0 < np.mean(sent) < 1


def test_save_says_what_is_recorded_and_changes_no_value():
    state, currents = np.zeros(2, np.float32), np.ones((5, 2), np.float32)
    last, spikes = unroll(accumulate, state, currents)
    for save, expected in {
        lambda state, spikes: spikes: spikes,
        lambda state, spikes: state: np.cumsum(currents, 0),
        lambda state, spikes: {"spikes": spikes, "total": state.sum()}: {
            "spikes": spikes,
            "total": np.cumsum(currents, 0).sum(1),
        },
        lambda state, spikes: None: None,
    }.items():
        found_last, found = unroll(accumulate, state, currents, save=save)
        check_equal((found_last, found), (last, expected))


def test_one_step():
    currents = CURRENTS[:1]
    state = LIF().init_state(currents[0])
    after, spikes = LIF().step(state, currents[0])
    found, sent = unroll(LIF().step, state, currents)
    assert sent.shape == (1, BATCH, FEATURES)
    check_equal((found, sent[0]), (after, spikes))


def test_no_step():
    state = LIF().init_state(CURRENTS[0] + 1)._replace(membrane=CURRENTS[1])
    found, sent = unroll(LIF().step, state, CURRENTS[:0])
    check_equal(found, state)
    assert sent.shape == (0, BATCH, FEATURES) and sent.dtype == np.float32


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("cut", [1, 4])
def test_a_sequence_in_two_pieces_is_one_run(cut):
    currents = CURRENTS.astype(np.float64)
    neuron = LIF()
    state = neuron.init_state(currents[0])
    whole, expected = unroll(neuron.step, state, currents)
    state, first = unroll(neuron.step, state, currents[:cut])
    state, second = unroll(neuron.step, state, currents[cut:])
    check_equal((state, np.concatenate([first, second])), (whole, expected))


class Drive(NamedTuple):
    current: object
    key: object


def test_inputs_may_be_a_pytree_with_a_key_a_step():
    def noisy(state, drive):
        noise = jax.random.uniform(drive.key, drive.current.shape)
        return accumulate(state, jnp.round(4 * noise) + drive.current)

    currents = np.ones((5, 2), np.float32)
    keys = jax.random.wrap_key_data(np.arange(10, dtype=np.uint32).reshape(5, 2))
    state, spikes = unroll(noisy, np.zeros(2, np.float32), Drive(currents, keys))
    expected, sent = np.zeros(2, np.float32), []
    for current, key in zip(currents, keys, strict=True):
        expected, spike = noisy(expected, Drive(current, key))
        sent.append(spike)
    check_equal((state, spikes), (expected, np.stack(sent)))
    assert len(set(np.diff(np.cumsum(spikes, 0), axis=0).ravel().tolist())) == 2


@pytest.mark.parametrize(
    "currents, shapes",
    [
        (np.float32(1), r"\[\(\)\]"),
        ((), r"\[\]"),
        ((np.ones(3), np.float32(1)), r"\[\(3,\), \(\)\]"),
        ({"a": np.ones((3, 2)), "b": np.ones((4, 2))}, r"\[\(3, 2\), \(4, 2\)\]"),
    ],
    ids=["scalar", "nothing", "one without time", "unequal"],
)
def test_inputs_without_one_time_axis_are_refused(currents, shapes):
    expected = rf"expected currents \[T, B, F\] with one length T, found shapes {shapes}"
    with pytest.raises(ValueError, match=expected):
        unroll(accumulate, np.zeros(2), currents)


# --- feedback -------------------------------------------------------------------------------------


def send(state, current):
    """Sends its current on; its state counts the steps."""
    return state + 1, current


def test_feedback_comes_one_step_later():
    impulse = np.array([[1.0], [0], [0], [0]], np.float32)
    step = feedback(send, lambda spikes: 0.5 * spikes + 0.25)
    state, sent = unroll(step, Feedback(0, np.zeros(1, np.float32)), impulse)
    # I[t] + s[t−1]/2 + 1/4
    np.testing.assert_array_equal(sent.ravel(), [1.25, 0.875, 0.6875, 0.59375])
    assert state.neuron == 4
    np.testing.assert_array_equal(state.spikes, sent[-1])


def test_feedback_through_a_kernel():
    kernel = np.array([[0, 2], [3, 0]], np.float32)
    impulse = np.array([[1, 0], [0, 0], [0, 0]], np.float32)
    step = feedback(send, lambda spikes: spikes @ kernel)
    _, sent = unroll(step, Feedback(0, np.zeros(2, np.float32)), impulse)
    np.testing.assert_array_equal(sent, [[1, 0], [0, 2], [6, 0]])


@pytest.mark.usefixtures("float64")
def test_feedback_equals_a_python_loop():
    neuron, currents, kernel = LIF(), CURRENTS.astype(np.float64), KERNEL.astype(np.float64)
    start = neuron.init_state(jnp.asarray(currents[0]))
    step = feedback(neuron.step, lambda spikes: spikes @ kernel)
    found, sent = unroll(step, Feedback(start, np.zeros_like(currents[0])), currents)
    state, spikes, expected = start, np.zeros_like(currents[0]), []
    for current in currents:
        state, spikes = neuron.step(state, current + spikes @ kernel)
        expected.append(spikes)
    np.testing.assert_array_equal(sent, np.stack(expected))
    np.testing.assert_allclose(found.neuron.membrane, state.membrane, rtol=1e-12)
    alone = unroll(neuron.step, start, currents)[1]
    assert np.any(alone != sent)


# --- Two devices ----------------------------------------------------------------------------------

WHOLE, BY_BATCH, BY_ROW = PartitionSpec(), PartitionSpec(None, "data"), PartitionSpec("data")


def has_a_state_by_neuron(model):
    """Its variables all have the shape of the current: no counter, key or buffer, which have places of their own."""
    if model.stochastic or "step" not in vars(model):
        return False

    def first_state(key, current):
        return initialise(model(), key, (3,)).init_state(current)

    current = jax.ShapeDtypeStruct((2, 3), np.float32)
    state = jax.eval_shape(first_state, jax.random.key(0), current)
    return all(leaf.shape == (2, 3) for leaf in jax.tree.leaves(state))


BY_NEURON = [model for model in NEURONS.values() if has_a_state_by_neuron(model)]


def run(neuron, kernel, currents):
    """A recurrent layer whose state is made from its input, as it must be on a mesh."""
    step = feedback(neuron.step, lambda spikes: spikes @ kernel)
    start = Feedback(neuron.init_state(currents[0]), jnp.zeros_like(currents[0]))
    return unroll(step, start, currents)


def by_shard_map(mesh):
    return jax.shard_map(
        run, mesh=mesh, in_specs=(WHOLE, WHOLE, BY_BATCH), out_specs=(BY_ROW, BY_BATCH)
    )


def slopes_of(run):
    """The gradient by the neuron's numbers, the kernel and the currents, with states and spikes."""

    def loss(neuron, kernel, currents):
        state, sent = run(neuron, kernel, currents)
        weights = np.arange(1.0, FEATURES + 1, dtype=np.float32)
        return sum((weights * x).sum() for x in jax.tree.leaves((sent, state.neuron))), (
            state,
            sent,
        )

    return jax.grad(loss, argnums=(0, 1, 2), has_aux=True)


@pytest.fixture
def mesh():
    mesh = jax.make_mesh((2,), ("data",))
    with jax.set_mesh(mesh):
        yield mesh


@pytest.mark.parametrize("way", ["explicit mesh", "shard_map"])
@pytest.mark.parametrize("model", BY_NEURON, ids=lambda model: model.__name__)
def test_every_state_and_gradient_has_a_place_on_two_devices(mesh, model, way):
    """Such errors are errors of type: tracing finds them."""
    program = slopes_of(by_shard_map(mesh) if way == "shard_map" else run)
    currents = jax.ShapeDtypeStruct(
        CURRENTS.shape, np.float32, sharding=NamedSharding(mesh, BY_BATCH)
    )
    neuron = jax.eval_shape(lambda key: initialise(model(), key, (FEATURES,)), jax.random.key(0))
    (*_, by_currents), (state, sent) = jax.eval_shape(program, neuron, KERNEL, currents)
    assert by_currents.sharding.spec == sent.sharding.spec == PartitionSpec(None, "data", None)
    for leaf in jax.tree.leaves(state):
        assert leaf.sharding.spec == PartitionSpec("data", None)


@pytest.mark.parametrize("way", ["explicit mesh", "shard_map"])
def test_two_devices_give_what_one_gives(way):
    neuron = jax.tree.map(np.float32, TCLIF())
    expected = fast_jit(slopes_of(run))(neuron, KERNEL, CURRENTS)
    mesh = jax.make_mesh((2,), ("data",))
    program = slopes_of(by_shard_map(mesh) if way == "shard_map" else run)
    with jax.set_mesh(mesh):
        currents = jax.device_put(CURRENTS, NamedSharding(mesh, BY_BATCH))
        found = fast_jit(program)(neuron, KERNEL, currents)
    sent = found[1][1]
    assert len(sent.sharding.device_set) == 2 and 0 < np.mean(sent) < 1
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, 1e-4, 1e-5), found, expected)


@pytest.mark.parametrize(("steps", "features", "loops"), [(4, 2**18, 0), (4, 8, 1), (5, 2**18, 1)])
def test_a_few_steps_of_large_arrays_have_no_loop(steps, features, loops):
    lif = LIF()
    currents = jax.ShapeDtypeStruct((steps, 1, features), jnp.float32)

    def run(currents):
        return unroll(lif.step, lif.init_state(currents[0]), currents, kernel="scan")[1]

    assert jax.jit(run).lower(currents).as_text().count("stablehlo.while") == loops
