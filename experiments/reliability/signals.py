"""Ctrl-C and SIGTERM, once and twice, during a training and a sweep."""

import signal
from pathlib import Path
from typing import Any

from experiments.reliability.kills import SUBJECTS, stop_and_resume

SIGNALS = {
    "SIGINT": (signal.SIGINT,),
    "SIGTERM": (signal.SIGTERM,),
    "SIGINT twice": (signal.SIGINT, signal.SIGINT),
    "SIGTERM twice": (signal.SIGTERM, signal.SIGTERM),
}


def batches(quick: bool) -> list[dict[str, Any]]:
    """Batches of trials, one per subject and kind of signal; more than are needed, since some come too late."""
    if quick:
        return [{"subject": "training", "signals": "SIGINT", "seed": 0, "trials": 1}]
    return [
        {"subject": name, "signals": kind, "seed": 0, "trials": 20}
        for kind in SIGNALS
        for name in SUBJECTS
    ]


def run(batch: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Stops and resumes a subject several times."""
    return stop_and_resume(batch, folder, SIGNALS[batch["signals"]])
