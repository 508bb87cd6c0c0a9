"""Optimisers and schedules: the updates that the papers give, and numbers that a sweep can move."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from spikejax.training import OPTIMISERS, SGD, Adam, Constant, Cosine, Milestones, OneCycle, Ramp
from spikejax.training.optimisers import AdamW
from spikejax.training.schedules import Schedule

STEADY = Constant()


def factors(schedule: Schedule, steps_per_epoch: int, epochs: int):
    rule = schedule.factor(steps_per_epoch, epochs)
    return np.asarray(jax.vmap(rule)(jnp.arange(steps_per_epoch * epochs)), float)


def run(optimiser, params, gradients):
    """The parameters after each gradient."""
    rule = optimiser.transformation(len(gradients), 1)
    state, found = rule.init(params), []
    for gradient in gradients:
        updates, state = rule.update(gradient, state, params)
        params = optax.apply_updates(params, updates)
        found.append(params)
    return found


# --- Schedules ------------------------------------------------------------------------------------


def test_one_cycle():
    found = factors(OneCycle(), 10, 10)
    peak = found.argmax()
    np.testing.assert_allclose(found.max(), 1, rtol=1e-3)
    assert 20 <= peak <= 40
    assert np.all(np.diff(found[: peak + 1]) > 0) and np.all(np.diff(found[peak:]) < 0)
    np.testing.assert_allclose(found[0], 1 / 25, rtol=1e-6)
    assert found[-1] < 2e-3


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("schedule", [OneCycle(), Cosine(), Cosine(warmup=1)], ids=str)
def test_few_steps(schedule, steps):
    found = factors(schedule, steps, 1)
    assert np.isfinite(found).all() and np.all(found >= 0) and np.all(found <= 1.0001)


def test_cosine():
    """Half a cosine by hand, after a linear rise."""
    found = factors(Cosine(warmup=2, end=0.1), 5, 6)
    np.testing.assert_allclose(found[:10], np.arange(10) / 10, rtol=1e-6)
    down = 0.1 + 0.9 * (1 + np.cos(np.pi * np.arange(20) / 20)) / 2
    np.testing.assert_allclose(found[10:], down, rtol=1e-5)


def test_milestones():
    found = factors(Milestones(epochs=(2, 3), warmup=1), 2, 5)
    np.testing.assert_allclose(found, [0, 0.5, 1, 1, 0.1, 0.1] + [0.01] * 4, rtol=1e-5)


def test_ramps():
    linear = Ramp(name="width", start=2.0, end=1.0, epochs=2).rule(2, 4)
    np.testing.assert_allclose([linear(i) for i in range(6)], [2, 1.75, 1.5, 1.25, 1, 1])
    steep = Ramp(name="width", start=1.0, end=16.0, shape="exponential").rule(2, 2)
    np.testing.assert_allclose([steep(i) for i in range(6)], [1, 2, 4, 8, 16, 16], rtol=1e-5)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: OneCycle(up=0), r"OneCycle.up must lie in \(0, 1\], found 0"),
        (lambda: OneCycle(start="a"), "OneCycle.start must lie in"),
        (lambda: Cosine(end=2), r"Cosine.end must lie in \[0, 1\], found 2"),
        (lambda: Cosine(warmup=-1), "Cosine.warmup must be an integer of at least 0"),
        (lambda: Milestones(epochs=(3, 2)), r"ascending epochs from 1 on, found \(3, 2\)"),
        (lambda: Milestones(epochs=(0,)), r"found \(0,\)"),
        (lambda: Ramp(name="x", start=0.0, end=1.0, shape="exponential"), "values of one sign"),
    ],
)
def test_schedules_that_cannot_be(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# --- Optimisers -----------------------------------------------------------------------------------


def test_adam_by_hand():
    """Kingma, Ba (2015), Algorithm 1, in NumPy."""
    draw = np.random.default_rng(0)
    gradients = draw.normal(size=(4, 3)).astype(np.float32)
    params, m, v = np.zeros(3), 0.0, 0.0
    found = run(Adam(learning_rate=0.1, schedule=STEADY, b1=0.8, b2=0.9), jnp.zeros(3), gradients)
    for t, gradient in enumerate(gradients, 1):
        m, v = 0.8 * m + 0.2 * gradient, 0.9 * v + 0.1 * gradient**2
        params = params - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-8)
        np.testing.assert_allclose(found[t - 1], params, rtol=1e-5)


@pytest.mark.parametrize("decayed", ["matrices", "all"])
def test_adam_decays_weights(decayed):
    """Loshchilov, Hutter (2019): each step takes learning_rate · weight_decay of them; no gradient, no other change."""
    params = {"kernel": jnp.ones((2, 2)), "decay": jnp.ones(2)}
    zeros = jax.tree.map(jnp.zeros_like, params)
    optimiser = Adam(learning_rate=0.1, schedule=STEADY, weight_decay=0.5, decayed=decayed)
    after = run(optimiser, params, [zeros] * 2)[-1]
    np.testing.assert_allclose(after["kernel"], 0.95**2, rtol=1e-6)
    np.testing.assert_allclose(after["decay"], 1 if decayed == "matrices" else 0.95**2, rtol=1e-6)


def test_adamw_is_adam_with_weight_decay():
    draw = np.random.default_rng(0)
    gradients, params = draw.normal(size=(4, 3, 2)).astype(np.float32), jnp.ones((3, 2))
    own = run(AdamW(learning_rate=0.1, schedule=STEADY), params, gradients)[-1]
    adam = Adam(learning_rate=0.1, schedule=STEADY, weight_decay=1e-4)
    rule = optax.adamw(0.1)  # its default decay is ours
    for other in (adam, SimpleNamespace(transformation=lambda steps_per_epoch, epochs: rule)):
        np.testing.assert_array_equal(own, run(other, params, gradients)[-1])
    assert Adam().weight_decay == 0 and OPTIMISERS["adamw"] is AdamW


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_by_hand(nesterov):
    """Momentum as Sutskever et al. (2013) and PyTorch have it, the decay being part of the gradient."""
    draw = np.random.default_rng(0)
    gradients = draw.normal(size=(4, 3)).astype(np.float32)
    options = {"momentum": 0.5, "weight_decay": 0.1, "nesterov": nesterov}
    found = run(SGD(learning_rate=0.2, schedule=STEADY, **options), jnp.ones(3), gradients)
    params, trace = np.ones(3), 0.0
    for t, gradient in enumerate(gradients):
        gradient = gradient + 0.1 * params
        trace = gradient + 0.5 * trace
        params = params - 0.2 * (gradient + 0.5 * trace if nesterov else trace)
        np.testing.assert_allclose(found[t], params, rtol=1e-5)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_clipping(kind):
    """The global norm of 5 is brought to 1: for SGD the step is a fifth of what it was."""
    gradient = {"a": jnp.array([3.0]), "b": jnp.array([4.0])}
    params = jax.tree.map(jnp.zeros_like, gradient)
    rule = kind(clip=1.0, schedule=STEADY).transformation(1, 1)
    updates, _ = rule.update(gradient, rule.init(params), params)
    if kind is SGD:
        np.testing.assert_allclose([updates["a"][0], updates["b"][0]], [-0.06, -0.08], rtol=1e-5)
    loose = kind(clip=10.0, schedule=STEADY).transformation(1, 1)
    free = kind(schedule=STEADY).transformation(1, 1)
    one, _ = loose.update(gradient, loose.init(params), params)
    other, _ = free.update(gradient, free.init(params), params)
    np.testing.assert_allclose(one["a"], other["a"])


def test_the_learning_rate_follows_the_schedule():
    optimiser = SGD(learning_rate=0.5, momentum=0.0, schedule=Milestones(epochs=(1,)))
    rule = optimiser.transformation(2, 2)
    state, found = rule.init(jnp.zeros(())), []
    for _ in range(4):
        update, state = rule.update(jnp.ones(()), state, jnp.zeros(()))
        found.append(-float(update))
    np.testing.assert_allclose(found, [0.5, 0.5, 0.05, 0.05], rtol=1e-6)


@pytest.mark.parametrize("optimiser", [SGD(clip=1.0), Adam(clip=1.0, weight_decay=0.1)], ids=str)
def test_numbers_are_operands(optimiser):
    """All numbers of an optimiser can be traced: a sweep moves them inside of one program."""

    @jax.jit
    def step(optimiser):
        rule = optimiser.transformation(10, 1)
        params = jnp.ones((2, 2))
        return rule.update(3 * params, rule.init(params), params)[0]

    first, second = step(optimiser), step(jax.tree.map(lambda x: 0.5 * x, optimiser))
    assert step._cache_size() == 1
    assert np.abs(first).max() > np.abs(second).max() > 0
