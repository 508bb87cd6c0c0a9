"""The loss in a plane through the weights: directions of the right length, and the loss at every point."""

import jax
import jax.numpy as jnp
import numpy as np

from spikejax.analysis import filter_normalised, loss_plane

KEY = jax.random.key(0)
PARAMS = {
    "dense": {"kernel": jax.random.normal(KEY, (5, 3)), "bias": jnp.ones(3)},
    "conv": {"kernel": 4 * jax.random.normal(KEY, (3, 3, 2, 4))},
    "decay": jnp.float32(0.9),
}


def test_directions_have_the_length_of_each_unit():
    found = filter_normalised(KEY, PARAMS)
    for layer, axes in (("dense", 0), ("conv", (0, 1, 2))):
        sizes = [np.sqrt((np.asarray(x[layer]["kernel"]) ** 2).sum(axes)) for x in (found, PARAMS)]
        np.testing.assert_allclose(sizes[0], sizes[1], rtol=1e-5)
        assert not np.allclose(found[layer]["kernel"], PARAMS[layer]["kernel"])
    assert not found["dense"]["bias"].any() and not found["decay"]
    other = filter_normalised(jax.random.key(1), PARAMS)
    cosine = (other["conv"]["kernel"] * found["conv"]["kernel"]).sum() / (
        (PARAMS["conv"]["kernel"] ** 2).sum()
    )
    assert abs(float(cosine)) < 0.5


def test_the_loss_at_every_point_whatever_is_computed_beside_it():
    directions = tuple(filter_normalised(key, PARAMS) for key in jax.random.split(KEY))
    first, second = np.linspace(-1, 1, 4), np.linspace(-0.5, 0.5, 3)

    def loss(params):
        return sum((x**2).sum() for x in jax.tree.leaves(params))

    expected = np.empty((4, 3))
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            moved = jax.tree.map(lambda x, d, e, a=a, b=b: x + a * d + b * e, PARAMS, *directions)
            expected[i, j] = loss(moved)
    for beside in (1, 5, 12):
        found = loss_plane(loss, PARAMS, directions, first, second, beside=beside)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_networks_that_differ_in_other_parameters_have_equal_directions():
    more = {**PARAMS, "couplings": {"c1": jnp.zeros(()), "c2": jnp.zeros(())}}
    one, other = filter_normalised(KEY, PARAMS), filter_normalised(KEY, more)
    for layer in ("dense", "conv"):
        np.testing.assert_array_equal(one[layer]["kernel"], other[layer]["kernel"])
