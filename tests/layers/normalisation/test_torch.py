"""What PyTorch 2.13.0 gave for the same values: `nn.BatchNorm2d(2, momentum=0.2)` in float64.

Its input was x as `[T·B, C, H, W]` ("pooled"), or x[t] as `[B, C, H, W]` in one call per step ("step"); the gradient is
that of Σ w y. Of y and the gradient the values at `PLACES` of the flat array `[T, B, H, W, C]` are kept here.
"""

import jax
import numpy as np
import pytest

from spikejax.layers import BatchNorm

SHAPE = (3, 2, 2, 1, 2)
PLACES = [0, 7, 14, 23]
COUNT = np.arange(24)
X = (np.sin(1.7 * COUNT) * (1 + 0.1 * COUNT)).reshape(SHAPE)
WEIGHTS = np.cos(0.9 * COUNT).reshape(SHAPE)
PARAMS = {"scale": np.array([1.5, 0.5]), "bias": np.array([0.1, -0.2])}
TORCH = {
    "pooled": {
        "y": [0.1274454746937206, -0.5761870668351049, -2.0500210682588293, 0.7340221804331636],
        "gradient": [
            0.8466129913106148,
            0.277597420594165,
            0.8748398816152292,
            -0.03893998952502242,
        ],
        "mean": [-0.005879449892566221, 0.03694674996764889],
        "var": [1.3632112154077847, 1.3884122730374764],
    },
    "step": {
        "y": [0.5236576346752956, -0.6655966347515491, -1.5384094739129262, 0.3869277196804106],
        "gradient": [
            2.304497767313091,
            0.42502812647087557,
            0.6491177201464926,
            0.02230386988575953,
        ],
        "mean": [0.0006768287449701871, 0.09933828531289178],
        "var": [2.293298892265269, 2.5163395471998453],
    },
}


@pytest.mark.parametrize("statistics", TORCH)
def test_as_pytorch(statistics, float64):
    layer = BatchNorm(statistics=statistics, momentum=0.8)
    first = {"mean": np.zeros(2), "var": np.ones(2)}

    def loss(x):
        variables = {"params": PARAMS, "batch_stats": first}
        y, after = layer.apply(variables, x, train=True, mutable=["batch_stats"])
        return (y * WEIGHTS).sum(), (y, after["batch_stats"])

    gradient, (y, after) = jax.grad(loss, has_aux=True)(X)
    found = {"y": y.ravel()[np.array(PLACES)], "gradient": gradient.ravel()[np.array(PLACES)]}
    for name, values in {**found, **after}.items():
        np.testing.assert_allclose(values, TORCH[statistics][name], rtol=1e-12, err_msg=name)
