"""What modules learn of time while a network is applied: which steps are real, and the numbers of the steps.

A module whose `__call__` has an argument `step_mask` receives the mask `[K, B]` of the steps that are real, if samples
have different lengths, and one with an argument `step_numbers` the numbers `[K]` of the steps; so do our layers.
Flax's BatchNorm leaves the other steps out of its statistics, and the masks of its Dropout depend on the number of a
step, not on how a sequence is cut. Its convolutions fold steps and samples into one axis: where devices share a batch
as one array, the samples come first, so that each device keeps its share. With the steps first XLA would gather the
batch and convolve all of it on every device.
"""

import inspect
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array
from jax.core import Tracer

from spikejax.dynamics.steps import Steps, along

CONVOLUTIONS = (nn.Conv, nn.ConvLocal, nn.ConvTranspose)


def check_lengths(lengths: Any, inputs: Any, least: int = 1) -> Array | None:
    """Lengths as an array `[B]`, or None.

    Raises:
      ValueError: lengths that are not integers `[B]`, or, if they are known, not from `least` to T.
    """
    if lengths is None:
        return None
    steps, count = jax.tree.leaves(inputs)[0].shape[:2]
    lengths = jnp.asarray(lengths)
    whole = jnp.issubdtype(lengths.dtype, jnp.integer) and lengths.shape == (count,)
    known = whole and not isinstance(lengths, Tracer)
    if not whole or (known and not (least <= lengths.min() and lengths.max() <= steps)):
        found = f"{lengths.dtype}{list(lengths.shape)}"
        found += f" from {lengths.min()} to {lengths.max()}" if known else ""
        raise ValueError(
            f"expected lengths as integers [B] = [{count}] from {least} to T = {steps}, found {found}"
        )
    return lengths


def told(steps: Steps) -> Callable[..., Any]:
    """A Flax interceptor that passes on what modules should know of these steps."""

    def intercept(call, args, kwargs, context):
        module, call_of = context.module, type(context.module).__call__
        if context.method_name != "__call__":
            return call(*args, **kwargs)
        if call_of is nn.Dropout.__call__:
            return _dropped(module, call, steps.numbers, *args, **kwargs)
        if isinstance(module, CONVOLUTIONS) and jax.sharding.get_abstract_mesh().auto_axes:
            return _samples_first(module, call, *args, **kwargs)
        signature = inspect.signature(module.__call__)
        given = signature.bind_partial(*args, **kwargs).arguments
        if "step_numbers" in signature.parameters and "step_numbers" not in given:
            kwargs = {**kwargs, "step_numbers": steps.numbers}
        if steps.real is None:
            return call(*args, **kwargs)
        if call_of is nn.BatchNorm.__call__ and given.get("mask") is None:
            kwargs = {**kwargs, "mask": _alongside(steps.real, given["x"])}
        elif "step_mask" in signature.parameters and "step_mask" not in given:
            kwargs = {**kwargs, "step_mask": steps.real}
        return call(*args, **kwargs)

    return intercept


def _alongside(real, x):
    """The mask in the form that BatchNorm expects for values `[K, B, ...]`, or `[K·B, ...]`."""
    if x.shape[:2] == real.shape:
        return along(real, x.ndim)
    if x.shape[:1] == (real.size,):
        return along(real.ravel(), x.ndim)
    raise ValueError(
        f"expected values [T, B, ...] with T, B = {list(real.shape)} for BatchNorm, whose samples have different "
        f"lengths, found shape {x.shape}; pass it the mask of the steps that are real, "
        "BatchNorm(...)(x, mask=...), from your module's argument step_mask"
    )


def _samples_first(module, call, inputs):
    size = module.kernel_size
    window = 1 if isinstance(size, int) else len(size)
    if inputs.ndim < window + 3:
        return call(inputs)
    return call(inputs.swapaxes(0, 1)).swapaxes(0, 1)


def _dropped(module, call, numbers, inputs, deterministic=None, rng=None):
    """Dropout whose mask at a step is drawn from a key of that step."""
    given = {"deterministic": deterministic, "rng": rng}
    off = module.deterministic if deterministic is None else deterministic
    if rng is not None or off or module.rate == 0 or not module.has_rng(module.rng_collection):
        return call(inputs, **given)
    key = module.make_rng(module.rng_collection)
    dims = [dim % inputs.ndim for dim in module.broadcast_dims]
    folded = len(inputs) != len(numbers)
    if 0 in dims or len(inputs) % len(numbers):
        return call(inputs, deterministic, key)  # one mask for the sequence
    x = inputs.reshape(len(numbers), -1, *inputs.shape[1:]) if folded else inputs
    of_step = nn.Dropout(module.rate, dims if folded else [dim - 1 for dim in dims], parent=None)

    def drop(x, number):
        return of_step.apply({}, x, deterministic=False, rng=jax.random.fold_in(key, number))

    dropped: Any = jax.vmap(drop)(x, numbers)
    return dropped.reshape(inputs.shape)
