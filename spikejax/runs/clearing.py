"""What a run writes into its folder, by name: nothing else is ever deleted."""

import contextlib
import re
import shutil
from pathlib import Path
from typing import Any

from spikejax.training.checkpoint import OWN

PICTURES = ("learning_curves.png", "raster.png", "heat_map.png")
# Patterns of names, and of what is inside; None is all of it.
SAVED = {OWN: None}
GROUPS = {r"trials_\d{5}\.(json|npz)": None, r"trials_\d{5}_stopped": SAVED}
WRITTEN: dict[str, Any] = {
    **dict.fromkeys(map(re.escape, (*PICTURES, "trials.csv", "history.csv"))),
    "tensorboard": {r"events\.out\.tfevents\..*": None},
    "last": SAVED,
    "best": SAVED,
    r"groups_\d+": GROUPS,
}
ALL = {re.escape("record.json"): None, **WRITTEN}


def clear(folder: Path, written: dict[str, Any] = WRITTEN) -> None:
    """Deletes what a run wrote, its record excepted; folders go if nothing is left in them."""
    for entry in folder.iterdir():
        found = [inside for name, inside in written.items() if re.fullmatch(name, entry.name)]
        if not found:
            continue
        (inside,) = found
        if entry.is_symlink() or (inside is None and not entry.is_dir()):
            entry.unlink()
        elif inside is None:
            shutil.rmtree(entry)
        elif entry.is_dir():
            clear(entry, inside)
            with contextlib.suppress(OSError):  # something of another's is left
                entry.rmdir()


def clear_partial(folder: Path, written: dict[str, Any] = ALL) -> None:
    """Deletes what `files.write` was writing when a process was killed: ".record.json.123" for example."""
    for entry in folder.iterdir():
        partial = re.fullmatch(r"\.(.+)\.\d+", entry.name)
        for name, inside in written.items():
            if partial and re.fullmatch(name, partial[1]) and entry.is_file():
                entry.unlink()
            elif inside is not None and re.fullmatch(name, entry.name):
                if entry.is_dir() and not entry.is_symlink():
                    clear_partial(entry, inside)
