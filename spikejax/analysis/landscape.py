"""The loss in a plane through trained weights, spanned by two random directions."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array


def filter_normalised(key: Array, params: Any) -> Any:
    """A random direction, as long as the weights of each output unit.

    For the weights w to one unit the direction is d ‖w‖/‖d‖ with d from N(0, 1). Scaling the weights before and after a
    layer against each other, which leaves a network of rectified linear units as it is, then changes nothing.
    Parameters of fewer than two axes, biases and those of neurons, do not move.

    Args:
      key: PRNG key.
      params: learned parameters, of which the last axis is that of the output units.

    Reference: Li et al. (2018), Visualizing the loss landscape of neural nets, Sec. 4.

    >>> params = {"bias": jnp.ones(2), "kernel": jnp.array([[3.0, 0.0], [4.0, 2.0]])}
    >>> found = filter_normalised(jax.random.key(0), params)
    >>> found["bias"], jnp.linalg.norm(found["kernel"], axis=0)
    (Array([0., 0.], dtype=float32), Array([5., 2.], dtype=float32))
    """
    leaves, structure = jax.tree.flatten(params)
    # One key for each that moves, so that networks that differ in other parameters have equal directions.
    keys = iter(jax.random.split(key, max(1, sum(jnp.ndim(x) >= 2 for x in leaves))))

    def direction(weights):
        if jnp.ndim(weights) < 2:
            return jnp.zeros_like(weights)
        drawn = jax.random.normal(next(keys), weights.shape, weights.dtype)
        axes = tuple(range(weights.ndim - 1))
        sizes = [jnp.sqrt((x**2).sum(axes)) for x in (weights, drawn)]
        return drawn * sizes[0] / sizes[1]

    return structure.unflatten([direction(weights) for weights in leaves])


def loss_plane(
    loss: Callable[[Any], Array],
    params: Any,
    directions: tuple[Any, Any],
    first: Any,
    second: Any,
    *,
    beside: int = 1,
) -> Array:
    """L(θ + a d1 + b d2) for all a and b, `[A, B]`, in one program.

    Args:
      loss: of parameters, a scalar.
      params: θ.
      directions: d1 and d2, each like θ, see `filter_normalised`.
      first: the values a, `[A]`.
      second: the values b, `[B]`.
      beside: how many points are computed at once.

    >>> loss_plane(lambda x: (x**2).sum(), jnp.zeros(2), tuple(jnp.eye(2)), [0.0, 1.0], [0.0, 3.0])
    Array([[ 0.,  9.],
           [ 1., 10.]], dtype=float32)
    """
    first, second = jnp.asarray(first, float), jnp.asarray(second, float)
    points = jnp.stack(jnp.meshgrid(first, second, indexing="ij"), -1).reshape(-1, 2)

    @jax.jit
    def losses(params, directions, points):
        def at(point):
            def moved(x, along, across):
                return (x + point[0] * along + point[1] * across).astype(x.dtype)

            return loss(jax.tree.map(moved, params, *directions))

        return jax.lax.map(at, points, batch_size=beside)

    return losses(params, directions, points).reshape(len(first), len(second))
