"""Means and variances over a batch: pooled over time, of each step, or accumulated over steps; and running ones."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.dynamics.steps import along


class Moments(NamedTuple):
    """The mean and variance of each channel.

    Attributes:
      mean: `[C]`, or `[T, C]` if each step has its own.
      var: of the shape of the mean; the squared deviations are divided by their number.
      count: how many values each is over, `[]` or `[T]`.
    """

    mean: Array
    var: Array
    count: Array


def pooled(x: Array, step_mask: Array | None = None) -> Moments:
    """The moments of all steps, samples and positions of `x[T, B, *spatial, C]`, without the steps that are not real.

    >>> pooled(jnp.arange(4.0).reshape(2, 2, 1)).mean
    Array([1.5], dtype=float32)
    """
    return _moments(x, step_mask, tuple(range(x.ndim - 1)))


def per_step(x: Array, step_mask: Array | None = None) -> Moments:
    """The moments of each step of `x[T, B, *spatial, C]`, over its samples and positions that are real.

    >>> per_step(jnp.arange(4.0).reshape(2, 2, 1)).mean.ravel()
    Array([0.5, 2.5], dtype=float32)
    """
    return _moments(x, step_mask, tuple(range(1, x.ndim - 1)))


def _moments(x, step_mask, axes):
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    outside = [size for axis, size in enumerate(x.shape[:-1]) if axis not in axes]
    if step_mask is None:
        every = x.size // max(1, x.shape[-1] * (x.shape[0] if outside else 1))
        mean = wide.mean(axes, keepdims=True)
        var = jnp.square(wide - mean).mean(axes)
        return Moments(mean.reshape(var.shape), var, jnp.full(outside, every, wide.dtype))
    real = along(step_mask, x.ndim)
    positions = x[0, 0, ..., 0].size
    count = positions * step_mask.sum(axes[:2] if not outside else 1).astype(wide.dtype)
    # A step without real samples has the moments 0.
    share = 1 / jnp.maximum(count, 1)[..., None]
    mean = jnp.where(real, wide, 0).sum(axes) * share
    centred = jnp.where(real, wide - spread(mean, x.ndim), 0)
    return Moments(mean, jnp.square(centred).sum(axes) * share, count)


def accumulated(steps: Moments) -> Moments:
    """The moments of the steps 1 to t, for every t, from those of each step.

    >>> accumulated(per_step(jnp.arange(4.0).reshape(2, 2, 1))).mean.ravel()
    Array([0.5, 1.5], dtype=float32)
    """
    count = jnp.cumsum(steps.count)
    weight, share = steps.count[:, None], 1 / jnp.maximum(count, 1)[:, None]
    # About a common centre, on which the result does not depend: there little is lost where sums cancel.
    centre = jax.lax.stop_gradient(steps.mean.mean(0))
    shifted = steps.mean - centre
    mean = jnp.cumsum(weight * shifted, 0) * share
    squares = jnp.cumsum(weight * (steps.var + jnp.square(shifted)), 0) * share
    return Moments(centre + mean, jnp.maximum(squares - jnp.square(mean), 0), count)


def spread(values: Array, ndim: int) -> Array:
    """Values `[C]` or `[T, C]` with axes of 1, to broadcast against `[T, B, *spatial, C]`.

    >>> spread(jnp.ones((4, 3)), 5).shape
    (4, 1, 1, 1, 3)
    """
    if values.ndim < 2:
        return values
    return values.reshape(values.shape[0], *[1] * (ndim - 2), values.shape[-1])


def followed(running: Moments, found: Moments, momentum: Any) -> Moments:
    """Running moments after those of a batch: r ← m r + (1 − m) s, with the unbiased variance for s.

    As in PyTorch, whose momentum is 1 − m, a running variance follows squared deviations that are divided by their
    number less one. Moments of each step update running ones of each step; or, if those are shared by all steps, T
    times in the order of the steps. A step without real samples updates none.
    """
    keep = jnp.where(found.count > 0, momentum, 1.0).astype(found.mean.dtype)
    var = found.var * (found.count / jnp.maximum(found.count - 1, 1))[..., None]
    shared = running.mean.ndim < found.mean.ndim

    def follow(old, new):
        if not shared:
            return keep[..., None] * old + (1 - keep[..., None]) * new
        # What is left of step t after the steps that follow it.
        left = jnp.cumprod(jnp.append(keep[1:], 1)[::-1])[::-1]
        return keep.prod() * old + ((left * (1 - keep))[:, None] * new).sum(0)

    return Moments(follow(running.mean, found.mean), follow(running.var, var), found.count)
