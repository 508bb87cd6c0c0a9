"""Whether an error is one of the library's own: of a kind that it raises on purpose, and naming what is wrong."""

import traceback
from collections.abc import Sequence
from pathlib import Path

from experiments.reliability.outcomes import Outcome

NAMED = (ValueError, OSError)


def of_files(error: BaseException, names: Sequence[str | Path]) -> Outcome:
    """The outcome of an error about files: refused if its message names one of them."""
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, NAMED) and any(str(name) in words for name in names):
        return Outcome("refused", words)
    return Outcome("traceback", f"{words} at {where(error)}")


def where(error: BaseException) -> str:
    """The last place of the library that an error passed, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/spikejax/" in frame.filename]
    shown = [*own[-1:], *frames[-1:]]
    return " and ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in shown)
