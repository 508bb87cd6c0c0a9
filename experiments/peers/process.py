"""The caller's side of the protocol: a worker in a separate process, monitored."""

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.peers import environments
from experiments.peers.libraries import Library
from experiments.peers.workload import Workload

HERE = Path(__file__).parent
PATIENCE = 600.0  # seconds to wait for an answer
# Settings of the shell that would favour or hinder one of the libraries.
HIDDEN = ("JAX_", "XLA_", "OMP_", "MKL_", "TORCH", "PYTHONPATH", "MALLOC_")


class Failed(Exception):
    """A worker failed; says why in one line."""


def interpreter(library: Library) -> str:
    """The Python that runs a library.

    Raises:
      Failed: it cannot be installed here.
    """
    if library.environment is None:
        return sys.executable
    try:
        return str(environments.interpreter(library.environment))
    except environments.Unavailable as problem:
        raise Failed(str(problem)) from problem


def here_too() -> dict[str, str]:
    """The environment variables of a worker on the device that is here: those of this process, memory taken as needed.

    Its packages are those of this process, this folder's first.
    """
    paths = os.pathsep.join([str(HERE.parents[1]), *filter(None, sys.path)])
    return {**os.environ, "PYTHONPATH": paths, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


def surroundings(cache: Path | str | None = None) -> dict[str, str]:
    """The environment variables of a worker: on the CPU, and with a compilation cache only if one is given."""
    kept = {name: x for name, x in os.environ.items() if not name.startswith(HIDDEN)}
    kept |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    if cache is None:
        return kept | {"TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1"}
    return kept | {
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "TORCHINDUCTOR_CACHE_DIR": str(cache),
    }


class Worker:
    """One workload of one library. Use it in a `with`: at its end the process ends.

    Args:
      library: which one.
      workload: what it computes.
      log: file for what it prints.
      cache: folder of compiled programs, if they are to be kept.
      memory_limit: bytes of resident memory above which it is terminated, if the system reports them.
      here: on the device that is here, with the packages that are installed here; otherwise on the CPU.
    """

    def __init__(
        self,
        library: Library,
        workload: Workload,
        log: Path,
        *,
        cache: Path | str | None = None,
        memory_limit: int | None = None,
        here: bool = False,
    ):
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log, self._limit = log, memory_limit
        self._job = {"workload": asdict(workload), "options": library.options}
        with open(log, "w", encoding="utf-8") as file:
            self._process = subprocess.Popen(
                [interpreter(library), str(HERE / library.script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=here_too() if here else surroundings(cache),
            )
        assert self._process.stdin and self._process.stdout
        self._input, self._output, self._read = self._process.stdin, self._process.stdout, b""

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *problem) -> None:
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):  # what it did not read any more
            self._input.close()
        self._output.close()

    def start(self) -> dict[str, Any]:
        """Builds the workload and takes the first step."""
        return self._ask(json.dumps(self._job))

    def go(self) -> dict[str, Any]:
        """Takes a step, or as many as the workload times at once."""
        return self._ask("go")

    def end(self) -> dict[str, Any]:
        """What the worker reports about itself."""
        return self._ask("end")

    def _ask(self, line):
        try:
            self._input.write(line.encode() + b"\n")
            self._input.flush()
        except BrokenPipeError:
            raise Failed(self._epitaph()) from None
        answer = json.loads(self._line())
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def _line(self):
        deadline = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            while b"\n" not in self._read:
                if selector.select(timeout=0.2):
                    part = os.read(self._output.fileno(), 2**16)
                    if not part:
                        raise Failed(self._epitaph())
                    self._read += part
                elif time.monotonic() > deadline:
                    raise Failed(f"no answer within {PATIENCE:.0f} seconds")
                elif self._limit and self._resident() > self._limit:
                    raise Failed(f"needs more than {self._limit / 2**30:.0f} GB")
        line, self._read = self._read.split(b"\n", 1)
        return line

    def _resident(self):
        try:
            with open(f"/proc/{self._process.pid}/statm", encoding="utf-8") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return 0

    def _epitaph(self):
        code = self._process.wait()
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"ended with code {code}: {said[-1] if said else 'it said nothing'}"
