"""Folding a norm into the weights before it: in evaluation a norm is an affine map of each channel."""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array

from spikejax.layers.normalisation.core.norm import STATISTICS, Norm


def fold(
    norm: Norm, variables: Any, kernel: Array, bias: Array | None = None
) -> tuple[Array, Array]:
    """The kernel and bias that give what a convolution or a dense layer and then a norm give in evaluation.

    a (x ∗ W + c) + b = x ∗ (a W) + (a c + b), where the norm maps each channel by x ↦ a x + b. The results are equal up
    to rounding.

    Args:
      norm: the norm, with the settings of the layer.
      variables: of that layer, its "params" and "batch_stats".
      kernel: W, `[*window, C_in, C]`, or `[F, C]` of a dense layer.
      bias: c, `[C]`; None if there is none.

    Returns:
      The kernel, of the shape of W, and the bias `[C]`.

    Raises:
      ValueError: a norm whose map differs from step to step, or channels that are not those of the kernel.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.layers.normalisation import BatchNorm
    >>> layer, x, kernel = BatchNorm(), jnp.ones((3, 2, 4)), 2 * jnp.ones((4, 5))
    >>> variables = layer.init(jax.random.key(0), x @ kernel)
    >>> folded, bias = fold(layer, variables, kernel)
    >>> bool(jnp.allclose(x @ folded + bias, layer.apply(variables, x @ kernel)))
    True
    """
    scale, shift = norm.inference(variables)
    if scale.ndim > 1:
        raise ValueError(
            f"expected a norm with one affine map for all steps, found {type(norm).__name__} with one for each of "
            f"{scale.shape[0]} steps, which no single kernel can hold; use its `inference`, or train with BatchNorm or "
            "TDBN"
        )
    if scale.shape != kernel.shape[-1:]:
        raise ValueError(
            f"expected a kernel of the norm's channels, [..., {scale.shape[0]}], found {list(kernel.shape)}"
        )
    before = jnp.zeros_like(scale) if bias is None else bias
    folded = kernel * scale.astype(kernel.dtype)
    return folded, (before * scale + shift).astype(kernel.dtype)


def fold_variables(
    network: nn.Module, variables: Any, pairs: Mapping[str, str], x: Any
) -> dict[str, Any]:
    """The variables of a network whose norms are folded into the layers before them, for the same network.

    A norm then leaves its inputs as they are, or adds its shift if the layer before it has no bias. Each is folded with
    its own settings: those of one whose outputs are summed may differ, see `Norm.summed`.

    Args:
      network: a Flax module with norms.
      variables: of the network.
      pairs: for each layer to fold into, the norm that receives its outputs: {"Conv_0": "BatchNorm_0"}; inside others
        with their path, "block_0/Conv_0". The outputs must go nowhere else.
      x: inputs of the network, or their `jax.ShapeDtypeStruct`; nothing is computed of them.

    Raises:
      KeyError: a path that is not in the variables, or a norm that the network does not call.
      ValueError: see `fold`.

    >>> import flax.linen as nn, jax, jax.numpy as jnp
    >>> from spikejax.layers.normalisation import BatchNorm
    >>> network, x = nn.Sequential([nn.Dense(3), BatchNorm()]), jnp.ones((5, 2, 4))
    >>> variables = network.init(jax.random.key(0), x)
    >>> folded = fold_variables(network, variables, {"layers_0": "layers_1"}, x)
    >>> bool(jnp.allclose(network.apply(folded, x), network.apply(variables, x)))
    True
    """
    norms = _norms(network, variables, x)
    params, statistics = variables["params"], variables[STATISTICS]
    for layer, after in pairs.items():
        if after not in norms:
            raise KeyError(f"expected a norm {after}, found the norms {sorted(norms)}")
        norm, before, own = norms[after], _at(params, layer), _at(params, after)
        found = {"params": own, STATISTICS: _at(statistics, after)}
        kernel, bias = fold(norm, found, before["kernel"], before.get("bias"))
        changed = {"kernel": kernel} | ({"bias": bias} if "bias" in before else {})
        params = _with(params, layer, before | changed)
        plain = {
            "params": {"scale": jnp.ones_like(own["scale"]), "bias": jnp.zeros_like(own["bias"])},
            STATISTICS: {"mean": jnp.zeros_like(bias), "var": jnp.ones_like(bias)},
        }
        scale = plain["params"]["scale"] / norm.inference(plain).scale
        shift = plain["params"]["bias"] if "bias" in before else bias
        params = _with(params, after, {"scale": scale, "bias": shift})
        statistics = _with(statistics, after, plain[STATISTICS])
    return {**variables, "params": params, STATISTICS: statistics}


def _norms(network, variables, x) -> dict[str, Norm]:
    """The norms that a network calls, with the settings that it gives them, by path."""
    found = {}

    def see(call, args, kwargs, context):
        if isinstance(context.module, Norm) and context.method_name == "__call__":
            found["/".join(context.module.path)] = context.module.clone(parent=None)
        return call(*args, **kwargs)

    with nn.intercept_methods(see):
        jax.eval_shape(lambda v, x: network.apply(v, x, mutable=True), variables, x)
    return found


def _at(tree, path):
    for name in path.split("/"):
        if name not in tree:
            raise KeyError(f"expected a layer {path}, found {sorted(tree)} where {name} should be")
        tree = tree[name]
    return tree


def _with(tree, path, values):
    head, _, rest = path.partition("/")
    return {**tree, head: _with(tree[head], rest, values) if rest else values}
