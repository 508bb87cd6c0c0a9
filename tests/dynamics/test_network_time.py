"""The executor: every chunk length gives the same run, the same gradients and less memory."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

from spikejax.dynamics.layer import unroll
from spikejax.dynamics.network import run
from spikejax.networks import MLP
from spikejax.neurons.core.contract import neuron, param
from spikejax.neurons.lif import LIF, LIFState

T, BATCH, INPUTS, CLASSES = 13, 2, 3, 2
TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}
NETWORK = MLP((3,), CLASSES, LIF(), learn=("decay",), recurrent=(0,))
# Compiling is what these tests spend their time on.
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
fast_jit = functools.partial(jax.jit, compiler_options=FAST)
INPUT = np.random.default_rng(0).normal(0.5, 1.5, (T, BATCH, INPUTS))
WEIGHTS = np.random.default_rng(1).normal(size=(T, BATCH, CLASSES))


def make_variables(network=NETWORK, seed=2):
    """Float64 variables: drawn where the network draws, else the numbers of its neuron."""
    draw = np.random.default_rng(seed)
    shapes = jax.eval_shape(network.init, jax.random.key(0), INPUT[:1])

    def value(path, leaf):
        number = getattr(network.neuron, path[-1].key, None)
        return jnp.asarray(draw.normal(0, 0.7, leaf.shape) if number is None else number, float)

    return jax.tree_util.tree_map_with_path(value, shapes)


def objective(execute, variables, x):
    outputs, state = execute(variables, x)
    loss = (outputs * WEIGHTS).sum() + sum(leaf.sum() for leaf in jax.tree.leaves(state))
    return loss, (outputs, state)


def differentiate(execute, variables, x=INPUT):
    """(gradients of a loss on outputs and final state, (outputs, final state))"""

    @fast_jit
    @functools.partial(jax.grad, has_aux=True)
    def grad(variables):
        return objective(execute, variables, x)

    return grad(variables)


def execution(**options):
    return lambda variables, x: run(NETWORK.apply, variables, x, **options)


def assert_close(one, other, **tolerance):
    tolerance = tolerance or TOLERANCE
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, **tolerance), one, other)


@functools.cache
def whole():
    """Layer by layer without the executor; wants float64."""
    return differentiate(NETWORK.apply, make_variables())


# --- All chunk lengths are the same run -----------------------------------------------------------


def test_the_reference_fires_and_differentiates(float64):
    gradients, (outputs, _) = whole()
    _, spikes = NETWORK.apply(make_variables(), INPUT, mutable=["activity"])
    (spikes,) = jax.tree.leaves(spikes)
    assert 0.1 < spikes.mean() < 0.9
    assert outputs.shape == (T, BATCH, CLASSES)
    assert all(np.any(leaf != 0) for leaf in jax.tree.leaves(gradients["params"]))


def bare(variables, x, state=None):
    """The least of networks, so that every chunk length can be compiled."""
    lif, currents = LIF(decay=variables["decay"]), x @ variables["kernel"]
    state = lif.init_state(currents.sum(0)) if state is None else state
    state, spikes = unroll(lif.step, state, currents)
    return spikes, state


def make_bare_variables():
    kernel = np.random.default_rng(3).normal(size=(INPUTS, CLASSES))
    return {"decay": jnp.asarray(0.8), "kernel": jnp.asarray(kernel)}


@functools.cache
def whole_bare():
    return differentiate(bare, make_bare_variables())


@pytest.mark.parametrize(
    "chunk, checkpoint", [*((k, True) for k in range(1, T + 1)), (1, False), (5, False)]
)
def test_every_chunk_length_gives_the_same(chunk, checkpoint, float64):
    def execute(variables, x):
        return run(bare, variables, x, chunk=chunk, checkpoint=checkpoint)

    gradients, (spikes, state) = differentiate(execute, make_bare_variables())
    expected, (expected_spikes, expected_state) = whole_bare()
    np.testing.assert_array_equal(spikes, expected_spikes)
    assert 0.1 < spikes.mean() < 0.9
    assert_close((gradients, state), (expected, expected_state))


@pytest.mark.parametrize("chunk, checkpoint", [(4, True), (6, False)])
def test_chunks_of_a_recurrent_network(chunk, checkpoint, float64):
    execute = execution(chunk=chunk, checkpoint=checkpoint)
    assert_close(differentiate(execute, make_variables()), whole())


@pytest.mark.parametrize("chunk, segment", [(2, 4), (3, 6), (2, 12), (4, 16), (1, 5)])
def test_segments_change_nothing(chunk, segment, float64):
    segmented = execution(chunk=chunk, segment=segment)
    assert_close(differentiate(segmented, make_variables()), whole())


def test_one_step(float64):
    variables = make_variables()
    expected = NETWORK.apply(variables, INPUT[:1])
    for options in ({}, {"chunk": 1}, {"chunk": 1, "truncate": True}):
        assert_close(run(NETWORK.apply, variables, INPUT[:1], **options), expected)


def test_one_step_at_a_time_is_a_loop_over_the_network(float64):
    variables, state, rows = make_variables(), None, []
    apply = fast_jit(NETWORK.apply)
    for t in range(T):
        row, state = apply(variables, INPUT[t : t + 1], state)
        rows.append(row)
    assert_close(run(NETWORK.apply, variables, INPUT, chunk=1), (np.concatenate(rows), state))


def with_spikes(variables, x, state=None):
    (logits, state), sown = NETWORK.apply(variables, x, state, mutable=["activity"])
    return {"logits": logits, **sown}, state


def test_streaming_in_pieces_gives_the_very_spikes(float64):
    """Outputs may be a pytree; here they hold the spikes of the hidden layer."""
    variables = make_variables()
    expected, last = fast_jit(with_spikes)(variables, INPUT)
    stream = fast_jit(functools.partial(run, with_spikes), static_argnames="chunk")
    state, pieces = None, []
    for start, stop, chunk in [(0, 5, 2), (5, 6, None), (6, T, 3)]:
        outputs, state = stream(variables, INPUT[start:stop], state, chunk=chunk)
        pieces.append(outputs)
    outputs = jax.tree.map(lambda *parts: np.concatenate(parts), *pieces)
    assert len(jax.tree.leaves(outputs["activity"])) == 1
    jax.tree.map(np.testing.assert_array_equal, outputs["activity"], expected["activity"])
    assert_close((outputs["logits"], state), (expected["logits"], last))


def test_inputs_may_be_a_pytree(float64):
    def network(variables, x, state):
        outputs, state = NETWORK.apply(variables, x["pixels"] * x["gain"], state)
        return (outputs, x["gain"]), state

    gain = np.linspace(0.5, 1.5, T)[:, None, None]
    expected, last = NETWORK.apply(make_variables(), INPUT * gain)
    (outputs, gains), state = run(
        network, make_variables(), {"pixels": INPUT, "gain": gain}, chunk=5
    )
    np.testing.assert_array_equal(gains, gain)
    assert_close((outputs, state), (expected, last))


@neuron(LIFState)
class Charged:
    """A LIF that starts at its own level."""

    level: float = param(0.9, doc="membrane at the start")

    def init_state(self, current):
        return LIFState(jnp.zeros_like(current) + self.level)

    def step(self, state, current):
        return LIF().step(state, current)


def charged(variables, x, state=None):
    neuron, currents = Charged(level=variables["level"]), 0.3 * x
    state = neuron.init_state(currents.sum(0)) if state is None else state
    state, spikes = unroll(neuron.step, state, currents)
    return spikes[..., :CLASSES], state


def test_a_start_other_than_zero_survives_chunks(float64):
    variables = {"level": jnp.asarray(0.9)}
    expected = differentiate(charged, variables)
    result = differentiate(lambda *inputs: run(charged, *inputs, chunk=4), variables)
    assert_close(result, expected)
    assert expected[0]["level"] != 0
    from_zero, _ = run(charged, {"level": jnp.asarray(0.0)}, INPUT, chunk=4)
    assert np.any(from_zero != expected[1][0])


# --- Truncated backpropagation --------------------------------------------------------------------


def loop_with_borders(variables, x, chunk):
    """Truncation by hand: the state between two chunks is a constant."""
    state, parts = None, []
    for start in range(0, len(x), chunk):
        outputs, state = NETWORK.apply(variables, x[start : start + chunk], state)
        parts.append(outputs)
        if start + chunk < len(x):
            state = jax.lax.stop_gradient(state)
    return jnp.concatenate(parts), state


@functools.cache
def truncated_by_hand(chunk):
    return differentiate(functools.partial(loop_with_borders, chunk=chunk), make_variables())


@pytest.mark.parametrize("checkpoint", [True, False])
def test_truncation_stops_the_gradient_at_the_borders(checkpoint, float64):
    execute = execution(chunk=5, checkpoint=checkpoint, truncate=True)
    gradients, results = differentiate(execute, make_variables())
    assert_close((gradients, results), truncated_by_hand(chunk=5))
    full, untruncated_results = whole()
    assert_close(results, untruncated_results)  # what comes out is the same
    for name in ("linear_0", "neuron_0"):
        differences = jax.tree.map(
            lambda a, b: np.abs(a - b).max(), gradients["params"][name], full["params"][name]
        )
        assert max(jax.tree.leaves(differences)) > 0.01, name


def test_truncation_without_a_border_is_the_full_gradient(float64):
    assert_close(differentiate(execution(chunk=T, truncate=True), make_variables()), whole())


def test_truncation_leaves_the_first_state_alone(float64):
    """The start of the first chunk is no border: a learned start has the gradient of its chunk."""
    variables, x, weights = {"level": jnp.asarray(0.9)}, INPUT[:4], WEIGHTS[:4]

    def loss(variables):
        return (run(charged, variables, x, chunk=2, truncate=True)[0] * weights).sum()

    def first_chunk(variables):
        return (charged(variables, x[:2])[0] * weights[:2]).sum()

    expected = jax.grad(first_chunk)(variables)["level"]
    assert expected != 0
    np.testing.assert_allclose(jax.grad(loss)(variables)["level"], expected, **TOLERANCE)


# --- Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [0, -1, T + 1])
def test_unfit_chunks(chunk):
    with pytest.raises(ValueError, match=f"expected a chunk from 1 to T=13 steps, found {chunk}"):
        run(NETWORK.apply, {}, INPUT, chunk=chunk)


@pytest.mark.parametrize(
    "inputs, shapes",
    [
        (INPUT[:0], r"\[\(0, 2, 3\)\]"),
        (np.float32(1), r"\[\(\)\]"),
        ({"a": INPUT, "b": INPUT[:4]}, r"\[\(13, 2, 3\), \(4, 2, 3\)\]"),
        ({}, r"\[\]"),
    ],
)
def test_unfit_inputs(inputs, shapes):
    message = rf"one T of at least 1, found shapes {shapes}; add a time axis with encode\.repeat"
    with pytest.raises(ValueError, match=message):
        run(NETWORK.apply, {}, inputs)


# --- Transformations ------------------------------------------------------------------------------


def test_vmap_over_variables(float64):
    models = [make_variables(seed=seed) for seed in (2, 3)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *models)
    execute = fast_jit(execution(chunk=4))
    together = fast_jit(jax.vmap(execution(chunk=4), in_axes=(0, None)))(stacked, INPUT)
    for i, variables in enumerate(models):
        one = jax.tree.map(lambda x, i=i: x[i], together)
        assert_close(one, execute(variables, INPUT))


def test_shard_map(float64):
    """Each of two devices has half of the batch."""
    mesh = jax.make_mesh((2,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    sharded = jax.shard_map(
        functools.partial(run, NETWORK.apply, chunk=5),
        mesh=mesh,
        in_specs=(P(), P(None, "data")),
        out_specs=(P(None, "data"), P("data")),
    )
    assert_close(differentiate(sharded, make_variables()), whole())


def test_explicit_mesh(float64):
    """Where shardings are part of the types, the carry of every scan keeps its own."""
    mesh = jax.make_mesh((2,), ("data",), axis_types=(jax.sharding.AxisType.Explicit,))
    variables = jax.device_put(make_variables(), NamedSharding(mesh, P()))
    with jax.set_mesh(mesh):
        x = jax.device_put(INPUT, NamedSharding(mesh, P(None, "data")))
        weights = jax.device_put(WEIGHTS, NamedSharding(mesh, P(None, "data")))

        def loss(variables, x):
            outputs, state = run(NETWORK.apply, variables, x, chunk=5)
            total = sum(leaf.sum() for leaf in jax.tree.leaves(state))
            return (outputs * weights).sum() + total, (outputs, state)

        result = fast_jit(jax.grad(loss, has_aux=True))(variables, x)
        outputs, state = result[1]
        assert jax.typeof(outputs).sharding.spec == P(None, "data", None)
        assert jax.typeof(state[0].spikes).sharding.spec == P("data", None)
    assert_close(result, whole())


# --- Memory ---------------------------------------------------------------------------------------


def test_chunks_bound_the_memory():
    x = jax.ShapeDtypeStruct((1024, 8, INPUTS), np.float32)
    kernel = jax.ShapeDtypeStruct((INPUTS, 16), np.float32)
    variables = {"decay": jax.ShapeDtypeStruct((), np.float32), "kernel": kernel}

    def temporary(**options):
        def loss(variables, x):
            return run(bare, variables, x, **options)[0].mean(1).sum()

        compiled = jax.jit(jax.grad(loss)).lower(variables, x).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    whole, chunked = temporary(), temporary(chunk=32)
    assert chunked < whole / 5


def test_segments_bound_the_memory_in_the_number_of_steps():
    """Eight times the steps: the states at the borders of chunks make it grow, those of segments hardly."""
    network = MLP((64, 64), 4, LIF(), learn=("decay",))
    variables = jax.eval_shape(network.init, jax.random.key(0), jnp.zeros((1, 1, 1)))

    def temporary(steps, segment):
        def loss(params, constants, x):
            bound = {"params": params, "constants": constants}
            return run(network.apply, bound, x, chunk=4, segment=segment)[0].sum()

        x = jax.ShapeDtypeStruct((steps, 8, 1), jnp.float32)
        program = jax.jit(jax.grad(loss)).lower(variables["params"], variables["constants"], x)
        outputs = 4 * steps * 8 * 4  # the logits, which are the caller's
        return program.compile().memory_analysis().temp_size_in_bytes - outputs

    assert temporary(2048, 64) <= 1.5 * temporary(256, 64)
    assert temporary(2048, None) > 2 * temporary(2048, 64)


@pytest.mark.parametrize("segment, checkpoint", [(5, True), (0, True), (4, False)])
def test_unfit_segments(segment, checkpoint):
    with pytest.raises(ValueError, match="expected a segment of whole chunks of 2 steps, recomp"):
        execution(chunk=2, segment=segment, checkpoint=checkpoint)(make_variables(), INPUT)
