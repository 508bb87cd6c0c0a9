"""The executor mapped over models and placed on two devices, by `shard_map` and by an explicit mesh."""

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

from chunked_networks import (
    INPUT,
    WEIGHTS,
    assert_close,
    differentiate,
    execution,
    make_variables,
    whole,
)
from fast_compilation import fast_jit


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
        execution(chunk=5),
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
            outputs, state = execution(chunk=5)(variables, x)
            total = sum(leaf.sum() for leaf in jax.tree.leaves(state))
            return (outputs * weights).sum() + total, (outputs, state)

        result = fast_jit(jax.grad(loss, has_aux=True))(variables, x)
        outputs, state = result[1]
        assert jax.typeof(outputs).sharding.spec == P(None, "data", None)
        assert jax.typeof(state["state"]["neuron_0"]["neuron"].spikes).sharding.spec == P(
            "data", None
        )
    assert_close(result, whole())
