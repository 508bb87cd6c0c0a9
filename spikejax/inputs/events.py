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
    Lists of unequal length are padded with negative units. Events from T dt on are left out. Integer times, of
    microseconds for example, are divided by a whole dt as integers: rounding moves no event to another step.

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

    def prepare(self, samples: Any) -> Array:
        """Frames `[T, B, *F]` of integers."""
        self.check_units(samples)
        shape = self._frame()
        times, units = jnp.asarray(samples["times"]), jnp.asarray(samples["units"])
        size = math.prod(shape)
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
        step = jnp.floor(times.astype(float) / dt).astype(int)
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
        """Checks that a frame has room for the units of samples; traced ones cannot be checked.

        Raises:
          ValueError: a unit beyond the last one of a frame.
        """
        units, shape = samples["units"], self._frame()
        if isinstance(units, Tracer):
            return
        largest = int(np.max(units)) if np.size(units) else -1
        if largest >= math.prod(shape):
            raise ValueError(
                f"expected units from 0 to {math.prod(shape) - 1} for frames of shape {shape}, or negative ones as "
                f"padding, found {largest}; give a shape that has room for all, or clean the data"
            )

    def __call__(self, prepared: Array, steps: Array, key: Any) -> Array:
        return floats(slice_of(prepared, steps), self.scale)
