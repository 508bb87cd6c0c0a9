"""Training: the same numbers whether in one go, step by step, interrupted or resumed."""

import functools
import os
import signal
import threading

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from spikejax.dynamics.layer import unroll
from spikejax.inputs.batches import batches, check_samples
from spikejax.neurons.lif import LIF
from spikejax.objectives.losses import summed_cross_entropy
from spikejax.objectives.metrics import accuracy
from spikejax.training import checkpoint, progress, train
from spikejax.training.progress import Diverged, Interrupted
from spikejax.training.train import TrainState

SAMPLES, FEATURES, HIDDEN, CLASSES, STEPS = 34, 5, 16, 3, 6
BATCH = 8  # four steps an epoch, two samples left out
EPOCH = SAMPLES // BATCH


def make_samples():
    """Three prototypes with noise."""
    draw = np.random.default_rng(0)
    labels = np.arange(SAMPLES) % CLASSES
    inputs = np.eye(CLASSES, FEATURES)[labels] + draw.normal(0, 0.2, (SAMPLES, FEATURES))
    return inputs.astype(np.float32), labels.astype(np.int32)


def make_variables():
    draw = np.random.default_rng(1)

    def weights(*shape):
        return jnp.asarray(draw.normal(0, 0.5, shape), jnp.float32)

    return {
        "params": {"hidden": weights(FEATURES, HIDDEN), "out": weights(HIDDEN, CLASSES)},
        "constants": {"decay": jnp.float32(0.8)},
    }


def classify(variables, inputs):
    """A spiking perceptron that sees the same input at each step."""
    params = variables["params"]
    lif = LIF(decay=variables["constants"]["decay"])
    current = inputs @ params["hidden"]
    currents = jnp.broadcast_to(current, (STEPS, *current.shape))
    _, spikes = unroll(lif.step, lif.init_state(current), currents)
    return spikes @ params["out"]


def objective(variables, inputs, labels, key):
    logits = classify(variables, inputs)
    return summed_cross_entropy(logits, labels), ({"accuracy": accuracy(logits, labels)}, {})


@jax.jit
def measure(variables, inputs, labels):
    return {"test_accuracy": accuracy(classify(variables, inputs), labels)}


def evaluate(variables):
    means = train.evaluate(measure, variables, *map(jnp.asarray, make_samples()), batch_size=20)
    return jax.tree.map(float, means)


OPTIMIZER = train.adam(0.02, 4 * EPOCH)


def fresh(seed=0):
    return train.init(make_variables(), OPTIMIZER, seed)


def discard(state, history):
    pass


def fit(state, epochs, objective=objective, **options):
    options = {"evaluate": evaluate, "save": discard, "progress": False, **options}
    settings = {"classes": CLASSES, "epochs": epochs, "batch_size": BATCH}
    return train.fit(state, objective, OPTIMIZER, make_samples(), **settings, **options)


def bits(x):
    if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        x = jax.random.key_data(x)
    return np.asarray(x).tobytes()


def assert_same(one, other):
    """Bit for bit."""
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert a.dtype == b.dtype and bits(a) == bits(b)


def without_seconds(history):
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in history]


@functools.cache
def straight():
    """Four epochs in one go."""
    return fit(fresh(), epochs=4)


# --- Order of samples -----------------------------------------------------------------------------


def test_batches_are_a_permutation():
    draw = jax.jit(functools.partial(batches, samples=SAMPLES, batch_size=BATCH))
    key = jax.random.key(0)
    order = draw(key, 0)
    assert order.shape == (EPOCH, BATCH)
    chosen = np.ravel(order).tolist()
    assert len(set(chosen)) == len(chosen) and set(chosen) <= set(range(SAMPLES))
    np.testing.assert_array_equal(order, draw(key, 0))
    assert np.any(order != draw(key, 1))
    assert np.any(order != draw(jax.random.key(1), 0))
    left_out = [set(range(SAMPLES)) - set(np.ravel(draw(key, i)).tolist()) for i in range(5)]
    assert all(len(left) == SAMPLES % BATCH for left in left_out)
    assert len(set().union(*left_out)) > SAMPLES % BATCH  # others at another epoch


