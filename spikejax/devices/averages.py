"""Weighted means, so that the means of parts combine to the mean of the whole."""

from typing import Any, NamedTuple

import jax
from jax import Array


class Average(NamedTuple):
    """A mean over some samples, steps or neurons, and its weight when combined with others.

    >>> import jax.numpy as jnp
    >>> parts = [Average(jnp.array(1.0), jnp.array(3.0)), Average(jnp.array(5.0), jnp.array(1.0))]
    >>> float(finish(jax.tree.map(jnp.add, *map(begin, parts))))
    2.0
    """

    value: Any
    weight: Any


class _Sums(NamedTuple):
    total: Any
    weight: Any


def _is_average(node):
    return isinstance(node, Average)


def _is_sums(node):
    return isinstance(node, _Sums)


def begin(tree: Any, weight: Any = 1.0) -> Any:
    """The sums of a tree of averages, which add up over parts; a plain leaf is a mean of the given weight."""

    def sums(node):
        mean = node if _is_average(node) else Average(node, weight)
        return _Sums(jax.tree.map(lambda x: x * mean.weight, mean.value), mean.weight)

    return jax.tree.map(sums, tree, is_leaf=_is_average)


def finish(tree: Any) -> Any:
    """The means of a tree of sums that `begin` made."""

    def mean(node):
        # The mean is 0, not NaN, if all weights are 0.
        weight = jax.numpy.where(node.weight == 0, 1, node.weight)
        return jax.tree.map(lambda x: x / weight, node.total)

    return jax.tree.map(mean, tree, is_leaf=_is_sums)


def values(tree: Any) -> Any:
    """A tree with the value of each average in its place."""
    return jax.tree.map(
        lambda node: node.value if _is_average(node) else node, tree, is_leaf=_is_average
    )


def weight_of(node: Any, default: Any) -> Array:
    """The weight of an average; the default for anything else."""
    return node.weight if _is_average(node) else default
