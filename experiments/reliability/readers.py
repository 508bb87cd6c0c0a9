"""Input files damaged at random and made to deceive: what a reader returns is the data, or it says what is wrong."""

import functools
import shutil
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from experiments.reliability import children, crafted, data_files, named
from experiments.reliability.children import Limits, generator
from experiments.reliability.data_files import READERS
from experiments.reliability.mutations import KINDS, RANDOM, Snapshot, damage
from experiments.reliability.outcomes import Outcome, summary
from experiments.reliability.references import cache

MEMORY = 2**28  # bytes that a reader of small files may need
THREADS = 2**32  # of address space that the threads of array_record reserve
SLOW = {"mnist prepared": 12}  # readers that take long have so many fewer trials
TRIALS = 400  # random ones per kind of damage and reader


def batches(quick: bool) -> list[dict[str, Any]]:
    """A batch per reader."""
    return [{"reader": name, "quick": quick} for name in READERS if not (quick and name in SLOW)]


def run(batch: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Damages a reader's files one after the other."""
    begun, name = time.perf_counter(), batch["reader"]
    made = children.run(_make, folder, name, cache=cache(folder))
    if made.error or made.code:
        raise ValueError(f"expected to make the files of {name}, found {made.words}")
    trials = list(_trials(folder, name, batch["quick"], batch.get("trials", TRIALS)))
    threads = THREADS if READERS[name].kind == "records" else 0
    limits = Limits(seconds=20, memory=MEMORY + threads)
    found = list(children.each(trial, trials, cache=cache(folder), limits=limits))
    return summary(
        [outcome for outcome, _ in found],
        seconds=time.perf_counter() - begun,
        peak_memory_mb=max(memory for _, memory in found),
    )


def _make(folder, name):
    out = folder / "inputs" / name
    if not out.is_dir():
        partial = folder / "inputs" / f"{name} unfinished"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        READERS[name].write(partial)
        partial.rename(out)


def _trials(folder: Path, name: str, quick: bool, most: int) -> Iterator[dict[str, Any]]:
    files = [path for path in sorted((folder / "inputs" / name).rglob("*")) if path.is_file()]
    names = [str(path.relative_to(folder / "inputs" / name)) for path in files]
    count = 4 if quick else most // SLOW.get(name, 1) // len(names) + 1
    made = crafted.of(READERS[name].kind)
    # Bombs take seconds to make, and a pipe takes as long as a trial may.
    made = [x for x in made if not (quick and ("bomb" in x or x == "fifo"))]
    for file in names:
        for kind in KINDS:
            for number in range(count if kind in RANDOM else 1):
                yield {
                    "folder": str(folder),
                    "reader": name,
                    "file": file,
                    "kind": kind,
                    "seed": number,
                }
        json_only = READERS[name].kind == "records" and not file.endswith(".json")
        for kind in () if json_only else made[:: 4 if quick else 1]:
            yield {"folder": str(folder), "reader": name, "file": file, "kind": kind, "seed": 0}


@functools.cache
def _prepared(folder: str, name: str) -> tuple[Snapshot, dict[str, str]]:
    """A copy to be damaged, and the data as they are."""
    work = Path(folder) / "damaged_inputs" / name
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(Path(folder) / "inputs" / name, work)
    return Snapshot(work), _described(READERS[name].read(work))


def trial(given: dict[str, Any]) -> Outcome:
    """Damages a file and reads."""
    name, file, kind = given["reader"], given["file"], given["kind"]
    snapshot, expected = _prepared(given["folder"], name)
    snapshot.restore()
    path = snapshot.root / file
    draw = generator(name, file, kind, given["seed"])
    if kind in KINDS:
        others = sorted(snapshot.files)
        damage(path, kind, snapshot.root / draw.choice(others), draw)
    else:
        path.unlink()
        crafted.of(READERS[name].kind)[kind](path)
    detail = {key: given[key] for key in ("reader", "file", "kind", "seed")}
    noticed = {"everything": True, "damage": kind in KINDS, "nothing": False}
    outcome = _outcome(READERS[name], expected, snapshot.root)
    if outcome.kind == "unnoticed" and not noticed[READERS[name].notices]:
        # Valid files of other values: the record of a run has the checksum of what was read.
        outcome = outcome._replace(kind="changed")
    return outcome._replace(detail=detail)


def _outcome(reader, expected, root):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = reader.read(root)
    except Exception as error:
        return named.of_files(error, (root,))
    if _described(found) == expected:
        return Outcome("exact")
    return Outcome("unnoticed", "other data were read")


def _described(found: Any) -> dict[str, str]:
    """What was read, so that it can be compared."""
    if isinstance(found, dict):
        return {
            f"{k}.{name}": x for k, v in sorted(found.items()) for name, x in _described(v).items()
        }
    if isinstance(found, tuple | list):
        return {f"{i}.{name}": x for i, v in enumerate(found) for name, x in _described(v).items()}
    if isinstance(found, np.ndarray):
        return {"": data_files.fingerprint(found)}
    return {"": repr(found)}
