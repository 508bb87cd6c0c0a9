"""What a layer declares of itself, in the Flax collection "declared": structure, not used in any computation."""

import dataclasses
from typing import Any

import flax.linen as nn
import jax

DECLARED = "declared"


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class Bounds:
    """The lower and upper bound of a parameter; training keeps a learned one between them."""

    low: float
    high: float


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class WholeSequence:
    """States that a layer needs all steps of a sequence at once, and why."""

    reason: str


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class AnyChunk:
    """States that what a layer changes in training does not depend on how a sequence is cut into chunks."""


def declare(module: nn.Module, name: str, fact: Any) -> None:
    """Stores a fact if the collection is mutable, under the name of a parameter or of the layer's part.

    >>> import jax.numpy as jnp
    >>> class Sorted(nn.Module):
    ...     @nn.compact
    ...     def __call__(self, x):
    ...         declare(self, "order", WholeSequence("it sorts all steps"))
    ...         return jnp.sort(x, 0)
    >>> Sorted().apply({}, jnp.ones((3, 1, 1)), mutable=["declared"])[1]
    {'declared': {'order': WholeSequence(reason='it sorts all steps')}}
    """
    if module.is_mutable_collection(DECLARED) and not module.is_initializing():
        module.put_variable(DECLARED, name, fact)
