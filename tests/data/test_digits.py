"""The packaged digits: the published ones, split once and for all."""

import numpy as np
import pytest

from files import sha256
from spikejax import data
from spikejax.data import digits
from spikejax.data.core.dataset import CorruptData, MissingData

ZERO = [
    [0, 0, 5, 13, 9, 1, 0, 0],
    [0, 0, 13, 15, 10, 15, 5, 0],
    [0, 3, 15, 2, 0, 11, 8, 0],
    [0, 4, 12, 0, 0, 8, 8, 0],
    [0, 5, 8, 0, 0, 9, 8, 0],
    [0, 4, 11, 0, 1, 12, 7, 0],
    [0, 2, 14, 5, 10, 12, 0, 0],
    [0, 0, 6, 13, 10, 0, 0, 0],
]


def test_digits_are_the_published_ones():
    images, labels = digits.read()
    assert images.shape == (1797, 8, 8) and images.dtype == np.uint8
    assert images.min() == 0 and images.max() == 16 and images.sum() == 561718
    assert images[0].tolist() == ZERO
    assert labels[:10].tolist() == list(range(10))
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert digits.FILE.stat().st_size < 100_000
    assert "CC BY 4.0" in digits.FILE.with_name("digits.LICENCE.txt").read_text()


def test_digits_split_is_fixed_and_stratified():
    dataset = data.load("digits")
    assert dataset.train.inputs.shape == (1437, 64, 1)
    assert dataset.test.inputs.shape == (360, 64, 1)
    assert (dataset.train.count, dataset.test.count) == (1437, 360)
    assert (dataset.classes, dataset.scale) == (10, 16.0)
    # 360/1797 of each class, rounded down: 35 36 35 36 36 36 36 35 34 36, in all 355; the other
    # five go to classes 7, 8, 0, 3 and, of the equal fractions of 1 and 5, to 1.
    assert np.bincount(dataset.test.labels).tolist() == [36, 37, 35, 37, 36, 36, 36, 36, 35, 36]
    chosen = digits.draw_stratified(digits.read()[1], 360, digits.SPLIT_SEED)
    assert sha256(chosen.astype("<i4").tobytes()) == (
        "d2c89307af6fff8d524eb1482f980706b407839789943d0e5d71a9ee9fe1d677"
    )
    assert dataset.checksum == "6ce8ea99d8d7da90496f96d39c6d331dcc5247e81ceedaafe9d8e08e7db54f90"
    # one pixel per step, row by row; sample 0 is for training, sample 5 is the first for testing
    assert dataset.train.inputs[0, :, 0].tolist() == sum(ZERO, [])
    assert dataset.test.inputs[0, :, 0].tolist() == digits.read()[0][5].ravel().tolist()
    source = data.SOURCES["digits"]()
    assert dataset.train.count + dataset.test.count == source.facts.samples
    assert source.looked_in() == [(str(digits.FILE), True)]


def test_digits_file_is_verified(tmp_path):
    broken = tmp_path / "digits.npz"
    with pytest.raises(MissingData, match=f"{broken}, found none; reinstall"):
        digits.read(broken)
    content = digits.FILE.read_bytes()[:-1]
    broken.write_bytes(content)
    message = f"{broken}: expected sha256 .* of 45394 bytes, found 45393 bytes; reinstall spikejax"
    with pytest.raises(CorruptData, match=message):
        digits.read(broken)
    broken.write_bytes(content + b"!")
    found = sha256(content + b"!")
    message = f"{broken}: expected sha256 {digits.STORED.sha256}, found sha256 {found}"
    with pytest.raises(CorruptData, match=message):
        digits.read(broken)
