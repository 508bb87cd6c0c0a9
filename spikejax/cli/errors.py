"""Errors of usage: arguments that cannot be used, which have an exit code of their own."""

import contextlib
from collections.abc import Iterator

from spikejax.registry import UnknownName


class UsageError(ValueError):
    """Arguments that cannot be used."""


@contextlib.contextmanager
def usage_errors() -> Iterator[None]:
    """Makes an error of the library about what was given on the command line one of usage.

    >>> with usage_errors():
    ...     raise ValueError("expected a number")
    Traceback (most recent call last):
    spikejax.cli.errors.UsageError: expected a number
    """
    try:
        yield
    except UnknownName:
        raise
    except ValueError as error:
        raise UsageError(str(error)) from error
