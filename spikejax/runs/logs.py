"""What a run writes for other tools after each epoch, by name, in its folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from spikejax.runs.training import Callback
from spikejax.training import CSVLogger, TensorBoardLogger

Log = Literal["csv", "tensorboard"]


def logs_of(names: Sequence[Log], folder: str | Path) -> tuple[Callback, ...]:
    """Callbacks of `fit` that write into a run folder: csv the file history.csv, tensorboard the folder of that name.

    They are deleted with the run, as what `runs.clearing` knows.
    """
    folder = Path(folder)
    made = {
        "csv": lambda: CSVLogger(folder / "history.csv"),
        "tensorboard": lambda: TensorBoardLogger(folder / "tensorboard"),
    }
    return tuple(made[name]() for name in names)
