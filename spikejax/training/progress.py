"""Progress bar, and the check that training is healthy."""

import collections
import sys
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from spikejax.devices import averages


class Diverged(FloatingPointError):
    """A loss, a gradient or a parameter became NaN or infinite."""


class Meter:
    """Shows the progress of a training, sums what each step measures, and stops it if a value is not finite.

    Attributes:
      sums: by name, what the steps of this epoch measured, summed.
      count: steps of this epoch that are in the sums.
    """

    # Dispatch is asynchronous: reading a value waits for its step. With two steps in flight the device is never
    # idle, and the bar and a stop signal are never far behind.
    UNDER_WAY = 2

    def __init__(self, total: int, done: int, *, name: str = "", progress: bool = True):
        """Starts at step `done` of `total`; `progress` determines whether a bar is shown, `name` is its label."""
        self.name, self.pending, self.after = name, collections.deque(), {}
        self.sums, self.count, self.label = {}, 0, ""
        self.bar, self.lines = None, progress and not sys.stderr.isatty()
        if progress and not self.lines and done < total:
            self.bar = tqdm(total=total, initial=done, unit="step", dynamic_ncols=True)
            self.bar.set_description(f"{name} compiling".strip())
            self.started = False

    def __enter__(self) -> "Meter":
        return self

    def __exit__(self, *error: Any) -> None:
        if self.bar is not None:
            self.bar.close()

    def begin(self, epoch: int, epochs: int, sums: dict[str, float], count: int) -> None:
        """Begins an epoch, of which `count` steps with these sums have been taken."""
        self.sums, self.count = dict(sums), count
        self.label = f"{self.name} {epoch}/{epochs}".strip()

    def add(self, number: int, measured: dict[str, Any]) -> None:
        """Takes what a dispatched step measures.

        Raises:
          Diverged: a value of an earlier step is not finite.
        """
        self.pending.append((number, measured))
        if len(self.pending) > self.UNDER_WAY:
            self._take()

    def finish(self) -> dict[str, Any]:
        """Waits for the steps in flight; returns the means of the epoch.

        Raises:
          Diverged: a value of one of them is not finite.
        """
        while self.pending:
            self._take()
        return _nested({name: total / self.count for name, total in self.sums.items()})

    def tell(self, measured: dict[str, Any]) -> None:
        """Takes an epoch's entry: what was measured after it is shown in the bar from then on.

        If standard error is not a terminal there is no bar, and the entry is a line.
        """
        shown = {k: f"{v:.4g}" for k, v in measured.items() if isinstance(v, float)}
        for hidden in ("seconds", "gradient_norm", "peak_memory_mb"):
            shown.pop(hidden, None)
        self.after = {k: v for k, v in shown.items() if k.startswith(("validation_", "test_"))}
        if self.lines:
            text = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items())
            print(f"{self.label}: {text}", file=sys.stderr, flush=True)

    def _take(self):
        number, measured = self.pending.popleft()
        found = flat(jax.device_get(averages.values(measured)))
        bad = [name for name, value in found.items() if not np.isfinite(value)]
        if bad:
            raise Diverged(
                f"{bad[0]} is {found[bad[0]]} at step {number}; try a lower learning rate, clip the gradient, or look "
                "for extreme values, or labels beyond the number of outputs, in the data"
            )
        for name in sorted(found, key=lambda name: name != "loss"):  # the loss is shown first
            self.sums[name] = self.sums.get(name, 0.0) + found[name]
        self.count += 1
        if self.bar is not None:
            if not self.started:
                self.bar.unpause()  # compilation does not count towards the rate
                self.started = True
            self.bar.set_description(self.label, refresh=False)
            shown = {n: f"{t / self.count:.3f}" for n, t in self.sums.items() if "/" not in n}
            shown.pop("gradient_norm", None)
            self.bar.set_postfix({**shown, **self.after}, refresh=False)
            self.bar.update(1)


def flat(tree: Any, prefix: str = "") -> dict[str, float]:
    """Scalars of nested dictionaries by their path.

    >>> flat({"loss": 1.0, "firing_rate": {"neuron_0": 0.5}})
    {'loss': 1.0, 'firing_rate/neuron_0': 0.5}
    """
    found = {}
    for name, value in tree.items():
        path = f"{prefix}/{name}" if prefix else name
        found |= flat(value, path) if isinstance(value, dict) else {path: float(value)}
    return found


def _nested(values):
    """Nested dictionaries of scalars by their path."""
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *above, name = path.split("/")
        node = tree
        for step in above:
            node = node.setdefault(step, {})
        node[name] = value
    return tree
