"""Outputs, running statistics and gradients of every norm, as the papers have them, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import norm_cases
from norm_cases import MASK, NORMS, SHARED

KEY = jax.random.key(0)
every_norm = pytest.mark.parametrize("name", NORMS)
masks = pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "lengths"])


@pytest.fixture(autouse=True)
def double(float64):
    yield


def statistics_of(name):
    """Running statistics away from their initial values."""
    draw = np.random.default_rng(2)
    each = (norm_cases.CHANNELS,)
    each = each if name in (*SHARED, "tebn") else (norm_cases.STEPS, *each)
    return {"mean": draw.normal(size=each), "var": draw.uniform(0.5, 2, each)}


def variables_of(name):
    return {"params": norm_cases.parameters(name), "batch_stats": statistics_of(name)}


def train(name, x, variables, mask=None):
    y, found = NORMS[name].apply(variables, x, True, mask, mutable=["batch_stats"])
    return y, found["batch_stats"]


def real(y, mask):
    return y if mask is None else y[mask]


@every_norm
@masks
def test_outputs_and_running_statistics(name, mask):
    x, variables = norm_cases.values(), variables_of(name)
    y, after = train(name, x, variables, mask)
    expected, means, variances = norm_cases.output(name, x, variables["params"], mask)
    np.testing.assert_allclose(real(np.asarray(y), mask), real(expected, mask), rtol=1e-11, atol=0)
    first = variables["batch_stats"]["mean"], variables["batch_stats"]["var"]
    mean, var = norm_cases.running(name, means, variances, first, momentum=0.8)
    np.testing.assert_allclose(after["mean"], mean, rtol=1e-12)
    np.testing.assert_allclose(after["var"], var, rtol=1e-12)


@every_norm
@masks
def test_gradients(name, mask):
    x, variables = norm_cases.values(), variables_of(name)
    weights = np.random.default_rng(3).normal(size=x.shape)
    if mask is not None:
        weights = np.where(mask[..., None, None, None], weights, 0)

    def loss(params, x):
        y, _ = train(name, x, {**variables, "params": params}, mask)
        return (y * weights).sum()

    def expected_loss(params, x):
        return (norm_cases.output(name, x, params, mask)[0] * weights).sum()

    of_params, of_x = jax.grad(loss, (0, 1))(variables["params"], x)
    near = {"rtol": 1e-6, "atol": 1e-7}
    expected = norm_cases.difference(lambda x: expected_loss(variables["params"], x), x)
    np.testing.assert_allclose(of_x, expected, **near)
    for parameter, value in variables["params"].items():

        def moved(value, parameter=parameter):
            return expected_loss(variables["params"] | {parameter: value}, x)

        np.testing.assert_allclose(
            of_params[parameter], norm_cases.difference(moved, value), **near
        )


@every_norm
def test_evaluation_is_the_affine_map_of_the_running_statistics(name):
    """y = mapped((x − running mean) / √(running variance + ε)), of each step and channel."""
    x, variables = norm_cases.values(), variables_of(name)
    y = np.asarray(NORMS[name].apply(variables, x))
    scale, shift = (
        np.broadcast_to(a, (norm_cases.STEPS, 2)) for a in NORMS[name].inference(variables)
    )
    mean, var = (
        np.broadcast_to(variables["batch_stats"][which], (norm_cases.STEPS, 2))
        for which in ("mean", "var")
    )
    for t, c in np.ndindex(norm_cases.STEPS, norm_cases.CHANNELS):
        normal = (x[t, ..., c] - mean[t, c]) / np.sqrt(var[t, c] + NORMS[name].epsilon)
        expected = norm_cases.mapped(name, normal, variables["params"], t, c)
        np.testing.assert_allclose(y[t, ..., c], expected, rtol=1e-12)
        folded = scale[t, c] * x[t, ..., c] + shift[t, c]
        np.testing.assert_allclose(folded, expected, rtol=1e-11)


def test_a_call_per_step_gives_the_same():
    """`statistics="step"`: calls of one step, one after another, are one call of all of them."""
    x, variables = norm_cases.values(), variables_of("step")
    whole, after = train("step", x, variables)
    statistics, pieces = variables["batch_stats"], []
    for t in range(len(x)):
        now = {"params": variables["params"], "batch_stats": statistics}
        y, statistics = train("step", x[t : t + 1], now)
        pieces.append(y)
    np.testing.assert_allclose(whole, np.concatenate(pieces), rtol=1e-13)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), after, statistics)


@every_norm
def test_steps_without_real_samples_change_nothing(name):
    """Where all samples have ended: the statistics stay, and no number is lost."""
    mask = np.ones((norm_cases.STEPS, norm_cases.BATCH), bool)
    mask[-1] = False
    x, variables = norm_cases.values(), variables_of(name)
    y, after = train(name, x, variables, mask)
    assert np.isfinite(y).all()
    if name == "bntt":
        for which, value in variables["batch_stats"].items():
            np.testing.assert_array_equal(after[which][-1], value[-1])
    if name in SHARED:
        _, shorter = train(name, x[:-1], variables, mask[:-1])
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), after, shorter)


@every_norm
def test_statistics_of_large_values_are_exact_in_float32(name):
    """A mean a thousand times the deviation costs three digits of the deviation's seven, and not all."""
    x = norm_cases.values().astype(np.float32) + np.float32(2000)
    variables = variables_of(name)
    narrow = jax.tree.map(lambda leaf: leaf.astype(np.float32), variables)
    y, _ = train(name, jnp.asarray(x), narrow)
    expected, _, _ = norm_cases.output(name, x.astype(float), variables["params"])
    assert y.dtype == jnp.float32
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-2)


def test_narrow_values_have_wide_statistics():
    x = jnp.asarray(norm_cases.values(), jnp.bfloat16)
    variables = NORMS["pooled"].init(KEY, x)
    y, after = train("pooled", x, variables)
    assert y.dtype == jnp.bfloat16 and after["mean"].dtype == jnp.float32
    expected = 0.2 * np.asarray(x, float).mean((0, 1, 2, 3))
    np.testing.assert_allclose(after["mean"], expected, rtol=1e-5)


def test_the_initial_layer_has_mean_0_and_variance_1():
    """Of all steps, or of each; tdBN has the variance (α V_th)²."""
    x = norm_cases.values()
    for name, norm in NORMS.items():
        variables = norm.init(KEY, x)
        y, _ = train(name, x, variables)
        axes = (1, 2, 3) if name in ("step", "bntt") else (0, 1, 2, 3)
        if name == "tab":
            y, axes = y[:1], (0, 1, 2, 3)  # of its own statistics the first step alone
        expected = 0.7 * 0.5 if name == "tdbn" else 1
        np.testing.assert_allclose(y.mean(axes), 0, atol=1e-12)
        np.testing.assert_allclose(y.std(axes), expected, rtol=1e-4)
