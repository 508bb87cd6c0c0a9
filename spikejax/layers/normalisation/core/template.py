"""How a network makes layers of the norm in its attribute."""

from typing import Any

from spikejax.layers.normalisation.core.norm import Norm


def layer_of(norm: Norm, name: str | None = None, *, summed: int = 1) -> Any:
    """A new layer with the settings of a norm, for use in the `__call__` of a network.

    Args:
      norm: an attribute of the network: a template, which has no variables of its own.
      name: of the layer; None numbers it, BatchNorm_0 for example.
      summed: how many such layers are summed, two at the end of a residual block for example; see `Norm.summed`.

    Raises:
      TypeError: a template that is not a norm.

    >>> import flax.linen as nn, jax, jax.numpy as jnp
    >>> from spikejax.layers.normalisation import TDBN, BatchNorm
    >>> class Network(nn.Module):
    ...     norm: Norm = BatchNorm()
    ...     @nn.compact
    ...     def __call__(self, x, train=False):
    ...         x = layer_of(self.norm)(nn.Dense(4)(x), train)
    ...         return layer_of(self.norm, "last")(nn.Dense(3)(x), train)
    >>> x = jnp.ones((5, 2, 4))
    >>> sorted(Network().init(jax.random.key(0), x)["batch_stats"])
    ['BatchNorm_0', 'last']
    >>> sorted(Network(TDBN()).init(jax.random.key(0), x)["batch_stats"])
    ['TDBN_0', 'last']
    """
    if not isinstance(norm, Norm):
        raise TypeError(f"expected a norm, BatchNorm() for example, found {norm!r}")
    return norm.copy(name=name, **norm.summed(summed))
