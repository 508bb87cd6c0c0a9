"""The MLP with delays: what it is without them, and that its delays reach the outputs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax import Time, run
from spikejax.layers import with_whole_delays
from spikejax.networks import MLP, DelayedMLP
from spikejax.neurons.lif import LIF
from spikejax.surrogate import ATan

KEY, SIZES = jax.random.key(0), {"hidden": (12, 12), "classes": 3, "neuron": LIF(surrogate=ATan())}
X = np.random.default_rng(0).normal(0.5, 2.0, (15, 12, 3))
PER = pytest.mark.parametrize("per", ["axon", "synapse"])
RECURRENT = pytest.mark.parametrize("recurrent", [(), (1,), (0, 1)])


def with_delays(params, value):
    return jax.tree_util.tree_map_with_path(
        lambda path, x: jnp.full_like(x, value) if path[-1].key == "delay" else x, params
    )


@PER
@RECURRENT
def test_without_delays_it_is_the_mlp(per, recurrent, float64):
    network = DelayedMLP(**SIZES, longest=4, per=per, recurrent=recurrent, gain=6.0)
    variables = with_whole_delays(network.init(KEY, X))
    params = with_delays(variables["params"], 0.0)
    plain = MLP(**SIZES, recurrent=recurrent)
    names = {f"delayed_{i}": f"linear_{i}" for i in range(2)}
    shared = {
        names.get(layer, layer): {name: x for name, x in values.items() if name != "delay"}
        for layer, values in params.items()
        if not layer.startswith("axons")
    }
    of_plain = {**plain.init(KEY, X), "params": shared}
    expected, _ = run(plain, of_plain, X)
    found, _ = run(network, {**variables, "params": params}, X)
    assert np.ptp(np.asarray(expected), axis=0).max() > 0.1
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    later, _ = run(network, {**variables, "params": with_delays(params, 0.5)}, X)
    assert float(jnp.abs(later - expected).max()) > 0.01


@PER
@RECURRENT
def test_chunks_are_the_whole_and_all_is_learned(per, recurrent, float64):
    network = DelayedMLP(**SIZES, longest=4, width=1.5, per=per, recurrent=recurrent, gain=6.0)
    variables = network.init(KEY, X)

    def summed(params, time):
        outputs, _ = run(network, {**variables, "params": params}, X, time=time)
        return (outputs**2).sum()

    whole, pieces = (
        jax.grad(summed)(variables["params"], time) for time in (Time(), Time(chunk=2))
    )
    for path, expected in jax.tree_util.tree_leaves_with_path(whole):
        assert float(jnp.abs(expected).max()) > 0, jax.tree_util.keystr(path)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12), whole, pieces
    )


def test_what_has_a_delay_is_said():
    with pytest.raises(ValueError, match="expected per to be 'axon' or 'synapse', found 'neuron'"):
        DelayedMLP(**SIZES, per="neuron").init(KEY, X)
    with pytest.raises(ValueError, match="expected recurrent layers from 0 to 1"):
        DelayedMLP(**SIZES, recurrent=(2,)).init(KEY, X)
