"""Events: lists of addresses and times, binned into frames."""

import math
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer

from spikejax.fields import Leaf, option, param, setting, size, spec
from spikejax.inputs.encoders import LEAST, Encoder, floats, slice_of


@spec
class Events(Encoder):
    """Events binned into T frames of `shape`: x[t] counts the events of each address in [t dt, (t + 1) dt).

    Samples are a dictionary of "times" `[B, E]`, in the unit of dt, and "units" `[B, E]`, flat addresses into `shape`.
    Lists of unequal length are padded with negative units. Events before 0 and from T dt on are left out. Integer
    times, of microseconds for example, are divided by a whole dt as integers: rounding moves no event to another step.

    Reference: SHD's recordings (Cramer et al. 2022) as in the released code of TC-LIF (AAAI 2024); there coincident
    events add.

    >>> events = {"times": jnp.array([[0.0, 0.5, 1.5, 0.0]]), "units": jnp.array([[1, 1, 0, -1]])}
    >>> Events(steps=2, dt=1.0, shape=(2,)).encode(events)[:, 0]
    Array([[0., 2.],
           [1., 0.]], dtype=float32)
    """

    spec_name: ClassVar = "events"
    steps: int = size(default=100, doc="T")
    dt: Leaf = param(
        default=0.01, low=LEAST, unit="s", doc="length of a step, in the unit of the times"
    )
    shape: tuple[int, ...] | None = setting(
        default=None, doc="shape of a frame; that of the data set if None"
    )
    pool: int = size(default=1, doc="neighbouring units of the last axis that share a channel")
    counts: str = option(
        default="sum", choices=("sum", "binary"), doc="whether coincident events add or count once"
    )
    scale: Leaf = param(default=1.0, low=LEAST, doc="counts are divided by it")

    def steps_of(self, samples: Any) -> int:
        return self.steps

    def encode(self, samples: Any, key: Any = None) -> Array:
        """Inputs `[T, B, *F]` of whole sequences; events are checked before JAX shortens their integers."""
        self.check_units(samples)
        return super().encode(samples, key)

    def prepare(self, samples: Any) -> Array:
        """Frames `[T, B, *F]` of integers."""
        self.check_units(samples)
        shape = self._frame()
        times, units = jnp.asarray(samples["times"]), jnp.asarray(samples["units"])
        size = math.prod(shape)
        if self.steps * size > _largest():
            raise ValueError(
                f"expected fewer than {_largest()} values in the frames of a sample, found {self.steps} steps of shape "
                f"{shape}; give fewer steps or a smaller shape"
            )
        step, unit = self._step(times), units.astype(int)
        # Padding and late events get an address beyond the last one and are dropped.
        inside = (unit >= 0) & (unit < size) & (step >= 0) & (step < self.steps)
        place = jnp.where(inside, step * size + unit, self.steps * size)

        def bin_one(place):
            frames = jnp.zeros(self.steps * size, jnp.int32)
            return frames.at[place].add(1, mode="drop")

        frames = jax.vmap(bin_one)(place).reshape(len(place), self.steps, *shape)
        frames = frames.swapaxes(0, 1)
        if self.pool > 1:
            channels = shape[-1]
            if channels % self.pool:
                raise ValueError(
                    f"expected a pool that divides the {channels} channels, found {self.pool}"
                )
            frames = frames.reshape(*frames.shape[:-1], channels // self.pool, self.pool).sum(-1)
        return (frames > 0).astype(jnp.uint8) if self.counts == "binary" else frames

    def _step(self, times):
        """The step of each event: floor(time / dt)."""
        dt = jnp.asarray(self.dt, float)
        place = jnp.floor(times.astype(float) / dt)
        # NaN has no place in integers: it would become step 0.
        step = jnp.where(jnp.isnan(place), -1, place).astype(int)
        if not jnp.issubdtype(times.dtype, jnp.integer):
            return step
        # A float holds whole numbers exactly only up to a size, so times are divided as they are if dt is whole too.
        whole = jnp.maximum(dt.astype(int), 1)
        return jnp.where(whole == dt, times.astype(int) // whole, step)

    def _frame(self):
        if self.shape is None:
            raise ValueError("expected the shape of a frame, found None; give Events(shape=…)")
        return self.shape

    def check_units(self, samples: Any) -> None:
        """Checks that samples are events and that a frame has room for their units; traced values cannot be checked.

        Raises:
          ValueError: other arrays than times and units, times that are no finite numbers or too large for an integer
            of JAX, or a unit beyond the last one of a frame.
        """
        shape = self._frame()
        times, units = _times_and_units(samples)
        if isinstance(times, Tracer) or isinstance(units, Tracer) or not units.size:
            return
        least, largest = int(units.min()), int(units.max())
        if largest >= math.prod(shape) or least < -_largest():
            raise ValueError(
                f"expected units from 0 to {math.prod(shape) - 1} for frames of shape {shape}, or negative ones as "
                f"padding, found {largest if largest >= math.prod(shape) else least}; give a shape that has room for "
                "all, or clean the data"
            )
        real = np.where(units < 0, np.zeros((), times.dtype), times)  # padding may have any time
        if times.dtype.kind in "iu":
            valid = (real >= -_largest()) & (real <= _largest())
        else:
            valid = np.isfinite(real)
        if not valid.all():
            sample = int(np.argmin(valid.all(1)))
            raise ValueError(
                f"expected finite times, and integers up to {_largest()}, found {real[sample][~valid[sample]][0]} in "
                f"sample {sample}; clean it, count from its first event, or store times in a larger unit"
            )

    def __call__(self, prepared: Array, steps: Array, key: Any) -> Array:
        return floats(slice_of(prepared, steps), self.scale)


def _times_and_units(samples):
    """The two arrays of events, NumPy's unless they are traced."""
    if not isinstance(samples, dict) or not {"times", "units"} <= set(samples):
        found = sorted(samples) if isinstance(samples, dict) else type(samples).__name__
        raise ValueError(f'expected events as a dictionary of "times" and "units", found {found}')
    times, units = (
        x if isinstance(x, Tracer) else np.asarray(x) for x in (samples["times"], samples["units"])
    )
    if times.ndim != 2 or times.shape != units.shape:
        raise ValueError(
            f"expected times and units of one shape [B, E], found {times.shape} and {units.shape}; pad lists of "
            "unequal length with units of -1"
        )
    number = jnp.issubdtype(times.dtype, jnp.integer) or jnp.issubdtype(times.dtype, jnp.floating)
    if not (number and jnp.issubdtype(units.dtype, jnp.integer)):
        raise ValueError(
            f"expected times as integers or floats and units as integers, found {times.dtype} and {units.dtype}; "
            "convert them"
        )
    return times, units


def _largest():
    """The largest integer of JAX: of 32 bits, or of 64 if enabled."""
    return int(jnp.iinfo(jnp.asarray(0).dtype).max)
