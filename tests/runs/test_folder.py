"""A run folder: one process at a time, every end in its record, and nothing deleted that is not its own."""

import pytest

from spikejax.runs import record
from spikejax.runs.clearing import clear
from spikejax.runs.folder import RUNNING, open_run


def opened(path, config=None, facts=None, **options):
    return open_run(path, "x", config or {}, facts or {}, **options)


@pytest.fixture
def run(tmp_path):
    """A finished run."""
    with opened(tmp_path / "run", {"batch": 3}, {"data": {"sha256": "one"}}) as result:
        result["metrics"] = {"loss": 0.5}
    return tmp_path / "run"


def test_a_record_from_the_first_moment_on(tmp_path):
    path = tmp_path / "run" / "record.json"
    with opened(tmp_path / "run") as result:
        assert record.read(path)["provenance"]["incomplete"] == RUNNING
        result["metrics"] = {"loss": 0.5}
    found = record.read(path)
    assert found["complete"] is True and found["metrics"] == {"loss": 0.5}
    assert "incomplete" not in found["provenance"]


@pytest.mark.parametrize(
    "error", [OSError("no room"), KeyboardInterrupt()], ids=["full disk", "second ctrl-c"]
)
def test_every_end_is_in_the_record(error, tmp_path):
    with pytest.raises(type(error)), opened(tmp_path / "run") as result:
        result["history"] = [{"loss": float("nan"), "epoch": 1}]  # JSON cannot hold it
        raise error
    found = record.read(tmp_path / "run" / "record.json")
    assert found["complete"] is False and found["history"] == [{"loss": None, "epoch": 1}]
    assert type(error).__name__ in found["provenance"]["incomplete"]


def test_the_caller_may_say_why_it_is_not_complete(tmp_path):
    with opened(tmp_path / "run") as result:
        result["provenance"]["incomplete"] = "the time is over"
    found = record.read(tmp_path / "run" / "record.json")
    assert found["complete"] is False and found["provenance"]["incomplete"] == "the time is over"


def test_a_folder_has_one_run_at_a_time(tmp_path):
    with opened(tmp_path / "run"):
        with pytest.raises(BlockingIOError, match="another process is training"):
            with opened(tmp_path / "run", resume=True):
                pass
    assert record.read(tmp_path / "run" / "record.json")["complete"] is True


def test_what_a_killed_start_leaves_is_no_run(tmp_path):
    for name in (".lock", ".record.json.123"):
        (tmp_path / name).touch()
    with opened(tmp_path):
        pass
    assert record.read(tmp_path / "record.json")["complete"] is True


def test_a_run_is_not_overwritten_unasked(run):
    before = (run / "record.json").read_text()
    with pytest.raises(FileExistsError, match="holds a run; resume it, overwrite it"):
        with opened(run):
            pass
    with pytest.raises(ValueError, match="to resume or to overwrite a run, found both"):
        with opened(run, resume=True, overwrite=True):
            pass
    assert (run / "record.json").read_text() == before


@pytest.mark.parametrize("options", [{}, {"resume": True}, {"overwrite": True}], ids=str)
@pytest.mark.parametrize("name", ["letter.txt", "record.json"])
def test_a_folder_of_something_else_stays(name, options, tmp_path):
    (tmp_path / name).write_text('{"mine": 1}')
    with pytest.raises(FileExistsError, match="is not empty and is not a run folder"):
        with opened(tmp_path, **options):
            pass
    assert (tmp_path / name).read_text() == '{"mine": 1}'
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match="expected a folder at .*file, found a file"):
        with opened(tmp_path / "file"):
            pass


def test_only_what_a_run_wrote_is_deleted(tmp_path):
    """What people put beside it stays, in its own folders and under names like its own too, and so do other runs."""
    run = tmp_path / "run"
    with opened(run, {"runs": {"lif": {}}}) as result:
        result["metrics"] = {"loss": 0.5}
    with opened(run / "lif"):
        pass
    own = [run / "last" / "save_0000000003.json", run / "best" / "save_0000000000" / "data"]
    own += [run / "last" / "save_0000000004.orbax-checkpoint-tmp-17" / "data"]
    own += [run / "groups_0" / "trials_00000.npz", run / "raster.png", run / "trials.csv"]
    own += [run / "groups_0" / "trials_00001_stopped" / "save_0000000000.json"]
    foreign = [run / "notes.txt", run / "lif" / "thoughts.md", run / "paper" / "record.json"]
    foreign += [run / "data" / "last" / "x", run / "my_figure.png", run / "groups_of_mine" / "x"]
    foreign += [run / "last" / "thesis.tex", run / "last" / "save_0000000003.bak"]
    foreign += [run / "groups_0" / "mine.txt", run / "groups_2024" / "mine.txt"]
    foreign += [run / "last" / "save_0000000003.copy" / "x", run / "lif" / "raster.png"]
    for path in (*own, *foreign):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    with opened(run, overwrite=True) as result:
        assert result["metrics"] == {}
        assert not any(path.exists() for path in own)
        assert (
            not (run / "best").exists() and not (run / "groups_0" / "trials_00001_stopped").exists()
        )
    assert all(path.read_text() == "x" for path in foreign)
    assert (run / "lif" / "record.json").exists()  # it is overwritten when it is trained


def test_ended_while_it_is_overwritten(run, monkeypatch):
    """It still is a run's folder, and says what happened."""
    (run / "notes.txt").touch()
    with monkeypatch.context() as patch:
        patch.setattr(record, "begin", None)
        with pytest.raises(TypeError), opened(run, overwrite=True):
            pass
    found = record.read(run / "record.json")
    assert found["provenance"]["incomplete"] == "it is being overwritten" and not found["complete"]
    with opened(run, overwrite=True):
        pass
    assert record.read(run / "record.json")["complete"] and (run / "notes.txt").exists()


def test_a_link_is_removed_and_what_it_leads_to_stays(run, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "precious").touch()
    (run / "last").symlink_to(tmp_path / "elsewhere")
    clear(run)
    assert (tmp_path / "elsewhere" / "precious").exists() and not (run / "last").exists()


def test_a_run_with_other_settings_is_not_continued(run):
    with pytest.raises(ValueError, match="batch was 3 and is 4. Give the same ones"):
        with opened(run, {"batch": 4}, {"data": {"sha256": "one"}}, resume=True):
            pass
    with pytest.raises(ValueError, match="data set.sha256 was one and is two"):
        with opened(run, {"batch": 3}, {"data": {"sha256": "two"}}, resume=True):
            pass
    with opened(
        run, {"batch": 4}, {"data": {"sha256": "one"}}, resume=True, may_change=("batch",)
    ) as result:
        assert result["metrics"] == {"loss": 0.5} and result["config"] == {"batch": 4}
        assert len(result["provenance"]["resumed"]) == 1


def test_a_finished_run_that_is_resumed_is_the_same(run):
    before = record.read(run / "record.json")
    with opened(run, {"batch": 3}, {"data": {"sha256": "one"}}, resume=True):
        pass
    assert record.read(run / "record.json") == before
