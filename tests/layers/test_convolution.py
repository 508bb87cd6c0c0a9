"""The convolution with gradients of its own against `jax.lax.conv_general_dilated`, to 1e-12 in float64."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.sharding import PartitionSpec

from fast_compilation import fast_jit
from spikejax.devices import mesh
from spikejax.layers import Conv
from spikejax.layers.convolution import convolve

pytestmark = pytest.mark.usefixtures("float64")
DRAW = np.random.default_rng(0)
ORDERS = {1: ("NWC", "WIO", "NWC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NDHWC", "DHWIO", "NDHWC")}
EXPLICIT, CROPPED = ((2, 1), (0, 3)), ((-1, 2), (1, -2))

# Spatial size, window, channels in and out, groups, strides, padding, dilation of the inputs and of the kernel.
CONFIGURATIONS = {
    "same": ((7, 6), (3, 3), (4, 6), 1, (1, 1), "SAME", (1, 1), (1, 1)),
    "valid": ((7, 6), (3, 2), (4, 6), 1, (1, 1), "VALID", (1, 1), (1, 1)),
    "explicit": ((7, 6), (3, 2), (4, 6), 1, (1, 1), EXPLICIT, (1, 1), (1, 1)),
    "cropped": ((9, 8), (3, 2), (4, 6), 1, (2, 1), CROPPED, (1, 1), (1, 1)),
    "strided": ((7, 6), (3, 2), (4, 6), 1, (2, 3), "SAME", (1, 1), (1, 1)),
    "stride beyond the window": ((9, 9), (2, 2), (3, 2), 1, (3, 4), "VALID", (1, 1), (1, 1)),
    "one by one": ((5, 4), (1, 1), (4, 6), 1, (1, 1), "SAME", (1, 1), (1, 1)),
    "one by one, strided": ((5, 4), (1, 1), (4, 6), 1, (2, 2), "VALID", (1, 1), (1, 1)),
    "window as large as the inputs": ((5, 5), (5, 5), (2, 3), 1, (1, 1), "VALID", (1, 1), (1, 1)),
    "dilated kernel": ((9, 8), (3, 2), (4, 6), 1, (1, 2), "SAME", (1, 1), (2, 3)),
    "dilated inputs": ((5, 4), (3, 3), (4, 6), 1, (1, 1), EXPLICIT, (2, 3), (1, 1)),
    "all dilated": ((5, 4), (3, 2), (4, 6), 2, (3, 2), EXPLICIT, (2, 3), (2, 1)),
    "groups": ((7, 6), (3, 3), (4, 6), 2, (2, 1), "SAME", (1, 1), (1, 1)),
    "depthwise": ((7, 6), (3, 3), (4, 8), 4, (1, 1), "SAME", (1, 1), (1, 1)),
    "one axis": ((11,), (4,), (4, 6), 2, (2,), "SAME", (1,), (2,)),
    "by Winograd": ((4, 6), (3, 3), (64, 80), 1, (1, 1), "SAME", (1, 1), (1, 1)),
    "by Winograd, odd": ((3, 5), (3, 3), (64, 64), 1, (1, 1), ((0, 2), (1, 0)), (1, 1), (1, 1)),
    "three axes": ((5, 4, 6), (3, 2, 3), (2, 4), 2, (1, 2, 1), "SAME", (1, 1, 1), (1, 1, 2)),
}


def programs(name):
    """The convolution of a configuration, JAX's, and operands `[3, N, ...]`, `[3, ...]` of three models."""
    spatial, window, (inward, outward), groups, strides, padding, of_x, of_kernel = CONFIGURATIONS[
        name
    ]
    options = {
        "window_strides": strides,
        "padding": padding,
        "lhs_dilation": of_x if not isinstance(padding, str) else None,
        "rhs_dilation": of_kernel,
        "feature_group_count": groups,
    }
    x = jnp.asarray(DRAW.normal(size=(3, 2, *spatial, inward)))
    kernel = jnp.asarray(DRAW.normal(size=(3, *window, inward // groups, outward)))
    plain = functools.partial(
        lax.conv_general_dilated, dimension_numbers=ORDERS[len(spatial)], **options
    )
    return functools.partial(convolve, **options), plain, x, kernel


def derivatives(convolution, x, kernel):
    """Outputs, the gradients of a function of them, and the gradient of a function of those."""

    def loss(x, kernel):
        return jnp.sin(convolution(x, kernel)).sum()

    def steepness(x, kernel):
        of_x, of_kernel = jax.grad(loss, (0, 1))(x, kernel)
        return (of_x**2).sum() + jnp.sin(of_kernel).sum()

    first, second = jax.grad(loss, (0, 1)), jax.grad(steepness, (0, 1))
    tangent = jax.jvp(first, (x, kernel), (jnp.cos(x), jnp.cos(kernel)))[1]
    return convolution(x, kernel), first(x, kernel), second(x, kernel), tangent


def assert_close(found, expected):
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12 * abs(other).max())


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_derivatives_are_those_of_jax(name):
    ours, plain, x, kernel = programs(name)
    found, expected = (
        fast_jit(functools.partial(derivatives, f))(x[0], kernel[0]) for f in (ours, plain)
    )
    assert_close(found, expected)


@pytest.mark.parametrize("axes", [(0, 0), (None, 0), (0, None)])
@pytest.mark.parametrize("name", ["explicit", "strided", "groups"])
def test_over_models(name, axes):
    ours, plain, x, kernel = programs(name)
    operands = x if axes[0] == 0 else x[0], kernel if axes[1] == 0 else kernel[0]
    found, expected = (
        fast_jit(jax.vmap(functools.partial(derivatives, f), axes))(*operands)
        for f in (ours, plain)
    )
    assert_close(found, expected)


@pytest.mark.parametrize("checked", [True, False])
def test_shared_by_devices(checked):
    """The kernel is that of all devices, so its gradient is the sum over them; also recomputed."""
    ours, plain, x, kernel = programs("strided")
    x = x.reshape(6, *x.shape[2:])

    def gradient(x, kernel):
        recomputed = jax.checkpoint(ours)
        of_kernel = jax.grad(lambda kernel: jnp.sin(recomputed(x, kernel)).sum())(kernel)
        return of_kernel if checked else lax.psum(of_kernel, mesh.AXIS)

    whole, split = PartitionSpec(), PartitionSpec(mesh.AXIS)
    shared = jax.shard_map(
        gradient, mesh=mesh.over(), in_specs=(split, whole), out_specs=whole, check_vma=checked
    )
    expected = jax.grad(lambda kernel: jnp.sin(plain(x, kernel)).sum())(kernel[0])
    assert_close(fast_jit(shared)(x, kernel[0]), expected)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_other_precisions(dtype):
    ours, plain, x, kernel = programs("groups")
    x, kernel = x[0].astype(dtype), kernel[0].astype(dtype)
    for found, expected in zip(
        *(jax.vjp(f, x, kernel)[1](jnp.ones_like(plain(x, kernel))) for f in (ours, plain)),
        strict=True,
    ):
        assert found.dtype == dtype
        error = np.abs(np.float64(found) - np.float64(expected)).max()
        assert error <= 4 * jnp.finfo(dtype).eps * np.abs(np.float64(expected)).max()


@pytest.mark.parametrize("platform", ["cpu", "cuda", "tpu"])
def test_a_program_has_the_order_of_axes_of_its_platform(platform):
    """On a CPU that of the convolution itself for both gradients; elsewhere JAX's own gradients."""
    ours, plain, x, kernel = programs("same")

    def lowered(convolution):
        gradient = jax.jit(jax.grad(lambda x, w: jnp.sin(convolution(x, w)).sum(), (0, 1)))
        exported = jax.export.export(gradient, platforms=[platform])(x[0], kernel[0])
        return sorted(
            line.split("dim_numbers = ")[1].split("x[")[0] + line.split("->")[1][:14]
            for line in exported.mlir_module().splitlines()
            if "stablehlo.convolution" in line
        )

    found, forward = lowered(ours), "[b, 0, 1, f]"
    if platform == "cpu":
        assert len(found) == 3 and all(order.startswith(forward) for order in found)
    else:
        assert found == lowered(plain) and not all(order.startswith(forward) for order in found)


def test_the_layer_is_that_of_flax():
    images = jnp.asarray(DRAW.normal(size=(3, 2, 8, 8, 3)))
    for options in (
        {"strides": 2, "padding": "CIRCULAR"},
        {"padding": "VALID", "use_bias": False},
        {"feature_group_count": 3, "kernel_dilation": 2},
    ):
        ours, flax = (kind(6, (3, 3), param_dtype=float, **options) for kind in (Conv, nn.Conv))
        variables = flax.init(jax.random.key(0), images)
        assert_close(ours.init(jax.random.key(0), images), variables)

        def loss(layer, variables):
            return jnp.sin(layer.apply(variables, images)).sum()

        found, expected = (
            fast_jit(jax.value_and_grad(functools.partial(loss, layer)))(variables)
            for layer in (ours, flax)
        )
        assert_close(found, expected)


def test_another_order_of_axes_is_refused():
    order = lax.conv_dimension_numbers((1, 2, 5, 5), (3, 2, 3, 3), ("NCHW", "OIHW", "NCHW"))
    with pytest.raises(ValueError, match=r"channels last.*conv_general_dilated for another order"):
        convolve(
            jnp.ones((1, 2, 5, 5)), jnp.ones((3, 2, 3, 3)), (1, 1), "SAME", dimension_numbers=order
        )
