"""The memory of a training step, from shapes: what is counted, and that no array is counted twice."""

import jax
import jax.numpy as jnp

from spikejax.devices.footprint import Footprint, footprint_of

FLOAT = 4


def shape(*sizes, dtype=jnp.float32):
    return jax.ShapeDtypeStruct(sizes, dtype)


def layer(params, x):
    """Two products; the sine of the first is kept for the second, and its cosine for the backward pass."""
    hidden = jnp.sin(x @ params["first"])
    outputs = hidden @ params["second"]
    return outputs, hidden[-1]


PARAMS = {"first": shape(3, 5), "second": shape(5, 2)}


def test_what_a_backward_pass_keeps():
    found = footprint_of(layer, PARAMS, shape(7, 4, 3), shape(4, 7, 3, dtype=jnp.uint8))
    steps = 7 * 4 * FLOAT
    assert found == Footprint(
        kept=steps * (3 + 5 + 5),
        largest=steps * 5,
        products=steps * 5,  # those of the read-out are outputs
        state=4 * 5 * FLOAT,
        outputs=steps * 2,
        samples=4 * 7 * 3,
        weights=(15 + 10) * FLOAT,
    )


def test_inputs_have_no_gradient_and_are_never_the_largest():
    wide = {"first": shape(900, 5), "second": shape(5, 2)}
    found = footprint_of(layer, wide, shape(7, 4, 900))
    assert found.largest == 7 * 4 * 5 * FLOAT and found.kept > 7 * 4 * 900 * FLOAT


def test_an_array_that_two_operations_keep_is_there_once():
    def twice(weights, x):
        hidden = jnp.exp(x @ weights)  # the exponential is its own derivative
        return hidden @ weights + hidden @ weights, hidden

    found = footprint_of(twice, shape(5, 5), shape(7, 4, 5))
    assert found.kept == 2 * 7 * 4 * 5 * FLOAT


def test_memory_grows_with_models_and_shrinks_with_parts():
    found = Footprint(*range(1, 8))
    assert found.shared(3, 1) == Footprint(*range(3, 22, 3))
    assert found.shared(1, 2)[:-1] == tuple(x / 2 for x in found[:-1])
    assert found.shared(1, 2).weights == found.weights


def test_networks_without_parameters():
    def running(params, x):
        return jnp.cumsum(x, 0), x[-1]

    found = footprint_of(running, {}, shape(7, 4, 5))
    assert (found.kept, found.largest, found.weights) == (0, 0, 0)
    assert found.whole() == 0 and found.outputs == 7 * 4 * 5 * FLOAT
