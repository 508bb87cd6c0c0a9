"""Fused kernels under JAX's transformations: vmap, checkpoint, chunks, shard_map, derivatives of second order."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec

from fused_cases import currents_of, matrix_of, no_fallback
from spikejax.devices import mesh
from spikejax.dynamics import Feedback, Time, feedback, unroll
from spikejax.dynamics.choice import using
from spikejax.dynamics.kernels.refusal import KernelFallback
from spikejax.dynamics.network import run
from spikejax.layers import DelayedRecurrent, Recurrent, Spiking
from spikejax.neurons.clif import CLIF
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF

CURRENTS = currents_of(LIF())
MATRIX = matrix_of(LIF())


def total(decay, currents, matrix, kernel):
    """A number that depends on everything."""
    lif = LIF(decay=decay)
    before = lif.init_state(currents[0])
    if matrix is None:
        after, spikes = unroll(lif.step, before, currents, kernel=kernel)
    else:
        step = feedback(lif.step, lambda spikes: spikes @ matrix)
        after, spikes = unroll(
            step, Feedback(before, jnp.zeros_like(currents[0])), currents, kernel=kernel
        )
        after = after.neuron
    weights = jnp.linspace(-1, 1, spikes.size).reshape(spikes.shape)
    return (weights * spikes).sum() + jnp.sin(after.membrane).sum()


def same(one, other):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5), one, other)


@pytest.mark.parametrize("matrix", [None, MATRIX], ids=["feed-forward", "recurrent"])
def test_many_models_side_by_side(matrix):
    decays = jnp.array([0.5, 0.7, 0.9])
    matrices = None if matrix is None else jnp.stack([matrix, -matrix, 0.5 * matrix])
    axes = 0, None, None if matrix is None else 0

    def all_of(kernel):
        def gradient(decay, currents, matrix):
            return jax.value_and_grad(total, (0, 1))(decay, currents, matrix, kernel)

        return jax.vmap(gradient, axes)(decays, CURRENTS, matrices)

    with no_fallback():
        found = all_of("pallas")
    same(found, all_of("scan"))


@pytest.mark.parametrize("matrix", [None, MATRIX], ids=["feed-forward", "recurrent"])
def test_recomputation(matrix):
    def gradient(kernel):
        body = jax.checkpoint(lambda decay, x: total(decay, x, matrix, kernel))
        return jax.jit(jax.grad(body, (0, 1)))(0.8, CURRENTS)

    with no_fallback():
        found = gradient("pallas")
    same(found, gradient("scan"))


def test_a_batch_shared_by_devices():
    devices = mesh.over()
    currents = jnp.tile(CURRENTS, (1, devices.size, 1))

    def local(decay, currents):
        return jax.lax.psum(total(decay, currents, None, "pallas"), mesh.AXIS)

    def whole(decay):
        split = PartitionSpec(None, mesh.AXIS)
        shared = jax.shard_map(
            local,
            mesh=devices,
            in_specs=(PartitionSpec(), split),
            out_specs=PartitionSpec(),
            check_vma=False,
        )
        return shared(decay, currents)

    with no_fallback():
        found = jax.value_and_grad(whole)(jnp.float32(0.8))
    parts = jnp.split(currents, devices.size, 1)
    same(found, jax.value_and_grad(lambda d: sum(total(d, x, None, "scan") for x in parts))(0.8))


def test_arrays_that_lie_whole_on_the_devices_of_a_mesh():
    # There JAX places what a step fills with numbers, as that of CLIF does, on the mesh.
    neuron = jax.tree.map(jnp.asarray, CLIF())
    neuron, currents = mesh.replicate((neuron, jnp.asarray(CURRENTS)), mesh.over(jax.devices()[:1]))

    def gradient(kernel):
        def loss(neuron, currents):
            state = neuron.init_state(currents[0])
            return jnp.sin(unroll(neuron.step, state, currents, kernel=kernel)[1]).sum()

        return jax.jit(jax.grad(loss, (0, 1)))(neuron, currents)

    with no_fallback():
        by_kernel = gradient("pallas")
    same(gradient("scan"), by_kernel)


@pytest.mark.parametrize("matrix", [None, MATRIX], ids=["feed-forward", "recurrent"])
def test_a_derivative_of_second_order_is_that_of_the_scan_and_says_so(matrix):
    def curvature(kernel):
        def slope(decay, currents):
            return jnp.square(jax.grad(total, 1)(decay, currents, matrix, kernel)).sum()

        return jax.grad(slope, (0, 1))(0.8, CURRENTS)

    with pytest.warns(KernelFallback, match="a derivative of second order runs as a scan"):
        found = curvature("pallas")
    expected = curvature("scan")
    assert abs(expected[0]) > 1e-3
    same(found, expected)


@pytest.mark.parametrize(
    "layer",
    [Spiking(TCLIF(), record=("soma",)), Recurrent(TCLIF()), DelayedRecurrent(TCLIF(), 2, 1.0)],
    ids=["spiking", "recurrent", "delayed"],
)
@pytest.mark.parametrize("chunk", [None, 3])
def test_layers_use_what_the_time_says(layer, chunk):
    variables = layer.init(jax.random.key(0), CURRENTS)
    variables = {name: variables[name] for name in ("params", "constants")}

    def network(variables, x, carry):
        spikes, found = layer.apply({**variables, **carry}, x, mutable=["state", "activity"])
        return (spikes, found["activity"]), {"state": found["state"]}

    def loss(variables, currents, kernel):
        _, found = layer.apply(variables, currents, mutable=["state"])
        start = jax.tree.map(jnp.zeros_like, {"state": found["state"]})
        outputs, carry = run(network, variables, currents, start, Time(chunk=chunk, kernel=kernel))
        return outputs[0].sum() + sum(jnp.sin(x).sum() for x in jax.tree.leaves(carry)), outputs

    gradient = jax.jit(jax.value_and_grad(loss, has_aux=True), static_argnums=2)
    with no_fallback():
        found = gradient(variables, CURRENTS, "pallas")
    assert "pallas_call" in str(
        jax.make_jaxpr(lambda v, c: loss(v, c, "pallas"))(variables, CURRENTS)
    )
    assert "pallas_call" not in str(
        jax.make_jaxpr(lambda v, c: loss(v, c, "scan"))(variables, CURRENTS)
    )
    same(found, gradient(variables, CURRENTS, "scan"))


def test_a_cpu_uses_the_scan():
    assert "pallas_call" not in str(jax.make_jaxpr(lambda c: total(0.8, c, None, "auto"))(CURRENTS))


def test_a_delay_per_synapse_runs_as_a_scan():
    layer = DelayedRecurrent(TCLIF(), 2, 1.0, "synapse")
    variables = layer.init(jax.random.key(0), CURRENTS)
    with using("scan"):
        expected = layer.apply(variables, CURRENTS)
    with using("pallas"), pytest.warns(KernelFallback, match="as a scan, not as a fused kernel"):
        np.testing.assert_array_equal(layer.apply(variables, CURRENTS), expected)


def test_arrays_that_xla_distributes_over_devices():
    two = jax.sharding.AbstractMesh((2,), ("d",), axis_types=(jax.sharding.AxisType.Auto,))
    with jax.sharding.use_abstract_mesh(two), pytest.warns(KernelFallback, match="distributes"):
        text = str(jax.make_jaxpr(lambda c: total(0.8, c, None, "pallas"))(CURRENTS))
    assert "pallas_call" not in text


def test_what_is_compiled_for_decides():
    def kernels():
        return "pallas_call" in str(jax.make_jaxpr(lambda c: total(0.8, c, None, "auto"))(CURRENTS))

    device = jax.sharding.AbstractDevice(device_kind="H100", num_cores=132, platform="gpu")
    with jax.sharding.use_abstract_mesh(jax.sharding.AbstractMesh((), (), abstract_device=device)):
        assert kernels()
    with jax.default_device(jax.devices("cpu")[0]):
        assert not kernels()
