"""A step of training, an epoch as one program, and an evaluation."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import tiny
from spikejax.data import Split
from spikejax.devices.averages import Average
from spikejax.inputs.batches import gather, order
from spikejax.training import Ramp, Trainer, evaluate, init, train_epoch, train_step
from tiny import BATCH, EPOCH, FEATURES, SAMPLES, TRAINER, assert_same, fresh


def test_a_step_is_a_step_of_gradient_descent():
    """Linear regression by hand."""

    def regression(variables, batch, key):
        errors = (
            batch.inputs @ variables["params"]["kernel"]
            + variables["constants"]["bias"]
            - batch.labels
        )
        return (errors**2).mean(), ({"largest": (errors**2).max()}, {})

    samples, kernel = tiny.samples(), np.linspace(-1, 1, FEATURES, dtype=np.float32)
    constants = {"bias": jnp.float32(0.3)}
    trainer = Trainer(regression, optax.sgd(0.1))
    state = init(trainer, {"params": {"kernel": jnp.asarray(kernel)}, "constants": constants}, 0)
    for number in range(2):
        batch = gather(samples, np.arange(SAMPLES).reshape(2, -1), number)
        errors = batch.inputs @ kernel + 0.3 - batch.labels
        gradient = 2 / len(errors) * batch.inputs.T @ errors
        kernel = kernel - 0.1 * gradient
        state, measured = train_step(trainer, state, batch)
        np.testing.assert_allclose(state.params["kernel"], kernel, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(measured["loss"], (errors**2).mean(), rtol=1e-5)
        np.testing.assert_allclose(measured["largest"], (errors**2).max(), rtol=1e-5)
        np.testing.assert_allclose(measured["gradient_norm"], np.linalg.norm(gradient), rtol=1e-5)
    assert state.step == 2 and state.average is None
    assert_same(state.constants, constants)
    assert_same(state.key, jax.random.key(0))


def test_a_step_draws_its_own_key_and_keeps_what_it_changes():
    """As dropout and batch statistics need it, and the same in an epoch as one program."""

    def noisy(variables, batch, key):
        seen = variables["statistics"]["seen"] + jax.random.uniform(key)
        loss = (variables["params"]["w"] ** 2).sum()
        return loss, ({"seen": seen}, {"statistics": {"seen": seen}})

    variables = {"params": {"w": jnp.ones(2)}, "statistics": {"seen": jnp.zeros(())}}
    trainer = Trainer(noisy, optax.sgd(0.1), statistics=True)
    samples, start = tiny.samples(), init(trainer, variables, 0)
    state, seen = start, []
    for number in range(EPOCH):
        batch = gather(samples, order(start.key, 0, SAMPLES, BATCH), number)
        state, measured = train_step(trainer, state, batch)
        seen.append(float(measured["seen"]))
    draws = np.diff([0.0, *seen])
    assert len(set(draws.round(4))) == EPOCH and (draws > 0).all()
    assert float(state.carried["statistics"]["seen"]) == seen[-1]
    whole, _ = train_epoch(trainer, start, samples, BATCH)
    np.testing.assert_allclose(whole.carried["statistics"]["seen"], seen[-1], rtol=1e-6)


def test_an_objective_that_changes_collections_says_so():
    def changing(variables, batch, key):
        loss = (variables["params"]["w"] ** 2).sum()
        return loss, ({}, {"statistics": {"seen": loss}})

    trainer = Trainer(changing, optax.sgd(0.1))
    state = init(trainer, {"params": {"w": jnp.ones(2)}}, 0)
    with pytest.raises(ValueError, match=r"changes \['statistics'\].*set statistics=True"):
        train_step(trainer, state, tiny.samples())


def test_an_epoch_as_one_program_is_the_loop_of_steps():
    """The two programs are compiled apart, so they agree to rounding."""
    samples = jax.tree.map(jnp.asarray, tiny.samples())
    epoch = jax.jit(lambda state: train_epoch(TRAINER, state, samples, BATCH))
    step = jax.jit(chex.assert_max_traces(lambda s, b: train_step(TRAINER, s, b), n=1))
    at_once = one_by_one = fresh()
    for number in range(2):
        at_once, measured = epoch(at_once)
        losses = []
        for i in range(EPOCH):
            batch = gather(samples, order(one_by_one.key, number, SAMPLES, BATCH), i)
            one_by_one, found = step(one_by_one, batch)
            losses.append(found["loss"])
        np.testing.assert_allclose(measured["loss"], losses, rtol=1e-5)
    assert at_once.step == one_by_one.step == 2 * EPOCH
    chex.assert_trees_all_close(at_once.params, one_by_one.params, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="at least the 64 samples of a batch, found 34"):
        train_epoch(TRAINER, at_once, samples, 64)


def test_init_copies_the_variables():
    """Training takes over the buffers of its state, never those of its caller."""
    variables = tiny.variables()
    tiny.train(init(TRAINER, variables, 0), epochs=1)
    assert_same(variables, tiny.variables())
    assert_same(fresh().variables, tiny.variables())


def test_augmentation_changes_batches_by_a_key_of_its_own():
    keys = []

    def shift(batch, key):
        keys.append(key)
        return batch._replace(inputs=batch.inputs + jax.random.normal(key, batch.inputs.shape))

    samples = jax.tree.map(lambda x: jnp.asarray(x[:BATCH]), tiny.samples())
    state = fresh()
    plain, _ = train_step(TRAINER, state, samples)
    once, _ = train_step(TRAINER._replace(augment=(shift,)), state, samples)
    moved = shift(samples, keys[0])
    by_hand, _ = train_step(TRAINER, state, moved)
    chex.assert_trees_all_close(once.params, by_hand.params, rtol=1e-6)
    assert np.abs(once.params["hidden"] - plain.params["hidden"]).max() > 1e-4
    train_step(TRAINER._replace(augment=(shift, shift)), state, samples)
    assert jax.random.key_data(keys[-1]).tolist() != jax.random.key_data(keys[-2]).tolist()


def test_constants_follow_their_schedule():
    """The first of four steps is taken with the ramp's start, the second a quarter further; then it is at its end."""
    rule = Ramp(name="decay", start=0.2, end=1.0, epochs=1).rule(EPOCH, 4)
    trainer = TRAINER._replace(scheduled={"decay": rule})
    state = fresh(trainer=trainer)
    found = [float(state.constants["decay"])]
    batch = jax.tree.map(lambda x: jnp.asarray(x[:BATCH]), tiny.samples())
    for _ in range(5):
        state, _ = train_step(trainer, state, batch)
        found.append(float(state.constants["decay"]))
    np.testing.assert_allclose(found, [0.2, 0.4, 0.6, 0.8, 1.0, 1.0], rtol=1e-6)
    with pytest.raises(ValueError, match=r"constants of \['decay'\], found hidden"):
        init(trainer._replace(scheduled={"hidden": rule}), tiny.variables(), 0)


