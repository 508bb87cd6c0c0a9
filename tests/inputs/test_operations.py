"""The operations of augmentation policies against Pillow, for which torchvision's policies are written."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.inputs.augment.operations import Operation, magnitudes, operated

pytest.importorskip("PIL")
from PIL import Image, ImageEnhance, ImageOps  # noqa: E402

DRAW = np.random.default_rng(0)
SIZES = (24, 32)


def smooth_image(channels, low=0, high=256):
    """Blobs with noise, so that neighbours resemble each other and values do not fill the range."""
    coarse = DRAW.uniform(low, high, (6, 8, channels)).repeat(4, 0).repeat(4, 1)
    noisy = coarse + DRAW.normal(0, 12, coarse.shape)
    return np.clip(noisy, low, high - 1).astype(np.uint8)


IMAGES = [
    smooth_image(3),
    smooth_image(1),
    smooth_image(3, 60, 170),
    DRAW.integers(0, 256, (*SIZES, 3), np.uint8),
    np.full((*SIZES, 3), 77, np.uint8),
]
FEW = np.stack([smooth_image(3), DRAW.integers(0, 256, (*SIZES, 3), np.uint8)])


def ours(image, operation, magnitude, interpolation="nearest"):
    change = jax.jit(operated, static_argnums=3)
    found = change(
        jnp.asarray(image), jnp.asarray(operation), jnp.float32(magnitude), interpolation
    )
    assert found.dtype == jnp.uint8
    return np.asarray(found).astype(int)


def pillow(image, change):
    """What `change` makes of an image, `[H, W, C]`."""
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    return np.asarray(change(picture)).reshape(image.shape).astype(int)


ENHANCED = {
    Operation.BRIGHTNESS: ImageEnhance.Brightness,
    Operation.COLOUR: ImageEnhance.Color,
    Operation.CONTRAST: ImageEnhance.Contrast,
    Operation.SHARPNESS: ImageEnhance.Sharpness,
}


@pytest.mark.parametrize("operation", ENHANCED)
@pytest.mark.parametrize("magnitude", [-0.9, -0.37, 0.27, 0.99])
def test_enhancement(operation, magnitude):
    """Blended in single precision here and there, so that a product may be truncated to a neighbour."""
    for image in IMAGES:
        expected = pillow(image, lambda x: ENHANCED[operation](x).enhance(1 + magnitude))
        found = ours(image, operation, magnitude)
        assert np.abs(found - expected).max() <= 1 and (found == expected).mean() > 0.99


@pytest.mark.parametrize("operation", ENHANCED)
def test_no_enhancement(operation):
    for image in IMAGES:
        np.testing.assert_array_equal(ours(image, operation, 0.0), image)


@pytest.mark.parametrize("bits", [8, 7, 4, 2, 1])
def test_posterisation(bits):
    for image in IMAGES:
        expected = pillow(image, lambda x: ImageOps.posterize(x, bits))
        np.testing.assert_array_equal(ours(image, Operation.POSTERISE, bits), expected)


@pytest.mark.parametrize("threshold", [255.0, 178.5, 100.0, 0.0])
def test_solarisation(threshold):
    for image in IMAGES:
        expected = pillow(image, lambda x: ImageOps.solarize(x, threshold))
        np.testing.assert_array_equal(ours(image, Operation.SOLARISE, threshold), expected)


def test_equalisation():
    for image in IMAGES:
        expected = pillow(image, ImageOps.equalize)
        np.testing.assert_array_equal(ours(image, Operation.EQUALISE, 0.0), expected)


def test_automatic_contrast():
    """Pillow truncates a product of floats, which may be an integer less a rounding error; here it is the integer."""
    for image in IMAGES:
        expected = pillow(image, ImageOps.autocontrast)
        found = ours(image, Operation.AUTOCONTRAST, 0.0)
        assert np.all((found - expected >= 0) & (found - expected <= 1))
        assert (found == expected).mean() > 0.9
        low, high = image.min((0, 1)).astype(int), image.max((0, 1)).astype(int)
        exact = (image.astype(int) - low) * 255 // np.maximum(high - low, 1)
        np.testing.assert_array_equal(found, np.where(high > low, exact, image))


def test_identity():
    for image in IMAGES:
        for interpolation in ("nearest", "bilinear"):
            np.testing.assert_array_equal(ours(image, 0, 0.0, interpolation), image)


def moved(operation, magnitude, resample):
    """As torchvision has Pillow move an image: shears about the corner, whole translations, `Image.rotate`."""

    def change(picture):
        if operation == Operation.ROTATE:
            return picture.rotate(magnitude, resample)
        matrix = {
            Operation.SHEAR_X: (1, math.tan(math.atan(magnitude)), 0, 0, 1, 0),
            Operation.SHEAR_Y: (1, 0, 0, math.tan(math.atan(magnitude)), 1, 0),
            Operation.TRANSLATE_X: (1, 0, -int(magnitude), 0, 1, 0),
            Operation.TRANSLATE_Y: (1, 0, 0, 0, 1, -int(magnitude)),
        }[operation]
        return picture.transform(picture.size, Image.Transform.AFFINE, matrix, resample)

    return change


MOVES = [
    (Operation.SHEAR_X, 0.27),
    (Operation.SHEAR_X, -0.9),
    (Operation.SHEAR_Y, 0.09),
    (Operation.SHEAR_Y, -0.3),
    (Operation.ROTATE, 9.0),
    (Operation.ROTATE, -30.0),
    (Operation.ROTATE, 121.5),
]


@pytest.mark.parametrize("operation, magnitude", MOVES)
def test_moves_between_pixels(operation, magnitude):
    """Weights are in single precision here and in double there: an integer may be truncated to the one below."""
    for image in IMAGES:
        expected = pillow(image, moved(operation, magnitude, Image.Resampling.BILINEAR))
        found = ours(image, operation, magnitude, "bilinear")
        assert np.abs(found - expected).max() <= 1 and (found == expected).mean() > 0.97


@pytest.mark.parametrize("operation, magnitude", MOVES)
def test_moves_to_the_nearest_pixel(operation, magnitude):
    """Pillow counts in 1/65536 of a pixel, so that one in a thousand may lie on the other side of an edge."""
    for image in IMAGES:
        expected = pillow(image, moved(operation, magnitude, Image.Resampling.NEAREST))
        found = ours(image, operation, magnitude)
        assert (found == expected).all(-1).mean() > 0.998


@pytest.mark.parametrize("magnitude", [4.35, -4.35, 31.0, -9.0])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_translations(magnitude, interpolation):
    resample = Image.Resampling[interpolation.upper()]
    for image in IMAGES:
        for operation in (Operation.TRANSLATE_X, Operation.TRANSLATE_Y):
            expected = pillow(image, moved(operation, magnitude, resample))
            found = ours(image, operation, magnitude, interpolation)
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("operation", Operation)
def test_frames_are_images(operation):
    """Each frame is changed as if it was alone, by the same operation."""
    magnitude = {Operation.POSTERISE: 3, Operation.SOLARISE: 99}.get(operation, 0.3)
    found = ours(FEW, operation, magnitude, "bilinear")
    for frame, image in zip(found, FEW, strict=True):
        np.testing.assert_array_equal(frame, ours(image, operation, magnitude, "bilinear"))


def test_magnitudes_by_hand():
    table = magnitudes(31, shear=0.3, shift=(32, 16), degrees=30, factor=0.9, bits=4)
    assert table.shape == (len(Operation), 31)
    ninth = [0, 0.09, 0.09, 9.6, 4.8, 9, 0.27, 0.27, 0.27, 0.27, 7, 178.5, 0, 0]
    np.testing.assert_allclose(table[:, 9], ninth, rtol=1e-6)
    last = [0, 0.3, 0.3, 32, 16, 30, 0.9, 0.9, 0.9, 0.9, 4, 0, 0, 0]
    np.testing.assert_allclose(table[:, -1], last, rtol=1e-6)
    assert table[Operation.POSTERISE, 0] == 8 and table[Operation.SOLARISE, 0] == 255
