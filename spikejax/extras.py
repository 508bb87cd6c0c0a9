"""Packages that come with the extra `all`: imported when needed, named when missing."""

import importlib
from types import ModuleType


def require(name: str) -> ModuleType:
    """Imports a package of the extra.

    Raises:
      ModuleNotFoundError: one line that names the package and the extra.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        message = f'{name} is not installed; install it with: pip install "spikejax[all]"'
        raise ModuleNotFoundError(message, name=name) from None
