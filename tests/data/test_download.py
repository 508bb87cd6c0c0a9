"""Downloads: announced, verified, whole or not there; from a server on this machine."""

import dataclasses

import pytest

from files import sha256
from spikejax import data
from spikejax.data import CorruptData, MissingData
from spikejax.data.core.download import fetch
from spikejax.data.core.stored import Stored

CONTENT = bytes(range(256)) * 9


@pytest.fixture
def address(tmp_path, serve):
    (tmp_path / "served").mkdir()
    (tmp_path / "served/x.bin").write_bytes(CONTENT)
    with serve(tmp_path / "served") as url:
        yield f"{url}x.bin"


def stored(content=CONTENT, length=None):
    return Stored("x.bin", len(content) if length is None else length, sha256(content))


def test_a_file_is_announced_and_fetched(tmp_path, address, capsys):
    path = fetch(address, tmp_path / "new/folder", stored(), "the file")
    assert path.read_bytes() == CONTENT and [path] == list(path.parent.iterdir())
    assert f"downloading the file from {address}, 0 MB, to {path}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "expected, message",
    [
        (stored(CONTENT[:-1]), "of 2303 bytes, found sha256 .* of 2304 bytes or more; try again"),
        (stored(CONTENT + b"!"), "of 2305 bytes, found sha256 .* of 2304 bytes; try again"),
        (stored(b"!" + CONTENT[1:]), f"found sha256 {sha256(CONTENT)} of 2304 bytes; try again"),
    ],
    ids=["longer", "shorter", "other"],
)
def test_another_file_is_not_kept(tmp_path, address, expected, message):
    with pytest.raises(
        CorruptData, match=f"{address}: expected sha256 {expected.sha256} .*{message}"
    ):
        fetch(address, tmp_path / "new", expected, "the file")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_failed_download_says_what_to_do(tmp_path, address):
    for where, reason in (
        (address.replace("x.bin", "y.bin"), "HTTPError: .* 404"),
        ("http://127.0.0.1:9/x.bin", "refused"),  # the port where nobody listens
    ):
        with pytest.raises(MissingData, match=f"failed .*{reason}.*fetch x.bin from {where} by"):
            fetch(where, tmp_path / "new", stored(), "the file")
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("named", [True, False], ids=["data directory", "no data directory"])
def test_cifar_is_downloaded_once(official, serve, monkeypatch, capsys, named):
    target = official.places.root / "target" if named else None
    with serve(official.folder) as url:
        distribution = official.module.DISTRIBUTION
        there = dataclasses.replace(distribution, address=url + distribution.archive.file)
        monkeypatch.setattr(official.module, "DISTRIBUTION", there)
        found = data.load(official.name, target, download=True)
    assert found.train.count == len(official.train[1])
    path = (target or official.cache.parent) / distribution.archive.file
    assert path.read_bytes() == official.path.read_bytes()
    assert f"downloading {distribution.title} from {there.address}" in capsys.readouterr().err
    for again in ("cache", "archive"):
        if again == "archive":
            official.cache.unlink()
        assert data.load(official.name, target, download=True) == found
        assert capsys.readouterr().err == ""
