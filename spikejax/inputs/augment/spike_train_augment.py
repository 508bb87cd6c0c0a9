"""Spike trains that are stretched, moved to other channels and thinned."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, size, spec
from spikejax.inputs.augment.base import Augmentation


@spec
class SpikeTrainAugment(Augmentation):
    """Changes spike trains, a dictionary of "times" and "units" `[B, E]` as `Events` takes them.

        t' = a t            a ~ U(1 − stretch, 1 + stretch) of each sample
        u' = u + ⌊b + c⌉    b ~ N(0, shift²) of each sample, c ~ N(0, jitter²) of each spike

    and a spike is left out with probability `drop`, and where u' is none of the units. Applied before `Events`, times
    that are stretched beyond its last step are left out as others are.

    Reference: B. Cramer et al. (2022), The Heidelberg spiking data sets for the systematic evaluation of spiking neural
    networks, Sec. III, for units that are jittered by a normal distribution.

    >>> from collections import namedtuple
    >>> events = {"times": jnp.array([[0.5, 1.0, 0.0]]), "units": jnp.array([[3, 4, -1]])}
    >>> batch = namedtuple("Batch", "inputs labels")(events, None)
    >>> found = SpikeTrainAugment(stretch=0.1, shift=0.0, jitter=0.0, drop=0.0)(batch, jax.random.key(0))
    >>> found.inputs["units"], bool((abs(found.inputs["times"] / events["times"] - 1)[0, :2] < 0.1).all())
    (Array([[ 3,  4, -1]], dtype=int32), True)
    """

    spec_name: ClassVar = "spike_train_augment"
    stretch: Leaf = param(default=0.2, low=0, high=1, doc="largest relative change of all times")
    shift: Leaf = param(
        default=10.0, low=0, doc="standard deviation, in units, of a shift of all units of a sample"
    )
    jitter: Leaf = param(
        default=5.0, low=0, doc="standard deviation, in units, of the shift of a single unit"
    )
    drop: Leaf = param(default=0.1, low=0, high=1, doc="probability that a spike is left out")
    channels: int = size(default=700, doc="units are 0 to channels − 1")

    def __call__(self, batch: Any, key: Array) -> Any:
        """A randomly changed batch.

        Raises:
          ValueError: its inputs are not times and units.
        """
        events = batch.inputs
        if not isinstance(events, dict) or set(events) != {"times", "units"}:
            raise ValueError(
                f"{type(self).__name__} expects spike trains, a dictionary of times and units, found "
                f"{jax.tree.map(jnp.shape, events)}"
            )
        times, units = jnp.asarray(events["times"]), jnp.asarray(events["units"])
        keys = jax.random.split(key, 4)
        each = (len(units), 1)
        factor = 1 + self.stretch * jax.random.uniform(keys[0], each, minval=-1.0)
        moved = self.shift * jax.random.normal(keys[1], each)
        moved = moved + self.jitter * jax.random.normal(keys[2], units.shape)
        found = units.astype(int) + jnp.round(moved).astype(int)
        kept = (units >= 0) & (found >= 0) & (found < self.channels)
        kept = kept & (jax.random.uniform(keys[3], units.shape) >= self.drop)
        inputs = {"times": times * factor, "units": jnp.where(kept, found, -1)}
        return batch._replace(inputs=inputs)
