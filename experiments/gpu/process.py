"""The process that measures: one part at a time on request, so that a crash or a hang costs one part alone."""

import importlib
import multiprocessing
import time
import warnings
from pathlib import Path
from typing import Any

from experiments.gpu.sheet import Sheet, words

START_UP = 120.0  # seconds to wait for the device


class Failed(Exception):
    """The process ended or did not answer; says which."""


def serve(connection: Any, quick: bool, data_dir: str | None) -> None:
    """Measures the parts that are asked for, and says whether the device still works after each."""
    try:
        from experiments.gpu import machine  # after the start, which may be what fails
        from experiments.gpu.cells import kernels
        from spikejax.runs import record

        config = {"quick": quick, "kernel": next(iter(kernels(quick)))}
        made = record.begin("gpu", config, {"seed": 0, "data": {"name": "generated"}})
        connection.send({**made, "provenance": {**made["provenance"], **machine.facts()}})
    except Exception as error:
        connection.send({"error": words(error)})
        return
    warnings.simplefilter("always", UserWarning)  # a step that runs as a scan warns once otherwise
    while (job := connection.recv()) is not None:
        path, module, function, seconds = job
        problem = None
        try:
            sheet = Sheet(Path(path), seconds, quick, data_dir)
            warnings.showwarning = sheet.warned
            getattr(importlib.import_module(module), function)(sheet)
        except Exception as error:
            problem = words(error)
        connection.send({"error": problem, "works": _works()})


def _works():
    """Whether the device can still add; after an invalid access it cannot."""
    import jax.numpy as jnp

    try:
        return float(jnp.ones(()) + 1) == 2.0
    except Exception:
        return False


class Measurer:
    """The caller's side. `begun` is a record with what the process says of itself.

    Raises:
      Failed: the process cannot start; says why.
    """

    def __init__(self, quick: bool, data_dir: str | None):
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, quick, data_dir), daemon=True)
        self._process.start()
        theirs.close()
        self.begun = self._answer(START_UP)
        if "error" in self.begun:
            self.end()
            raise Failed(self.begun["error"])

    def measure(
        self, path: Path, module: str, function: str, seconds: float, patience: float
    ) -> dict[str, Any]:
        """One part: "error" in words or None, and whether the device "works".

        Raises:
          Failed: no answer within `patience` seconds, or the process ended; it cannot be used again.
        """
        self._connection.send((str(path), module, function, seconds))
        return self._answer(patience)

    def _answer(self, patience):
        end = time.monotonic() + patience
        try:
            if self._connection.poll(max(end - time.monotonic(), 0)):
                return self._connection.recv()
        except (EOFError, OSError):
            self._process.join(10)
            code = self._process.exitcode
            self.end()
            raise Failed(f"the process ended with code {code}") from None
        self.end()
        raise Failed(f"no answer within {patience:.0f} seconds")

    def end(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.join()
        self._connection.close()