# --- Steps and epochs -----------------------------------------------------------------------------


@functools.cache
def jitted_step():
    return jax.jit(functools.partial(train.train_step, objective, OPTIMIZER))


def test_a_step_draws_its_own_key_and_keeps_what_it_changes():
    """As dropout and batch statistics need it, and the same in an epoch as one program."""

    def noisy(variables, inputs, labels, key):
        seen = variables["statistics"]["seen"] + jax.random.uniform(key)
        loss = (variables["params"]["w"] ** 2).sum()
        return loss, ({"accuracy": seen}, {"statistics": {"seen": seen}})

    variables = {
        "params": {"w": jnp.ones(2)},
        "statistics": {"seen": jnp.zeros(())},
        "constants": {},
    }
    inputs, labels = make_samples()
    start = train.init(variables, OPTIMIZER, seed=0)
    state, order, seen = start, batches(start.key, 0, SAMPLES, BATCH), []
    for _ in range(EPOCH):
        state, metrics = train.train_step(noisy, OPTIMIZER, state, inputs, labels, order)
        seen.append(float(metrics["accuracy"]))
    draws = np.diff([0.0, *seen])
    assert len(set(draws.round(4))) == EPOCH and (draws > 0).all()
    assert float(state.rest["statistics"]["seen"]) == seen[-1]
    whole, _ = train.train_epoch(noisy, OPTIMIZER, start, inputs, labels, BATCH)
    np.testing.assert_allclose(whole.rest["statistics"]["seen"], seen[-1], rtol=1e-6)


