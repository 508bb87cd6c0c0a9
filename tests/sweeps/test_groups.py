"""Sweeps: one program for all values, trials that know nothing of each other, nothing lost."""

import json
import os
import re
import signal

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.devices.processes import Interrupted, OutOfTime
from spikejax.sweeps import compiling, groups
from spikejax.sweeps.groups import Keeping, Placement
from spikejax.sweeps.trials import Epoch

RATES = (0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
SEEDS = (0, 3)
MODES = pytest.mark.parametrize("mode", ["vmap", "map", "loop"])


def init(point, seed):
    draw = jax.random.normal(jax.random.key(seed), (3,))
    return {"weights": draw * point["gain"], "epochs": jnp.int32(0)}


def train_epoch(state, point, shared):
    """Gradient descent towards the shared target."""
    weights = state["weights"]
    for _ in range(3):
        weights = weights - 2 * point["rate"] * (weights - shared)
    loss = jnp.square(weights - shared).sum()
    return {"weights": weights, "epochs": state["epochs"] + 1}, {"loss": loss}


def run(train_epoch=train_epoch, rates=RATES, mode=None, group=None, memory=None, **keeping):
    return groups.run(
        *(init, train_epoch, {"rate": rates, "gain": (2.0,)}, SEEDS),
        epochs=2,
        shared=jnp.ones(3),
        placement=Placement(mode, None, group, memory),
        keeping=Keeping(**keeping),
    )


@MODES
@pytest.mark.parametrize("group", [None, 5])
def test_every_trial_is_there_once(mode, group):
    rows = run(mode=mode, group=group)
    assert [(row["trial"], row["epoch"]) for row in rows] == [
        (trial, epoch) for trial in range(12) for epoch in (1, 2)
    ]
    assert [row["rate"] for row in rows[::4]] == list(RATES)
    assert [row["seed"] for row in rows[::2]] == list(SEEDS) * 6
    for row in rows:
        expected = init({"gain": 2.0}, row["seed"])
        for _ in range(row["epoch"]):
            expected, metrics = train_epoch(expected, row, jnp.ones(3))
        np.testing.assert_allclose(row["loss"], metrics["loss"], rtol=1e-4, atol=1e-12)


@MODES
def test_one_compilation_whatever_the_values(mode):
    # In turn, once to look at its metrics and once to run it.
    counted = chex.assert_max_traces(train_epoch, n=2 if mode == "loop" else 1)
    assert len(run(counted, mode=mode, group=4)) == 24


@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("mode", ["vmap", "map"])
def test_two_programs_however_short_the_training(mode, epochs, caplog):
    """One starts a group and one trains it for an epoch; a last group that is not full has no programs of its own."""
    with jax.log_compiles(True):
        rows = groups.run(
            *(init, train_epoch, {"rate": RATES[:5], "gain": (2.0,)}, SEEDS),
            epochs=epochs,
            shared=jnp.ones(3),
            placement=Placement(mode, None, 8),
        )
    assert len(rows) == 10 * epochs
    said = re.findall(r"Finished XLA compilation of jit\((\w+)\)", caplog.text)
    assert sorted(name for name in said if name.endswith("_group")) == [
        "start_group",
        "train_group",
    ]


@MODES
def test_a_diverged_trial_is_frozen_and_touches_no_other(mode):
    kept = {}
    fine = run(mode=mode, keep=lambda rows, states: kept.__setitem__("fine", states))
    wild = (0.1, 1e30, *RATES[2:])
    rows = run(rates=wild, mode=mode, keep=lambda rows, states: kept.__setitem__("wild", states))
    for row, other in zip(rows, fine, strict=True):
        if row["rate"] == 1e30:
            assert row["diverged"] and row["loss"] is None
        elif row["rate"] != 0.2:
            assert row == other
    start = init({"gain": 2.0}, SEEDS[0])
    np.testing.assert_array_equal(kept["wild"]["weights"][2], start["weights"])
    assert kept["wild"]["epochs"][2] == 0 and kept["wild"]["epochs"][0] == 2
    np.testing.assert_array_equal(kept["wild"]["weights"][4:], kept["fine"]["weights"][4:])


def test_an_epoch_in_steps_is_the_same_in_every_mode():
    """Run as one program or step by step."""

    def step(state, point, shared, context, number):
        weights = state["weights"] - 2 * point["rate"] * context[number] * (
            state["weights"] - shared
        )
        return {"weights": weights, "epochs": state["epochs"]}, {"loss": weights.sum()}

    def end(state, point, shared, measured):
        return {"loss": measured["loss"].mean(), "last": state["weights"][0]}

    epoch = Epoch(3, lambda state, point, shared: jnp.array([0.5, 0.25, 1.0]), step, end)
    first, *others = (run(epoch, mode=mode) for mode in ("map", "vmap", "loop"))
    assert len({row["last"] for row in first}) == 24
    for other in others:
        for a, b in zip(first, other, strict=True):
            assert a.keys() == b.keys()
            np.testing.assert_allclose(a["loss"], b["loss"], rtol=1e-5)
            np.testing.assert_allclose(a["last"], b["last"], rtol=1e-5)


def test_finished_trials_are_not_trained_again():
    found, told = [], []
    whole = run(group=4, keep=lambda rows, states: found.append(rows))
    assert [len(rows) for rows in found] == [8, 8, 8]
    # A trial that is half done is trained from the start, whatever the groups were.
    half = [*found[0], *found[2][:-1]]
    again = run(group=2, finished=half, tell=lambda *where: told.append(where))
    assert again == whole
    assert told == [(group, 3, epoch) for group in (1, 2, 3) for epoch in (1, 2)]
    told.clear()
    assert run(finished=whole, tell=lambda *where: told.append(where)) == whole and not told


@pytest.mark.parametrize("when, kept", [((2, 1), 1), ((2, 2), 2)])
def test_ctrl_c_keeps_what_is_finished(when, kept):
    found = []

    def tell(group, count, epoch):
        if (group, epoch) == when:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted, match="finished groups are kept|saved"):
        run(group=4, keep=lambda rows, states: found.append(rows), tell=tell)
    assert len(found) == kept
    assert run(group=4, finished=sum(found, [])) == run(group=4)


