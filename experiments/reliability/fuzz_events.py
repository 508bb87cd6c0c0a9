"""The readers of event files under many mutations of them, real recordings where SPIKEJAX_DATA_DIR has them.

Command: python -m experiments.reliability.fuzz_events --mutations 100000
Expected: events that can be or the library's own error, each time, in time and in bounded memory; no damage unnoticed
where the format has a checksum. Files as a whole, links, pipes and bombs are tried by the experiment `reliability`.
"""

import argparse
import functools
import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.reliability import children, event_data
from experiments.reliability.children import Limits, generator
from experiments.reliability.event_data import FORMATS, SIZE
from experiments.reliability.mutations import CONTENTS
from experiments.reliability.named import where
from experiments.reliability.outcomes import Outcome
from experiments.reliability.readers import MEMORY
from experiments.reliability.references import cache
from spikejax.data import CorruptData
from spikejax.data.core.events import LONGEST
from spikejax.data.formats import aedat31, camera_hdf5

BLOCK = 250  # mutations of a trial
AT_ONCE = 3  # mutations of one file at most
# Mostly those after which a reader gets far.
KINDS = (*["flip"] * 6, *["overwrite"] * 4, "append", "double", "cut", "swap", "empty")


@functools.cache
def original(name: str) -> tuple[bytes, Callable[..., np.ndarray], np.ndarray]:
    """A file of a format, what reads it, and its events."""
    reader, write, _ = FORMATS[name]
    content = event_data.gesture() if reader is aedat31 else write(event_data.digit())
    decode = reader.decode
    if reader is camera_hdf5:
        decode = partial(decode, sha256=hashlib.sha256(content).hexdigest())
    return content, decode, decode(content, "a file", SIZE)


def mutated(name: str, seed: int) -> Outcome:
    """What becomes of one mutation of a file."""
    content, decode, events = original(name)
    draw = generator(name, seed)
    for _ in range(draw.randint(1, AT_ONCE)):
        kind = draw.choice(KINDS)
        content = CONTENTS[kind](content, b"another file", draw)
    try:
        found = decode(content, "a file", SIZE)
    except CorruptData as error:
        named = str(error).startswith("a file: expected ")
        return Outcome("refused") if named else Outcome("traceback", str(error))
    except Exception as error:
        return Outcome("traceback", f"{type(error).__name__}: {error} at {where(error)}")
    if np.array_equal(found, events):
        return Outcome("exact")
    if FORMATS[name][2] != "nothing" or not possible(found):
        return Outcome("unnoticed", "other events, which cannot be or should not have passed")
    return Outcome("changed")


def possible(events: np.ndarray) -> bool:
    """Whether events lie on the sensor and in the order of time."""
    inside = (
        0 <= events[name].min() and events[name].max() < most
        for name, most in zip("xypt", (*SIZE, LONGEST), strict=True)
    )
    return len(events) > 0 and all(inside) and bool((np.diff(events["t"]) >= 0).all())


def block(given: dict[str, Any]) -> Outcome:
    """Some mutations, counted; the first that is wrong in detail."""
    name, first = given["name"], given["first"]
    counts: Counter[str] = Counter()
    wrong = Outcome("exact")
    for seed in range(first, first + BLOCK):
        found = mutated(name, seed)
        counts[found.kind] += 1
        if not found.right and wrong.right:
            wrong = found._replace(words=f"{name}, mutation {seed}: {found.words}")
    return wrong._replace(detail={"name": name, "counts": dict(counts)})


def fuzz(mutations: int, folder: Path) -> dict[str, Any]:
    """Shares the mutations among the readers and counts what became of them."""
    each = mutations // len(FORMATS) // BLOCK + 1
    trials = [{"name": name, "first": k * BLOCK} for k in range(each) for name in FORMATS]
    counts = {name: Counter() for name in FORMATS}
    wrong, peak = [], 0.0
    limits = Limits(seconds=120, memory=MEMORY)
    for outcome, memory in children.each(block, trials, cache=cache(folder), limits=limits):
        peak = max(peak, memory)
        detail = outcome.detail
        counts[detail["name"]].update(detail.get("counts", {outcome.kind: BLOCK}))
        if not outcome.right:
            wrong.append(f"{outcome.kind}: {outcome.words}")
    total = sum((one for one in counts.values()), Counter())
    return {
        "mutations": total.total(),
        "counts": dict(total),
        "readers": {name: dict(one) for name, one in counts.items()},
        "peak_memory_mb": peak,
        "wrong": wrong,
    }


def main() -> int:
    """Prints the summary; 1 if a reader failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=100_000, help="over all readers")
    with tempfile.TemporaryDirectory() as folder:
        found = fuzz(parser.parse_args().mutations, Path(folder))
    print(json.dumps(found, indent=1))
    return int(bool(found["wrong"]))


if __name__ == "__main__":
    raise SystemExit(main())
