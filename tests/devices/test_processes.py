"""Several processes do what one does."""

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

from scripts.steps import result_of
from spikejax.cli.commands import main
from spikejax.runs import record
from spikejax.training import checkpoint

SCRIPTS = Path(__file__).parent / "scripts"
TESTS = SCRIPTS.parents[1]


class Process:
    """A Python of its own; what it prints goes to files."""

    def __init__(self, folder, *command):
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, (SCRIPTS, TESTS, TESTS.parent))),
            "JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir,
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1",
        }
        folder.mkdir(exist_ok=True)
        number = len(list(folder.iterdir()))
        self.files = folder / f"{number}.out", folder / f"{number + 1}.err"
        with open(self.files[0], "w") as out, open(self.files[1], "w") as err:
            self.running = subprocess.Popen(
                [sys.executable, *map(str, command)], env=environment, stdout=out, stderr=err
            )

    @property
    def said(self):
        return tuple(path.read_text() for path in self.files)


def finish(*processes, code=0):
    """Waits until all have ended, and ends the others where one fails; what they printed."""
    codes = [None]
    try:
        while None in codes and set(codes) <= {None, code}:
            time.sleep(0.02)
            codes = [process.running.poll() for process in processes]
    finally:
        for process in processes:
            process.running.kill()
    assert codes == [code] * len(processes), [process.said for process in processes]
    return [process.said for process in processes]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"


@pytest.fixture
def together(tmp_path):
    """Starts a command of spikejax in two processes."""

    def start(*command):
        port = free_port()
        cluster = [["--coordinator", port, "--processes", 2, "--process", i] for i in (0, 1)]
        return [Process(tmp_path / "said", "-m", "spikejax", *command, *flags) for flags in cluster]

    return start


@pytest.mark.slow
def test_eight_devices(tmp_path):
    ((said, _),) = finish(Process(tmp_path / "said", SCRIPTS / "eight.py"))
    assert said.strip() == "eight devices do what one does"


@pytest.mark.slow
def test_two_processes(tmp_path, float64):
    script, port = SCRIPTS / "two_processes.py", free_port()
    finish(*(Process(tmp_path / "said", script, tmp_path / f"{i}.json", port, i) for i in (0, 1)))
    first, second = (json.loads((tmp_path / f"{i}.json").read_text()) for i in (0, 1))
    alone = json.loads(json.dumps(result_of()))
    assert first["groups"] == second["groups"] == 2 and alone["groups"] == 4
    assert first["rows"] == second["rows"] == alone["rows"] and len(alone["rows"]) == 32
    assert first["params"] == second["params"] and first["loss"] == second["loss"]
    np.testing.assert_allclose(first["loss"], alone["loss"], rtol=1e-12)
    for name, values in alone["params"].items():
        np.testing.assert_allclose(first["params"][name], values, rtol=1e-12, atol=1e-14)


SMALL = ["digits", "--neuron", "lif", "--hidden", "8", "--recurrent", "0", "--batch-size", "256"]


@pytest.mark.slow
def test_a_sweep_in_two_processes(tmp_path, together):
    command = ["sweep", *SMALL, "--epochs", "1", "--grid", "decay=0.5,0.7,0.9,0.95"]
    (first, _), (second, _) = finish(*together(*command, "--out", tmp_path / "together"))
    assert "record.json" in first and "record.json" not in second
    assert main([*command, "--out", str(tmp_path / "alone")]) == 0
    found, alone = (record.read(tmp_path / n / "record.json") for n in ("together", "alone"))
    assert found["complete"] and len(found["history"]) == 4
    for a, b in zip(found["history"], alone["history"], strict=True):
        np.testing.assert_allclose(a["loss"], b["loss"], rtol=1e-4)


@pytest.mark.slow
def test_a_stopped_training_of_two_processes_continues(tmp_path, together):
    """Only one of them is told to stop; both do, at the same step, and go on as if nothing had been."""
    out, train = tmp_path / "cut", ["train", *SMALL, "--schedule", "constant"]
    processes = together(*train, "--epochs", 10**6, "--out", out)
    while not checkpoint.exists(out / "last") and processes[0].running.poll() is None:
        time.sleep(0.02)
    processes[1].running.send_signal(signal.SIGINT)
    finish(*processes, code=130)
    stopped = record.read(out / "record.json")
    assert not stopped["complete"] and "Interrupted" in stopped["provenance"]["incomplete"]
    # One that may not write says why, and the other does not wait for it.
    epochs = ["--epochs", str(len(stopped["history"]) + 2)]
    for _, errors in finish(*together(*train, *epochs, "--out", out), code=1):
        assert "holds a run; resume it" in errors
    finish(*together(*train, *epochs, "--out", out, "--resume"))
    assert main([*train, *epochs, "--out", str(tmp_path / "whole")]) == 0
    found, whole = (record.read(tmp_path / name / "record.json") for name in ("cut", "whole"))
    assert found["complete"] and len(found["history"]) == len(stopped["history"]) + 2
    for a, b in zip(found["history"], whole["history"], strict=True):
        np.testing.assert_allclose(a["loss"], b["loss"], rtol=1e-3)
