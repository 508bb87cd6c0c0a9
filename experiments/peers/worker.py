"""The worker's side of the protocol: JSON lines on standard input and output.

The first line of input is `{"workload": …, "options": …}`. The worker builds it, takes the first step and answers
`{"first_step_seconds": …, "value": …}`. To each "go" it takes one step (or `repeats`), waits until it is done, and
answers `{"seconds": […], "value": …}`. To "end" it answers with facts about itself, and ends. A failure is
`{"error": …}`. Anything else that is printed goes to standard error.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from workload import Workload


@dataclass
class Program:
    """A workload, built.

    Args:
      step: takes one step, waits for all of it, and returns the loss before it.
      rates: spikes per neuron and step of each hidden layer; called once, after the last step.
      temporary_bytes: of the compiled step, if there is a compiler that reports them.
    """

    step: Callable[[], float]
    rates: Callable[[], list[float]] = list
    temporary_bytes: Callable[[], int | None] = lambda: None


class Missing(Exception):
    """A library lacks what a workload needs; says what."""


Build = Callable[[Workload, dict[str, Any]], Program]


def serve(builders: dict[str, Build], packages: Iterable[str], facts: Callable[[], dict]) -> None:
    """Answers one job.

    Args:
      builders: by the kind of workload.
      packages: whose versions are reported.
      facts: what else is reported, the number of threads or devices.
    """
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def say(**values):
        channel.write(json.dumps(values) + "\n")
        channel.flush()

    try:
        job = json.loads(sys.stdin.readline())
        workload = Workload.read(job["workload"])
        started = time.perf_counter()
        program = builders[workload.kind](workload, job["options"])
        value = program.step()
        say(first_step_seconds=time.perf_counter() - started, value=value)
        for line in sys.stdin:
            if line.strip() != "go":
                break
            seconds = []
            for _ in range(workload.repeats):
                started = time.perf_counter()
                value = program.step()
                seconds.append(time.perf_counter() - started)
            say(seconds=seconds, value=value)
        # First, since the other measurements need memory too.
        peak = peak_bytes()
        say(
            peak_bytes=peak,
            temporary_bytes=program.temporary_bytes(),
            rates=program.rates(),
            versions={package: version(package) for package in packages},
            **facts(),
        )
    except Missing as lack:
        say(error=str(lack))
    except Exception as error:
        said = str(error).strip().splitlines() or [""]
        say(error=f"{type(error).__name__}: {said[0]}")
        raise


def version(package: str) -> str:
    """The version of a package, from the package itself if it is imported from a folder and not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return sys.modules[package].__version__


def peak_bytes() -> int:
    """The largest resident memory of this process."""
    try:
        with open("/proc/self/status", encoding="utf-8") as status:
            lines = dict(line.split(":", 1) for line in status)
        # `ru_maxrss` starts from the parent's value.
        return int(lines["VmHWM"].split()[0]) * 1024
    except OSError:
        scale = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
