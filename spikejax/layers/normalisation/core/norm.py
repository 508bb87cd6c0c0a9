"""What every norm does: its checks, its running statistics, its affine map."""

import math
from typing import Any, ClassVar, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.layers.normalisation.core.statistics import Moments, followed, spread

STATISTICS = "batch_stats"
RANGES = {"momentum": (0, 1), "epsilon": (0, math.inf)}  # of what every norm here has


class Affine(NamedTuple):
    """x ↦ a x + b for each channel.

    Attributes:
      scale: a, `[C]`, or `[T, C]` if each step has its own.
      shift: b, of the shape of a.
    """

    scale: Array
    shift: Array


class Norm(nn.Module):
    """A layer that normalises each channel of `x[T, B, *spatial, C]` by statistics of a batch.

    In training the statistics are those of the batch, without the steps at which samples have ended; running ones, in
    the collection "batch_stats", follow them and take their place in evaluation, where the layer is an affine map of
    each channel. Statistics are computed in float32 at least, the outputs have the dtype of x.

    Raises:
      ValueError: a setting outside `ranges`.
    """

    # The lowest and highest value of settings; checked when a norm is made, and so at each point of a sweep, whose
    # values are traced later.
    ranges: ClassVar[dict[str, tuple[float, float]]] = {}

    def __post_init__(self):
        for name, (low, high) in self.ranges.items():
            check_number(name, getattr(self, name), low, high)
        super().__post_init__()

    def __call__(self, x: Array, train: bool = False, step_mask: Array | None = None) -> Array:
        """Normalises `x[T, B, *spatial, C]`.

        Args:
          x: values.
          train: whether by the statistics of this batch, which the running ones then follow.
          step_mask: True where a sample's step is real, `[T, B]`; None if all are.
        """
        raise NotImplementedError

    def inference(self, variables: Any) -> Affine:
        """What the layer is in evaluation, from its "params" and "batch_stats"."""
        raise NotImplementedError

    def summed(self, count: int) -> dict[str, Any]:
        """The settings that differ where the outputs of `count` such layers are summed; none for most norms."""
        return {}


def checked(norm: Any, x: Array, step_mask: Array | None) -> Array:
    """Values as an array of JAX.

    Raises:
      ValueError: values that are not floating point `[T, B, *spatial, C]`, or a mask that is not `[T, B]`.
    """
    x = jnp.asarray(x)
    if x.ndim < 3 or not jnp.issubdtype(x.dtype, jnp.floating):
        raise ValueError(
            f"expected floating-point values [T, B, *spatial, C] for {type(norm).__name__}, found "
            f"{x.dtype}{list(x.shape)}; give values without time one step, x[None]"
        )
    if step_mask is not None and step_mask.shape != x.shape[:2]:
        raise ValueError(
            f"expected a step mask [T, B] = {list(x.shape[:2])}, found shape {step_mask.shape}; a layer whose time is "
            "not that of the network's inputs needs a mask of its own"
        )
    return x


def check_number(name: str, value: Any, low: float, high: float) -> None:
    """Raises ValueError for a setting that is no number in [low, high]; one that is traced is not looked at.

    >>> check_number("momentum", 1.5, 0, 1)
    Traceback (most recent call last):
    ValueError: expected momentum as a number in [0, 1], found 1.5
    """
    if isinstance(value, jax.Array | np.ndarray):
        return
    real = isinstance(value, int | float | np.integer | np.floating)
    number = real and not isinstance(value, bool)
    if not (number and low <= value <= high):
        raise ValueError(f"expected {name} as a number in [{low}, {high}], found {value!r}")


def check_steps(norm: nn.Module, collection: str, name: str, x: Array) -> None:
    """Raises ValueError if a norm has a value per step and x has another number of steps."""
    if not norm.has_variable(collection, name) or norm.is_initializing():
        return
    steps = jnp.shape(norm.get_variable(collection, name))[0]
    if steps != x.shape[0]:
        raise ValueError(
            f"{type(norm).__name__} was initialised with T = {steps} steps, has own values for each, and expected all "
            f"of them at once, found {x.shape[0]}; run whole sequences of {steps} steps (chunk=None, no stream), or "
            "use a norm whose values are shared over time, BatchNorm for example"
        )


def running(norm: nn.Module, shape: tuple[int, ...], dtype: Any) -> tuple[Moments, Any]:
    """The running statistics of a layer, and a function that lets them follow those of a batch.

    Args:
      norm: the layer, inside its `__call__`.
      shape: `[C]`, or `[T, C]` if each step has its own.
      dtype: of new ones.

    Returns:
      The statistics, and `follow(moments, momentum)`.
    """
    dtype = jnp.promote_types(dtype, jnp.float32)
    mean: Any = norm.variable(STATISTICS, "mean", jnp.zeros, shape, dtype)
    var: Any = norm.variable(STATISTICS, "var", jnp.ones, shape, dtype)
    values = Moments(mean.value, var.value, jnp.zeros(shape[:-1]))

    def follow(found, momentum):
        if not norm.is_initializing():
            after = followed(values, found, momentum)
            mean.value = after.mean.astype(mean.value.dtype)
            var.value = after.var.astype(var.value.dtype)

    return values, follow


def normalised(x: Array, by: Moments, scale: Array, shift: Any, epsilon: Any) -> Array:
    """scale (x − mean) / √(var + ε) + shift, in the dtype of x."""
    factor = spread(scale / jnp.sqrt(by.var + epsilon), x.ndim)
    outputs = (x - spread(by.mean, x.ndim)) * factor + spread(jnp.asarray(shift), x.ndim)
    return outputs.astype(x.dtype)


def inference_of(variables: Any, scale: Array, shift: Any, epsilon: Any) -> Affine:
    """The affine map of a layer in evaluation, from its running statistics, scale and shift."""
    mean, var = variables[STATISTICS]["mean"], variables[STATISTICS]["var"]
    factor = scale / jnp.sqrt(var + epsilon)
    return Affine(factor, shift - mean * factor)
