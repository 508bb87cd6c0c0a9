"""CIFAR-10 and CIFAR-100: found, verified and cached.

Searched, in this order:

1. the cache of an earlier reading;
2. the official binary archive in the data directory, in its subdirectory of the data set's name, or in the folder of
   the cache;
3. what TFDS has prepared as array_record files, in the data directory or in TFDS's own;
4. with `download=True`, the official archive is downloaded.

Whichever is used, the records are those of the official archive, compared by the checksums of its members.
"""

from pathlib import Path

import numpy as np

from spikejax import files
from spikejax.data.core.cache import cache_file, write_cache
from spikejax.data.core.dataset import (
    DIRECTORY_VARIABLE,
    CorruptData,
    MissingData,
    data_directory,
)
from spikejax.data.core.download import fetch, megabytes
from spikejax.data.core.split import Split
from spikejax.data.formats import npz, tfds_images
from spikejax.data.formats.cifar_binary import (
    SIZE,
    Distribution,
    check,
    images_of,
    read,
    records_of,
)
from spikejax.data.formats.tfds_images import Prepared

TFDS_VERSION = "3.0.2"


def splits(
    distribution: Distribution,
    column: int,
    sizes: tuple[int | None, int | None],
    data_dir: str | Path | None,
    download: bool,
) -> tuple[Split, Split]:
    """The training and the test samples.

    Args:
      distribution: of the data set.
      column: which label byte of a record is the label.
      sizes: how many samples of each, from the first on; None is all.
      data_dir: where to look for files; None means the environment variable SPIKEJAX_DATA_DIR.
      download: whether the archive may be downloaded if nothing is found.

    Returns:
      Splits of images uint8 `[N, 32, 32, 3]` and labels int32 `[N]`.

    Raises:
      MissingData: it is not found and `download` is False, or the download failed.
      CorruptData: a file is not what it should be.
      ModuleNotFoundError: reading what TFDS has prepared needs a package that is not installed.
    """
    train, test = (
        Split(images_of(part[:size]), part[:size, column].astype(np.int32))
        for part, size in zip(load(distribution, data_dir, download), sizes, strict=True)
    )
    return train, test


def load(
    distribution: Distribution, data_dir: str | Path | None, download: bool
) -> tuple[np.ndarray, ...]:
    """Records uint8 `[N, width]` for training and for test; arguments and errors as of `splits`."""
    cache, problem = cache_file(distribution.name), None
    if cache.exists():
        try:
            return _read_cache(cache, distribution)
        except CorruptData as error:
            problem = error
    try:
        records = _find(distribution, data_directory(data_dir), download)
    except MissingData as error:
        if problem is not None:
            raise problem from error
        raise
    write_cache(cache, dict(zip(("train", "test"), records, strict=True)))
    return records


def looked_in(distribution: Distribution, data_dir: str | Path | None) -> list[tuple[str, bool]]:
    """Where `load` looks, in order, and whether something is there; nothing is read."""
    directory, cache = data_directory(data_dir), cache_file(distribution.name)
    prepared = _prepared(distribution)
    places = [(str(cache), cache.exists())]
    for path in _archives(distribution, directory):
        places.append((str(path), path.is_file()))
    for place in tfds_images.directories(directory):
        found = prepared.is_readable(place)
        places.append((f"{prepared.directory(place)} ({tfds_images.FORMAT})", found))
    return places


def _find(distribution, directory, download):
    for path in _archives(distribution, directory):
        if path.exists():
            return read(path, distribution)
    prepared = _prepared(distribution)
    for place in tfds_images.directories(directory):
        if prepared.is_readable(place):
            found = prepared.read(place)
            records = tuple(records_of(*found[split]) for split in ("train", "test"))
            check(str(prepared.directory(place)), records, distribution)
            return records
    if not download:
        raise MissingData(_advice(distribution, directory))
    target = directory or files.cache_folder()
    path = fetch(distribution.address, target, distribution.archive, distribution.title)
    return read(path, distribution)


def _read_cache(cache, distribution):
    lengths = sum(member.length for member in distribution.train), distribution.test.length
    layouts = {
        name: npz.Layout((length // distribution.width, distribution.width))
        for name, length in zip(("train", "test"), lengths, strict=True)
    }
    records = npz.read(cache, layouts)
    check(f"the cache {cache}", records, distribution)
    return records


def _archives(distribution, directory):
    places = [] if directory is None else [directory, directory / distribution.name]
    return [place / distribution.archive.file for place in (*places, files.cache_folder())]


def _prepared(distribution):
    image, most = (SIZE, SIZE, 3), sum(member.length for member in distribution.train)
    return Prepared(
        *(distribution.name, TFDS_VERSION, distribution.title, image),
        most=most // distribution.width,
        labels=tuple(name for name, _ in distribution.labels),
    )


def _advice(distribution, directory):
    archive, title = distribution.archive, distribution.title
    places = ", ".join(place for place, _ in looked_in(distribution, directory))
    pickled = archive.file.replace("binary", "python")
    near = [path.with_name(pickled) for path in _archives(distribution, directory)]
    other = "".join(
        f" {path} is the Python version, whose files are pickled and could run any code; it is not read."
        for path in near
        if path.exists()
    )
    prepared = _prepared(distribution)
    damaged = "".join(
        f" {place} holds no {title} that can be read without TensorFlow; delete it."
        for place in map(prepared.directory, tfds_images.directories(directory))
        if place.exists()
    )
    return (
        f"expected {archive.file} of {title} (the binary version, {distribution.address}, {archive.length} bytes, "
        f"sha256 {archive.sha256}); found none in {places}.{other}{damaged} Give the directory that contains it as the "
        f"data directory, or in the environment variable {DIRECTORY_VARIABLE}; or allow a download of "
        f"{megabytes(archive)}."
    )
