"""Policies of augmentation: which operations they choose how often, and of which magnitudes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.data import Split
from spikejax.inputs import EventAugment, RandAugment, RandomErasing, TrivialAugmentWide
from spikejax.inputs.augment.operations import Operation, magnitudes, operated

KEY, COUNT = jax.random.key(0), 560
DRAW = np.random.default_rng(0)
COARSE = DRAW.uniform(40, 200, (6, 8, 3)).repeat(4, 0).repeat(4, 1)
IMAGE = (COARSE + DRAW.normal(0, 12, COARSE.shape)).astype(np.uint8)
MODERATE = {"shear": 0.3, "degrees": 30, "factor": 0.9, "bits": 4}
WIDE = {"shear": 0.99, "shift": (32, 32), "degrees": 135, "factor": 0.99, "bits": 6}
SIGNED = range(Operation.SHEAR_X, Operation.SHARPNESS + 1)


def candidates(limits, numbers):
    """The operations and the images of bytes `[N, pixels]` that they make out of `IMAGE`."""
    table = magnitudes(31, **limits)
    rows = [
        (kind, sign * table[kind, number])
        for kind in Operation
        for number in numbers
        for sign in ((1, -1) if kind in SIGNED else (1,))
    ]
    kinds, values = map(np.array, zip(*rows, strict=True))
    every = jax.jit(jax.vmap(lambda k, m: operated(jnp.asarray(IMAGE), k, m, "nearest")))
    return kinds, np.asarray(every(kinds, values.astype(np.float32))).reshape(len(rows), -1)


@pytest.mark.parametrize(
    "policy, limits, numbers",
    [
        (RandAugment(count=1), MODERATE | {"shift": (150 / 331 * 32, 150 / 331 * 24)}, (9,)),
        (TrivialAugmentWide(), WIDE, tuple(range(31))),
    ],
    ids=["RandAugment", "TrivialAugmentWide"],
)
def test_operations_are_chosen_alike(policy, limits, numbers):
    """Every image is one that the policy may make, and every operation makes about a 14th of them."""
    kinds, images = candidates(limits, numbers)
    batch = Split(np.repeat(IMAGE[None], COUNT, 0), np.zeros(COUNT, int))
    one, places = [], set()
    for image in np.asarray(jax.jit(policy)(batch, KEY).inputs).reshape(COUNT, -1):
        # In another program a few values may be truncated to a neighbour.
        differ = (images != image).mean(1)
        assert differ.min() < 0.02
        places.add(int(differ.argmin()))
        nearest_kinds = set(kinds[differ <= differ.min()].tolist())
        one += nearest_kinds if len(nearest_kinds) == 1 else []
    counts = np.bincount(one, minlength=len(Operation))
    # 40 are expected, ± 4 standard deviations; fewer where weak operations look alike.
    assert counts[1:].min() > 15 and counts.max() < 65
    assert len(places) > 15


def test_several_operations_follow_each_other():
    """Two operations out of those of one magnitude: each image is made by some pair."""
    limits = MODERATE | {"shift": (150 / 331 * 32, 150 / 331 * 24)}
    table = magnitudes(31, **limits)[:, 9]
    rows = [(k, s * table[k]) for k in Operation for s in ((1, -1) if k in SIGNED else (1,))]
    kinds, values = map(np.array, zip(*rows, strict=True))
    kinds, values = jnp.asarray(kinds), jnp.asarray(values, jnp.float32)

    def all_of(image):
        return jax.vmap(lambda k, m: operated(image, k, m, "nearest"))(kinds, values)

    pairs = np.asarray(jax.jit(lambda x: jax.vmap(all_of)(all_of(x)))(jnp.asarray(IMAGE)))
    known = {image.tobytes() for image in pairs.reshape(-1, *IMAGE.shape)}
    batch = Split(np.repeat(IMAGE[None], 64, 0), np.zeros(64, int))
    found = np.asarray(jax.jit(RandAugment())(batch, KEY).inputs)
    assert all(image.tobytes() in known for image in found)
    assert len({image.tobytes() for image in found}) > 40


@pytest.mark.parametrize("policy", [RandAugment(), TrivialAugmentWide()])
def test_images_that_policies_cannot_change(policy):
    batch = Split(np.zeros((2, 8, 8, 3), np.float32), np.zeros(2, int))
    with pytest.raises(ValueError, match="expects images of bytes, uint8, .* found float32"):
        policy(batch, KEY)
    with pytest.raises(ValueError, match=r"with 1 or 3 channels, found uint8 \[2, 8, 8, 2\]"):
        policy(Split(np.zeros((2, 8, 8, 2), np.uint8), np.zeros(2, int)), KEY)
    with pytest.raises(ValueError, match="a magnitude from 0 to 30 for 31 bins, found 31"):
        RandAugment(magnitude=31)


def nearest(frames, inverse):
    """Frames `[T, H, W, C]` whose pixel at (x, y) about the centre is the one nearest to `inverse(x, y)`, in NumPy."""
    height, width = frames.shape[1:3]
    found = np.zeros_like(frames)
    for i in range(height):
        for j in range(width):
            x, y = inverse(j + 0.5 - width / 2, i + 0.5 - height / 2)
            row, column = int(np.floor(y + height / 2)), int(np.floor(x + width / 2))
            if 0 <= row < height and 0 <= column < width:
                found[:, i, j] = frames[:, row, column]
    return found


@pytest.mark.parametrize("share", [1.0, -0.6])
def test_operations_on_events_by_hand(share):
    frames = DRAW.integers(1, 5, (3, 11, 14, 2)).astype(np.float32)
    angle, shift = np.deg2rad(30 * share), int(5 * share)
    cosine, sine = np.cos(angle), np.sin(angle)
    maps = [
        lambda x, y: (x, y),
        lambda x, y: (x + np.tan(0.3 * share) * y, y),
        lambda x, y: (x - shift, y),
        lambda x, y: (x, y - shift),
        lambda x, y: (cosine * x - sine * y, sine * x + cosine * y),
    ]
    box = tuple(map(jnp.asarray, (2, 5, 3, 9)))
    change = jax.jit(
        lambda kind: EventAugment().operated(jnp.asarray(frames), kind, jnp.float32(share), box)
    )
    for kind, inverse in enumerate(maps):
        found = change(kind)
        np.testing.assert_array_equal(found, nearest(frames, inverse))
    erased = frames.copy()
    erased[:, 2:5, 3:9] = 0
    found = change(5)
    np.testing.assert_array_equal(found, erased)


def test_operations_on_events_are_chosen_alike():
    """Of frames of ones, what is left tells the operation; erased areas are those of the rectangle."""
    ones = np.ones((600, 1, 20, 20, 1), np.uint8)
    erasing = RandomErasing(
        probability=0.5, area_low=0.3, area_high=0.33, ratio_low=1.0, ratio_high=1.0
    )
    change = EventAugment(cutout=erasing, shift=20.0, bins=2)
    found = np.asarray(jax.jit(change)(Split(ones, np.zeros(600, int)), KEY).inputs)[:, 0, ..., 0]
    areas = (found == 0).sum((1, 2))
    # Translated by all of the image it is empty; 11 by 11 pixels are erased in half of a sixth, nothing in the other.
    for which, share in ((areas == 0, 3 / 12), (areas == 400, 2 / 6), (areas == 121, 1 / 12)):
        assert abs(which.mean() - share) < 4 * np.sqrt(share * (1 - share) / 600)
