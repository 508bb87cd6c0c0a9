"""MNIST itself, 28x28 images in the order of its own files: found, decoded once, and cached.

Searched, in this order:

1. the cache of an earlier decode, `mnist.npz` (see `cache`), whose content is verified;
2. the four original `.gz` files in the data directory or its subdirectory `mnist`;
3. MNIST prepared by TFDS as array_record files, in the data directory or in TFDS's own;
4. with `download=True`, TFDS downloads and prepares it.

Whichever is used, the arrays are the same and are verified by one checksum, `CHECKSUM`. A corrupt cache is rebuilt if
2, 3 or 4 succeed; otherwise the error names the file to delete.
"""

from pathlib import Path

import numpy as np

from spikejax.data.core.cache import cache_file, read_cache, write_cache
from spikejax.data.core.dataset import (
    DIRECTORY_VARIABLE,
    CorruptData,
    Dataset,
    Facts,
    MissingData,
    Source,
    Split,
    data_directory,
    fingerprint,
)
from spikejax.data.core.stored import Stored, verify
from spikejax.data.formats import mnist_tfds, tfds_images
from spikejax.data.formats.idx import read
from spikejax.data.formats.mnist_tfds import PREPARED
from spikejax.data.formats.npz import Layout
from spikejax.fields import spec

FILES = {
    "train_images": Stored(
        "train-images-idx3-ubyte.gz",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    "train_labels": Stored(
        "train-labels-idx1-ubyte.gz",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    "test_images": Stored(
        "t10k-images-idx3-ubyte.gz",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    "test_labels": Stored(
        "t10k-labels-idx1-ubyte.gz",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
}
LAYOUTS = {
    "train_images": Layout((60_000, 28, 28)),
    "train_labels": Layout((60_000,)),
    "test_images": Layout((10_000, 28, 28)),
    "test_labels": Layout((10_000,)),
}
# `fingerprint` of the four arrays, in the order of FILES.
CHECKSUM = "1f4925b7d91b1560fa6b643b4958d6f96385ad363374940562d4fc74fad20320"


@spec
class MNIST(Source):
    """MNIST: images `[60000, 28, 28, 1]` for training and `[10000, 28, 28, 1]` for test, values 0 to 255.

    Reference: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits, 1998.
    """

    facts = Facts(
        title="28x28 images of handwritten digits",
        licence="CC BY-SA 3.0",
        reference="Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits",
        samples=70_000,
        shape="[28, 28, 1]",
        classes=10,
        download="TFDS mnist 3.0.1, 11.6 MB, only if it is allowed",
    )

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Loads the images; raises as `load_images`."""
        train_images, train_labels, test_images, test_labels = load_images(data_dir, download)
        train = Split(train_images[..., None], train_labels.astype(np.int32))
        test = Split(test_images[..., None], test_labels.astype(np.int32))
        return Dataset(
            name="mnist",
            train=train,
            test=test,
            classes=10,
            kind="image",
            scale=255.0,
            checksum=fingerprint(train.inputs, train.labels, test.inputs, test.labels),
            note=f"MNIST in the order of its own files, not normalised; {self.facts.licence}.",
        )

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """Where `load` looks, in order, and whether something is there; nothing is read."""
        return looked_in(data_dir)


def load_images(
    data_dir: str | Path | None = None, download: bool = False
) -> tuple[np.ndarray, ...]:
    """Loads MNIST.

    Args:
      data_dir: where to look for files; None means the environment variable SPIKEJAX_DATA_DIR.
      download: whether it may be downloaded if it is not found.

    Returns:
      Training images uint8 `[60000, 28, 28]`, training labels uint8 `[60000]`, test images
      `[10000, 28, 28]` and test labels `[10000]`.

    Raises:
      MissingData: it is not found and `download` is False, or the download failed.
      CorruptData: a file, or what it decodes to, is not MNIST.
      ModuleNotFoundError: reading or preparing it by TFDS needs a package that is not installed.

    Reference: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits, 1998.
    """
    cache = cache_file("mnist")
    problem = None
    if cache.exists():
        try:
            return read_cache(cache, LAYOUTS, CHECKSUM)
        except CorruptData as error:
            problem = error
    try:
        arrays = _find(data_directory(data_dir), download)
    except MissingData as error:
        if problem is not None:
            raise problem from error
        raise
    write_cache(cache, dict(zip(FILES, arrays, strict=True)))
    return arrays


def looked_in(data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
    """Where `load_images` looks, in order, and whether something is there; nothing is read.

    Args:
      data_dir: as for `load_images`.

    Returns:
      `[(place, found), ...]`.
    """
    directory = data_directory(data_dir)
    cache = cache_file("mnist")
    places = [(str(cache), cache.exists())]
    for place in _file_directories(directory):
        places.append((f"{place} (four .gz files)", not _missing_files(place)))
    for place in tfds_images.directories(directory):
        prepared = PREPARED.directory(place)
        places.append((f"{prepared} (array_record)", PREPARED.is_readable(place)))
    return places


def _find(directory: Path | None, download: bool) -> tuple[np.ndarray, ...]:
    for place in _file_directories(directory):
        if not _missing_files(place):
            return _verified(_read_files(place), place)
    for place in tfds_images.directories(directory):
        if PREPARED.is_readable(place):
            return _read_prepared(place)
    if not download:
        raise MissingData(_advice(directory))
    target = directory or tfds_images.default_directory()
    mnist_tfds.prepare(target)
    return _read_prepared(target)


def _read_files(directory: Path) -> tuple[np.ndarray, ...]:
    for stored in FILES.values():
        verify(directory / stored.file, stored)
    return tuple(read(directory / stored.file) for stored in FILES.values())


def _read_prepared(directory: Path) -> tuple[np.ndarray, ...]:
    found = PREPARED.read(directory)
    arrays = (array[..., 0] for split in ("train", "test") for array in found[split])
    return _verified(tuple(map(np.ascontiguousarray, arrays)), PREPARED.directory(directory))


def _verified(arrays: tuple[np.ndarray, ...], place: Path) -> tuple[np.ndarray, ...]:
    found = fingerprint(*arrays)
    if found != CHECKSUM:
        raise CorruptData(
            f"{place}: expected MNIST with sha256 {CHECKSUM} of its arrays, found {found}; "
            "move it away, or name another data directory"
        )
    return arrays


def _file_directories(directory: Path | None) -> list[Path]:
    return [] if directory is None else [directory, directory / "mnist"]


def _missing_files(directory: Path) -> list[str]:
    return [stored.file for stored in FILES.values() if not (directory / stored.file).exists()]


def _advice(directory: Path | None) -> str:
    incomplete = [
        f" {place} has only some of them: {', '.join(_missing_files(place))} missing."
        for place in _file_directories(directory)
        if 0 < len(_missing_files(place)) < len(FILES)
    ]
    damaged = [
        f" {prepared} holds no MNIST that can be read without TensorFlow; delete it."
        for prepared in map(PREPARED.directory, tfds_images.directories(directory))
        if prepared.exists()
    ]
    return (
        f"expected the files {', '.join(stored.file for stored in FILES.values())} of MNIST; "
        f"found none in {', '.join(place for place, _ in looked_in(directory))}."
        f"{''.join(incomplete + damaged)} Give the directory that contains them as the data directory, or in the "
        f"environment variable {DIRECTORY_VARIABLE}; or allow a download of 11.6 MB."
    )
