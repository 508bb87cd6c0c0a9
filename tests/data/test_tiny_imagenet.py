"""Tiny ImageNet from its archive: order, labels, cache, streaming, damaged images."""

import pickle
import sys

import numpy as np
import pytest

from spikejax import data
from spikejax.data import CorruptData, MissingData, tiny_imagenet
from spikejax.data.tiny_imagenet import TinyImageNet
from tiny_imagenet_files import CLASSES, FOLDER, PER_CLASS, SIDE, TEST, jpeg


def values(images):
    """The grey value of each image."""
    images = np.asarray(images)
    assert images.dtype == np.uint8 and images.shape[1:] == (SIDE, SIDE, 3)
    assert (images == images[:, :1, :1, :1]).all()
    return images[:, 0, 0, 0].tolist()


def test_the_classes_in_turn(photographs):
    found = TinyImageNet().load(photographs.folder)
    assert values(found.train.inputs) == photographs.values
    assert found.train.labels.tolist() == list(range(CLASSES)) * PER_CLASS
    assert values(found.test.inputs) == list(range(100, 100 + TEST))
    assert found.test.labels.tolist() == photographs.test_labels
    assert found.classes == CLASSES and found.kind == "image" and found.scale == 255
    assert "of the official validation set for test" in found.note


def test_a_part_of_it(photographs):
    part = TinyImageNet(train=7, test=2).load(photographs.folder)
    assert values(part.train.inputs) == photographs.values[:7]
    assert part.test.labels.tolist() == photographs.test_labels[:2]
    assert not photographs.cache.exists()  # which is of the whole data set


def test_decoded_once(photographs):
    whole = TinyImageNet().load(photographs.folder)
    photographs.path.unlink()
    assert TinyImageNet().load() == whole  # from the cache
    part = TinyImageNet(train=4).load()
    assert values(part.train.inputs) == photographs.values[:4] and part.test.count == TEST
    assert (str(photographs.cache), True) in TinyImageNet().looked_in()
    content = photographs.cache.read_bytes()
    photographs.cache.write_bytes(content[:900] + b"!!" + content[902:])
    with pytest.raises(CorruptData, match=f"the cache {photographs.cache}: expected"):
        TinyImageNet().load()


def test_what_to_fetch(photographs, tmp_path):
    archive = tiny_imagenet.ARCHIVE
    with pytest.raises(MissingData) as caught:
        data.load("tiny_imagenet", tmp_path)
    for text in (archive.file, archive.sha256, f"{archive.length} bytes", tiny_imagenet.ADDRESS):
        assert text in str(caught.value)
    assert str(tmp_path) in str(caught.value) and "SPIKEJAX_DATA_DIR" in str(caught.value)


def test_downloaded(photographs, serve, monkeypatch, tmp_path, capsys):
    with serve(photographs.folder) as url:
        monkeypatch.setattr(tiny_imagenet, "ADDRESS", url + photographs.path.name)
        found = data.load("tiny_imagenet", tmp_path / "new", download=True)
    assert values(found.train.inputs) == photographs.values
    assert (tmp_path / "new" / photographs.path.name).exists()
    assert "downloading Tiny ImageNet from http" in capsys.readouterr().err


