"""Loggers: callbacks of `fit` that write what was measured after each epoch where other tools read it.

A logger receives the whole history each time, so that a resumed training leaves no epoch out and none twice, wherever
the process before it ended.
"""

import csv
import io
import os
import time
import weakref
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from spikejax import files
from spikejax.devices import processes
from spikejax.extras import require
from spikejax.training.progress import flat

History = list[dict[str, Any]]


class CSVLogger:
    """Writes a table with a row per epoch, replaced as a whole after each epoch.

    Args:
      path: the file; its columns are the epoch and what was measured, "firing_rate/neuron_0" for example. What was
        not measured in an epoch is empty.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "history.csv"
    >>> CSVLogger(path)([{"epoch": 1, "loss": 0.5, "firing_rate": {"neuron_0": 0.25}}], {})
    >>> print(path.read_text(), end="")
    epoch,loss,firing_rate/neuron_0
    1,0.5,0.25
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def __call__(self, history: History, variables: Any) -> None:
        if not processes.is_first():
            return
        rows = [{"epoch": entry["epoch"], **_measured(entry)} for entry in history]
        text = io.StringIO()
        names = dict.fromkeys(name for row in rows for name in row)
        writer = csv.DictWriter(text, list(names), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        files.write_text(self.path, text.getvalue())


@runtime_checkable
class Tracker(Protocol):
    """What keeps track of experiments: a run of Weights & Biases, or anything else with this method."""

    def log(self, data: dict[str, Any], *, step: int) -> Any:
        """Takes values by name at a step."""


class TrackerLogger:
    """Hands what was measured to a tracker, for example a run of Weights & Biases, with the epoch as its step.

    Args:
      tracker: has `log(values, step=epoch)`. The first call hands over all epochs so far, of a resumed training those
        before it, too; each later call the new one.

    Raises:
      TypeError: it has no such method.

    >>> class Printed:
    ...     def log(self, data, *, step):
    ...         print(step, data)
    >>> TrackerLogger(Printed())([{"epoch": 1, "loss": 0.5}], {})
    1 {'loss': 0.5}
    """

    def __init__(self, tracker: Tracker):
        if not isinstance(tracker, Tracker):
            raise TypeError(
                f"expected a tracker with log(values, step=...), found {tracker!r}; give wandb.init(...) for example"
            )
        self.tracker, self.last = tracker, None

    def __call__(self, history: History, variables: Any) -> None:
        if not processes.is_first():
            return
        # The history of another training does not contain what was handed over last.
        begin = history.index(self.last) + 1 if self.last in history else 0
        for entry in history[begin:]:
            self.tracker.log(_measured(entry), step=entry["epoch"])
        self.last = history[-1]


class TensorBoardLogger(TrackerLogger):
    """Writes what was measured as scalars for TensorBoard, with the epoch as their step.

    A resumed training writes all its epochs into a new file, and TensorBoard shows those instead of the earlier ones.

    Args:
      folder: that of the event files, shown by `tensorboard --logdir FOLDER`.

    Raises:
      ModuleNotFoundError: tensorboardX is not installed.
    """

    def __init__(self, folder: str | Path):
        super().__init__(_EventFile(Path(folder)))


class _EventFile:
    """A tracker that is a file of TensorBoard, opened by its first values; they are on disk when a call returns."""

    def __init__(self, folder):
        require("tensorboardX")  # before the training, not after its first epoch
        self.folder, self.file = folder, None

    def log(self, data, *, step):
        from tensorboardX.proto.event_pb2 import Event  # pyright: ignore
        from tensorboardX.proto.summary_pb2 import Summary  # pyright: ignore

        file = self.file = self.file or self._opened(step)
        values = [Summary.Value(tag=name, simple_value=value) for name, value in data.items()]
        file.write_event(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))
        file.flush()

    def _opened(self, step):
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event, SessionLog  # pyright: ignore

        self.folder.mkdir(parents=True, exist_ok=True)
        # SummaryWriter would leave the writing to a thread, and what that has not done yet is lost with the process.
        file = EventsWriter(str(self.folder / "events"), f".{os.getpid()}")
        weakref.finalize(self, file.close)
        # TensorBoard hides what the files of earlier processes say of this step and of later ones.
        start = SessionLog(status=SessionLog.START)
        file.write_event(Event(wall_time=time.time(), step=step, session_log=start))
        return file


def _measured(entry):
    """Scalars of an epoch's entry by their path, without the epoch itself."""
    return flat({name: value for name, value in entry.items() if name != "epoch"})
