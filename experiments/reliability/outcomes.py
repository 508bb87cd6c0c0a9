"""What became of trials, counted by kind; failures with all that is needed to repeat them."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

# Right: the result of the reference; an error of the library that says what is wrong; a stop that says so; and
# another value from a file whose format has no checksum.
RIGHT = ("exact", "refused", "stopped", "changed")
# Wrong: work lost or another result after resuming; damage that passed; an error that is none of the library's own;
# partial files left; no end within the time; a process that was ended by the system.
WRONG = ("lost", "unnoticed", "traceback", "left over", "timed out", "died")
SHOWN = 500  # characters of a message


class Outcome(NamedTuple):
    """How a trial ended.

    Attributes:
      kind: one of `RIGHT` or `WRONG`.
      words: the message, or what differs.
      detail: what repeats the trial.
    """

    kind: str
    words: str = ""
    detail: Any = None

    @property
    def right(self) -> bool:
        """Whether it is as it should be."""
        return self.kind in RIGHT


def summary(outcomes: Iterable[Outcome], **facts: Any) -> dict[str, Any]:
    """The counts of some trials and their failures, JSON values."""
    found = list(outcomes)
    counts = Counter(outcome.kind for outcome in found)
    failures = [
        {"kind": outcome.kind, "words": outcome.words[:SHOWN], "detail": outcome.detail}
        for outcome in found
        if not outcome.right
    ]
    return {"trials": len(found), "counts": dict(counts), "failures": failures, **facts}


def joined(summaries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The summary of several: sums, and the largest peak of memory.

    >>> one = summary([Outcome("exact")], seconds=1.0, peak_memory_mb=2.0)
    >>> joined([one, one])["trials"], joined([one, one])["counts"]
    (2, {'exact': 2})
    """
    found = list(summaries)
    counts: Counter[str] = Counter()
    for one in found:
        counts.update(one["counts"])
    return {
        "trials": sum(one["trials"] for one in found),
        "counts": dict(counts),
        "failures": [failure for one in found for failure in one["failures"]],
        "seconds": sum(one["seconds"] for one in found),
        "peak_memory_mb": max((one["peak_memory_mb"] for one in found), default=0.0),
    }