def test_a_step_is_a_step_of_gradient_descent():
    """Linear regression by hand, on the samples that the order names."""

    def regression(variables, inputs, labels, key):
        errors = inputs @ variables["params"]["kernel"] + variables["constants"]["bias"] - labels
        return (errors**2).mean(), ({"accuracy": (errors**2).max()}, {})

    inputs, labels = make_samples()
    kernel = np.linspace(-1, 1, FEATURES, dtype=np.float32)
    constants = {"bias": jnp.float32(0.3)}
    variables = {"params": {"kernel": jnp.asarray(kernel)}, "constants": constants}
    optimizer = optax.sgd(0.1)
    order = jnp.asarray(np.random.default_rng(2).permutation(32).reshape(EPOCH, BATCH))
    step = jax.jit(functools.partial(train.train_step, regression, optimizer))
    state, total = train.init(variables, optimizer, seed=0), 0
    for number in range(2):
        chosen = np.asarray(order[number])
        errors = inputs[chosen] @ kernel + 0.3 - labels[chosen]
        kernel = kernel - 0.1 * 2 / BATCH * inputs[chosen].T @ errors
        state, metrics = step(state, inputs, labels, order)
        np.testing.assert_allclose(state.params["kernel"], kernel, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(metrics["loss"], (errors**2).mean(), rtol=1e-5)
        np.testing.assert_allclose(metrics["accuracy"], (errors**2).max(), rtol=1e-5)
        total += metrics["loss"]
    assert state.step == 2
    np.testing.assert_allclose(state.totals["loss"], total, rtol=1e-6)
    assert_same(state.rest, {"constants": constants})
    assert_same(state.key, jax.random.key(0))


def test_an_epoch_as_one_program_is_the_loop_of_steps():
    """The two programs are compiled apart, so they agree to rounding; samples and counts agree exactly."""
    inputs, labels = map(jnp.asarray, make_samples())
    epoch = jax.jit(
        lambda state: train.train_epoch(objective, OPTIMIZER, state, inputs, labels, BATCH)
    )
    at_once = one_by_one = fresh()
    for number in range(2):
        at_once, metrics = epoch(at_once)
        losses = []
        for _ in range(EPOCH):
            order = batches(one_by_one.key, number, SAMPLES, BATCH)
            one_by_one, found = jitted_step()(one_by_one, inputs, labels, order)
            losses.append(found["loss"])
        np.testing.assert_allclose(metrics["loss"], losses, rtol=1e-5)
    assert at_once.step == one_by_one.step == 2 * EPOCH
    np.testing.assert_allclose(at_once.totals["loss"], sum(losses), rtol=1e-5)
    for a, b in zip(*map(jax.tree.leaves, (at_once.params, one_by_one.params)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_init_copies_the_variables():
    variables = make_variables()
    fit(train.init(variables, OPTIMIZER, 0), epochs=1)
    assert not any(x.is_deleted() for x in jax.tree.leaves(variables))
    assert_same(variables, make_variables())


def test_variables_of_a_state():
    assert_same(fresh().variables, make_variables())


# --- Evaluation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 4, 5, 10, 64])
def test_evaluate_counts_every_sample_once(batch_size):
    inputs, labels = jnp.arange(10.0) ** 2, jnp.arange(10)
    sizes = set()

    def measure(variables, inputs, labels):
        sizes.add(len(inputs))
        assert len(inputs) == len(labels)
        return {"mean": (variables["scale"] * inputs).mean(), "deep": {"label": labels.mean()}}

    found = train.evaluate(measure, {"scale": 2.0}, inputs, labels, batch_size)
    assert sizes == {
        min(batch_size, 10),
        *([10 % batch_size] if batch_size < 10 and 10 % batch_size else []),
    }
    assert float(found["mean"]) == pytest.approx(57)
    assert float(found["deep"]["label"]) == pytest.approx(4.5)


# --- Data that does not fit -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "samples, labels, message",
    [
        (8, np.zeros(8), "expected integer labels, found float64; cast them"),
        (8, np.zeros(8, bool), "expected integer labels, found bool"),
        (8, np.full(8, 3), "expected labels in 0 to 2, found 3 to 3"),
        (8, np.arange(8) - 1, "expected labels in 0 to 2, found -1 to 6"),
        (7, np.zeros(8, int), "one label a sample, found 7 samples and 8 labels"),
        (3, np.zeros(3, int), "batch size from 1 to the 3 samples, found 4"),
        (0, np.zeros(0, int), "batch size from 1 to the 0 samples, found 4"),
    ],
)
def test_samples_that_do_not_fit(samples, labels, message):
    with pytest.raises(ValueError, match=message):
        check_samples(np.zeros((samples, 2)), labels, classes=3, batch_size=4)


def test_samples_that_fit():
    for labels in (np.arange(6) % 3, jnp.arange(6) % 3, np.arange(6).astype(np.uint8) % 3):
        check_samples(np.zeros((6, 2)), labels, classes=3, batch_size=6)
    with pytest.raises(ValueError, match="found 0"):
        check_samples(np.zeros((6, 2)), np.zeros(6, int), classes=3, batch_size=0)


def test_fit_checks_its_samples():
    inputs, labels = make_samples()
    options = {"epochs": 1, "batch_size": BATCH, "evaluate": evaluate, "save": discard}
    with pytest.raises(ValueError, match="expected labels in 0 to 1, found 0 to 2"):
        train.fit(fresh(), objective, OPTIMIZER, (inputs, labels), classes=2, **options)


# --- Fit ------------------------------------------------------------------------------------------


def test_fit_learns():
    state, history = straight()
    assert [entry["epoch"] for entry in history] == [1, 2, 3, 4]
    assert set(history[0]) == {"epoch", "loss", "accuracy", "seconds", "test_accuracy"}
    assert history[-1]["loss"] < 0.7 * history[0]["loss"]
    assert history[-1]["test_accuracy"] > 0.8  # a third by chance
    assert history[-1]["test_accuracy"] == evaluate(state.variables)["test_accuracy"]
    assert state.step == 4 * EPOCH
    assert_same(state.rest, {"constants": make_variables()["constants"]})


def test_the_history_has_the_means_of_an_epoch():
    inputs, labels = make_samples()
    state, losses, accuracies = fresh(), [], []
    order = batches(state.key, 0, SAMPLES, BATCH)
    for _ in range(EPOCH):
        state, metrics = jitted_step()(state, inputs, labels, order)
        losses.append(metrics["loss"])
        accuracies.append(metrics["accuracy"])
    first = straight()[1][0]
    np.testing.assert_allclose(first["loss"], np.mean(losses), rtol=1e-5)
    np.testing.assert_allclose(first["accuracy"], np.mean(accuracies), rtol=1e-5)


def test_the_same_seed_gives_the_same_result():
    state, history = fit(fresh(), epochs=4)
    assert_same(state, straight()[0])
    assert without_seconds(history) == without_seconds(straight()[1])
    other, _ = fit(fresh(seed=1), epochs=1)
    first, _ = fit(fresh(), epochs=1)
    assert bits(other.params["hidden"]) != bits(first.params["hidden"])


def test_save_is_called_after_each_epoch():
    calls = []

    def save(state, history):
        calls.append((int(state.step), [entry["epoch"] for entry in history]))

    fit(fresh(), epochs=2, save=save)
    assert calls == [(EPOCH, [1]), (2 * EPOCH, [1, 2])]


def test_the_step_is_compiled_once_and_its_buffers_are_donated():
    traces = []

    def counted(variables, inputs, labels, key):
        traces.append(1)
        return objective(variables, inputs, labels, key)

    start = fresh()
    fit(start, epochs=3, objective=counted)
    assert len(traces) == 1
    assert all(leaf.is_deleted() for leaf in jax.tree.leaves(start))


def test_nothing_is_left_to_do():
    state, history = straight()
    again, entries = fit(state, epochs=4, history=history)
    assert again is state and entries == history


def test_progress_is_shown_and_changes_nothing(capsys):
    state, _ = fit(fresh(), epochs=1, progress=True, name="tiny")
    shown = capsys.readouterr().err
    assert "tiny 1/1" in shown and "sample" in shown
    assert_same(state, fit(fresh(), epochs=1)[0])


# --- Resuming -------------------------------------------------------------------------------------


def save_into(folder):
    def save(state, history):
        checkpoint.save(folder, state, {"history": history})

    return save


def resume(folder, epochs):
    state, notes = checkpoint.restore(folder, fresh(seed=5))
    return fit(state, epochs, history=notes["history"])


def assert_as_in_one_go(result):
    state, history = result
    expected, expected_history = straight()
    assert_same(state, expected)
    assert without_seconds(history) == without_seconds(expected_history)


def test_resumed_bit_by_bit(tmp_path):
    fit(fresh(), epochs=2, save=save_into(tmp_path))
    assert_as_in_one_go(resume(tmp_path, epochs=4))


def stop_after(step, number, monkeypatch):
    """Sends a signal to this process when the step has been taken."""

    class Meter(progress.Meter):
        def add(self, done, metrics):
            super().add(done, metrics)
            if done == step:
                os.kill(os.getpid(), number)

    monkeypatch.setattr(train, "Meter", Meter)


@pytest.mark.parametrize(
    "step, number",
    [(1, signal.SIGINT), (EPOCH + 2, signal.SIGTERM), (3 * EPOCH - 1, signal.SIGINT)],
)
def test_interrupted_in_an_epoch(step, number, tmp_path, monkeypatch):
    handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    stop_after(step, number, monkeypatch)
    with pytest.raises(Interrupted, match=f"stopped after step {step} of 16, saved"):
        fit(fresh(), epochs=4, save=save_into(tmp_path))
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers
    monkeypatch.undo()
    state, notes = checkpoint.restore(tmp_path, fresh())
    *finished, cut = notes["history"]
    assert state.step == step and len(finished) == step // EPOCH
    assert cut["unfinished"] and cut["epoch"] == step // EPOCH + 1 and cut["seconds"] > 0
    assert_as_in_one_go(resume(tmp_path, epochs=4))


def test_interrupted_at_the_end_of_an_epoch(tmp_path, monkeypatch):
    stop_after(2 * EPOCH, signal.SIGINT, monkeypatch)
    with pytest.raises(Interrupted, match="stopped after epoch 2 of 4, saved"):
        fit(fresh(), epochs=4, save=save_into(tmp_path))
    monkeypatch.undo()
    assert_as_in_one_go(resume(tmp_path, epochs=4))


def test_interrupted_twice(tmp_path, monkeypatch):
    stop_after(EPOCH + 1, signal.SIGINT, monkeypatch)
    with pytest.raises(Interrupted):
        fit(fresh(), epochs=4, save=save_into(tmp_path))
    monkeypatch.undo()
    stop_after(EPOCH + 3, signal.SIGINT, monkeypatch)
    state, notes = checkpoint.restore(tmp_path, fresh())
    with pytest.raises(Interrupted):
        fit(state, epochs=4, history=notes["history"], save=save_into(tmp_path))
    monkeypatch.undo()
    assert_as_in_one_go(resume(tmp_path, epochs=4))


def test_a_signal_in_the_last_step_does_not_hide_the_result(monkeypatch):
    stop_after(EPOCH, signal.SIGINT, monkeypatch)
    state, history = fit(fresh(), epochs=1)
    assert state.step == EPOCH and len(history) == 1


def test_a_second_signal_ends_at_once():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), progress.stop_signal() as stopped:
        os.kill(os.getpid(), signal.SIGINT)
        assert stopped.wait(5)
        os.kill(os.getpid(), signal.SIGINT)
        stopped.wait(0.1)
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_no_signal_is_touched():
    results = []

    def enter():
        with progress.stop_signal() as stopped:
            results.append(stopped.is_set())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert results == [False]


# --- Divergence -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("step", [3, EPOCH + 2])
def test_a_loss_that_is_not_finite(value, step):
    """The objective fails on one batch; nothing is saved from then on."""
    saved = []

    def failing(variables, inputs, labels, key):
        loss = (variables["params"]["out"] ** 2).sum()
        return loss + jnp.where(inputs[0, 0] == poison, value, 0.0), ({"accuracy": loss}, {})

    start = fresh()
    inputs, _ = make_samples()
    order = batches(start.key, (step - 1) // EPOCH, SAMPLES, BATCH)
    poison = inputs[order[(step - 1) % EPOCH, 0], 0]
    assert (inputs[:, 0] == poison).sum() == 1
    with pytest.raises(Diverged, match=f"the loss is {value} at step {step}; try a lower learning"):
        fit(start, 4, objective=failing, save=lambda state, history: saved.append(int(state.step)))
    assert saved == [EPOCH] * (step > EPOCH)


# --- Schedules ------------------------------------------------------------------------------------


def learning_rates(optimizer, steps):
    """Adam moves by its learning rate where all gradients are alike."""
    gradient = jnp.ones(())

    def body(state, _):
        update, state = optimizer.update(gradient, state, jnp.zeros(()))
        return state, -update

    return np.asarray(jax.lax.scan(body, optimizer.init(jnp.zeros(())), length=steps)[1])


def test_one_cycle():
    rates = learning_rates(train.adam(0.1, steps=100), 100)
    np.testing.assert_allclose(rates.max(), 0.1, rtol=1e-4)
    peak = rates.argmax()
    assert 20 <= peak <= 40
    assert np.all(np.diff(rates[: peak + 1]) > 0) and np.all(np.diff(rates[peak:]) < 0)
    assert rates[0] < 0.01 and rates[-1] < 1e-3


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_one_cycle_of_few_steps(steps):
    rates = learning_rates(train.adam(0.1, steps), steps)
    assert np.isfinite(rates).all() and np.all(rates > 0) and np.all(rates <= 0.1001)


def test_drops():
    rates = learning_rates(train.adam(0.1, steps=10, drops=(4, 7)), 10)
    np.testing.assert_allclose(rates, [0.1] * 4 + [0.01] * 3 + [0.001] * 3, rtol=1e-4)
    constant = learning_rates(train.adam(0.1, steps=3, drops=()), 3)
    np.testing.assert_allclose(constant, 0.1, rtol=1e-4)


def test_a_state_is_a_pytree_of_arrays():
    assert isinstance(straight()[0], TrainState)
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(straight()[0]))
