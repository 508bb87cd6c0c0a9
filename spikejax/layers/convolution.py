"""A convolution whose gradients a CPU computes as fast inside a loop as outside of one."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.sharding import PartitionSpec

from spikejax.layers import winograd

WINOGRAD_CHANNELS = 64  # least, in and out; below, plain convolutions measured faster (2 CPU cores)
Pairs = tuple[tuple[int, int], ...]


class Geometry(NamedTuple):
    """What a convolution is besides its operands; each entry has a value per spatial axis."""

    strides: tuple[int, ...]
    padding: Pairs
    input_dilation: tuple[int, ...]
    kernel_dilation: tuple[int, ...]
    groups: int
    precision: Any


def convolve(
    x: Array,
    kernel: Array,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    *,
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: lax.ConvDimensionNumbers | None = None,
    feature_group_count: int = 1,
    precision: Any = None,
) -> Array:
    """`jax.lax.conv_general_dilated` with the channels last, and gradients that a CPU computes fast everywhere.

    JAX writes the gradients of a convolution as convolutions with exchanged axes. XLA's compiler for CPUs has fast code
    for one order of axes alone, and brings others into it only at the top level of a program. Here both gradients are
    written in that order on a CPU, which is faster in the body of a `lax.scan`, and with groups everywhere; on other
    platforms they are JAX's own.

    Where gradients are taken on a CPU, windows 3x3 with strides of 1 between 64 and more channels use Winograd's
    algorithm, forward and backward. An evaluation of the same network then differs by rounding, about 1e-6 of the
    values, which may flip a spike whose potential is at the threshold.

    Args:
      x: inputs `[N, *spatial, C]`.
      kernel: `[*window, C / groups, D]`.
      window_strides: per spatial axis.
      padding: "SAME", "VALID" or zeros before and after, per spatial axis.
      lhs_dilation: of the inputs, per spatial axis.
      rhs_dilation: of the kernel, per spatial axis.
      dimension_numbers: the order of the axes, if given.
      feature_group_count: groups of channels.
      precision: see `jax.lax.Precision`.

    Returns:
      Outputs `[N, *spatial, D]`. Reverse mode and Hessian-vector products work; forward mode straight through it
      (`jax.jvp`) raises JAX's `TypeError` for `custom_vjp`.

    Raises:
      ValueError: another order of the axes.

    >>> import jax, jax.numpy as jnp
    >>> convolve(jnp.ones((1, 4, 1)), jnp.ones((3, 1, 1)), (1,), "SAME").ravel()
    Array([2., 3., 3., 2.], dtype=float32)
    """
    if dimension_numbers is not None and dimension_numbers != _axes(x.ndim):
        raise ValueError(
            f"expected the channels last in the inputs and the kernel, found {dimension_numbers}; use "
            "jax.lax.conv_general_dilated for another order"
        )
    ones = (1,) * (x.ndim - 2)
    strides, kernel_dilation = tuple(window_strides), tuple(rhs_dilation or ones)
    if isinstance(padding, str):
        window = [
            (size - 1) * d + 1 for size, d in zip(kernel.shape[:-2], kernel_dilation, strict=True)
        ]
        padding = lax.padtype_to_pads(x.shape[1:-1], window, strides, padding)
    pairs = tuple((int(low), int(high)) for low, high in padding)
    geometry = Geometry(
        strides,
        pairs,
        tuple(lhs_dilation or ones),
        kernel_dilation,
        feature_group_count,
        precision,
    )
    # Zeros that vary over devices as the other operand does: a gradient of what devices share is summed over them.
    return _convolve(geometry, x + _nothing(kernel, x), kernel + _nothing(x, kernel))


class Conv(nn.Conv):
    """Flax's `nn.Conv`, the same parameters and, up to rounding, values, with the gradients of `convolve`.

    >>> import jax, jax.numpy as jnp
    >>> images = jnp.ones((5, 2, 8, 8, 3))  # [T, B, H, W, C]
    >>> outputs, variables = Conv(4, (3, 3)).init_with_output(jax.random.key(0), images)
    >>> outputs.shape, jax.tree.map(jnp.shape, variables["params"])
    ((5, 2, 8, 8, 4), {'bias': (4,), 'kernel': (3, 3, 3, 4)})
    """

    conv_general_dilated: Any = convolve


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _convolve(geometry, x, kernel):
    return _plain(geometry, x, kernel)


def _forward(geometry, x, kernel):
    # Not _convolve: a custom_vjp called here would break Hessian-vector products.
    plain, fast = (functools.partial(f, geometry) for f in (_plain, _fast))
    if not _by_winograd(geometry, kernel):
        return plain(x, kernel), (x, kernel)
    return lax.platform_dependent(x, kernel, cpu=fast, default=plain), (x, kernel)


def _backward(geometry, operands, gradient):
    x, kernel = operands

    def others(x, kernel, gradient):
        return jax.vjp(functools.partial(_plain, geometry), x, kernel)[1](gradient)

    def cpu(x, kernel, gradient):
        return _of_inputs(geometry, x, kernel, gradient), _of_kernel(geometry, x, kernel, gradient)

    return lax.platform_dependent(x, kernel, gradient, cpu=cpu, default=others)


_convolve.defvjp(_forward, _backward)


def _nothing(operand, other):
    return operand[:0].sum().astype(other.dtype)


def _plain(geometry, x, kernel):
    return lax.conv_general_dilated(
        x,
        kernel,
        geometry.strides,
        geometry.padding,
        geometry.input_dilation,
        geometry.kernel_dilation,
        _axes(x.ndim),
        geometry.groups,
        precision=geometry.precision,
    )


def _fast(geometry, x, kernel):
    """The convolution as a CPU computes it fastest."""
    if _by_winograd(geometry, kernel):

        def convolved(x, kernel):
            return winograd.convolve(x, kernel, geometry.padding, geometry.precision)

        return _on_each_device(convolved, x, kernel, summed=False)
    return _plain(geometry, x, kernel)


def _on_each_device(function, x, other, *, summed):
    """A function of images `[N, ...]` and a kernel, or of two sets of images that it sums over.

    Where devices share the images, each calls it with its share: a loop over parts of all images would gather them.
    """
    mesh = jax.sharding.get_abstract_mesh()
    if not mesh.auto_axes or len(x) % mesh.size:
        return function(x, other)
    split, whole = PartitionSpec(mesh.auto_axes), PartitionSpec()

    def local(x, other):
        found = function(x, other)
        return lax.psum(found, mesh.auto_axes) if summed else found

    return jax.shard_map(
        local,
        in_specs=(split, split if summed else whole),
        out_specs=whole if summed else split,
        check_vma=False,
    )(x, other)


def _by_winograd(geometry, kernel):
    """Whether fewer products make up for the transforms, which each channel pays once."""
    *window, inward, outward = kernel.shape
    moved = (*geometry.strides, *geometry.input_dilation, *geometry.kernel_dilation)
    return (
        window == [3, 3]
        and geometry.groups == 1
        and set(moved) == {1}
        and min(sum(geometry.padding, ())) >= 0
        and min(inward, outward) >= WINOGRAD_CHANNELS
        and jnp.finfo(kernel.dtype).bits >= 32
    )


def _axes(ndim):
    """[N, *spatial, C], [*window, C, D] and [N, *spatial, D]."""
    spatial = tuple(range(1, ndim - 1))
    images = (0, ndim - 1, *spatial)
    return lax.ConvDimensionNumbers(images, (ndim - 1, ndim - 2, *range(ndim - 2)), images)


def _of_inputs(geometry, x, kernel, gradient):
    """Σ w[i] g[o] over all i, o that meet an input: the convolution of the gradient with the reversed kernel."""
    spatial, groups = tuple(range(x.ndim - 2)), geometry.groups
    *window, inward, outward = kernel.shape
    split = kernel[(slice(None, None, -1),) * len(spatial)]
    split = split.reshape(*window, inward, groups, outward // groups)
    exchanged = split.transpose(*spatial, -1, -2, -3).reshape(*window, outward // groups, -1)
    padding = []
    for axis in spatial:
        stride, step = geometry.strides[axis], geometry.input_dilation[axis]
        reach = (window[axis] - 1) * geometry.kernel_dilation[axis]
        low = reach - geometry.padding[axis][0]
        have = (gradient.shape[axis + 1] - 1) * stride
        padding.append((low, (x.shape[axis + 1] - 1) * step + reach - have - low))
    turned = geometry._replace(
        strides=geometry.input_dilation, padding=tuple(padding), input_dilation=geometry.strides
    )
    return _fast(turned, gradient, exchanged)


def _of_kernel(geometry, x, kernel, gradient):
    """Σ x[o·stride + i·dilation] g[o] over all o: a convolution whose channels are the samples, and the reverse."""
    if _by_winograd(geometry, kernel):

        def slope(x, gradient):
            return winograd.of_kernel(x, gradient, geometry.padding, geometry.precision)

        return _on_each_device(slope, x, gradient, summed=True)
    axes, groups = tuple(range(1, x.ndim - 1)), geometry.groups
    images = x.reshape(*x.shape[:-1], groups, -1).transpose(-1, *axes, -2, 0)
    images = images.reshape(*images.shape[:-2], -1)
    padding = []
    for axis in axes:
        low, step = geometry.padding[axis - 1][0], geometry.input_dilation[axis - 1]
        reach = (kernel.shape[axis - 1] - 1) * geometry.kernel_dilation[axis - 1]
        reach += (gradient.shape[axis] - 1) * geometry.strides[axis - 1]
        padding.append((low, reach - (x.shape[axis] - 1) * step - low))
    turned = geometry._replace(
        strides=geometry.kernel_dilation, padding=tuple(padding), kernel_dilation=geometry.strides
    )
    found = _plain(turned, images, gradient.transpose(*axes, 0, -1))
    return found.transpose(*axes, 0, -1)
