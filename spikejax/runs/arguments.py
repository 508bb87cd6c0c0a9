"""The arguments that runs, sweeps and several runs have in common, checked before anything is done."""

import contextlib
import inspect
import math
import os
from collections.abc import Sequence
from numbers import Real
from typing import Any

from spikejax.runs.config import Config


def check_config(config: Any) -> None:
    """Raises TypeError unless it is a config."""
    if not isinstance(config, Config):
        raise TypeError(
            f"expected a Config, found {type(config).__name__}; give Config(data=..., network=...), or that of a "
            "recipe, RECIPES.find(name).config"
        )


def check_folder(out: Any) -> None:
    """Raises TypeError unless it is the path of a folder.

    >>> check_folder(3)
    Traceback (most recent call last):
    TypeError: expected out as the path of a run folder, found 3; give out="runs/mine" for example
    """
    if not isinstance(out, str | os.PathLike):
        raise TypeError(
            f'expected out as the path of a run folder, found {out!r}; give out="runs/mine" for example'
        )


def check_seconds(seconds: Any) -> None:
    """Raises TypeError or ValueError unless it is a time budget: None, or a number of at least 0.

    >>> check_seconds(float("nan"))
    Traceback (most recent call last):
    ValueError: expected seconds of at least 0, found nan; give None for no limit
    """
    if seconds is None:
        return
    if not isinstance(seconds, Real) or isinstance(seconds, bool):
        raise TypeError(
            f"expected seconds as a number, found {seconds!r}; give seconds=3600 for example, or None for no limit"
        )
    if math.isnan(seconds) or seconds < 0:
        raise ValueError(f"expected seconds of at least 0, found {seconds}; give None for no limit")


def check_callbacks(callbacks: Any) -> None:
    """Raises TypeError unless it is a sequence of functions, which are called again after each epoch."""
    if callable(callbacks):
        raise TypeError("expected several callbacks, found one function; give a tuple of it")
    if not isinstance(callbacks, Sequence):
        raise TypeError(
            f"expected callbacks as a tuple of functions, found {type(callbacks).__name__}; give () for none"
        )
    for number, callback in enumerate(callbacks):
        if not callable(callback):
            raise TypeError(
                f"expected callbacks as functions (history, variables) -> stop, found {callback!r} as number {number}"
            )
        with contextlib.suppress(ValueError):  # a builtin may have no signature
            try:
                inspect.signature(callback).bind([], {})
            except TypeError as error:
                raise TypeError(
                    f"expected callbacks as functions (history, variables) -> stop, found {callback!r}: {error}"
                ) from None
