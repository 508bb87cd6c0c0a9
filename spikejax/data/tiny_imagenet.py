"""Tiny ImageNet: 110,000 labelled photographs of 64x64 pixels and 200 classes, from the official archive.

Searched, in this order:

1. the cache of an earlier decode of the whole data set, if all of it is wanted;
2. the archive in the data directory, in its subdirectory `tiny_imagenet`, or in the folder of the cache; its length and
   checksum are verified;
3. the cache, if only a part is wanted;
4. with `download=True`, the archive is downloaded.

The images are JPEG files, which are decoded once by Pillow (libjpeg); another decoder may differ in the last bit.
"""

from pathlib import Path

import numpy as np

from spikejax import files
from spikejax.data.core.cache import cache_file, write_cache
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
from spikejax.data.core.download import fetch, megabytes
from spikejax.data.core.stored import AGAIN, Stored, verify
from spikejax.data.formats import npz
from spikejax.data.formats.zipped_images import ZippedImages
from spikejax.extras import require
from spikejax.fields import size, spec

ADDRESS = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
# Length and checksum as several public repositories that use the archive record them.
ARCHIVE = Stored(
    "tiny-imagenet-200.zip",
    248_100_043,
    "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821",
)
FOLDER = "tiny-imagenet-200"
SIDE = 64
CLASSES = 200
TRAIN_PER_CLASS = 500
TEST = 10_000


