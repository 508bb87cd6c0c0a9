"""Several devices do what one does."""

import jax
import numpy as np
import pytest

from scripts.steps import check_devices
from spikejax.devices import mesh, processes


def test_two_devices(float64):
    check_devices(jax.devices(), ("map",))


def test_devices_draw_apart(float64):
    """Each device has a key of its own, so that what is drawn does not repeat over a batch."""

    def draw(variables, batch, key):
        value = jax.random.normal(key)
        return {"sum": value, "square": value**2}

    found = mesh.share_batch(draw, mesh.over())({}, np.zeros(2), jax.random.key(0))
    assert abs(2 * found["square"] - found["sum"] ** 2) > 1e-6  # 0 if both drew the same


@pytest.mark.parametrize(
    "cluster", [("host:1", None, None), (None, 2, 0), ("host:1", 2, None), ("auto", 2, 0)]
)
def test_half_a_cluster(cluster):
    with pytest.raises(ValueError, match="expected a coordinator HOST:PORT, the number of"):
        processes.start(*cluster)