def test_pillow_is_named(photographs, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    for read in (TinyImageNet().load, lambda folder: TinyImageNet().stream("train", folder)):
        with pytest.raises(ModuleNotFoundError, match=r"PIL is not .*pip install .*spikejax\[all"):
            read(photographs.folder)


# One by one


def test_images_one_by_one(photographs):
    images = TinyImageNet().stream("train", photographs.folder)
    assert (
        len(images) == PER_CLASS * CLASSES
        and len(TinyImageNet(train=5).stream("train", photographs.folder)) == 5
    )
    found = [images[i] for i in range(len(images))]
    assert values([x.inputs for x in found]) == photographs.values
    assert [int(x.labels) for x in found] == list(range(CLASSES)) * PER_CLASS
    assert found[0].labels.dtype == np.int32
    test = TinyImageNet().stream("test", photographs.folder)
    assert [int(test[i].labels) for i in range(TEST)] == photographs.test_labels
    again = pickle.loads(pickle.dumps(images))  # as another process gets it
    np.testing.assert_array_equal(again[4].inputs, images[4].inputs)
    with pytest.raises(ValueError, match="a split of .*'train', 'test'.*, found 'val'"):
        TinyImageNet().stream("val", photographs.folder)


def test_other_images_do_not_matter_until_they_are_asked_for(photographs):
    photographs.rewrite(photographs.members | {f"{FOLDER}/train/n100/images/n100_2.JPEG": b"?"})
    images = TinyImageNet().stream("train", photographs.folder)
    place = 2 * CLASSES + 1
    assert values([images[place - 1].inputs]) == [photographs.values[place - 1]]
    with pytest.raises(CorruptData, match="n100_2.JPEG as a JPEG image of 8x8 pixels"):
        images[place]


# What is refused

IMAGE = f"{FOLDER}/val/images/val_3.JPEG"
ANNOTATIONS = f"{FOLDER}/val/val_annotations.txt"
DAMAGE = {
    "no image": ({IMAGE: b"GIF89a"}, "val_3.JPEG as a JPEG image .*found another format"),
    "cut": ({IMAGE: lambda x: x[:-10]}, "val_3.JPEG as a JPEG image .*found Truncated"),
    "larger": ({IMAGE: jpeg(9, side=16)}, "val_3.JPEG as .* of 8x8 pixels, found one of 16x16"),
    "long": ({IMAGE: bytes(2**20 + 1)}, "at most 1048576 bytes of .*val_3.JPEG, found 1048577"),
    "absent": ({IMAGE: None}, "expected .*val_3.JPEG in a whole ZIP file, found .*no item"),
    "fewer classes": ({f"{FOLDER}/wnids.txt": b"n100\nn200"}, "3 classes in wnids.txt, found 2"),
    "no classes": ({f"{FOLDER}/wnids.txt": None}, "wnids.txt in a whole ZIP file"),
    "another class": (
        {ANNOTATIONS: lambda x: x.replace(b"n200", b"n999")},
        r"class of wnids.txt in each line of val_annotations.txt, found 'val_0.JPEG\\tn999",
    ),
    "an empty line": ({ANNOTATIONS: lambda x: x + b"\n\n"}, "in each line .*, found ''"),
    "fewer labels": (
        {ANNOTATIONS: lambda x: x[: x.rindex(b"\n")]},
        "val_0.JPEG to val_4.JPEG in val_annotations.txt, found 4 files",
    ),
}


@pytest.mark.parametrize("changes, message", DAMAGE.values(), ids=list(DAMAGE))
def test_archives_that_are_other_ones(photographs, changes, message):
    members = dict(photographs.members)
    for name, change in changes.items():
        content = change(members[name]) if callable(change) else change
        if content is None:
            del members[name]
        else:
            members[name] = content
    photographs.rewrite(members)
    with pytest.raises(CorruptData, match=f"{photographs.path}: .*{message}"):
        TinyImageNet().load(photographs.folder)
    assert not photographs.cache.exists()


def test_a_damaged_archive(photographs, monkeypatch):
    content = photographs.path.read_bytes()
    photographs.path.write_bytes(content[:-9])
    with pytest.raises(CorruptData, match=f"{photographs.path}: expected sha256 .*delete it"):
        TinyImageNet().load(photographs.folder)
    # What the reader itself says.
    place = content.index(photographs.members[IMAGE])
    for other in (content[:-9], content[: place + 90] + b"!" + content[place + 91 :]):
        photographs.path.write_bytes(other)
        monkeypatch.setattr(tiny_imagenet, "verify", lambda path, stored: None)
        with pytest.raises(CorruptData, match="in a whole ZIP file, found that it cannot be read"):
            TinyImageNet().load(photographs.folder)
