"""How long an experiment may take, all of its trainings together, and what its record says of them."""

import pytest

from experiments import experiment
from experiments.experiment import Request, joined


def test_the_seconds_are_those_of_all_trainings(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(experiment.time, "perf_counter", lambda: now[0])
    request = Request(tmp_path, seconds=10.0, begun=now[0])
    now[0] += 4
    assert request.left == 6.0 and request.options["seconds"] == 6.0
    now[0] += 7
    assert request.left == 0.0
    assert Request(tmp_path).left is None and Request(tmp_path).options["seconds"] is None


@pytest.mark.parametrize("complete", [True, False])
def test_a_record_has_what_was_trained(complete):
    result = {"config": {"quick": False}, "provenance": {"data": None}}
    for name in ("a", "b"):
        facts = {"data": f"data of {name}", "incomplete": "OutOfTime"}
        inner = {"config": f"config of {name}", "provenance": facts, "complete": complete}
        assert joined(result, name, inner) is complete
    assert result["config"]["trainings"] == {"a": "config of a", "b": "config of b"}
    assert result["provenance"]["data"] == {"a": "data of a", "b": "data of b"}
    assert ("incomplete" in result["provenance"]) is not complete
