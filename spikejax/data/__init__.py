"""Data sets, by name.

Every module of this package that defines `SOURCE` is a data set: adding one is adding one file.
Nothing is downloaded unless `download=True`, and what would be is printed first.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from spikejax.data.core.dataset import CorruptData, Dataset, MissingData, Source, Split
from spikejax.registry import choose

__all__ = ["SOURCES", "CorruptData", "Dataset", "MissingData", "Source", "Split", "load"]


def _discover() -> Mapping[str, Source]:
    found: dict[str, Source] = {}
    for module in pkgutil.iter_modules(__path__):
        source = getattr(importlib.import_module(f"{__name__}.{module.name}"), "SOURCE", None)
        if source is None:
            continue
        if source.name in found:
            raise ValueError(
                f"expected one data set {source.name!r}, found two; rename one of them"
            )
        found[source.name] = source
    return MappingProxyType(dict(sorted(found.items())))


SOURCES: Mapping[str, Source] = _discover()


def load(name: str, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
    """Loads a data set into memory.

    Args:
      name: a key of `SOURCES`.
      data_dir: where to look for files; None means the environment variable SPIKEJAX_DATA_DIR.
      download: whether files that are not found may be downloaded.

    Returns:
      The data set: uint8 inputs `[N, T, F]` and int32 labels `[N]`, for training and for test.

    Raises:
      UnknownName: there is no data set of that name.
      MissingData: its files are not found and `download` is False, or the download failed.
      CorruptData: a file is not what it should be.
      ModuleNotFoundError: reading it needs a package that is not installed.

    >>> digits = load("digits")
    >>> digits.train.inputs.shape, digits.test.inputs.shape, digits.scale
    ((1437, 64, 1), (360, 64, 1), 16.0)
    """
    return SOURCES[choose("data set", name, SOURCES)].load(data_dir, download)
