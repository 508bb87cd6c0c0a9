"""Which training samples are held out for validation."""

import jax
import numpy as np

from spikejax.data import Dataset, Split

SEED = 0  # the same samples for every seed of a run


def held_out(dataset: Dataset, fraction: float) -> tuple[Split, Split | None]:
    """Training samples, and those held out for validation: the data set's own, or a fraction of each class.

    Which samples are held out depends on the data and the fraction alone.
    """
    if dataset.validation is not None:
        return dataset.train, dataset.validation
    if not fraction:
        return dataset.train, None
    count = dataset.train.count
    order = np.random.default_rng(SEED).permutation(count)
    labels = dataset.train.labels
    if dataset.classes is not None and np.ndim(labels) == 1:
        # Sorted by class in a random order, every 1/fraction-th is taken, in proportion from each class.
        order = order[np.argsort(np.asarray(labels)[order], kind="stable")]
    wanted = int(round(count * fraction))
    if not 1 <= wanted < count:
        raise ValueError(
            f"expected a validation fraction that leaves samples on both sides, found {fraction} of {count} samples"
        )
    chosen = np.zeros(count, bool)
    chosen[order[np.floor(np.arange(wanted) * count / wanted).astype(int)]] = True

    def take(mask):
        return jax.tree.map(lambda x: x[mask], dataset.train)

    return take(~chosen), take(chosen)
