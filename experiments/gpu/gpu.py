"""What the library does on a GPU, beside SpikingJelly's fused Triton kernels and spyx: speed, correctness, a training.

Measures, part by part: whether kernels compute what the scan computes there; what the device can do at most; layers of
neurons alone; training steps of a feed-forward network on 784 steps and of a recurrent one on 250; models side by
side; a recurrent layer alone; other ways to cut the
kernels; the latency of a stream; compiling; and, with the time that is left, eight trainings on
sequential MNIST. The record is written after each part, and a part that fails or hangs ends alone. The same command
tries again what failed and what there was no time for, and keeps the rows that were measured. `experiments/README.md`
has the recipe and the tables. Needs one GPU of NVIDIA, and MNIST's four files for the trainings; libraries that are
not installed are left out. `--quick` has toy sizes, starts anew each time, and interprets kernels on a CPU.
Command: python -m experiments run gpu --seconds 540
Expected: see EXPERIMENT below: the feed-forward step 1.5 times faster than SpikingJelly's and 15 times faster than
spyx's, the recurrent one 6 times faster than spyx's, neurons alone no slower than SpikingJelly's.
Time: 9 minutes, or as many as `--seconds` allows.
"""

import json
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

from experiments.experiment import Experiment, Request
from experiments.gpu import expected
from experiments.gpu.process import Failed, Measurer
from experiments.gpu.sheet import OVER, read
from spikejax import files
from spikejax.runs import record

SECONDS = 540.0
NOT_RUN, IN_PART, FAILED, RAN = "not run", "ran in part", "failed", "ran"


class Part(NamedTuple):
    """One part of the experiment.

    Attributes:
      where: the module and the function that measure it.
      share: of the seconds; the last part takes what is left.
      value: what a row has once it is measured.
      anew: in a process that has compiled nothing yet.
    """

    where: str
    share: float
    value: str = "seconds"
    anew: bool = False


PARTS = {
    "correctness": Part("experiments.gpu.correctness.measure", 0.07, "spikes_equal"),
    "roofline": Part("experiments.gpu.roofline.measure", 0.03),
    "neurons": Part("experiments.gpu.neurons.measure", 0.11),
    "smnist": Part("experiments.gpu.networks.feedforward", 0.12),
    "shd": Part("experiments.gpu.networks.recurrent", 0.11),
    "trials": Part("experiments.gpu.trials.measure", 0.11),
    "recurrence": Part("experiments.gpu.recurrence.measure", 0.10, "both_us"),
    "tuning": Part("experiments.gpu.tuning.measure", 0.13),
    "streaming": Part("experiments.gpu.streaming.measure", 0.02, "microseconds"),
    "compiling": Part("experiments.gpu.compiling.measure", 0.07, "compile_seconds", anew=True),
    "training": Part("experiments.gpu.training.measure", 1.0, "seconds_per_epoch_median"),
}
GRACE = 0.5  # of its time, by which a part may be late before it is ended
LEAST = 15.0  # seconds without which a part is not begun


def run(request: Request) -> dict[str, Any]:
    # PyTorch needs memory beside JAX.
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    os.environ.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", "0.85")
    measuring = Measuring(request)
    try:
        for name in PARTS:
            measuring.part(name)
    finally:
        measuring.end()
    if failed := measuring.failed():
        print(f"failed: {', '.join(failed)}; the same command tries them again", flush=True)
    return measuring.finished()


