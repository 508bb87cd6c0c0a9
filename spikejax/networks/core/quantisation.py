"""Weights of few values: after training, in training by a straight-through estimator, and as integers for a file."""

import inspect
from collections.abc import Mapping
from typing import Any, Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

Levels = Literal["int8", "ternary"]
LEVELS = ("int8", "ternary")
KERNEL, SCALE = "kernel", "_scale"


def quantise(kernel: Array, levels: Levels) -> tuple[Array, Array]:
    """A weight as integers and a scale per output, W ≈ q s.

    int8:    s = max|W| / 127,  q = round(W / s)
    ternary: q = sign(W) where |W| > Δ = 0.7 mean|W|, else 0;  s = mean of |W| where |W| > Δ

    Args:
      kernel: `[..., outputs]`; maxima and means are those of each output.
      levels: "int8" or "ternary".

    Returns:
      q, int8 of the shape of W, and s, `[1, ..., outputs]`, 1 for an output whose weights are all 0.

    Raises:
      ValueError: other levels, or a weight of fewer than two axes.

    Reference: int8: Krishnamoorthi (2018), Quantizing deep convolutional networks for efficient inference, symmetric
    per-channel quantiser; ternary: Li, Zhang, Liu (2016), Ternary weight networks, Eqs. 5-6, applied per output.

    >>> q, s = quantise(jnp.array([[0.75], [-0.125], [0.5]]), "ternary")
    >>> q.ravel().tolist(), s.tolist()
    ([1, 0, 1], [[0.625]])
    """
    _check(levels)
    kernel = jnp.asarray(kernel, jnp.promote_types(jnp.result_type(kernel), jnp.float32))
    if jnp.ndim(kernel) < 2:
        raise ValueError(
            f"expected a weight [..., outputs] of two axes or more, found shape {jnp.shape(kernel)}"
        )
    inputs = tuple(range(jnp.ndim(kernel) - 1))
    size = jnp.abs(kernel)
    if levels == "int8":
        scale = size.max(inputs, keepdims=True) / 127
        scale = jnp.where(scale > 0, scale, 1)
        return jnp.clip(jnp.round(kernel / scale), -127, 127).astype(jnp.int8), scale
    large = size > 0.7 * size.mean(inputs, keepdims=True)
    count = large.sum(inputs, keepdims=True)
    scale = jnp.where(large, size, 0).sum(inputs, keepdims=True) / jnp.maximum(count, 1)
    return (jnp.sign(kernel) * large).astype(jnp.int8), jnp.where(scale > 0, scale, 1)


def quantised(params: Any, levels: Levels) -> Any:
    """Parameters whose weights have the values q s of `quantise`, as floats; everything else is unchanged.

    Weights are the leaves whose names end in "kernel", with the outputs as their last axis: those of Linear, Recurrent,
    Conv, DelayedLinear, DHLIF and LTC, and of Flax's Dense and Conv.

    Args:
      params: the collection "params" of a network, or a part of it.
      levels: "int8" or "ternary".

    >>> params = {"readout": {"kernel": jnp.array([[0.75], [-0.125]]), "bias": jnp.array([0.1])}}
    >>> quantised(params, "ternary")["readout"]["kernel"].ravel().tolist()
    [0.75, 0.0]
    """

    def change(kernel):
        integers, scale = quantise(kernel, levels)
        return (integers * scale).astype(kernel.dtype)

    return _of_kernels(change, params)


def integers(params: Any, levels: Levels) -> Any:
    """Parameters in which each "kernel" is int8 and has its scale beside it, "kernel_scale": W ≈ kernel · kernel_scale.

    They are for a file; a network runs with those of `quantised`, or of `dequantised`. This is what
    `spikejax export RUN --to safetensors --weights int8` writes: a quarter of the size.

    >>> found = integers({"readout": {"kernel": jnp.array([[0.9], [-0.9]])}}, "int8")["readout"]
    >>> found["kernel"].ravel().tolist(), found["kernel"].dtype, sorted(found)
    ([127, -127], dtype('int8'), ['kernel', 'kernel_scale'])
    """
    if not isinstance(params, Mapping):
        return params
    found = {}
    for name, value in params.items():
        if _is_weight(name, value):
            found[name], found[f"{name}{SCALE}"] = quantise(jnp.asarray(value), levels)
        else:
            found[name] = integers(value, levels)
    return found


def dequantised(params: Any) -> Any:
    """Parameters as a network runs with them, from those of `integers`: equal to `quantised`.

    >>> stored = integers({"readout": {"kernel": jnp.array([[0.75], [-0.125]])}}, "ternary")
    >>> dequantised(stored)["readout"]["kernel"].ravel().tolist()
    [0.75, 0.0]
    """
    if not isinstance(params, Mapping):
        return params
    scales = {f"{name}{SCALE}" for name in params} & set(params)
    return {
        name: value * params[f"{name}{SCALE}"] if f"{name}{SCALE}" in scales else dequantised(value)
        for name, value in params.items()
        if name not in scales
    }


class Quantised(nn.Module):
    """A network that computes with quantised weights while it learns the full ones: quantisation-aware training.

    Its weights are those of `quantised`. The gradient of a weight W is that of its quantised value, as if quantising
    were the identity (the straight-through estimator). Its parameters are those of the network, below "network":
    after training, `network.network` with `quantised(variables["params"]["network"], levels)` computes the same.

    Attributes:
      network: any Flax module from inputs `[T, B, *F]` to outputs.
      levels: "int8" or "ternary".

    Raises:
      ValueError: other levels.

    Reference: Bengio, Léonard, Courville (2013), Estimating or propagating gradients through stochastic neurons.

    >>> import spikejax
    >>> from spikejax import MLP
    >>> from spikejax.neurons.lif import LIF
    >>> network, x = Quantised(MLP((8,), 3, LIF()), "ternary"), jnp.ones((10, 2, 4))
    >>> variables = network.init(jax.random.key(0), x)
    >>> outputs, _ = spikejax.run(network, variables, x)
    >>> own = {name: found["network"] for name, found in variables.items() if "network" in found}
    >>> own["params"] = quantised(own["params"], "ternary")
    >>> same, _ = spikejax.run(network.network, own, x)
    >>> bool((outputs == same).all())
    True
    """

    network: nn.Module
    levels: Levels = "int8"

    @nn.compact
    def __call__(self, x: Any, train: bool = False) -> Any:
        """The outputs of the network with quantised weights; `train` is passed on if it has that argument."""
        _check(self.levels)
        options = (
            {"train": train}
            if "train" in inspect.signature(self.network.__call__).parameters
            else {}
        )

        def passed(params):
            return _of_kernels(self._straight_through, params)

        def call(network, x):
            return network(x, **options)

        if self.is_initializing():  # the full weights are what is stored
            return call(self.network, x)
        return nn.map_variables(call, "params", passed)(self.network, x)

    def _straight_through(self, kernel):
        found = quantised({KERNEL: kernel}, self.levels)[KERNEL]
        # In this order the value is that of `found`, bit for bit.
        return jax.lax.stop_gradient(found) + (kernel - jax.lax.stop_gradient(kernel))


def _check(levels):
    if levels not in LEVELS:
        raise ValueError(f"expected levels of {' or '.join(LEVELS)}, found {levels!r}")


def _is_weight(name, value):
    return name.endswith(KERNEL) and not isinstance(value, Mapping) and np.ndim(value) > 1


def _of_kernels(change, tree):
    if not isinstance(tree, Mapping):
        return tree
    return {
        name: change(value) if _is_weight(name, value) else _of_kernels(change, value)
        for name, value in tree.items()
    }
