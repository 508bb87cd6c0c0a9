"""What a person sees and does while training runs: a meter of its metrics and a signal to stop it."""

import collections
import contextlib
import signal
import threading

import numpy as np

from spikejax.extras import require


class Diverged(FloatingPointError):
    """The loss became NaN or infinite."""


class Interrupted(Exception):
    """Training was stopped from outside; what was done is saved."""


class Meter:
    """Shows how a training stands, and stops it where the loss is not finite."""

    # Dispatch is asynchronous: reading a number waits for its step. With two steps under way the device is never
    # idle, and the bar and a stop signal are never far behind.
    UNDER_WAY = 2

    def __init__(
        self, progress: bool, name: str, epochs: int, steps: int, done: int, batch_size: int
    ):
        self.name, self.epochs, self.steps, self.batch_size = name, epochs, steps, batch_size
        self.pending, self.sums, self.count, self.told = collections.deque(), np.zeros(2), 0, {}
        self.bar = None
        if progress:
            tqdm = require("tqdm")
            total, initial = epochs * steps * batch_size, done * batch_size
            self.bar = tqdm.tqdm(total=total, initial=initial, unit="sample")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.bar is not None:
            self.bar.close()

    def add(self, number: int, metrics: dict) -> None:
        """Takes the metrics of a step that was dispatched.

        Raises:
          Diverged: the loss of an earlier step is not finite.
        """
        self.pending.append((number, metrics))
        if len(self.pending) > self.UNDER_WAY:
            self._show()

    def finish(self) -> None:
        """Waits for the steps under way.

        Raises:
          Diverged: the loss of one of them is not finite.
        """
        while self.pending:
            self._show()
        self.sums, self.count = np.zeros(2), 0

    def tell(self, measured: dict) -> None:
        """Takes what was measured after an epoch; the test accuracy stands in the bar from then on."""
        if "test_accuracy" in measured:
            self.told = {"test": f"{measured['test_accuracy']:.3f}"}

    def _show(self):
        number, metrics = self.pending.popleft()
        loss = float(metrics["loss"])
        if not np.isfinite(loss):
            raise Diverged(
                f"the loss is {loss} at step {number}; try a lower learning rate, or in Python an optimizer with "
                "optax.clip_by_global_norm"
            )
        self.sums += (loss, float(metrics["accuracy"]))
        self.count += 1
        if self.bar is not None:
            loss, accuracy = self.sums / self.count
            epoch = -(-number // self.steps)
            self.bar.set_description(f"{self.name} {epoch}/{self.epochs}", refresh=False)
            shown = {"loss": f"{loss:.3f}", "accuracy": f"{accuracy:.3f}", **self.told}
            self.bar.set_postfix(shown, refresh=False)
            self.bar.update(self.batch_size)


@contextlib.contextmanager
def stop_signal():
    """An event that Ctrl-C or SIGTERM sets, so that a step is never cut in the middle; a second Ctrl-C ends at once."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return

    def stop(number, frame):
        del frame
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