class Measuring:
    """The parts of a run, one after the other, and what is known so far; an earlier run in the folder goes on unless it
    was a quick one."""

    def __init__(self, request: Request):
        self.request = request
        self._seconds = request.seconds or SECONDS
        self._end = time.monotonic() + self._seconds
        self._measurer: Measurer | None = None
        self._record = _kept(request.out / "record.json", request.quick)
        self._rows: dict[str, Any] = dict(self._record["metrics"]) if self._record else {}
        blank = {name: {"state": NOT_RUN} for name in PARTS}
        self._states = self._rows.pop("parts", blank)

    def part(self, name: str) -> None:
        """Measures what is missing of a part if there is time; its rows are in the record then."""
        if self._states[name]["state"] == RAN:
            print(f"{name}: measured before, {len(self._rows[name])} rows", flush=True)
            return
        if self._left() < LEAST:
            return
        path, value = self.request.out / "parts" / f"{name}.json", PARTS[name].value
        kept = {
            row: x
            for row, x in self._rows.get(name, {}).items()
            if x.get(value) is not None and OVER not in x.values()
        }
        files.write_text(path, json.dumps(kept))
        again = f", {len(kept)} rows kept of an earlier try" if kept else ""
        print(f"{name}: begins, at most {self._share(name):.0f} seconds{again}", flush=True)
        try:
            self._states[name] = self._measure(name, path)
        except Failed as problem:
            self._states[name] = {"state": FAILED, "error": str(problem)}
            self._measurer = None
        self._rows[name] = read(path)
        print(f"{name}: {self._states[name]}", flush=True)
        if self._record is not None:
            found = self.finished()
            record.write(self.request.out / "record.json", {**found, "experiment": "gpu"})

    def end(self) -> None:
        """Ends the process that measures, if there is one."""
        if self._measurer is not None:
            self._measurer.end()
            self._measurer = None

    def failed(self) -> list[str]:
        """The parts that failed."""
        return [name for name, state in self._states.items() if state["state"] == FAILED]

    def finished(self) -> dict[str, Any]:
        """The record, complete if all parts had their time.

        Raises:
          ValueError: there is none, since nothing could be measured.
        """
        if self._record is None:
            first = next(iter(self._states.values())).get("error", "there was no time")
            raise ValueError(
                f"no part could be measured: {first}; look at what `python -c 'import jax; print(jax.devices())'` "
                f"says, and give --seconds of at least {LEAST:g}"
            )
        provenance = {**self._record["provenance"]}
        missing = [
            f"{name} {state['state']}"
            for name, state in self._states.items()
            if state["state"] in (NOT_RUN, IN_PART)
        ]
        if missing:
            provenance["incomplete"] = ", ".join(missing)
        metrics = {"parts": self._states, **self._rows}
        return {
            **self._record,
            "provenance": provenance,
            "metrics": metrics,
            "complete": not missing,
        }

    def _left(self):
        return self._end - time.monotonic()

    def _share(self, name):
        """Seconds that a part may take."""
        return min(PARTS[name].share * self._seconds, self._left())

    def _measure(self, name, path):
        """A part's state: whether it ran, its seconds, its error in words."""
        part = PARTS[name]
        if part.anew:
            self.end()
        if self._measurer is None:
            self._measurer = Measurer(self.request.quick, self.request.data_dir)
            self._record = self._begun(self._measurer.begun)
        left, seconds, started = self._left(), self._share(name), time.monotonic()
        module, _, function = part.where.rpartition(".")
        patience = min(seconds * (1 + GRACE) + 20, left + 10)
        answer = self._measurer.measure(path, module, function, seconds, patience)
        if not answer["works"]:
            self.end()
        taken = {"seconds": round(time.monotonic() - started, 1)}
        if answer["error"] is not None:
            return {"state": FAILED, **taken, "error": answer["error"]}
        cut = any(OVER in row.values() for row in read(path).values())
        return {"state": IN_PART if cut else RAN, **taken}

    def _begun(self, begun):
        """The record with the machine's facts; that of the earlier run if there is one and it was made here."""
        facts = begun["provenance"]
        if not self.request.quick:
            check_device(facts)
        if self._record is None:
            return begun
        for fact in ("card", "versions", "commit"):
            if self._record["provenance"].get(fact) != facts.get(fact):
                raise ValueError(
                    f"expected to continue a run with {fact} {self._record['provenance'].get(fact)}, found "
                    f"{facts.get(fact)}; give another --out"
                )
        return self._record


def check_device(facts: dict[str, Any]) -> None:
    """Checks that a machine with these facts has a GPU.

    Raises:
      ValueError: it has none.
    """
    if facts["platform"] == "cpu":
        raise ValueError(
            f"expected a GPU, found {facts['device']}; install JAX for it (jax[cuda13]), or give --quick for a run at "
            "toy size"
        )


def _kept(path: Path, quick: bool) -> dict[str, Any] | None:
    """The record of an earlier run in which a part failed or had too little time; None if there is none."""
    if quick or not path.is_file():
        return None
    found = record.read(path)
    found["provenance"].pop("incomplete", None)
    states = found["metrics"]["parts"]
    same = not found["config"].get("quick") and set(states) == set(PARTS)
    ran = all(state["state"] == RAN for state in states.values())
    return found if same and not ran else None


EXPERIMENT = Experiment(
    claim="what fused kernels gain on a GPU over a scan, beside SpikingJelly and spyx",
    time="9 minutes, or as many as --seconds allows",
    run=run,
    expected=expected.EXPECTED,
)
