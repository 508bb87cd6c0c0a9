"""Made-up CIFAR archives, which pass as the official ones."""

import dataclasses
import gzip
import io
import tarfile
from types import SimpleNamespace

import numpy as np
import pytest

from files import sha256
from spikejax.data import cifar10, cifar100
from spikejax.data.core.stored import Stored
from spikejax.data.formats.cifar_binary import records_of

MODULES = {"cifar10": cifar10, "cifar100": cifar100}
TRAIN, TEST = 6, 4  # records of a member


def tar_gz(members):
    """An archive of `{name: content}`, the same bytes whenever it is made."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def made_up(name):
    """Images and labels uint8 of the members of a distribution, by file."""
    distribution, draw = MODULES[name].DISTRIBUTION, np.random.default_rng(0)
    found = {}
    for member in (*distribution.train, distribution.test):
        count = TEST if member == distribution.test else TRAIN
        labels = [draw.integers(0, classes, count, np.uint8) for _, classes in distribution.labels]
        images = draw.integers(0, 256, (count, 32, 32, 3), np.uint8)
        found[member.file] = images, np.stack(labels, 1)
    return found


def archive_of(distribution, contents):
    """An archive with contents by file, beside a file that is not read."""
    inside = {f"{distribution.folder}/{file}": content for file, content in contents.items()}
    return tar_gz({f"{distribution.folder}/readme.html": b"<p>", **inside})


def pinned(distribution, contents, archive):
    """The distribution whose archive and members have these contents."""

    def stored(member):
        content = contents[member.file]
        return Stored(member.file, len(content), sha256(content))

    return dataclasses.replace(
        distribution,
        archive=Stored(distribution.archive.file, len(archive), sha256(archive)),
        train=tuple(map(stored, distribution.train)),
        test=stored(distribution.test),
    )


@pytest.fixture(params=list(MODULES))
def official(request, places, monkeypatch):
    """One of the two data sets in a made-up archive, in a folder of its own."""
    module, parts = MODULES[request.param], made_up(request.param)
    contents = {file: records_of(*part).tobytes() for file, part in parts.items()}
    content = archive_of(module.DISTRIBUTION, contents)
    monkeypatch.setattr(module, "DISTRIBUTION", pinned(module.DISTRIBUTION, contents, content))
    folder = places.root / "files"
    folder.mkdir()
    path = folder / module.DISTRIBUTION.archive.file
    path.write_bytes(content)
    *train, test = parts.values()
    return SimpleNamespace(
        name=request.param,
        module=module,
        folder=folder,
        path=path,
        contents=contents,
        train=[np.concatenate(arrays) for arrays in zip(*train, strict=True)],
        test=test,
        cache=places.cache.with_name(f"{request.param}.npz"),
        places=places,
    )
