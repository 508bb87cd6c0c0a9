"""What the samples of a data set must be; messages begin with the name of the split."""

from collections.abc import Mapping

import numpy as np

from spikejax.data.core.split import Split, leaves


def check_splits(splits: Mapping[str, Split], classes: int | None, kind: str) -> None:
    """Checks the splits of a data set, and that they have the same parts.

    Args:
      splits: by name.
      classes: number of classes C, labels being 0 to C − 1, or −1 for what is ignored; None if they are not classes.
      kind: of the data set; the second axis of a "sequence" is time.

    Raises:
      ValueError: no samples, arrays of different N, what is not a finite number, or labels or lengths out of range.
    """
    whole = isinstance(classes, int | np.integer) and not isinstance(classes, bool)
    if classes is not None and not (whole and classes >= 1):
        raise ValueError(f"expected classes as an integer of at least 1 or None, found {classes!r}")
    for name, split in splits.items():
        count = split.count
        inputs = leaves(split.inputs)
        if not inputs or any(leaf.size == 0 for leaf in inputs):
            raise ValueError(
                f"{name}: expected inputs of at least one sample, step and feature, found shapes "
                f"{[leaf.shape for leaf in inputs]}; leave out what is empty"
            )
        for leaf in inputs:
            _check_inputs(name, leaf, count)
        for labels in map(np.asarray, leaves(split.labels)):
            _check_labels(name, labels, classes)
        if split.lengths is not None:
            _check_lengths(name, np.asarray(split.lengths), inputs, kind)
    _check_parts(splits)
    _check_alike(splits, kind)


def _check_alike(splits, kind):
    """A network that is trained on one split can be measured on the others."""
    free = ["N", "T"] if kind == "sequence" else ["N"]  # sequences may be of another length

    def described(split):
        shapes = [[*free, *map(str, leaf.shape[len(free) :])] for leaf in leaves(split.inputs)]
        named = zip(leaves(split.inputs), shapes, strict=True)
        return ", ".join(f"{leaf.dtype} [{', '.join(shape)}]" for leaf, shape in named)

    first, *others = splits
    for name in others if kind != "events" else ():
        expected, found = described(splits[first]), described(splits[name])
        if found != expected:
            raise ValueError(
                f"{name}: expected inputs as those of {first}, {expected}, found {found}; convert all in the same way"
            )


def _check_inputs(name, inputs, count):
    if not _are_numbers(inputs.dtype):
        raise ValueError(
            f"{name}: expected inputs as real numbers, found {inputs.dtype}; convert them, and pad samples of unequal "
            "length to one array and give lengths"
        )
    finite = _are_finite(inputs)
    if not finite.all():
        bad = int(np.argmin(finite.reshape(count, -1).all(1)))
        raise ValueError(
            f"{name}: expected finite inputs, found NaN or infinity, first in sample {bad}; clean it or leave it out"
        )


def _check_labels(name, labels, classes):
    if not _are_numbers(labels.dtype):
        raise ValueError(
            f"{name}: expected labels as numbers, found {labels.dtype}; number the classes, "
            "np.unique(labels, return_inverse=True)[1]"
        )
    if labels.size == 0:
        raise ValueError(
            f"{name}: expected labels for each sample, found shape {labels.shape}; give None if there are none"
        )
    if not _are_finite(labels).all():
        raise ValueError(f"{name}: expected finite labels, found NaN or infinity")
    if classes is None or labels.dtype.kind not in "iu":
        return
    low, high = int(labels.min()), int(labels.max())
    # A negative label marks a sample that is ignored.
    if high >= classes or low < -1:
        raise ValueError(
            f"{name}: expected labels in 0 to {classes - 1}, or -1 for what is ignored, found {low} to {high}"
        )
    if high < 0:
        raise ValueError(
            f"{name}: expected labels in 0 to {classes - 1} that are not all ignored, found -1 for all "
            f"{labels.size}; give the classes of some"
        )


def _check_lengths(name, lengths, inputs, kind):
    if lengths.ndim != 1:
        raise ValueError(
            f"{name}: expected lengths of shape [N], one per sample, found {list(lengths.shape)}"
        )
    if lengths.dtype.kind not in "iu" or lengths.min() < 1:
        raise ValueError(
            f"{name}: expected lengths as integers of at least 1, found {lengths.dtype} from {lengths.min()}"
        )
    steps = [leaf.shape[1] for leaf in inputs if leaf.ndim > 1]
    if kind == "sequence" and steps and lengths.max() > max(steps):
        raise ValueError(
            f"{name}: expected lengths of at most the {max(steps)} steps of the inputs [N, T, *F], found "
            f'{lengths.max()}; if the second axis is not time give kind="image"'
        )


def _check_parts(splits):
    """Evaluation needs what training has: labels and lengths are given for all splits or for none."""
    advice = {
        "labels": "give the labels of all",
        "lengths": "give np.full(N, T) where no sample is padded",
    }
    for part, remedy in advice.items():
        given = [name for name, split in splits.items() if getattr(split, part) is not None]
        lacking = [name for name in splits if name not in given]
        if given and lacking:
            raise ValueError(
                f"expected {part} in all splits or in none, found them in {' and '.join(given)} and not in "
                f"{' and '.join(lacking)}; {remedy}"
            )


def _are_numbers(dtype):
    """Whether values are real numbers; the short floats of JAX count as void to NumPy, but have a type of their own."""
    return dtype.kind in "biuf" or (dtype.kind == "V" and dtype.type is not np.void)


def _are_finite(array):
    return np.isfinite(array) if "float" in array.dtype.name else np.True_
