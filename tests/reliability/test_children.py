"""Child processes that die, hang and are killed: each is told apart, and the trials that follow are run."""

import signal

import planted
import pytest

from experiments.reliability import children
from experiments.reliability.children import Limits, Stop


def test_each_goes_on_after_a_death_and_a_hang(tmp_path):
    trials = ["right", "dies", "right", "sleeps", "right"]
    found = list(children.each(planted.outcome, trials, cache=tmp_path, limits=Limits(seconds=5)))
    kinds = [outcome.kind for outcome, _ in found]
    assert kinds == ["exact", "died", "exact", "timed out", "exact"]
    assert found[0][1] > 50  # MB


def test_a_broken_checker_is_no_outcome(tmp_path):
    with pytest.raises(RuntimeError, match="the checker itself"):
        list(children.each(planted.outcome, ["breaks"], cache=tmp_path))


def test_killed_at_an_event(tmp_path):
    def run(stop):
        return children.run(planted.write, tmp_path, cache=tmp_path, folder=tmp_path, stop=stop)

    whole = run(None)
    assert whole.value == "done" and whole.events == 3
    for path in tmp_path.iterdir():
        path.unlink()
    killed = run(Stop(2, None))
    assert killed.code == -signal.SIGKILL and killed.value is None
    assert [path.name for path in tmp_path.iterdir()] == ["0"]
