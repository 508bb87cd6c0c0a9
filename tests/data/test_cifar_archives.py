"""CIFAR-10 and CIFAR-100 from their binary archives: what is read, where it is found, what is refused."""

import pickle

import numpy as np
import pytest

from cifar_files import MODULES, archive_of, pinned
from files import REAL, real, sha256
from spikejax import data
from spikejax.data import CorruptData, MissingData, cifar10, cifar10_subset
from spikejax.data.cifar10 import CIFAR10
from spikejax.data.cifar100 import CIFAR100
from spikejax.data.formats.cifar_binary import images_of, records_of


def assert_whole(found, official):
    for split, (images, labels) in ((found.train, official.train), (found.test, official.test)):
        np.testing.assert_array_equal(split.inputs, images)
        np.testing.assert_array_equal(split.labels, labels[:, -1])
        assert split.labels.dtype == np.int32 and split.inputs.dtype == np.uint8


def test_a_pixel_is_where_the_format_says():
    """A record is its label, then the planes red, green and blue, row by row."""
    record = np.zeros((1, 3073), np.uint8)
    record[0, 0], record[0, 1 + 1024 + 32 * 5 + 7] = 9, 200
    (image,) = images_of(record)
    assert image[5, 7].tolist() == [0, 200, 0] and image.sum() == 200
    np.testing.assert_array_equal(records_of(image[None], np.array([[9]], np.uint8)), record)


@pytest.mark.parametrize("place", [".", "subfolder"])
def test_from_the_archive_then_from_the_cache(official, place):
    home = official.folder
    if place == "subfolder":
        (home / official.name).mkdir()
        official.path.rename(home / official.name / official.path.name)
    assert_whole(data.load(official.name, home), official)
    assert [file.name for file in official.cache.parent.iterdir()] == [official.cache.name]
    found = data.load(official.name)  # no directory is named: this is the cache
    assert_whole(found, official)
    assert found.kind == "image" and found.scale == 255 and found.name == official.name
    assert (str(official.cache), True) in data.SOURCES[official.name]().looked_in()


def test_sizes_and_labels(official):
    source = data.SOURCES[official.name]
    whole, fewer = (source(**k).load(official.folder) for k in ({}, {"train": 2, "test": 1}))
    assert (fewer.train.count, fewer.test.count) == (2, 1) and fewer.checksum != whole.checksum
    assert "2 training and 1 test images" in fewer.note
    np.testing.assert_array_equal(fewer.train.inputs, whole.train.inputs[:2])
    if official.name == "cifar100":
        coarse = CIFAR100(labels="coarse").load(official.folder)
        assert (coarse.classes, whole.classes) == (20, 100)
        np.testing.assert_array_equal(coarse.test.labels, official.test[1][:, 0])
        assert coarse.checksum != whole.checksum and "coarse labels" in coarse.note
        with pytest.raises(ValueError, match="labels must be one of .*'fine', 'coarse'"):
            CIFAR100(labels="superclass")


def test_what_to_fetch(official, tmp_path):
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    archive = official.module.DISTRIBUTION.archive
    with pytest.raises(MissingData) as caught:
        data.load(official.name, nowhere)
    words = (archive.file, archive.sha256, f"{archive.length} bytes", "SPIKEJAX_DATA_DIR")
    for text in (*words, official.module.DISTRIBUTION.address, str(nowhere), "a download of"):
        assert text in str(caught.value)
    assert "\n" not in str(caught.value) and "pickled" not in str(caught.value)


def test_pickles_are_not_read(official, tmp_path):
    class Code:
        def __reduce__(self):
            return (pytest.fail, ("run",))

    python = official.folder / official.path.name.replace("binary", "python")
    python.write_bytes(pickle.dumps(Code()))
    official.path.unlink()
    with pytest.raises(MissingData, match=f"{python} is the Python version, whose files are pick"):
        data.load(official.name, official.folder)


# What is refused


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_another_archive(official, damage):
    content = official.path.read_bytes()
    other = content[:-50] if damage == "truncated" else content[:500] + b"!" + content[501:]
    official.path.write_bytes(other)
    with pytest.raises(CorruptData, match=f"{official.path}: expected sha256 .*; delete it and"):
        data.load(official.name, official.folder)
    assert not official.cache.exists()


