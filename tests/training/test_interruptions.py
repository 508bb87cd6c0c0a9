"""Stopped in the middle and continued: the same numbers, bit for bit."""

import os
import signal
import threading

import numpy as np
import pytest

import tiny
from spikejax.devices.processes import Interrupted, stop_signal
from spikejax.inputs import Stream
from spikejax.training import checkpoint, loop, progress
from tiny import BATCH, EPOCH, assert_same, fresh, train, without_seconds


@pytest.fixture(scope="module")
def straight():
    """Four epochs in one go."""
    return train(fresh(), epochs=4)


def save_into(folder):
    def save(state, history, position):
        checkpoint.save(folder, state, {"history": history, "position": position})

    return save


def resume(folder, epochs=4, **options):
    state, notes = checkpoint.restore(folder, fresh(seed=5))
    return train(state, epochs, history=notes["history"], **options)


def assert_as_in_one_go(result, straight):
    assert_same(result[0], straight[0])
    assert without_seconds(result[1]) == without_seconds(straight[1])


def stop_after(step, number, monkeypatch):
    """Sends a signal to this process when the step has been taken."""

    class Meter(progress.Meter):
        def add(self, done, measured):
            super().add(done, measured)
            if done == step:
                os.kill(os.getpid(), number)

    monkeypatch.setattr(loop, "Meter", Meter)


def test_resumed_bit_by_bit(tmp_path, straight):
    train(fresh(), epochs=2, save=save_into(tmp_path))
    assert_as_in_one_go(resume(tmp_path), straight)


@pytest.mark.parametrize(
    "step, number",
    [(1, signal.SIGINT), (EPOCH + 2, signal.SIGTERM), (3 * EPOCH - 1, signal.SIGINT)],
)
def test_interrupted_in_an_epoch(step, number, tmp_path, monkeypatch, straight):
    handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    stop_after(step, number, monkeypatch)
    with pytest.raises(Interrupted, match=f"stopped after step {step} of 16, saved"):
        train(fresh(), epochs=4, save=save_into(tmp_path))
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers
    monkeypatch.undo()
    state, notes = checkpoint.restore(tmp_path, fresh())
    *finished, cut = notes["history"]
    assert state.step == step and len(finished) == step // EPOCH
    assert cut["unfinished"] and cut["epoch"] == step // EPOCH + 1 and cut["seconds"] > 0
    assert_as_in_one_go(resume(tmp_path), straight)


def test_interrupted_at_the_end_of_an_epoch(tmp_path, monkeypatch, straight):
    stop_after(2 * EPOCH, signal.SIGINT, monkeypatch)
    with pytest.raises(Interrupted, match="stopped after epoch 2 of 4, saved"):
        train(fresh(), epochs=4, save=save_into(tmp_path))
    monkeypatch.undo()
    assert_as_in_one_go(resume(tmp_path), straight)


def test_interrupted_twice(tmp_path, monkeypatch, straight):
    stop_after(EPOCH + 1, signal.SIGINT, monkeypatch)
    with pytest.raises(Interrupted):
        train(fresh(), epochs=4, save=save_into(tmp_path))
    monkeypatch.undo()
    stop_after(EPOCH + 3, signal.SIGINT, monkeypatch)
    with pytest.raises(Interrupted):
        resume(tmp_path, save=save_into(tmp_path))
    monkeypatch.undo()
    assert_as_in_one_go(resume(tmp_path), straight)


def test_a_signal_in_the_last_step_does_not_hide_the_result(monkeypatch):
    stop_after(EPOCH, signal.SIGINT, monkeypatch)
    state, history = train(fresh(), epochs=1)
    assert state.step == EPOCH and len(history) == 1


def test_a_loader_goes_on_where_it_stood(tmp_path, monkeypatch):
    """The position of a Grain iterator is in the checkpoint: no batch is read twice."""
    grain, samples, read = pytest.importorskip("grain"), tiny.samples(), []

    def taken(index):
        read.append(index)
        return samples.inputs[index], samples.labels[index]

    def batch(found):
        return tiny.Split(*map(np.stack, zip(*found, strict=True)))

    def loader(epoch):
        chosen = grain.MapDataset.range(len(samples.labels)).seed(epoch).shuffle().map(taken)
        chosen = chosen.batch(BATCH, drop_remainder=True, batch_fn=batch)
        options = grain.ReadOptions(num_threads=0)
        return chosen.to_iter_dataset(options)

    def stream():
        return Stream(loader, steps=EPOCH)

    whole = train(fresh(), epochs=2, batches=stream())
    assert len(read) == 2 * EPOCH * BATCH
    stop_after(EPOCH + 2, signal.SIGINT, monkeypatch)
    with pytest.raises(Interrupted):
        train(fresh(), epochs=2, batches=stream(), save=save_into(tmp_path))
    monkeypatch.undo()
    state, notes = checkpoint.restore(tmp_path, fresh())
    source = stream()
    source.restore(notes["position"])
    read.clear()
    result = train(state, 2, history=notes["history"], batches=source)
    assert len(read) == 2 * BATCH
    assert_as_in_one_go(result, whole)


# --- Signals --------------------------------------------------------------------------------------


def test_a_second_signal_ends_at_once():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), stop_signal() as stopped:
        os.kill(os.getpid(), signal.SIGINT)
        assert stopped.wait(60)
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()  # where the second one did nothing, the test hangs
    assert signal.getsignal(signal.SIGINT) is before


def test_one_inside_of_another_is_the_same():
    with stop_signal() as outer, stop_signal() as inner:
        assert inner is outer
        os.kill(os.getpid(), signal.SIGTERM)
        assert outer.wait(60)


def test_outside_the_main_thread_no_signal_is_touched():
    results, before = [], signal.getsignal(signal.SIGINT)

    def enter():
        with stop_signal() as stopped:
            results.append((stopped.is_set(), signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert results == [(False, before)]
