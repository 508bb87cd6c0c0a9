"""Data sets, by name; every file of this package is one of them.

Nothing is downloaded unless it is allowed, and what will be downloaded is printed first. Your own data are a `Dataset`
of arrays, or a `Source` in your own file.
"""

from pathlib import Path
from typing import Any

from spikejax.data.core.dataset import CorruptData, Dataset, Facts, MissingData, Source, Split
from spikejax.registry import Registry

__all__ = [
    "SOURCES",
    "CorruptData",
    "Dataset",
    "Facts",
    "MissingData",
    "Source",
    "Split",
    "load",
]

SOURCES = Registry(
    "data set",
    __name__,
    lambda value: isinstance(value, type) and issubclass(value, Source) and value is not Source,
)


def load(
    name: str, data_dir: str | Path | None = None, download: bool = False, **settings: Any
) -> Dataset:
    """Loads a data set into memory.

    Args:
      name: a key of `SOURCES`, or "module:Name" for one of your own.
      data_dir: where to look for files; None means the environment variable SPIKEJAX_DATA_DIR.
      download: whether files that are not found may be downloaded.
      **settings: settings of the data set, if it has any.

    Raises:
      UnknownName: there is no data set of that name.
      MissingData: its files are not found and `download` is False, or the download failed.
      CorruptData: a file is not what it should be.
      ModuleNotFoundError: reading it needs a package that is not installed.

    >>> digits = load("digits")
    >>> digits.train.inputs.shape, digits.test.inputs.shape, digits.scale
    ((1437, 64, 1), (360, 64, 1), 16.0)
    """
    return SOURCES.find(name)(**settings).load(data_dir, download)
