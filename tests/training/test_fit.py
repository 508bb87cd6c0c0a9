"""`fit`: the loop over steps, its history, what it calls, and when it ends."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import tiny
from spikejax.data import Split
from spikejax.devices.processes import OutOfTime
from spikejax.inputs import InMemory, Stream
from spikejax.inputs.batches import gather, order
from spikejax.training import Diverged, Hooks, TrainState, fit, train_step
from tiny import BATCH, EPOCH, SAMPLES, TRAINER, assert_same, fresh, train, without_seconds


@pytest.fixture(scope="module")
def straight():
    """Four epochs in one go."""
    return train(fresh(), epochs=4)


def test_fit_learns(straight):
    state, history = straight
    assert isinstance(state, TrainState)
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(state))
    assert [entry["epoch"] for entry in history] == [1, 2, 3, 4]
    assert set(history[0]) == {
        *("epoch", "loss", "accuracy", "gradient_norm", "seconds", "test_accuracy")
    }
    assert history[-1]["loss"] < 0.7 * history[0]["loss"]
    assert history[-1]["test_accuracy"] > 0.8  # a third by chance
    assert history[-1]["test_accuracy"] == tiny.measured(state.variables)["test_accuracy"]
    assert state.step == 4 * EPOCH
    assert_same(state.constants, tiny.variables()["constants"])


def test_the_history_has_the_means_of_an_epoch(straight):
    samples, state = jax.tree.map(jnp.asarray, tiny.samples()), fresh()
    step, found = jax.jit(lambda state, batch: train_step(TRAINER, state, batch)), []
    for number in range(EPOCH):
        batch = gather(samples, order(state.key, 0, SAMPLES, BATCH), number)
        state, measured = step(state, batch)
        found.append(measured)
    first = straight[1][0]
    for name in ("loss", "accuracy", "gradient_norm"):
        mean = np.mean([values[name] for values in found])
        np.testing.assert_allclose(first[name], mean, rtol=1e-5)


def test_the_same_seed_gives_the_same_result(straight):
    state, history = train(fresh(), epochs=4)
    assert_same(state, straight[0])
    assert without_seconds(history) == without_seconds(straight[1])
    other, _ = train(fresh(seed=1), epochs=1)
    first, _ = train(fresh(), epochs=1)
    assert np.abs(other.params["hidden"] - first.params["hidden"]).max() > 0


def test_the_step_is_compiled_once_and_the_state_stays_its_callers():
    trainer = TRAINER._replace(objective=chex.assert_max_traces(tiny.objective, n=1))
    start = fresh()
    train(start, epochs=3, trainer=trainer)
    assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(start))
    assert_same(start, fresh())


def test_what_is_handed_out_outlives_the_training():
    """Steps take over the buffers of their state; what hooks were given stays readable."""
    kept = []

    def look(history, variables):
        kept.append(variables)

    train(fresh(), epochs=2, save=lambda *given: kept.append(given[0]), callbacks=(look,))
    assert len(kept) == 4
    for tree in kept:
        assert all(np.isfinite(np.asarray(x)).all() for x in jax.tree.leaves(tree)[:3])


def test_save_is_called_after_each_epoch():
    calls = []

    def save(state, history, position):
        calls.append((int(state.step), [entry["epoch"] for entry in history], position))

    train(fresh(), epochs=2, save=save)
    assert calls == [(EPOCH, [1], None), (2 * EPOCH, [1, 2], None)]


def test_a_callback_may_end_the_training():
    seen = []

    def callback(history, variables):
        seen.append((len(history), tiny.measured(variables)["test_accuracy"]))
        return len(history) == 2

    state, history = train(fresh(), epochs=4, callbacks=(callback, lambda *given: False))
    assert state.step == 2 * EPOCH and len(history) == 2
    assert seen == [(1, history[0]["test_accuracy"]), (2, history[1]["test_accuracy"])]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_measured_value_that_is_not_finite(value):
    """The parameters are finite: the last good epoch stays, and the entry is not kept."""
    kept = []

    def evaluate(variables):
        return {"test_loss": float(value) if kept else 0.5, "rates": {"a": 1.0}}

    hooks = Hooks(evaluate, lambda *given: kept.append(list(given[1])))
    with pytest.raises(Diverged, match=f"test_loss is {value} after step {2 * EPOCH}"):
        fit(TRAINER, fresh(), InMemory(tiny.samples(), BATCH), 3, hooks=hooks, progress=False)
    assert [[entry["epoch"] for entry in history] for history in kept] == [[1]]


def test_a_callback_works_on_copies():
    def spoil(history, variables):
        history[-1]["mine"] = np.nan
        history.clear()
        variables.clear()

    state, history = train(fresh(), epochs=2, callbacks=(spoil,))
    assert [entry["epoch"] for entry in history] == [1, 2] and "mine" not in history[0]
    assert_same(state, train(fresh(), epochs=2)[0])


def test_what_a_callback_may_return():
    with pytest.raises(ValueError, match="expected a callback to return True .* found array"):
        train(fresh(), epochs=1, callbacks=(lambda *given: np.zeros(3),))


def test_nothing_is_left_to_do(straight):
    state, history = straight
    again, entries = train(state, epochs=4, history=history)
    assert_same(again, state)
    assert entries == history


def test_without_hooks():
    state, history = fit(TRAINER, fresh(), InMemory(tiny.samples(), BATCH), 1, progress=False)
    assert state.step == EPOCH and "test_accuracy" not in history[0]


def test_batches_of_any_iterable():
    """The same batches, from a list, give the same result."""
    samples, key = tiny.samples(), fresh().key
    chosen = np.asarray(order(key, 0, SAMPLES, BATCH))
    batches = [Split(samples.inputs[i], samples.labels[i]) for i in chosen]
    state, _ = train(fresh(), epochs=1, batches=Stream(batches))
    assert_same(state, train(fresh(), epochs=1)[0])
    with pytest.raises(ValueError, match="expected 6 batches in an epoch, found 4; give steps=4"):
        train(fresh(), epochs=1, batches=Stream(batches, steps=6))


# --- Time budget ----------------------------------------------------------------------------------


def test_time_that_is_over():
    """However short the time, a step is taken: what is continued often enough comes to its end."""
    saved, state, history = [], fresh(), []

    def save(*given):
        saved.append(given)

    runs = 0
    while int(state.step) < 2 * EPOCH:
        runs += 1
        try:
            state, history = train(state, epochs=2, history=history, save=save, seconds=0.0)
        except OutOfTime as stop:
            assert str(stop).startswith("the 0 seconds are over: stopped after ")
            assert str(stop).endswith(", saved")
            state, history, _ = saved[-1]
    assert runs == 2 * EPOCH
    expected, entries = train(fresh(), epochs=2)
    assert_same(state, expected)
    assert without_seconds(history) == without_seconds(entries)


def test_time_that_is_over_without_a_save():
    with pytest.raises(OutOfTime, match="stopped after step 1 of 4$"):
        fit(TRAINER, fresh(), InMemory(tiny.samples(), BATCH), 1, seconds=0.0, progress=False)


# --- Progress -------------------------------------------------------------------------------------


def test_progress_is_shown_and_changes_nothing(capsys):
    """Where standard error is no terminal a line per epoch stands for the bar."""
    state, _ = train(fresh(), epochs=2, progress=True, name="tiny")
    shown = capsys.readouterr().err.splitlines()
    assert len(shown) == 2
    assert shown[0].startswith("tiny 1/2: loss ") and "test accuracy" in shown[1]
    assert_same(state, train(fresh(), epochs=2)[0])


def test_a_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    train(fresh(), epochs=1, progress=True, name="tiny")
    shown = capsys.readouterr().err
    assert "tiny compiling" in shown and "tiny 1/1" in shown and "step" in shown


# --- Divergence -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("step", [3, EPOCH + 2])
def test_a_loss_that_is_not_finite(value, step):
    """The objective fails on one batch; nothing is saved from then on."""
    saved, samples = [], tiny.samples()
    chosen = order(fresh().key, (step - 1) // EPOCH, SAMPLES, BATCH)[(step - 1) % EPOCH]
    poison = samples.inputs[chosen[0], 0]
    assert (samples.inputs[:, 0] == poison).sum() == 1

    def failing(variables, batch, key):
        loss = (variables["params"]["out"] ** 2).sum()
        return loss + jnp.where(batch.inputs[0, 0] == poison, value, 0.0), ({}, {})

    trainer = TRAINER._replace(objective=failing)
    with pytest.raises(Diverged, match=f"loss is {value} at step {step}; try a lower learning"):
        train(fresh(), 4, trainer=trainer, save=lambda state, *_: saved.append(int(state.step)))
    assert saved == [EPOCH] * (step > EPOCH)


def test_a_gradient_that_is_not_finite():
    """The loss is finite, the gradient of √0 is not; the last batch, which no later loss would show."""

    def rough(variables, batch, key):
        return jnp.sqrt(jnp.abs(variables["params"]["out"]) * 0).sum(), ({}, {})

    with pytest.raises(Diverged, match="gradient_norm is nan at step 1"):
        train(fresh(), 1, trainer=TRAINER._replace(objective=rough))


def test_a_parameter_that_is_not_finite():
    """What the last step breaks no later loss shows."""

    def update(updates, state, params=None):
        last = state == EPOCH - 1
        return jax.tree.map(lambda x: jnp.where(last, np.inf, 0 * x), updates), state + 1

    optimiser = optax.GradientTransformation(lambda params: jnp.int32(0), update)
    trainer, saved = TRAINER._replace(optimiser=optimiser), []
    state = fresh(trainer=trainer)
    message = "params/hidden and 1 more not finite after step 4; try a lower"
    with pytest.raises(Diverged, match=message):
        fit(
            *(trainer, state, InMemory(tiny.samples(), BATCH), 1),
            hooks=Hooks(save=lambda *given: saved.append(given)),
            progress=False,
        )
    assert not saved
