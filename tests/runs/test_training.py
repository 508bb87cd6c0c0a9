"""A run: what it records, how it ends, and how it goes on."""

import dataclasses
import functools
import json
import os
import signal

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import toy
from spikejax.devices.processes import Interrupted
from spikejax.inputs import Stream
from spikejax.runs import EarlyStopping, evaluate, fit, load, record
from spikejax.runs.parts import build
from spikejax.training import Diverged, OneCycle, checkpoint, train_step
from toy import plain


def run(config=toy.CONFIG, out=None, **options):
    return fit(config, out, **{"progress": False} | options)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """Two epochs in one go."""
    out = tmp_path_factory.mktemp("runs") / "straight"
    return out, run(out=out)


def test_what_a_run_leaves(straight):
    out, trained = straight
    found = record.read(out / "record.json")
    assert found == json.loads(json.dumps(trained.record))
    assert found["complete"] is True and found["experiment"] == "train toy"
    assert [entry["epoch"] for entry in found["history"]] == [1, 2]
    measured = {"loss", "accuracy", "gradient_norm", "test_loss", "test_accuracy", "firing_rate"}
    assert set(found["history"][-1]) == measured | {"epoch", "seconds", "peak_memory_mb"}
    metrics = found["metrics"]
    assert set(metrics) == set(found["history"][-1]) | {"parameters"}
    # 2-6-3 with biases and a recurrent layer of 6; a LIF's authors learn none of its parameters.
    assert metrics["parameters"] == (12 + 6) + (36 + 6) + (18 + 3)
    assert metrics["firing_rate"].keys() == {"neuron_0"}
    assert metrics["seconds"] == pytest.approx(sum(e["seconds"] for e in found["history"]))
    assert found["provenance"]["data"]["sha256"] == toy.dataset().checksum
    for picture in ("learning_curves.png", "raster.png"):
        assert (out / picture).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_without_a_folder(straight, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trained = run()
    assert plain(trained.record["history"]) == plain(straight[1].record["history"])
    assert trained.record["complete"] is True and not list(tmp_path.iterdir())
    outputs = trained.network.apply(trained.variables, jnp.ones((toy.T, 1, 2)))
    assert outputs.shape == (toy.T, 1, toy.CLASSES)


def test_a_network_that_no_record_can_hold():
    """Without a folder it may be anything; with one it must be found again."""
    network = nn.Sequential([nn.Dense(3), lambda x: 2 * x])
    assert run(toy.config(network=network, epochs=1)).record["complete"]
    with pytest.raises(ValueError, match="network.layers.1: <function .* define it at the top"):
        run(toy.config(network=network), "never")


def test_a_finished_run_is_not_trained_again(straight):
    out, trained = straight
    again = run(out=out, resume=True)
    assert again.record == record.read(out / "record.json")
    assert again.network == trained.network
    chex.assert_trees_all_equal(again.variables, trained.variables)


def test_settings_that_cannot_be_cost_nothing(straight, tmp_path):
    """Neither the run that would be deleted, nor a folder that the corrected settings would meet."""
    out, _ = straight
    before = (out / "record.json").read_text()
    with pytest.raises(ValueError, match="expected a chunk from 1 to T=10 steps"):
        run(toy.config(chunk=65), out, overwrite=True)
    with pytest.raises(ValueError, match="expected a chunk from 1 to T=10 steps"):
        run(toy.config(chunk=65), tmp_path / "new")
    assert (out / "record.json").read_text() == before and not (tmp_path / "new").exists()


def test_overwritten_by_another(tmp_path):
    run(toy.config(epochs=1), tmp_path / "run")
    with pytest.raises(FileExistsError, match="holds a run"):
        run(toy.config(epochs=1), tmp_path / "run")
    again = run(toy.config(epochs=1, seed=1), tmp_path / "run", overwrite=True)
    assert again.record["config"]["seed"] == 1 and "resumed" not in again.record["provenance"]


# --- Other ends -----------------------------------------------------------------------------------


def test_stopped_and_continued(straight, tmp_path):
    """By a signal in the middle of an epoch; resumed, it ends as if nothing had happened."""
    out = tmp_path / "run"
    expected = record.read(straight[0] / "record.json")

    def kill(history, variables):
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted, match="stopped after epoch 1 of 2, saved"):
        run(out=out, callbacks=(kill,))
    stopped = record.read(out / "record.json")
    assert stopped["complete"] is False and len(stopped["history"]) == 1
    assert "stopped after epoch 1" in stopped["provenance"]["incomplete"]
    trained = run(out=out, resume=True)
    assert trained.record["complete"] and len(trained.record["provenance"]["resumed"]) == 1
    assert plain(trained.record["history"]) == plain(expected["history"])
    for a, b in zip(*map(jax.tree.leaves, (trained.variables, load(out).variables)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_signal_after_the_last_epoch(tmp_path):
    """The run is complete and kept, and what would come next does not begin; nothing is lost without a folder."""

    def kill(history, variables):
        if len(history) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(out=tmp_path / "run", callbacks=(kill,))
    assert record.read(tmp_path / "run" / "record.json")["complete"] is True
    assert load(tmp_path / "run").steps == 8
    assert run(callbacks=(kill,)).record["complete"] is True


def test_ended_between_the_two_checkpoints_of_an_epoch(tmp_path, monkeypatch):
    """The best epoch is trained again, and is the best one again."""
    config = dataclasses.replace(toy.CONFIG, validation=0.25)
    expected = run(config, tmp_path / "straight")
    save = checkpoint.save

    def fail(folder, *what):
        if folder.name == "last":
            raise OSError("no room")
        return save(folder, *what)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", fail)
        with pytest.raises(OSError, match="no room"):
            run(config, tmp_path / "run")
    trained = run(config, tmp_path / "run", resume=True)
    assert plain(trained.record["history"]) == plain(expected.record["history"])
    best = [load(tmp_path / name, best=True).variables for name in ("straight", "run")]
    jax.tree.map(np.testing.assert_array_equal, *best)


def test_a_time_budget(straight, tmp_path):
    """It ends cleanly, saved and with what there is by then; continued, it comes to the same end."""
    out, trained, runs = tmp_path / "run", None, 0
    while trained is None or not trained.record["complete"]:
        trained = run(out=out, resume=True, seconds=0.0)
        runs += 1
        if runs == 1:
            found = record.read(out / "record.json")
            assert found["complete"] is False
            assert found["provenance"]["incomplete"].startswith("OutOfTime: the 0 seconds are over")
            assert trained.variables is not None
    assert runs == 2 * toy.TRAIN // 8
    assert plain(trained.record["history"]) == plain(straight[1].record["history"])


def test_a_time_budget_without_a_folder():
    trained = run(seconds=0.0)
    assert trained.record["complete"] is False and "params" in trained.variables


def test_a_diverging_run_says_so_and_keeps_its_record(tmp_path):
    wild = toy.config(optimiser=toy.Adam(learning_rate=1e38, schedule=toy.Constant()))
    with pytest.raises(Diverged, match="is (nan|inf) at step .*lower learning rate"):
        run(wild, tmp_path / "run")
    found = record.read(tmp_path / "run" / "record.json")
    assert found["complete"] is False and "Diverged" in found["provenance"]["incomplete"]


def test_a_longer_training_continues_a_shorter_one(straight, tmp_path):
    """With a schedule that does not depend on the end; otherwise the rates before would have been others."""
    out = tmp_path / "run"
    run(toy.config(epochs=1), out)
    longer = run(out=out, resume=True)
    assert plain(longer.record["history"]) == plain(straight[1].record["history"])
    cycle = toy.config(epochs=1, optimiser=toy.Adam(schedule=OneCycle()))
    run(cycle, tmp_path / "cycle")
    with pytest.raises(ValueError, match="epochs was 1 and is 2. Give the same ones"):
        run(toy.dataclasses.replace(cycle, epochs=2), tmp_path / "cycle", resume=True)


def test_a_lost_checkpoint_is_named(straight, tmp_path):
    out = tmp_path / "run"
    run(toy.config(epochs=1), out)
    for path in (out / "last").glob("save_*.json"):
        path.unlink()
    with pytest.raises(ValueError, match="has a record of 1 epochs and no checkpoint in .*last"):
        run(out=out, resume=True)


def test_early_stopping(tmp_path):
    stopping = EarlyStopping(metric="test_loss", patience=1)
    config = toy.config(
        epochs=50, optimiser=toy.Adam(learning_rate=0.0, schedule=toy.Constant()), stopping=stopping
    )
    trained = run(config, tmp_path / "run")
    assert trained.record["complete"] and len(trained.record["history"]) == 2
    again = run(config, tmp_path / "run", resume=True)
    assert len(again.record["history"]) == 2
    # Left open it is what models are selected by, and which end is better the metric knows.
    rule = build(toy.config(stopping=EarlyStopping()), toy.dataset()).config.stopping
    assert (rule.metric, rule.best) == ("test_accuracy", "max")
    for metric, message in (
        ("validation_loss", "expected to stop early by one of loss, .*, found 'validation_loss'"),
        ("firing_rate", "found 'firing_rate'"),
    ):
        with pytest.raises(ValueError, match=message):
            run(toy.config(stopping=EarlyStopping(metric=metric)), tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_schedules_go_by_the_batches_that_are_given():
    """Three batches per epoch of a loader, where the data set's arrays would make four."""
    config = toy.config(epochs=2, optimiser=toy.Adam(schedule=OneCycle()))
    samples = toy.dataset().train
    batches = Stream([jax.tree.map(lambda x: x[:8], samples)] * 3)
    rates = OneCycle().factor(3, 2)
    assert float(rates(5)) > 1e-3 > float(OneCycle().factor(1, 2)(5))
    whole = run(config, batches=batches)
    parts = build(config, toy.dataset(), steps=3)
    state = parts.init(config.seed)
    for batch in [*batches.epoch(state.key, 0, 0, None)] * 2:
        state, _ = jax.jit(functools.partial(train_step, parts.trainer))(state, batch)
    chex.assert_trees_all_close(whole.variables, jax.device_get(state.measured), rtol=1e-5)
    for wrong, message in (([1], "expected batches with their number of steps, found list"),):
        with pytest.raises(TypeError, match=message):
            run(config, batches=wrong)
    with pytest.raises(TypeError, match="expected a Config, found str"):
        fit("digits")
    with pytest.raises(TypeError, match="expected several callbacks, found one function"):
        run(config, callbacks=len)


def test_validation_and_the_best_epoch(tmp_path):
    """The best checkpoint is that of the epoch that did best on the validation samples, not of the last one."""
    seen = {}

    def keep(history, variables):
        seen[len(history)] = jax.device_get(variables)

    config = toy.config(
        epochs=6, validation=0.25, optimiser=toy.Adam(learning_rate=0.3, schedule=toy.Constant())
    )
    out = tmp_path / "run"
    history = run(config, out, callbacks=(keep,)).record["history"]
    scores = [entry["validation_accuracy"] for entry in history]
    best = scores.index(max(scores)) + 1  # of equals the first
    found = load(out, best=True)
    assert found.steps == best * 24 // 8 and best < 6
    for a, b in zip(*map(jax.tree.leaves, (found.variables, seen[best])), strict=True):
        np.testing.assert_array_equal(a, b)
    measured = evaluate(out, data=toy.dataset())
    assert measured["validation_accuracy"] == pytest.approx(scores[-1])
