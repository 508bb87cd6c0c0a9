"""What a run has written is held to its checksums when it is read: any change to a file is noticed and named."""

import itertools
import json
import shutil

import jax.numpy as jnp
import numpy as np
import pytest

import toy
from spikejax import paths
from spikejax.runs import evaluate, fit, load, record
from spikejax.runs.folder import open_run
from spikejax.runs.group_files import check_kept, finished_rows, keeping_of
from spikejax.training import checkpoint


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1
    path.write_bytes(content)


# --- Checkpoints ----------------------------------------------------------------------------------


def state(scale=1.0):
    return {"params": {"a": scale * jnp.arange(300.0), "b": scale * jnp.arange(300.0, 600.0)}}


def read_all(folder):
    return checkpoint.restore(folder, state(0.0)), checkpoint.read(folder)


def test_every_flipped_bit_of_a_checkpoint(tmp_path):
    """It is refused with the checkpoint's name, or does not matter."""
    checkpoint.save(tmp_path / "last", state(), {"epoch": 3})
    found = (tmp_path / "last").rglob("*")
    files = [path for path in found if path.is_file() and path.stat().st_size]
    refused = 0
    for path, place in itertools.product(files, (3, 50, 77, 200, 1000)):
        content = path.read_bytes()
        flip(path, place)
        try:
            (restored, notes), (again, _) = read_all(tmp_path / "last")
        except (ValueError, OSError) as error:
            refused += 1
            assert "save_0000000000" in str(error)
        else:
            assert notes == {"epoch": 3}
            np.testing.assert_array_equal(restored["params"]["b"], state()["params"]["b"])
            np.testing.assert_array_equal(again["params"]["a"], state()["params"]["a"])
        path.write_bytes(content)
    assert refused > 3
    assert read_all(tmp_path / "last")[0][1] == {"epoch": 3}


def test_a_checkpoint_whose_values_were_exchanged(tmp_path):
    """Another state of the same shapes, under the notes of this one."""
    checkpoint.save(tmp_path / "one", state(), {})
    checkpoint.save(tmp_path / "other", state(2.0), {})
    (tmp_path / "one" / "save_0000000000").rename(tmp_path / "aside")
    (tmp_path / "other" / "save_0000000000").rename(tmp_path / "one" / "save_0000000000")
    for read in (
        lambda: checkpoint.restore(tmp_path / "one", state()),
        lambda: checkpoint.read(tmp_path / "one"),
    ):
        with pytest.raises(ValueError, match="does not hold what was saved .*another checksum"):
            read()


# --- Records --------------------------------------------------------------------------------------


def test_a_changed_digit_of_a_record(tmp_path):
    with open_run(tmp_path, "x", {}, {}) as result:
        result["metrics"] = {"accuracy": 0.125}
    path = tmp_path / "record.json"
    path.write_text(path.read_text().replace("0.125", "0.925"))
    with pytest.raises(ValueError, match="record.json is not as it was written; restore it"):
        record.read(path)
    with (
        pytest.raises(FileExistsError, match="is not as it was written"),
        open_run(tmp_path, "x", {}, {}, overwrite=True),
    ):
        pass


def test_a_record_without_a_checksum_is_read(tmp_path):
    """Those of earlier versions have none."""
    with open_run(tmp_path, "x", {}, {}) as result:
        pass
    path = tmp_path / "record.json"
    found = json.loads(path.read_text())
    del found["provenance"]["record_sha256"]
    path.write_text(json.dumps(found))
    assert record.read(path) == result


# --- Groups of a sweep ----------------------------------------------------------------------------


class States:
    """The states of two trials."""

    measured = {"params": {"kernel": np.arange(6.0).reshape(2, 3)}}


FOUND = {"provenance": {"run": "one", "programs": [None]}}
ROWS = [{"trial": trial, "epoch": 1, "loss": 0.5} for trial in (0, 1)]


@pytest.fixture
def group(tmp_path):
    keep = keeping_of(tmp_path / "groups_0", FOUND, "", 1, lambda: False).keep
    assert keep is not None
    keep(ROWS, States)
    return tmp_path / "groups_0" / "trials_00000.json"


@pytest.mark.parametrize("suffix", [".json", ".npz"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "delete", "other"])
def test_a_damaged_file_of_a_group(group, suffix, damage):
    path = group.with_suffix(suffix)
    content = path.read_bytes()
    kept = {**FOUND, "history": ROWS}
    check_kept(group.parent.parent, kept)
    if damage == "delete":
        path.unlink()
    elif damage == "flip":
        flip(path, len(content) // 2)
    else:
        path.write_bytes({"cut": content[:-20], "empty": b"", "other": b"{}"}[damage])
    with pytest.raises(ValueError, match=r"trials_00000|expected the 2 rows of the record"):
        check_kept(group.parent.parent, kept)


def test_whole_groups_are_read(group):
    assert finished_rows(group.parent, FOUND) == ROWS


def test_whole_groups_of_another_sweep_or_place(group):
    with pytest.raises(ValueError, match="trials_00000.json is of another run than the record"):
        finished_rows(group.parent, {"provenance": {"run": "two"}})
    moved = group.parent.rename(group.parent.parent / "groups_1")
    with pytest.raises(
        ValueError, match="trials_00000.json was written into groups_0; move it back"
    ):
        finished_rows(moved, FOUND)


# --- What is left over, and what is not finite ----------------------------------------------------


def test_partial_files_of_killed_processes_are_removed(tmp_path):
    with open_run(tmp_path, "x", {}, {}):
        pass
    ours = [".record.json.123", "last/.save_0000000001.json.77", "groups_0/.trials_00000.npz.5"]
    others = [".notes.txt.1", "last/.hidden", ".record.json.bak", "mine/.record.json.9"]
    for name in (*ours, *others):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with open_run(tmp_path, "x", {}, {}, resume=True):
        pass
    assert not any((tmp_path / name).exists() for name in ours)
    assert all((tmp_path / name).exists() for name in others)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "one"
    fit(paths.replace(toy.CONFIG, {"epochs": 1}), out, progress=False)
    return out


def test_variables_that_are_not_finite_are_not_measured(trained, monkeypatch):
    """A hidden layer of NaN is silent, and its network has a finite loss."""
    read = checkpoint.read

    def spoilt(folder):
        found, notes = read(folder)
        found["params"]["linear_0"]["kernel"] *= jnp.nan
        return found, notes

    monkeypatch.setattr(checkpoint, "read", spoilt)
    for use in (load, evaluate):
        with pytest.raises(ValueError, match="NaN or infinity in params/linear_0/kernel"):
            use(trained)


def test_the_checkpoint_of_another_run(trained, tmp_path):
    """Whole, of the same shapes, and wrong."""
    other, copied = tmp_path / "other", tmp_path / "copied"
    fit(paths.replace(toy.CONFIG, {"epochs": 1, "seed": 1}), other, progress=False)
    shutil.copytree(trained, copied)
    shutil.rmtree(copied / "last")
    shutil.copytree(other / "last", copied / "last")
    for use in (load, evaluate):
        with pytest.raises(ValueError, match="last is of another run than the record beside it"):
            use(copied)
    with pytest.raises(ValueError, match="last is of another run"):
        fit(paths.replace(toy.CONFIG, {"epochs": 2}), copied, resume=True, progress=False)
