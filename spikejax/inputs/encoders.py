"""Encoders: from stored samples to what a network receives at given time steps.

An encoder returns the inputs at any steps of a sequence, so it runs inside a chunk: samples stay as they are stored, as
bytes for example, and become floats chunk by chunk. Random numbers of a step depend on the key and the step alone, not
on how the sequence is cut.
"""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.fields import Leaf, option, param, size, spec

LEAST = 1e-9  # of what samples or times are divided by


class Encoder:
    """The base of every encoder."""

    def steps_of(self, samples: Any) -> int:
        """T, for samples `[B, ...]`."""
        raise NotImplementedError

    def prepare(self, samples: Any) -> Any:
        """Computed once per batch, before the sequence is cut; by default nothing."""
        return samples

    def __call__(self, prepared: Any, steps: Array, key: Any) -> Array:
        """Inputs `[K, B, *F]` at the consecutive steps `[K]` of prepared samples."""
        raise NotImplementedError

    def encode(self, samples: Any, key: Any = None) -> Array:
        """Inputs `[T, B, *F]` of whole sequences."""
        key = jax.random.key(0) if key is None else key
        samples = jax.tree.map(jnp.asarray, samples)
        steps = jnp.arange(self.steps_of(samples))
        return self(self.prepare(samples), steps, key)


def floats(x: Any, scale: Any) -> Array:
    """Numbers of any dtype as floats, divided by `scale`; float32, or float64 if enabled in JAX."""
    x = jnp.asarray(x).astype(float)
    return x if scale is None else x / scale


@spec
class Sequence(Encoder):
    """Samples `[B, T, *F]` that are sequences: x[t] = sample[t] / scale.

    >>> Sequence(scale=255.0).encode(jnp.array([[[0], [255]]], jnp.uint8)).ravel()
    Array([0., 1.], dtype=float32)
    """

    spec_name: ClassVar = "sequence"
    scale: Leaf = param(
        default=None, low=LEAST, doc="samples are divided by it; that of the data set if None"
    )

    def steps_of(self, samples: Array) -> int:
        if np.ndim(samples) < 2:
            raise ValueError(
                f"expected samples [B, T, *F], found shape {np.shape(samples)}; Repeat shows one sample at every step"
            )
        return samples.shape[1]

    def prepare(self, samples: Array) -> Array:
        return samples.swapaxes(0, 1)

    def __call__(self, prepared: Array, steps: Array, key: Any) -> Array:
        return floats(slice_of(prepared, steps), self.scale)


@spec
class Repeat(Encoder):
    """Direct encoding: the same sample `[B, *F]` at each of T steps, normalised if a mean or a deviation is given.

        x[t] = (samples / scale − mean) / deviation

    A mean or a deviation of another number of channels than the samples have raises ValueError.

    Reference: Rathi, Roy (2021), DIET-SNN: direct input encoding with leakage and threshold optimization.

    >>> Repeat(steps=4).encode(jnp.ones((2, 3))).shape
    (4, 2, 3)
    >>> Repeat(steps=1, scale=255.0, mean=0.5, deviation=0.25).encode(jnp.array([[0, 255]], jnp.uint8))
    Array([[[-2.,  2.]]], dtype=float32)
    """

    spec_name: ClassVar = "repeat"
    steps: int = size(default=4, doc="T")
    scale: Leaf = param(
        default=None, low=LEAST, doc="samples are divided by it; that of the data set if None"
    )
    mean: Leaf = param(
        default=None, doc="subtracted from sample / scale, one value or one per channel; 0 if None"
    )
    deviation: Leaf = param(
        default=None, low=LEAST, doc="divides what is left, one value or one per channel; 1 if None"
    )

    def steps_of(self, samples: Array) -> int:
        return self.steps

    def __call__(self, prepared: Array, steps: Array, key: Any) -> Array:
        x = floats(prepared, self.scale)
        for name, value in (("mean", self.mean), ("deviation", self.deviation)):
            if np.shape(value)[-1:] not in ((), (1,), x.shape[-1:]):
                raise ValueError(
                    f"expected one {name}, or one per channel of samples {list(x.shape)}, found shape {np.shape(value)}"
                )
        x = x if self.mean is None else x - self.mean
        x = x if self.deviation is None else x / self.deviation
        return jnp.broadcast_to(x, (*steps.shape, *x.shape))


