"""Many devices and several processes do what one does."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from spikejax.devices import mesh
from spikejax.runs import record
from spikejax.training import checkpoint

SCRIPTS = Path(__file__).parent / "scripts"


def start(*command):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(SCRIPTS), str(SCRIPTS.parents[2])]),
        "JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1",
    }
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(*processes):
    """What the processes printed; they must have succeeded."""
    try:
        said = [process.communicate(timeout=240) for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, (_, errors) in zip(processes, said, strict=True):
        assert process.returncode == 0, errors
    return [printed for printed, _ in said]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"


def test_eight_devices():
    (said,) = finish(start(SCRIPTS / "eight.py"))
    assert said.strip() == "eight devices do what one does"


def test_two_processes(tmp_path):
    script, port = SCRIPTS / "two_processes.py", free_port()
    finish(*(start(script, tmp_path / f"{i}.json", port, i) for i in (0, 1)))
    finish(start(script, tmp_path / "alone.json"))
    first, second, alone = (
        json.loads((tmp_path / f"{name}.json").read_text()) for name in ("0", "1", "alone")
    )
    assert first["groups"] == second["groups"] == 2 and alone["groups"] == 4
    assert first["rows"] == second["rows"] == alone["rows"] and len(alone["rows"]) == 32
    assert first["params"] == second["params"] and first["loss"] == second["loss"]
    np.testing.assert_allclose(first["loss"], alone["loss"], rtol=1e-12)
    for name, values in alone["params"].items():
        np.testing.assert_allclose(first["params"][name], values, rtol=1e-12, atol=1e-14)


SMALL = ["digits", "--neuron", "lif", "--hidden", "8", "--recurrent", "0", "--batch-size", "256"]


@pytest.mark.parametrize(
    "command",
    [
        ["train", *SMALL, "--epochs", "2"],
        ["sweep", *SMALL, "--epochs", "1", "--grid", "decay=0.5,0.7,0.9,0.95"],
    ],
    ids=["train", "sweep"],
)
def test_commands_in_two_processes(command, tmp_path):
    port = free_port()
    together, alone = tmp_path / "together", tmp_path / "alone"
    cluster = [["--coordinator", port, "--processes", 2, "--process", i] for i in (0, 1)]
    run = ["-m", "spikejax", *command, "--out"]
    said = finish(*(start(*run, together, *flags) for flags in cluster))
    assert "record.json" in said[0] and "record.json" not in said[1]
    finish(start(*run, alone))
    first, second = (record.read(out / "record.json") for out in (together, alone))
    assert first["complete"] and first["history"].keys() == second["history"].keys()
    entries = zip(first["history"]["lif"], second["history"]["lif"], strict=True)
    for a, b in entries:
        for name in ("loss", "test_loss"):
            np.testing.assert_allclose(a[name], b[name], rtol=1e-4)


def test_a_stopped_training_of_two_processes_continues(tmp_path):
    """Only one of them is told to stop; both do, at the same step, and go on as if nothing had been."""
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    flags = [*SMALL, "--batch-size", "64", "--epochs", "6"]

    def together(out, *more):
        port = free_port()
        cluster = [["--coordinator", port, "--processes", 2, "--process", i] for i in (0, 1)]
        run = ["-m", "spikejax", "train", *flags, "--out", out, *more]
        return [start(*run, *own) for own in cluster]

    processes = together(cut)
    deadline = time.monotonic() + 120
    while not checkpoint.exists(cut / "lif") and time.monotonic() < deadline:
        time.sleep(0.01)
    processes[1].send_signal(signal.SIGINT)
    said = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [130, 130], said
    assert not record.read(cut / "record.json")["complete"]
    # One that may not write says why, and the other does not wait for it.
    refused = together(cut)
    said = [process.communicate(timeout=60)[1] for process in refused]
    assert [process.returncode for process in refused] == [1, 1]
    assert all("holds a run; continue it with --resume" in text for text in said)
    finish(*together(cut, "--resume"))
    finish(*together(whole))
    histories = [record.read(out / "record.json")["history"]["lif"] for out in (cut, whole)]
    for a, b in zip(*histories, strict=True):
        assert (a["loss"], a["test_loss"]) == (b["loss"], b["test_loss"])


@pytest.mark.parametrize(
    "cluster", [("host:1", None, None), (None, 2, 0), ("host:1", 2, None), ("auto", 2, 0)]
)
def test_half_a_cluster(cluster):
    with pytest.raises(ValueError, match="expected a coordinator HOST:PORT, the number of"):
        mesh.start(*cluster)