def reading(official, monkeypatch, content, contents=None):
    """Loads an archive that has the recorded checksum, whatever is in it."""
    official.path.write_bytes(content)
    distribution = pinned(official.module.DISTRIBUTION, contents or official.contents, content)
    monkeypatch.setattr(official.module, "DISTRIBUTION", distribution)
    return data.load(official.name, official.folder)


def test_an_archive_that_cannot_be_unpacked(official, monkeypatch):
    content = official.path.read_bytes()
    for other in (content[:5000], b"no archive", b""):
        with pytest.raises(CorruptData, match=f"{official.path}: expected a whole .tar.gz"):
            reading(official, monkeypatch, other)


def test_members_that_are_other_ones(official, monkeypatch):
    distribution, contents = official.module.DISTRIBUTION, official.contents
    last = list(contents)[-1]

    def refused(other, message):
        with pytest.raises(CorruptData, match=message):
            reading(official, monkeypatch, archive_of(distribution, other), contents)

    rest = {file: content for file, content in contents.items() if file != last}
    refused(rest, f"expected .*{last}, found no .*{last}; delete it")
    shorter = contents[last][:-1]
    refused(rest | {last: shorter}, rf"expected {len(contents[last])} bytes of .*{last}, found")
    flipped = shorter + bytes((contents[last][-1] ^ 1,))
    refused(rest | {last: flipped}, f"expected sha256 .* of {last}, found sha256 {sha256(flipped)}")


def test_labels_that_are_no_classes(official, monkeypatch):
    (images, labels), file = official.test, list(official.contents)[-1]
    for column, (name, classes) in enumerate(official.module.DISTRIBUTION.labels):
        wrong = labels.copy()
        wrong[2, column] = classes
        contents = official.contents | {file: records_of(images, wrong).tobytes()}
        archive = archive_of(official.module.DISTRIBUTION, contents)
        expected = f"values of {name} from 0 to {classes - 1}, found {classes}"
        with pytest.raises(CorruptData, match=expected):
            reading(official, monkeypatch, archive, contents)


def test_a_damaged_cache_is_rebuilt_or_named(official):
    data.load(official.name, official.folder)
    whole = official.cache.read_bytes()
    np.savez(official.cache, **{k: np.load(official.cache)[k] ^ 1 for k in ("train", "test")})
    with pytest.raises(CorruptData, match=f"the cache {official.cache}: expected sha256"):
        data.load(official.name)
    assert_whole(data.load(official.name, official.folder), official)
    assert official.cache.read_bytes() == whole


# CIFAR-10 itself, as far as it is there


@real("cifar10_20k_5k.npz")
def test_the_real_images_are_those_of_the_archive():
    """The subset, written back as records, has the checksums of the first two members."""
    found = data.load("cifar10_subset", REAL)
    records = records_of(found.train.inputs, found.train.labels.astype(np.uint8)[:, None])
    for number, member in enumerate(cifar10.DISTRIBUTION.train[:2]):
        content = records[number * 10_000 : (number + 1) * 10_000].tobytes()
        assert (len(content), sha256(content)) == (member.length, member.sha256)


@real("cifar10_20k_5k.npz")
def test_real_images_through_an_archive(places, monkeypatch):
    subset = cifar10_subset.CIFAR10Subset(train=500, test=100).load(REAL)
    records = [
        records_of(split.inputs, split.labels.astype(np.uint8)[:, None])
        for split in (subset.train, subset.test)
    ]
    parts = [*np.split(records[0], 5), records[1]]
    members = (*cifar10.DISTRIBUTION.train, cifar10.DISTRIBUTION.test)
    contents = {m.file: part.tobytes() for m, part in zip(members, parts, strict=True)}
    content = archive_of(cifar10.DISTRIBUTION, contents)
    distribution = pinned(cifar10.DISTRIBUTION, contents, content)
    monkeypatch.setattr(cifar10, "DISTRIBUTION", distribution)
    (places.root / distribution.archive.file).write_bytes(content)
    found = CIFAR10().load(places.root)
    assert found.checksum == subset.checksum


@pytest.mark.parametrize("name", MODULES)
def test_the_distributions_have_the_published_sizes(name):
    distribution = MODULES[name].DISTRIBUTION
    train = sum(member.length for member in distribution.train)
    counts = train / distribution.width, distribution.test.length / distribution.width
    assert counts == (50_000, 10_000) and sum(counts) == data.SOURCES[name].facts.samples
