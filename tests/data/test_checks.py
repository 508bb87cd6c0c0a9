"""Samples that no network can be trained or measured on are refused when the data set is made, whichever split."""

import re

import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.data import Dataset, Split

X, Y = np.zeros((6, 3, 2), np.float32), np.arange(6) % 3
L = np.full(6, 3)


def ragged():
    found = np.empty(6, object)
    found[:] = [np.zeros(n) for n in range(1, 7)]
    return found


@pytest.mark.parametrize("place", ["train", "test", "validation"])
@pytest.mark.parametrize(
    "part, message",
    [
        ((X[:0], Y[:0]), r"at least one sample, step and feature, found shapes \[\(0, 3, 2\)\]"),
        ((X[:, :0], Y), r"found shapes \[\(6, 0, 2\)\]; leave out what is empty"),
        ((X[..., :0], Y), r"found shapes \[\(6, 3, 0\)\]"),
        (({"a": X, "b": X[:, :0]}, Y), r"found shapes \[\(6, 3, 2\), \(6, 0, 2\)\]"),
        ((None, Y), r"found shapes \[\]"),
        ((X, Y[:, None][:, :0]), r"labels for each sample, found shape \(6, 0\); give None"),
        ((ragged(), Y), "inputs as real numbers, found object; convert them, and pad samples"),
        ((X.astype(complex), Y), "inputs as real numbers, found complex128"),
        ((X.astype(str), Y), "inputs as real numbers, found <U"),
        ((X.astype("M8[s]"), Y), "inputs as real numbers, found datetime64"),
        ((X.astype([("a", "f4")]), Y), "inputs as real numbers, found"),
        (([[1], [1, 2]], Y), "samples of one shape, found unequal ones .* pad them"),
        ((np.full_like(X, np.nan), Y), "finite inputs, .* first in sample 0"),
        ((X, Y.astype(object)), "labels as numbers, found object"),
        ((X, Y.astype(complex)), "labels as numbers, found complex128"),
        ((X, Y + 1), "labels in 0 to 2, or -1 for what is ignored, found 1 to 3"),
        ((X, Y - 2), "labels in 0 to 2, or -1 for what is ignored, found -2 to 0"),
        ((X, np.full((6, 3), 3)), "labels in 0 to 2, .* found 3 to 3"),
        ((X, np.full(6, -1)), "that are not all ignored, found -1 for all 6; give the classes"),
        ((X, np.full((6, 3), -1)), "that are not all ignored, found -1 for all 18"),
        ((X, np.full((6, 3), np.inf)), "finite labels"),
        ((X, Y, 0 * L), "lengths as integers of at least 1, found int64 from 0"),
        ((X, Y, -L), "lengths as integers of at least 1, found int64 from -3"),
        ((X, Y, L + 1), "lengths of at most the 3 steps of the inputs .*found 4; .*kind="),
        ((X, Y, L[:, None]), r"lengths of shape \[N\], one per sample, found \[6, 1\]"),
        (X, r"expected \(inputs, labels\) or .*, found ndarray; put one to three"),
        ((X, Y, L, L), r"expected \(inputs, labels\) or .*, found tuple of 4; put"),
    ],
)
@pytest.mark.filterwarnings("ignore:Casting complex")
def test_samples_of_any_split(place, part, message):
    whole = (X, Y, L) if isinstance(part, tuple) and len(part) == 3 else (X, Y)
    parts = {"train": whole, "test": whole, "validation": whole} | {place: part}
    with pytest.raises(ValueError, match=f"^{place}: .*{message}"):
        Dataset.of_arrays(parts.pop("train"), parts.pop("test"), classes=3, **parts)


def test_nothing_but_ignored_labels_makes_no_classes():
    with pytest.raises(ValueError, match="^train: .*not all ignored, found -1 for all 6"):
        Dataset.of_arrays((X, np.full(6, -1)), (X, Y))


@pytest.mark.parametrize("classes", [0, -1, 2.5, True, "3"])
def test_a_number_of_classes(classes):
    with pytest.raises(ValueError, match=f"classes as an integer of at least 1 .*{classes!r}"):
        Dataset.of_arrays((X, Y), (X, Y), classes=classes)