@spec
class Rate(Encoder):
    """Rate coding of samples `[B, *F]` in [0, scale]: x[t] ~ Bernoulli(gain sample / scale), independent at each step.

    >>> spikes = Rate(steps=20_000, scale=2.0).encode(jnp.array([[0.5]]))
    >>> f"{float(spikes.mean()):.2f}"
    '0.25'
    """

    spec_name: ClassVar = "rate"
    steps: int = size(default=32, doc="T")
    gain: Leaf = param(default=1.0, low=0, doc="firing probability per step of the largest sample")
    scale: Leaf = param(
        default=None, low=LEAST, doc="largest value of a sample; that of the data set if None"
    )

    def steps_of(self, samples: Array) -> int:
        return self.steps

    def __call__(self, prepared: Array, steps: Array, key: Any) -> Array:
        probability = self.gain * floats(prepared, self.scale)

        def at(step):
            return (
                jax.random.uniform(jax.random.fold_in(key, step), probability.shape) < probability
            )

        return jax.vmap(at)(steps).astype(probability.dtype)


@spec
class Latency(Encoder):
    """Time-to-first-spike coding of samples `[B, *F]` in [0, scale]: one spike, the earlier the larger the sample.

        x[t] = 1 where t = round((T − 1) (1 − samples / scale)) and samples > 0, else 0

    Reference: Thorpe, Delorme, Van Rullen (2001), Spike-based strategies for rapid processing; linear.

    >>> Latency(steps=3).encode(jnp.array([[1.0, 0.5, 0.0]]))[:, 0]
    Array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 0.]], dtype=float32)
    """

    spec_name: ClassVar = "latency"
    steps: int = size(default=32, doc="T")
    scale: Leaf = param(
        default=None, low=LEAST, doc="largest value of a sample; that of the data set if None"
    )

    def steps_of(self, samples: Array) -> int:
        return self.steps

    def __call__(self, prepared: Array, steps: Array, key: Any) -> Array:
        strength = floats(prepared, self.scale)
        time = jnp.round((self.steps - 1) * (1 - jnp.clip(strength, 0, 1)))
        steps = steps.reshape(-1, *[1] * strength.ndim)
        return ((steps == time) & (strength > 0)).astype(strength.dtype)


@spec
class Delta(Encoder):
    """Delta modulation of sequences `[B, T, F]`: a spike where the signal has changed by the threshold.

        d[t] = (sample[t] − sample[t−1]) / scale,   sample[−1] = sample[0]
        x[t] = Θ(d[t] − threshold)                  rising changes, channels 0 … F−1
               Θ(−d[t] − threshold)                 falling changes, channels F … 2F−1 with polarity="both"

    Reference: Eshraghian et al. (2023), Training spiking neural networks using lessons from deep learning.

    >>> Delta(threshold=0.5).encode(jnp.array([[[0.0], [1.0], [0.9], [0.0]]]))[:, 0]
    Array([[0., 0.],
           [1., 0.],
           [0., 0.],
           [0., 1.]], dtype=float32)
    """

    spec_name: ClassVar = "delta"
    threshold: Leaf = param(default=0.1, low=0, doc="smallest change that is an event")
    scale: Leaf = param(
        default=None, low=LEAST, doc="samples are divided by it; that of the data set if None"
    )
    polarity: str = option(
        default="both", choices=("both", "rising"), doc="whether falling changes are events"
    )

    def steps_of(self, samples: Array) -> int:
        return Sequence().steps_of(samples)

    def prepare(self, samples: Array) -> Array:
        samples = samples.swapaxes(0, 1)
        return jnp.concatenate([samples[:1], samples])

    def __call__(self, prepared: Array, steps: Array, key: Any) -> Array:
        now = floats(slice_of(prepared, steps + 1), self.scale)
        change = now - floats(slice_of(prepared, steps), self.scale)
        rising = change >= self.threshold
        if self.polarity == "rising":
            return rising.astype(change.dtype)
        return jnp.concatenate([rising, -change >= self.threshold], -1).astype(change.dtype)


def slice_of(sequence: Array, steps: Array) -> Array:
    """The consecutive steps `[K]` of a sequence `[T, ...]`."""
    return jax.lax.dynamic_slice_in_dim(sequence, steps[0], steps.shape[0])
