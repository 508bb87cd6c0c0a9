"""Compiled programs are kept between processes, safely, and only where nobody has set anything else."""

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import jax
import pytest

from spikejax.devices import compiled
from spikejax.devices.compiled import keep_compiled

# Prints a result, bit by bit, and how many programs were read from the cache.
SCRIPT = """
import jax, spikejax
assert jax.config.values["jax_compilation_cache_dir"] is None
from spikejax.devices.compiled import keep_compiled
keep_compiled()
hits = []
jax.monitoring.register_event_listener(lambda event, **_: hits.append(event))
@jax.jit
def step(x):
    return jax.numpy.tanh(x @ x).sum()
found = float(step(jax.random.normal(jax.random.key(0), (8, 8))))
print(found.hex(), sum(event.endswith("cache_hits") for event in hits))
"""
SET = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")


def start(cache, **variables):
    hidden = {name: x for name, x in os.environ.items() if not name.startswith("JAX_")}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        env={**hidden, "JAX_PLATFORMS": "cpu", "XDG_CACHE_HOME": str(cache), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    """The result, the number of programs read, and what was said besides."""
    out, err = process.communicate()
    assert process.returncode == 0, err
    found, hits = out.split()
    return found, int(hits), err


@pytest.fixture
def nothing_set(monkeypatch, tmp_path):
    """JAX as a command finds it, with an empty cache folder."""
    before = {name: jax.config.values[name] for name in SET}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", raising=False)
    jax.config.update("jax_compilation_cache_dir", None)
    yield tmp_path
    for name, value in before.items():
        jax.config.update(name, value)


def test_a_second_process_compiles_nothing(tmp_path):
    both = [start(tmp_path), start(tmp_path)]  # at the same time, into an empty folder
    first, other = map(finish, both)
    again = finish(start(tmp_path))
    assert first[0] == other[0] == again[0] and first[2] == other[2] == again[2] == ""
    entries = list((tmp_path / "spikejax" / "programs").glob("*/*-cache"))
    assert again[1] == len(entries) > 1
    # What another process left when it was killed, or when the disk was full, is compiled again.
    for path in entries:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert finish(start(tmp_path)) == (first[0], 0, "")


def test_what_the_user_has_turned_off(tmp_path):
    assert finish(start(tmp_path, JAX_ENABLE_COMPILATION_CACHE="false"))[1:] == (0, "")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_used_is_said_in_one_line():
    _, hits, said = finish(start(os.devnull))
    assert hits == 0 and said.startswith("compiled programs are not kept: [Errno ")
    assert said.count("\n") == 1


def test_a_folder_of_the_user_is_left_as_it_is():
    before = {name: jax.config.values[name] for name in SET}
    assert before["jax_compilation_cache_dir"] and keep_compiled() is None
    assert before == {name: jax.config.values[name] for name in SET}


def test_the_shortest_compilation_of_the_user_stays(nothing_set, monkeypatch):
    monkeypatch.setenv(SET[1].upper(), "7")
    jax.config.update(SET[1], 7.0)
    assert keep_compiled() is not None and jax.config.values[SET[1]] == 7


@pytest.mark.parametrize("free, shortest", [(2**40, 0), (2**20, float("inf"))])
def test_nothing_is_written_to_a_full_disk(nothing_set, monkeypatch, free, shortest):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    folder = keep_compiled()
    assert folder is not None and folder.is_relative_to(nothing_set / "spikejax" / "programs")
    assert [jax.config.values[name] for name in SET] == [str(folder), shortest]


def test_programs_that_were_not_used_are_deleted(nothing_set, monkeypatch):
    folder = keep_compiled()
    assert folder is not None
    for age in range(10):
        path = folder / f"{age}-cache"
        path.write_bytes(bytes(10))
        os.utime(path, (10**9 - age, 10**9 - age))
    for limit, left in ((100, 10), (99, 4)):
        monkeypatch.setattr(compiled, "LIMIT", limit)
        jax.config.update("jax_compilation_cache_dir", None)
        assert keep_compiled() == folder
        assert {path.name for path in folder.iterdir()} == {f"{age}-cache" for age in range(left)}