def test_all_splits_have_the_same_parts():
    with pytest.raises(
        ValueError, match="lengths in all splits or in none, found them in train and"
    ):
        Dataset.of_arrays((X, Y, L), (X, Y))
    with pytest.raises(
        ValueError, match=r"found them in test and not in train; give np.full\(N, T"
    ):
        Dataset.of_arrays((X, Y), (X, Y, L))
    with pytest.raises(ValueError, match="in train and test and not in validation"):
        Dataset.of_arrays((X, Y, L), (X, Y, L), validation=(X, Y))
    with pytest.raises(ValueError, match="labels in all .* in train and not in test; give the lab"):
        Dataset.of_arrays((X, Y), (X,))
    with pytest.raises(ValueError, match="expected training samples, found None"):
        Dataset.of_arrays(None, (X, Y))


def test_lengths_of_what_is_no_sequence():
    """An encoder may show an image for any number of steps."""
    parts = [(X[..., None], Y, L + 9)] * 2
    assert Dataset.of_arrays(*parts, kind="image").train.lengths.max() == 12
    several = ({"a": X, "b": X[:, :1]}, Y, L)
    assert Dataset.of_arrays(several, several).train.count == 6


def test_short_floats():
    """Those of JAX are void to NumPy."""
    x = np.asarray(jnp.asarray(X, jnp.bfloat16))
    found = Dataset.of_arrays((x, Y), (x, Y))
    assert found.train.inputs.dtype == jnp.bfloat16 and found.checksum
    with pytest.raises(ValueError, match="first in sample 2"):
        Dataset.of_arrays((np.where(np.arange(6)[:, None, None] == 2, np.nan * x, x), Y), (x, Y))
    short = jnp.asarray(X, jnp.bfloat16)
    assert Dataset("own", Split(short, Y), Split(short, Y), classes=3).train.count == 6


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x[..., :2],
        lambda x: (255 * x).astype(np.uint8),
        lambda x: x[..., None],
        lambda x: x.astype(float),
    ],
    ids=["features", "dtype", "axes", "precision"],
)
@pytest.mark.parametrize("split", ["test", "validation"])
def test_splits_that_a_network_cannot_share(change, split):
    x, y = np.zeros((4, 5, 3), np.float32), np.array([0, 1, 0, 1])
    splits = {"test": (x, y), "validation": (x[:, :4], y)} | {split: (change(x), y)}
    with pytest.raises(ValueError, match=f"{split}: expected inputs as those of train, float32"):
        Dataset.of_arrays((x, y), **splits)


def test_classes_that_are_not_numbered_from_0():
    """Following the message gives as many classes as there are."""
    y = np.array([1, 2, 3, 1, 2, 3])
    with pytest.raises(
        ValueError, match="class labels from 0, found 1 to 3; .*labels - 1, or give classes=4"
    ):
        Dataset.of_arrays((X, y), (X, y))
    assert Dataset.of_arrays((X, y - 1), (X, y - 1)).classes == 3
    assert Dataset.of_arrays((X, y), (X, y), classes=4).classes == 4
    assert Dataset.of_arrays((X, y), (X, y), classes=None).classes is None


@pytest.mark.parametrize(
    "labels, remedy",
    [
        (
            np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]],
            r"float32 \[6, 3\].*argmax\(-1\) of one-hot",
        ),
        (
            np.eye(3, dtype=int)[[0, 1, 2, 0, 1, 2]],
            r"integer labels of shape \[6, 3\].*one-hot labels .*argmax\(-1\)",
        ),
        (np.arange(6.0), r"float64 \[6\].*labels.astype\('int32'\)"),
        (np.arange(6) > 2, r"bool \[6\].*labels.astype\('int32'\)"),
    ],
)
def test_what_to_do_about_labels_without_classes(labels, remedy):
    assert re.search(remedy, Dataset.of_arrays((X, labels), (X, labels)).without_classes())
