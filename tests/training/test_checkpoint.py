"""Checkpoints: restored bit by bit, and never half a one."""

import shutil
from types import SimpleNamespace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from orbax.checkpoint import v1 as ocp

from spikejax.training import checkpoint
from tiny import assert_same


class State(NamedTuple):
    params: dict
    opt_state: tuple
    key: jax.Array
    step: jax.Array


def make_state(seed, features=3):
    draw = np.random.default_rng(seed)
    params = {
        "kernel": jnp.asarray(draw.normal(size=(2, features)), jnp.float32),
        "half": jnp.asarray(draw.normal(size=4), jnp.bfloat16),
        "decay": jnp.asarray(draw.normal(), jnp.float32),
    }
    moments = jax.tree.map(lambda x: jnp.asarray(draw.normal(size=x.shape), x.dtype), params)
    made: Any = optax.adam(optax.constant_schedule(1e-3)).init(params)
    adam, *others = made
    adam = adam._replace(mu=moments, count=jnp.int32(seed))
    return State(params, (adam, *others), jax.random.key(seed), jnp.int32(7 * seed))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def folder(tmp_path):
    """A run with one checkpoint."""
    checkpoint.save(tmp_path / "run", make_state(1), {"epoch": 1})
    return tmp_path / "run"


def assert_first_is_whole(folder):
    state, notes = checkpoint.restore(folder, make_state(0))
    assert_same(state, make_state(1))
    assert notes == {"epoch": 1}


def test_restored_bit_by_bit(tmp_path):
    state = make_state(1)
    state.params["kernel"] = state.params["kernel"].at[0, :2].set(jnp.array([jnp.nan, -0.0]))
    notes = {"config": {"hidden": [4, 4], "rate": 0.1}, "history": [{"loss": 1 / 3}], "é": None}
    path = checkpoint.save(tmp_path, state, notes)
    assert path.is_dir() and path.parent == tmp_path
    restored, found = checkpoint.restore(tmp_path, make_state(0))
    assert_same(restored, state)
    assert found == notes
    # The key draws the numbers that it would have drawn.
    draws = (jax.random.bits(key, (3,)) for key in (restored.key, state.key))
    np.testing.assert_array_equal(*draws)


def test_only_the_newest_is_kept(folder):
    before = len(names(folder))
    for epoch in (9, 10):
        checkpoint.save(folder, make_state(epoch), {"epoch": epoch})
    assert len(names(folder)) == before
    state, notes = checkpoint.restore(folder, make_state(0))
    assert_same(state, make_state(10))
    assert notes == {"epoch": 10}


def test_half_written_folders_are_ignored(folder):
    for name in ("save_0000000009.orbax-checkpoint-tmp", "save_0000000009.orbax-checkpoint-tmp-17"):
        (folder / name).mkdir()
        (folder / name / "state").write_text("half")
    (folder / "save_0000000009.json").write_text("{}")
    assert_first_is_whole(folder)
    path = checkpoint.save(folder, make_state(1), {"epoch": 1})
    assert_first_is_whole(folder)
    assert names(folder) == sorted([path.name, f"{path.name}.json"])  # the leftovers are gone


def test_nothing_but_a_half_written_folder(tmp_path):
    (tmp_path / "save_0000000009.orbax-checkpoint-tmp").mkdir()
    assert not checkpoint.exists(tmp_path)
    with pytest.raises(FileNotFoundError):
        checkpoint.restore(tmp_path, make_state(0))


def test_no_checkpoint(tmp_path):
    assert not checkpoint.exists(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="expected a checkpoint in .*run, found none"):
        checkpoint.restore(tmp_path / "run", make_state(0))


def test_read_as_it_stands(folder):
    """Without a state to compare it with: nested dictionaries by the names of the fields."""
    state, notes = checkpoint.read(folder)
    assert notes == {"epoch": 1}
    expected = make_state(1)
    assert set(state) == {"params", "opt_state", "key", "step"}
    assert int(state["step"]) == 7
    for name, array in expected.params.items():
        assert state["params"][name].dtype == array.dtype
        np.testing.assert_array_equal(state["params"][name], array)


@pytest.mark.parametrize("damage", ["notes", "state"])
def test_a_damaged_checkpoint_is_named(folder, damage):
    (save,) = (path for path in folder.iterdir() if path.is_dir())
    if damage == "notes":
        save.with_suffix(".json").write_text("{")
    else:
        for path in save.rglob("*"):
            if path.is_file():
                path.write_bytes(path.read_bytes()[:10])
    for reading in (
        lambda: checkpoint.restore(folder, make_state(0)),
        lambda: checkpoint.read(folder),
    ):
        with pytest.raises(ValueError, match="save_0000000000.* does not hold what was saved"):
            reading()


def test_exists(folder):
    assert checkpoint.exists(folder) and checkpoint.exists(str(folder))


def test_another_architecture(folder):
    with pytest.raises(ValueError, match="another architecture") as raised:
        checkpoint.restore(folder, make_state(0, features=5))
    message = str(raised.value)
    assert ".params['kernel']: expected float32[2, 5], found float32[2, 3]" in message
    assert "'half'" not in message  # it is the same
    assert_first_is_whole(folder)


def test_a_leaf_more_and_a_leaf_less(folder):
    like = make_state(0)
    like.params["bias"] = like.params.pop("decay")
    with pytest.raises(ValueError) as raised:
        checkpoint.restore(folder, like)
    assert ".params['bias']: expected float32[], found nothing" in str(raised.value)
    assert ".params['decay']: expected nothing, found float32[]" in str(raised.value)


def test_many_differences_are_counted(folder):
    like = make_state(0)._replace(params={}, opt_state=())
    with pytest.raises(ValueError, match="; and 8 more. Give the settings"):
        checkpoint.restore(folder, like)


def test_no_room(folder, monkeypatch):
    state, before = {"weights": jnp.zeros((3, 2**20), jnp.float32)}, names(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=5 * 2**20))
    with pytest.raises(OSError, match=r"no room to write 12\.0 MB to .*run: 5\.0 MB are free"):
        checkpoint.save(folder, state, {})
    monkeypatch.undo()
    assert names(folder) == before
    assert_first_is_whole(folder)


@pytest.mark.parametrize("error", [OSError("broken disk"), KeyboardInterrupt()])
def test_an_error_before_the_state_is_written_keeps_the_older(error, folder, monkeypatch):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(ocp, "save", fail)
    with pytest.raises(type(error)):
        checkpoint.save(folder, make_state(2), {})
    monkeypatch.undo()
    assert_first_is_whole(folder)


def test_an_error_while_saving_keeps_the_older(folder):
    """Orbax itself fails half-way: it cannot save such a leaf."""
    unfit = SimpleNamespace(dtype="object", shape=(), nbytes=0)
    with pytest.raises(ValueError):
        checkpoint.save(folder, {"params": jnp.zeros(3), "unfit": unfit}, {})
    assert_first_is_whole(folder)
