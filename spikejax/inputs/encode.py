"""From stored samples to inputs over time `[T, B, ...]`."""

import jax.numpy as jnp
from jax import Array


def sequence(samples: Array, scale: float = 1.0) -> Array:
    """Samples that already are sequences: `[B, T, F]` of any dtype to floats `[T, B, F]`, divided by `scale`.

    Floats are float32, or float64 where JAX is set to it.

    Raises:
      ValueError: samples that are not `[B, T, F]`.

    >>> import jax.numpy as jnp
    >>> sequence(jnp.array([[[0], [255]]], jnp.uint8), scale=255).ravel()
    Array([0., 1.], dtype=float32)
    """
    return floats(steps_first(samples), scale)


def steps_first(samples: Array) -> Array:
    """Samples `[B, T, F]` as `[T, B, F]`, of the same dtype.

    Raises:
      ValueError: samples that are not `[B, T, F]`.
    """
    if samples.ndim != 3:
        raise ValueError(f"expected samples [B, T, F], found shape {samples.shape}")
    return jnp.asarray(samples).swapaxes(0, 1)


def floats(x: Array, scale: float = 1.0) -> Array:
    """Numbers of any dtype as floats, divided by `scale`; the second half of `sequence`."""
    return jnp.asarray(x).astype(float) / scale


def repeat(x: Array, steps: int) -> Array:
    """Direct encoding: the same analog input `[B, ...]` at each of the steps, `[T, B, ...]`.

    Raises:
      ValueError: fewer than one step.

    >>> import jax.numpy as jnp
    >>> repeat(jnp.ones((2, 3)), steps=4).shape
    (4, 2, 3)
    """
    if steps < 1:
        raise ValueError(f"expected at least 1 step, found {steps}")
    return jnp.broadcast_to(x, (steps, *x.shape))
