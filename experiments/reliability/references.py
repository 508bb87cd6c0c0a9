"""The uninterrupted runs that others are compared with: their results, and how long they take."""

from pathlib import Path
from typing import Any

from experiments.peers.kept import once
from experiments.reliability import children, subjects


def reference(folder: Path, name: str) -> dict[str, Any]:
    """The result of a subject, how many events of the file system it has and its seconds; kept in the folder.

    Raises:
      ValueError: two uninterrupted runs that differ, with which nothing can be compared.
    """
    return once(folder / "references" / f"{name}.json", name, lambda: _measured(folder, name))


def _measured(folder, name):
    ended = []
    for number in range(3):  # the first one compiles
        out = folder / "references" / f"{name}_{number}"
        ended.append(
            children.run(subjects.run_and_tell, name, out, cache=cache(folder), folder=out)
        )
        if ended[-1].error or ended[-1].code:
            raise ValueError(f"an uninterrupted {name} ended with {ended[-1].words}")
    for one in ended[1:]:
        found = subjects.differences(one.value, ended[0].value)
        if found:
            raise ValueError(f"two uninterrupted runs of {name} differ: {found}")
    last = ended[-1]
    return {"result": last.value, "events": last.events, "seconds": last.seconds}


def cache(folder: Path) -> Path:
    """Where compiled programs are kept."""
    return folder / "compiled"
