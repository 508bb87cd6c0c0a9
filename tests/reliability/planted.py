"""Faults that are planted: what they are tried on has to be found at fault."""

import os
import time

from experiments.reliability.outcomes import Outcome


def outcome(trial):
    """As a trial says: an outcome, a death, or no end."""
    if trial == "dies":
        os._exit(3)
    if trial == "sleeps":
        time.sleep(60)
    if trial == "breaks":
        raise RuntimeError("the checker itself")
    return Outcome("exact")


def write(folder):
    """Three files, each an event of the file system."""
    for number in range(3):
        (folder / str(number)).write_text("x")
    return "done"