def test_a_signal_in_the_last_epoch_does_not_hide_the_rows():
    def tell(group, count, epoch):
        if (group, epoch) == (3, 2):
            os.kill(os.getpid(), signal.SIGINT)

    assert run(group=4, tell=tell) == run(group=4)


def test_time_that_is_over():
    """An epoch is trained however short the time, and a group that is stopped goes on where it was."""
    rows, stopped, runs = [], {}, 0

    def suspend(numbers, group, history):
        stopped[tuple(numbers)] = group, list(history)

    def resume(numbers, group):
        return stopped.pop(tuple(numbers), None)

    while len(rows) < 24:
        runs += 1
        try:
            run(
                group=4,
                finished=list(rows),
                keep=lambda found, states: rows.extend(found),
                over=lambda: True,
                suspend=suspend,
                resume=resume,
            )
        except OutOfTime as stop:
            assert str(stop).startswith("stopped after ") and str(stop).endswith("saved")
    assert runs == 6 and rows == run(group=4)


def test_a_state_that_is_not_finite_freezes_a_trial():
    """Its metrics are finite, and a row must not say that all is well."""

    def blow_up(state, point, shared):
        state, metrics = train_epoch(state, point, shared)
        state["weights"] = jnp.where(point["rate"] > 0.9, jnp.inf, state["weights"])
        return state, {"loss": jnp.float32(0.5)}

    rows = run(blow_up)
    assert {row["rate"] for row in rows if row["diverged"]} == {0.95}


def test_numbers_of_numpy_and_jax_are_numbers():
    found = groups.run(
        *(init, train_epoch, {"rate": np.asarray(RATES), "gain": jnp.asarray([2.0])}),
        np.arange(0, 4, 3),
        epochs=2,
        shared=jnp.ones(3),
    )
    assert found == run() and json.dumps(found)


@MODES
def test_metrics_that_are_no_scalars(mode):
    def listed(state, point, shared):
        return state, {"loss": state["weights"]}

    with pytest.raises(
        ValueError, match=r"metrics that are scalars, found loss \[3\]; take its mean"
    ):
        run(listed, mode=mode)


def test_memory_bounds_a_group():
    def heavy(state, point, shared):
        state, metrics = train_epoch(state, point, shared)
        big = jnp.cumsum(jnp.full((2**18,), point["rate"]))  # 1 MB per trial
        return state, {"loss": metrics["loss"] + 0 * jnp.sort(big)[0]}

    sizes = []
    options = {"mode": "vmap", "group": 12}
    options |= {"keep": lambda rows, states: sizes.append(len(states["weights"]))}
    rows = run(heavy, **options)
    assert sizes == [12]
    sizes.clear()
    for row, other in zip(run(heavy, memory=6 * 2**20, **options), rows, strict=True):
        assert row["loss"] == pytest.approx(other["loss"], rel=1e-5)
    assert max(sizes) < 12 and sum(sizes) == 12
    message = "one trial per device needs .* MB and a device may use 1 MB"
    with pytest.raises(ValueError, match=message):
        run(heavy, memory=2**20, **options)


def test_a_compiler_that_refuses_a_group_halves_it(monkeypatch):
    """As a TPU's does, whose memory is checked while compiling."""

    def refuse(compiled):
        if "6,3" in compiled.as_text():  # six trials per device
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Ran out of memory on HBM")
        return 0

    monkeypatch.setattr(compiling, "needed_by", refuse)
    sizes = []
    rows = run(
        mode="vmap", group=12, keep=lambda rows, states: sizes.append(len(states["weights"]))
    )
    assert sizes == [6, 6] and len(rows) == 24


@pytest.mark.parametrize(
    "points, seeds, epochs, message",
    [
        ([], (0,), 1, "at least one point, one seed and one epoch, found 0, 1 and 1"),
        ({"rate": (1.0,)}, (), 1, "found 1, 0 and 1"),
        ([{"rate": 1.0}, {"gain": 1.0}], (0,), 1, "points of one set of names"),
        ({"rate": (float("nan"),)}, (0,), 1, "expected finite numbers, found rate=nan"),
        ({"rate": ("code",)}, (0,), 1, "found rate='code'; sweep each choice on its own"),
        ({"rate": (True,)}, (0,), 1, "found rate=True"),
        ({"rate": (1.0,)}, (2**31,), 1, "expected seeds from 0 to 2147483647"),
    ],
)
def test_sweeps_that_cannot_be(points, seeds, epochs, message):
    with pytest.raises(ValueError, match=message):
        groups.run(init, train_epoch, points, seeds, epochs=epochs)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"mode": "pmap"}, "expected a mode of vmap, map or loop, found 'pmap'"),
        ({"group": 0}, "expected group of at least 1, found 0"),
        ({"memory": -1}, "expected memory of at least 1, found -1"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        run(**options)
