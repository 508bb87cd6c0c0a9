"""What a person sees and does while training runs: a meter of its metrics and a signal to stop it."""

import contextlib
import signal
import threading
import time

import numpy as np

from spikejax.extras import require


class Diverged(FloatingPointError):
    """The loss became NaN or infinite."""


class Meter:
    """Shows metrics a few times a second and stops where the loss is not finite."""

    # Reading a number waits for the device, so it is not done at every step.
    PERIOD = 0.2

    def __init__(self, progress, name, steps, position, batch_size):
        self.batch_size, self.pending, self.last = batch_size, [], time.perf_counter()
        self.sums, self.count, self.bar = np.zeros(2), 0, None
        if progress:
            tqdm = require("tqdm")
            self.bar = tqdm.tqdm(
                total=steps * batch_size,
                initial=position * batch_size,
                desc=name,
                unit="sample",
                leave=False,
            )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        try:
            if error[0] is None:
                self.show()
        finally:
            if self.bar is not None:
                self.bar.close()

    def add(self, number, metrics):
        self.pending.append((number, metrics))
        if time.perf_counter() - self.last > self.PERIOD:
            self.show()

    def show(self):
        for number, metrics in self.pending:
            loss = float(metrics["loss"])
            if not np.isfinite(loss):
                raise Diverged(
                    f"the loss is {loss} at step {number}; try a lower learning rate, gradient clipping "
                    "(optax.clip_by_global_norm) or another initial state of the neuron"
                )
            self.sums += (loss, float(metrics["accuracy"]))
        self.count += len(self.pending)
        if self.bar is not None:
            loss, accuracy = self.sums / max(self.count, 1)
            self.bar.set_postfix(loss=f"{loss:.3f}", accuracy=f"{accuracy:.3f}", refresh=False)
            self.bar.update(len(self.pending) * self.batch_size)
        self.pending, self.last = [], time.perf_counter()


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
