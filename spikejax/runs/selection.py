"""What epochs and trials are compared by, and early stopping, which uses the same value unless told otherwise."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from spikejax.fields import option, setting, size, spec
from spikejax.objectives.metrics import best_of, name_of

OTHERS = ("loss", "gradient_norm")  # measured without a metric; less is better


def selected_by(metrics: Sequence[Any], split: str) -> tuple[str, str]:
    """A measured value, and which end of it is better, "max" or "min".

    It is the first metric that states which end is better, else the loss.

    Args:
      metrics: of the config.
      split: "validation", or "test" if no samples are held out.

    >>> from spikejax.objectives import Accuracy
    >>> selected_by((Accuracy(),), "validation"), selected_by((), "test")
    (('validation_accuracy', 'max'), ('test_loss', 'min'))
    """
    for metric in metrics:
        if (best := best_of(metric)) is not None:
            return f"{split}_{name_of(metric)}", best
    return f"{split}_loss", "min"


@spec
class EarlyStopping:
    """Ends training when a measured value has not improved for some epochs.

    >>> rule = EarlyStopping(metric="loss", patience=2, best="min")
    >>> [rule.over([{"loss": x} for x in run]) for run in ([3, 2, 1], [1, 2, 3])]
    [False, True]
    """

    metric: Any = setting(
        default=None, doc="name of a measured value; the one that models are selected by if None"
    )
    patience: int = size(default=10, doc="epochs without a better value")
    best: str | None = option(
        default=None,
        choices=(None, "min", "max"),
        doc="which end is better; the metric's own if None",
    )

    def over(self, history: list[dict[str, Any]]) -> bool:
        """Whether the training should end after these epochs."""
        values = [entry[self.metric] for entry in history]
        best = min(values) if self.best == "min" else max(values)
        return len(values) - 1 - values.index(best) >= self.patience


def fitted(stopping: EarlyStopping, metrics: Sequence[Any], splits: Sequence[str]) -> EarlyStopping:
    """Early stopping with what it leaves open filled in.

    Args:
      stopping: the rule.
      metrics: of the config.
      splits: the measured samples, "validation" first if there are any, then "test".

    Raises:
      ValueError: a metric that is not measured, or one of which it is unknown which end is better.
    """
    if stopping.metric is None:
        name, best = selected_by(metrics, splits[0])
        return dataclasses.replace(stopping, metric=name, best=stopping.best or best)
    better = {name: "min" for name in OTHERS} | {name_of(m): best_of(m) for m in metrics}
    better |= {
        f"{split}_{n}": b for split in splits for n, b in better.items() if n not in OTHERS[1:]
    }
    if stopping.metric not in better:
        raise ValueError(
            f"expected to stop early by one of {', '.join(better)}, found {stopping.metric!r}"
        )
    best = stopping.best or better[stopping.metric]
    if best is None:
        raise ValueError(
            f'expected to know which end of {stopping.metric} is better; give EarlyStopping(best="min") or "max"'
        )
    return dataclasses.replace(stopping, best=best)
