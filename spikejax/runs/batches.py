"""Training batches from a source other than a data set's arrays: each must be like the samples of the data set."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from spikejax.data import Split
from spikejax.inputs import InMemory, Stream
from spikejax.inputs.batches import Batches
from spikejax.runs.parts import Parts


class Checked:
    """Batches of any source, each checked as training takes it."""

    def __init__(self, source: Batches, check: Any):
        """Takes the source and `check(number, batch)`."""
        self.source, self.check, self.steps = source, check, source.steps

    def epoch(self, key: Any, epoch: int, first: int, mesh: Any) -> Iterator[Any]:
        """See `Batches`."""
        for number, batch in enumerate(self.source.epoch(key, epoch, first, mesh), first):
            self.check(number, batch)
            yield batch

    def position(self) -> Any:
        """See `Batches`."""
        return self.source.position()

    def restore(self, position: Any) -> None:
        """See `Batches`."""
        self.source.restore(position)


def checked(source: Batches, parts: Parts) -> Batches:
    """Batches that are refused where they are not like the samples of a run's data set.

    Args:
      source: the batches.
      parts: of the run.

    Returns:
      The batches. Taking one raises TypeError if it is no `Split`, and ValueError if its inputs have other features
      than the samples or if a label is not one of the classes; labels on a device are not looked at.
    """

    def check(number, batch):
        check_batch(f"batch {number}", batch, parts)

    if isinstance(source, InMemory):
        check_batch("batches", source.samples, parts)
        return source
    # A stream's batches are still on the host then, where looking at their labels waits for nothing.
    return source.checked(check) if isinstance(source, Stream) else Checked(source, check)


def check_batch(name: str, batch: Any, parts: Parts) -> None:
    """Raises TypeError or ValueError unless samples are like those of a run's data set; `name` begins the message."""
    if not isinstance(batch, Split):
        raise TypeError(
            f"{name}: expected a Split of spikejax.data, found {type(batch).__name__}; give "
            "Split(inputs, labels), or Split(inputs, labels, lengths) where samples are padded"
        )
    try:
        _ = batch.count
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if not parts.config.augment:  # which may change their shape
        _check_inputs(name, batch.inputs, parts)
    _check_labels(name, batch.labels, parts.dataset.classes)
    _check_lengths(name, batch, parts)


def _check_lengths(name, batch, parts):
    given, wanted = batch.lengths is not None, parts.train.lengths is not None
    if given != wanted:
        words = ("lengths", "none") if wanted else ("no lengths", "some")
        raise ValueError(f"{name}: expected {words[0]}, as the data set has them, found {words[1]}")
    if not given or not isinstance(batch.lengths, np.ndarray):
        return
    lengths, steps = batch.lengths, parts.config.encoder.steps_of(batch.inputs)
    whole = lengths.dtype.kind in "iu" and lengths.ndim == 1
    if not whole or lengths.min() < 1 or lengths.max() > steps:
        raise ValueError(
            f"{name}: expected lengths as integers [B] from 1 to T = {steps}, found {lengths.dtype} "
            f"{list(lengths.shape)} from {lengths.min()} to {lengths.max()}"
        )


def _check_inputs(name, inputs, parts):
    # Sequences and lists of events may be longer or shorter than those of the data set.
    axes = ("N",) if parts.dataset.kind == "image" else ("N", "T")

    def shape(x):
        sizes = [*axes, *map(str, np.shape(x)[len(axes) :])]
        return f"[{', '.join(sizes[: np.ndim(x)])}]"

    expected, found = (jax.tree.map(shape, tree) for tree in (parts.train.inputs, inputs))
    if expected != found:
        raise ValueError(
            f"{name}: expected inputs {expected}, as {parts.dataset.name} has them, found {found}; give the network "
            "batches of what it is measured on"
        )


def _check_labels(name, labels, classes):
    whole = isinstance(labels, np.ndarray) and labels.dtype.kind in "iu" and labels.size > 0
    if classes is None or not whole:
        return
    low, high = int(labels.min()), int(labels.max())
    if low < -1 or high >= classes:
        raise ValueError(
            f"{name}: expected labels in 0 to {classes - 1}, or -1 for what is ignored, found {low} to {high}; number "
            "the classes from 0, and give the data set classes=… if there are more"
        )