def test_a_moving_average_of_the_parameters():
    trainer = TRAINER._replace(average=0.75)
    state = fresh(trainer=trainer)
    expected = state.params
    batch = jax.tree.map(lambda x: jnp.asarray(x[:BATCH]), tiny.samples())
    for _ in range(3):
        state, _ = train_step(trainer, state, batch)
        expected = jax.tree.map(lambda old, new: 0.75 * old + 0.25 * new, expected, state.params)
    chex.assert_trees_all_close(state.average, expected, rtol=1e-6)
    assert_same(state.measured["params"], state.average)
    assert_same(state.variables["params"], state.params)
    assert np.abs(state.average["out"] - state.params["out"]).max() > 1e-4


def test_parameters_stay_within_their_bounds():
    trainer = TRAINER._replace(bounds={"out": (-0.1, 0.2)}, average=0.5)
    state = fresh(trainer=trainer)
    batch = jax.tree.map(lambda x: jnp.asarray(x[:BATCH]), tiny.samples())
    state, _ = train_step(trainer, state, batch)
    assert float(state.params["out"].min()) == pytest.approx(-0.1)
    assert float(state.params["out"].max()) == pytest.approx(0.2)
    assert float(jnp.abs(state.params["hidden"]).max()) > 0.2  # it has none


# --- Evaluation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 4, 5, 10, 64])
def test_evaluate_counts_every_sample_once(batch_size):
    samples = Split(jnp.arange(10.0) ** 2, jnp.arange(10))
    sizes = set()

    def measure(variables, batch, key):
        sizes.add(len(batch.inputs))
        assert len(batch.inputs) == len(batch.labels)
        mean = (variables["scale"] * batch.inputs).mean()
        return {"mean": mean, "deep": {"label": batch.labels.mean()}}

    found = evaluate(measure, {"scale": 2.0}, samples, batch_size, jax.random.key(0))
    rest = {10 % batch_size} if batch_size < 10 and 10 % batch_size else set()
    assert sizes == {min(batch_size, 10)} | rest
    assert float(found["mean"]) == pytest.approx(57)
    assert float(found["deep"]["label"]) == pytest.approx(4.5)


def test_evaluate_weighs_as_it_is_told():
    samples = Split(jnp.arange(10.0))

    def heavy(variables, batch, key):
        weights = batch.inputs
        return Average((weights * batch.inputs).sum() / weights.sum(), weights.sum())

    found = evaluate(heavy, {}, samples, 4, jax.random.key(0))
    assert float(found) == pytest.approx(sum(i * i for i in range(10)) / 45)


def test_nothing_to_evaluate():
    with pytest.raises(ValueError, match="at least one sample to measure, found none"):
        evaluate(tiny.measure, {}, Split(jnp.zeros((0, 3)), jnp.zeros(0)), 4, jax.random.key(0))
