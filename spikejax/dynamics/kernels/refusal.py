"""What is said where a kernel cannot run."""

import inspect
import warnings
from typing import Any

LIBRARIES = {"spikejax", "jax", "jaxlib", "flax", "functools", "contextlib"}
_told: set[tuple[str, Any]] = set()  # words, and the file and line of which they were said


class Refused(Exception):
    """A step that a kernel cannot run; the text completes "… runs as a scan, not as a fused kernel: "."""


class KernelFallback(UserWarning):
    """Something ran as a scan although a kernel was wanted; the text names the reason."""


def fall_back(words: str, *, anywhere: bool = False) -> None:
    """Warns of a fallback at the line outside of the libraries that led to it, once unless all warnings are wanted.

    Args:
      words: the warning.
      anywhere: whether it is not said of another line either.
    """
    frame: Any = inspect.currentframe()
    level = 1
    while frame.f_back is not None and _of_library(frame):
        frame, level = frame.f_back, level + 1
    # Python forgets what it has said whenever filters change, and JAX changes them.
    place = words, None if anywhere else (frame.f_code.co_filename, frame.f_lineno)
    if place not in _told or _all_wanted():
        _told.add(place)
        warnings.warn(words, KernelFallback, stacklevel=level)


def _of_library(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0] in LIBRARIES


def _all_wanted():
    return any(
        action in ("always", "error") and issubclass(KernelFallback, category)
        for action, _, category, *_ in warnings.filters
    )
