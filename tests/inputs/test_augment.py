"""What every augmentation keeps to, flips and crops, and rectangles that are erased."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fast_compilation import fast_jit
from spikejax.data import Split
from spikejax.inputs import AUGMENTATIONS, Crop, CutMix, Cutout, Flip, RandomErasing

KEY = jax.random.key(0)
IMAGES = Split(np.random.default_rng(0).integers(0, 256, (64, 6, 5, 2), np.uint8), np.arange(64))
COLOURED = Split(
    np.random.default_rng(0).integers(0, 256, (64, 8, 9, 3), np.uint8), np.arange(64) % 10
)
MIXING = ("mixup", "cutmix", "mixup_or_cutmix")
OF_IMAGES = [name for name in AUGMENTATIONS if name != "spike_train_augment"]


def made(name):
    return AUGMENTATIONS[name](classes=10) if name in MIXING else AUGMENTATIONS[name]()


@pytest.mark.parametrize("name", OF_IMAGES)
def test_an_augmentation_is_decided_by_its_key(name):
    """Of images and frames alike, and the same in a compiled program."""
    change = fast_jit(made(name))
    frames = Split(COLOURED.inputs.reshape(16, 4, 8, 9, 3), COLOURED.labels[:16])
    for batch in (COLOURED, frames):
        once, again = change(batch, KEY), change(batch, KEY)
        np.testing.assert_array_equal(once.inputs, again.inputs)
        np.testing.assert_array_equal(once.labels, again.labels)
        assert np.any(once.inputs != change(batch, jax.random.key(1)).inputs)
        assert once.inputs.shape == batch.inputs.shape
        if name in MIXING:
            assert once.labels.shape == (len(batch.labels), 10)
        else:
            assert once.inputs.dtype == np.uint8
            np.testing.assert_array_equal(once.labels, batch.labels)
    with pytest.raises(ValueError, match=r"expects images \[B, H, W, C\] or frames"):
        made(name)(Split(np.zeros((4, 9, 2)), np.zeros(4, int)), KEY)


@pytest.mark.parametrize("name", [name for name in OF_IMAGES if name not in MIXING])
def test_all_frames_of_a_sample_are_changed_alike(name):
    """Frames that are equal stay equal, and those of two samples are changed in different ways."""
    images = np.repeat(COLOURED.inputs[:1], 32, 0)
    frames = Split(np.repeat(images[:, None], 3, 1), COLOURED.labels[:32])
    found = np.asarray(made(name)(frames, KEY).inputs)
    np.testing.assert_array_equal(found, np.repeat(found[:, :1], 3, 1))
    assert len({sample.tobytes() for sample in found}) > 1


def test_a_flip_is_a_flip_or_nothing():
    found = np.asarray(Flip(probability=0.5)(IMAGES, KEY).inputs)
    flipped = [bool((x == y[:, ::-1]).all()) for x, y in zip(found, IMAGES.inputs, strict=True)]
    same = [bool((x == y).all()) for x, y in zip(found, IMAGES.inputs, strict=True)]
    assert all(a != b for a, b in zip(flipped, same, strict=True)) and 16 < sum(flipped) < 48
    assert found.dtype == np.uint8


def test_a_crop_shifts_each_sample():
    found = np.asarray(Crop(padding=2)(IMAGES, KEY).inputs)
    padded = np.pad(IMAGES.inputs, ((0, 0), (2, 2), (2, 2), (0, 0)))
    shifts = set()
    for image, whole in zip(found, padded, strict=True):
        places = [
            (i, j)
            for i in range(5)
            for j in range(5)
            if (whole[i : i + 6, j : j + 5] == image).all()
        ]
        assert len(places) == 1
        shifts |= set(places)
    assert len(shifts) > 15


def rectangles(change, sizes, count=400, channels=2):
    """What is changed in images of ones: `(top, bottom, left, right)` of each, None for no pixel."""
    ones = Split(np.ones((count, *sizes, channels), np.float32), np.zeros(count, int))
    boxes = []
    for image in np.asarray(change(ones, KEY).inputs):
        changed = image != 1
        assert np.array_equal(changed, np.repeat(changed[..., :1], channels, -1))
        rows, columns = np.nonzero(changed.any((1, 2)))[0], np.nonzero(changed.any((0, 2)))[0]
        if not len(rows):
            boxes.append(None)
            continue
        box = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        assert changed[..., 0].sum() == (box[1] - box[0]) * (box[3] - box[2])
        boxes.append(box)
    return boxes


def test_erased_rectangles():
    """Areas, ratios and positions within what was asked for, up to the rounding of sides."""
    change = RandomErasing(
        probability=0.5, area_low=0.1, area_high=0.3, ratio_low=0.5, ratio_high=2.0, fill=7.0
    )
    boxes = rectangles(change, (40, 60))
    erased = np.array([box for box in boxes if box is not None])
    assert 150 < len(erased) < 250  # binomial: 200 ± 5 standard deviations
    heights, widths = erased[:, 1] - erased[:, 0], erased[:, 3] - erased[:, 2]
    areas, ratios = heights * widths / 2400, heights / widths
    assert 0.09 < areas.min() < 0.12 and 0.28 < areas.max() < 0.31
    assert 0.47 < ratios.min() < 0.6 and 1.7 < ratios.max() < 2.1
    assert abs(np.log(ratios).mean()) < 0.1 and abs(areas.mean() - 0.2) < 0.02
    assert heights.max() < 40 and widths.max() < 60
    share = erased[:, 0] / (40 - heights)  # uniform positions
    assert share.min() == 0 and share.max() == 1 and abs(share.mean() - 0.5) < 0.06


def test_a_rectangle_that_never_fits_is_none():
    change = RandomErasing(
        probability=1.0, area_low=0.9, area_high=1.0, ratio_low=4.0, ratio_high=4.0
    )
    assert rectangles(change, (8, 8), 20) == [None] * 20


def test_what_is_erased_is_filled():
    change = RandomErasing(probability=1.0, fill=jnp.array([125.307, 122.95, 113.87]))
    found = np.asarray(change(COLOURED, KEY).inputs)
    erased = (found != COLOURED.inputs).all(-1)
    assert erased.any()
    np.testing.assert_array_equal(found[erased], np.tile([125, 123, 114], (erased.sum(), 1)))
    with pytest.raises(ValueError, match="area_low of at most area_high = 0.1, found 0.2"):
        RandomErasing(area_low=0.2, area_high=0.1, fill=np.zeros(3))
    with pytest.raises(
        ValueError, match=r"one per channel of \[\.\.\., C = 2\], found shape \(3,\)"
    ):
        change(IMAGES, KEY)


def test_cut_out_squares():
    boxes = np.array(rectangles(Cutout(length=4), (10, 12)))
    heights, widths = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
    # Centres in the middle leave it whole; at the edges 2 or 3 of 4 rows are left.
    assert set(heights) == {2, 3, 4} and set(widths) == {2, 3, 4}
    assert abs((heights == 4).mean() - 7 / 10) < 0.12 and abs((widths == 4).mean() - 9 / 12) < 0.12


def test_cutmix_rectangles():
    """The sides of a rectangle have the ratio of the image's, and the labels say what is there."""
    areas = []
    for seed in range(40):
        batch = Split(np.arange(4.0)[:, None, None, None] * np.ones((4, 20, 40, 1)), np.arange(4))
        found = CutMix(classes=4)(batch, jax.random.key(seed))
        other = np.asarray(found.inputs[1] == 0)
        np.testing.assert_array_equal(other, np.asarray(found.inputs[0] == 3))
        expected = [other.mean(), 1 - other.mean(), 0, 0]
        np.testing.assert_allclose(found.labels[1], expected, atol=1e-6)
        areas.append(other.mean())
    assert min(areas) < 0.2 and max(areas) > 0.5 and 0.2 < np.mean(areas) < 0.6
