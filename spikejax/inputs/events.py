"""Events: lists of addresses and times, binned into frames."""

import math
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param, setting, size, spec
from spikejax.inputs.encoders import Encoder, floats, slice_of


@spec
class Events(Encoder):
    """Events binned into T frames of `shape`: x[t] counts the events of each address in [t dt, (t + 1) dt).

    Samples are a dictionary of "times" `[B, E]`, in the unit of dt, and "units" `[B, E]`, flat addresses into `shape`.
    Lists of unequal length are padded with negative units. Events from T dt on are left out.

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
        default=0.01, low=0, unit="s", doc="length of a step, in the unit of the times"
    )
    shape: tuple[int, ...] | None = setting(
        default=None, doc="shape of a frame; that of the data set if None"
    )
    pool: int = size(default=1, doc="neighbouring units of the last axis that share a channel")
    counts: str = option(
        default="sum", choices=("sum", "binary"), doc="whether coincident events add or count once"
    )
    scale: Leaf = param(default=1.0, low=0, doc="counts are divided by it")

    def steps_of(self, samples: Any) -> int:
        return self.steps

    def prepare(self, samples: Any) -> Array:
        """Frames `[T, B, *F]` of integers."""
        if self.shape is None:
            raise ValueError("expected the shape of a frame, found None; give Events(shape=…)")
        times, units = jnp.asarray(samples["times"]), jnp.asarray(samples["units"])
        size = math.prod(self.shape)
        step = jnp.floor(times.astype(float) / self.dt).astype(int)
        unit = units.astype(int)
        # Padding and late events get an address beyond the last one and are dropped.
        inside = (unit >= 0) & (unit < size) & (step >= 0) & (step < self.steps)
        place = jnp.where(inside, step * size + unit, self.steps * size)

        def bin_one(place):
            frames = jnp.zeros(self.steps * size, jnp.int32)
            return frames.at[place].add(1, mode="drop")

        frames = jax.vmap(bin_one)(place).reshape(len(place), self.steps, *self.shape)
        frames = frames.swapaxes(0, 1)
        if self.pool > 1:
            channels = self.shape[-1]
            if channels % self.pool:
                raise ValueError(
                    f"expected a pool that divides the {channels} channels, found {self.pool}"
                )
            frames = frames.reshape(*frames.shape[:-1], channels // self.pool, self.pool).sum(-1)
        frames = jnp.minimum(frames, 1 if self.counts == "binary" else 255)
        return frames.astype(jnp.uint8)

    def __call__(self, prepared: Array, steps: Array, key: Any) -> Array:
        return floats(slice_of(prepared, steps), self.scale)
