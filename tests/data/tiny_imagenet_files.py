"""A made-up Tiny ImageNet of 3 classes and 8x8 pixels: 24 training and 5 test images in a ZIP file of JPEG images."""

import io
import zipfile
from types import SimpleNamespace

import pytest

from files import sha256
from spikejax.data import tiny_imagenet
from spikejax.data.core.stored import Stored

SIDE, CLASSES, PER_CLASS, TEST = 8, 3, 8, 5
NAMES = ["n300", "n100", "n200"]  # the order of wnids.txt is no alphabetical one
TEST_NAMES = ["n200", "n300", "n100", "n100", "n300"]
FOLDER = "tiny-imagenet-200"


def jpeg(value, side=SIDE, mode="RGB"):
    """An image of one grey value, which JPEG stores exactly."""
    image = pytest.importorskip("PIL.Image")
    found = io.BytesIO()
    image.new(mode, (side, side), value if mode == "L" else (value,) * 3).save(found, "JPEG")
    return found.getvalue()


def contents():
    """By name: training image k of class c has the value 10 k + c, test image k the value 100 + k."""
    found = {f"{FOLDER}/wnids.txt": "\n".join(NAMES).encode() + b"\n"}
    for number, name in enumerate(NAMES):
        for k in range(PER_CLASS):
            mode = "L" if k == 0 else "RGB"  # some are grey
            found[f"{FOLDER}/train/{name}/images/{name}_{k}.JPEG"] = jpeg(
                10 * k + number, mode=mode
            )
    lines = [f"val_{k}.JPEG\t{name}\t0\t0\t7\t7" for k, name in enumerate(TEST_NAMES)]
    found[f"{FOLDER}/val/val_annotations.txt"] = "\n".join(reversed(lines)).encode()
    for k in range(TEST):
        found[f"{FOLDER}/val/images/val_{k}.JPEG"] = jpeg(100 + k)
    found[f"{FOLDER}/test/images/test_0.JPEG"] = b"not read"
    return found


def write(path, members):
    """A ZIP file, whose length and checksum are returned."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content)
    content = path.read_bytes()
    return Stored(path.name, len(content), sha256(content))


@pytest.fixture
def photographs(places, monkeypatch):
    """The archive in a folder of its own; `rewrite(members)` replaces it by one that passes as the official one."""
    members = contents()
    sizes = {"SIDE": SIDE, "CLASSES": CLASSES, "TRAIN_PER_CLASS": PER_CLASS, "TEST": TEST}
    for name, value in sizes.items():
        monkeypatch.setattr(tiny_imagenet, name, value)
    folder = places.root / "files"
    folder.mkdir()
    path = folder / tiny_imagenet.ARCHIVE.file

    def rewrite(other):
        monkeypatch.setattr(tiny_imagenet, "ARCHIVE", write(path, other))

    rewrite(members)
    return SimpleNamespace(
        folder=folder,
        path=path,
        members=members,
        rewrite=rewrite,
        cache=places.cache.with_name("tiny_imagenet.npz"),
        values=[10 * k + number for k in range(PER_CLASS) for number in range(CLASSES)],
        test_labels=[NAMES.index(name) for name in TEST_NAMES],
    )