@spec
class TinyImageNet(Source):
    """Tiny ImageNet: images `[100000, 64, 64, 3]` for training and `[10000, 64, 64, 3]` for test, RGB, 0 to 255.

    The test samples are the official validation set: the labels of the official test set are not public. Classes are
    numbered in the order of `wnids.txt`. The training images are taken from the classes in turn: the first 200 are the
    first image of each class.

    Reference: Y. Le, X. Yang, Tiny ImageNet Visual Recognition Challenge, CS 231N, Stanford University, 2015.
    """

    train: int | None = size(default=None, doc="how many training images; all 100,000 if None")
    test: int | None = size(default=None, doc="how many test images; all 10,000 if None")

    facts = Facts(
        title="Tiny ImageNet, 64x64 photographs of 200 classes",
        licence="that of ImageNet: for non-commercial research and education",
        reference="Y. Le, X. Yang, Tiny ImageNet Visual Recognition Challenge, CS 231N, Stanford University, 2015",
        samples=110_000,
        shape="[64, 64, 3]",
        classes=200,
        download="the official archive tiny-imagenet-200.zip, 248 MB, only if it is allowed",
    )

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Loads the images into memory: all of them have 1.35 GB.

        Raises:
          MissingData: the archive is not found and `download` is False, or the download failed.
          CorruptData: the archive, or an image in it, is not what it should be.
          ModuleNotFoundError: Pillow is not installed.
        """
        train, test = self._splits(data_dir, download)
        return Dataset(
            name="tiny_imagenet",
            train=train,
            test=test,
            classes=CLASSES,
            kind="image",
            scale=255.0,
            checksum=fingerprint(train.inputs, train.labels, test.inputs, test.labels),
            note=f"Tiny ImageNet, {train.count:,} training images and {test.count:,} of the official validation set "
            f"for test, not normalised; licence: {self.facts.licence}.",
        )

    def stream(
        self, split: str = "train", data_dir: str | Path | None = None, download: bool = False
    ) -> ZippedImages:
        """The images of a split one by one, decoded when they are asked for: a source for `inputs.grain_batches`.

        Args:
          split: "train" or "test".
          data_dir: as of `load`.
          download: as of `load`.

        Raises:
          MissingData, CorruptData, ModuleNotFoundError: as `load`; for a damaged image, when it is asked for.
        """
        if split not in ("train", "test"):
            raise ValueError(f"expected a split of ('train', 'test'), found {split!r}")
        require("PIL")
        return _source(_archive(data_dir, download), split, getattr(self, split))

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """Where `load` looks, in order, and whether something is there; nothing is read."""
        paths = [cache_file("tiny_imagenet"), *_archives(data_directory(data_dir))]
        return [(str(path), path.is_file()) for path in paths]

    def _splits(self, data_dir, download):
        sizes = self.train or CLASSES * TRAIN_PER_CLASS, self.test or TEST
        whole = sizes == (CLASSES * TRAIN_PER_CLASS, TEST)
        archived = any(path.exists() for path in _archives(data_directory(data_dir)))
        cache, problem = cache_file("tiny_imagenet"), None
        if cache.exists() and (whole or not archived):
            try:
                arrays = npz.read(cache, _layouts())
                parts = zip((arrays[:2], arrays[2:]), sizes, strict=True)
                return [Split(*(array[:count] for array in part)) for part, count in parts]
            except CorruptData as error:
                problem = CorruptData(f"the cache {error}")
        try:
            require("PIL")
            path = _archive(data_dir, download)
            named = zip(("train", "test"), sizes, strict=True)
            splits = [_decoded(_source(path, name, count)) for name, count in named]
        except MissingData as error:
            if problem is not None:
                raise problem from error
            raise
        if whole:
            arrays = (array for split in splits for array in split[:2])
            write_cache(cache, dict(zip(_layouts(), arrays, strict=True)))
        return splits


def _layouts():
    """What the cache holds; its CRCs are compared when it is read."""
    image, count = (SIDE, SIDE, 3), CLASSES * TRAIN_PER_CLASS
    return {
        "train_images": npz.Layout((count, *image)),
        "train_labels": npz.Layout((count,), "int32"),
        "test_images": npz.Layout((TEST, *image)),
        "test_labels": npz.Layout((TEST,), "int32"),
    }


def _decoded(images):
    """All images of a source in memory."""
    found = np.empty((len(images), SIDE, SIDE, 3), np.uint8)
    for place, member in zip(found, images.members, strict=True):
        place[:] = images.image(member)
    return Split(found, images.labels)


def _source(path, split, count):
    """The first images of a split in an archive; all if the number is None."""
    images = ZippedImages(path, [], np.zeros(0, np.int32), side=SIDE)
    names = images.read(f"{FOLDER}/wnids.txt").decode("ascii", "replace").split()
    if len(set(names)) != CLASSES or len(names) != CLASSES:
        raise CorruptData(
            f"{path}: expected {CLASSES} classes in wnids.txt, found {len(names)}; {AGAIN}"
        )
    if split == "train":
        members = [
            f"{FOLDER}/train/{name}/images/{name}_{number}.JPEG"
            for number in range(TRAIN_PER_CLASS)
            for name in names
        ]
        labels = np.tile(np.arange(CLASSES, dtype=np.int32), TRAIN_PER_CLASS)
    else:
        members = [f"{FOLDER}/val/images/val_{number}.JPEG" for number in range(TEST)]
        labels = _annotated(images, names)
    return ZippedImages(path, members[:count], labels[:count], side=SIDE)


def _annotated(images, names):
    """The labels of the official validation set."""
    numbers, found = {name: number for number, name in enumerate(names)}, {}
    lines = images.read(f"{FOLDER}/val/val_annotations.txt").decode("ascii", "replace")
    for line in lines.splitlines():
        file, name, *_ = *line.split("\t"), ""
        if name not in numbers:
            raise CorruptData(
                f"{images.path}: expected a file and a class of wnids.txt in each line of val_annotations.txt, found "
                f"{line[:99]!r}; {AGAIN}"
            )
        found[file] = numbers[name]
    expected = [f"val_{number}.JPEG" for number in range(TEST)]
    if set(found) != set(expected):
        raise CorruptData(
            f"{images.path}: expected val_0.JPEG to val_{TEST - 1}.JPEG in val_annotations.txt, found {len(found)} "
            f"files, {', '.join(list(found)[:3])}, …; {AGAIN}"
        )
    return np.array([found[file] for file in expected], np.int32)


def _archives(directory):
    places = [] if directory is None else [directory, directory / "tiny_imagenet"]
    return [place / ARCHIVE.file for place in (*places, files.cache_folder())]


def _archive(data_dir, download):
    """The verified archive."""
    directory = data_directory(data_dir)
    for path in _archives(directory):
        if path.exists():
            verify(path, ARCHIVE)
            return path
    if download:
        return fetch(ADDRESS, directory or files.cache_folder(), ARCHIVE, "Tiny ImageNet")
    places = ", ".join(map(str, _archives(directory)))
    raise MissingData(
        f"expected {ARCHIVE.file} of Tiny ImageNet ({ADDRESS}, {ARCHIVE.length} bytes, sha256 {ARCHIVE.sha256}); found "
        f"none of {places}. Give the directory that contains it as the data directory, or in the environment variable "
        f"{DIRECTORY_VARIABLE}; or allow a download of {megabytes(ARCHIVE)}."
    )
