"""Batches of a data set that is larger than memory, read by Grain: deterministic, and resumed where they stopped."""

from typing import Any, Protocol

import jax
import numpy as np

from spikejax.extras import require
from spikejax.inputs.batches import Stream


class RandomAccess(Protocol):
    """What has a length, and sample i at `[i]`."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


def grain_batches(
    source: RandomAccess, batch_size: int, *, seed: int = 0, threads: int = 4
) -> Stream:
    """Batches of a random-access source, reshuffled each epoch; samples beyond the last full batch are left out.

    The order of epoch e depends on the seed and on e alone. Threads read as many batches ahead as there are threads;
    nothing else is kept in memory. Training saves the position in the epoch, so a resumed run sees the batches that an
    uninterrupted one would have seen.

    Args:
      source: has a length N, and at `source[i]` sample i: a pytree of arrays, `data.Split(inputs, label)` for a run.
      batch_size: B.
      seed: of the order.
      threads: that read samples.

    Raises:
      ModuleNotFoundError: Grain is not installed.
      ValueError: the source has less than one batch, or a number is out of range.

    >>> from spikejax.data import Split
    >>> samples = [Split(np.full(3, i), np.int32(i % 2)) for i in range(10)]
    >>> batches = grain_batches(samples, 4)
    >>> batches.steps, [b.inputs.shape for b in batches.epoch(jax.random.key(0), 0, 0, None)]
    (2, [(4, 3), (4, 3)])
    """
    grain: Any = require("grain")
    if not 1 <= batch_size <= len(source):
        raise ValueError(
            f"expected a batch size from 1 to the {len(source)} samples, found {batch_size}"
        )
    if threads < 1:
        raise ValueError(f"expected at least one thread, found {threads}")

    def epoch_of(epoch):
        # Another seed in each epoch.
        own = int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0])
        batches = grain.MapDataset.source(source).shuffle(seed=own)
        batches = batches.batch(batch_size, drop_remainder=True, batch_fn=_stacked)
        return batches.to_iter_dataset(
            grain.ReadOptions(num_threads=threads, prefetch_buffer_size=threads)
        )

    return Stream(epoch_of, steps=len(source) // batch_size)


def _stacked(samples):
    return jax.tree.map(lambda *leaves: np.stack(leaves), *samples)
