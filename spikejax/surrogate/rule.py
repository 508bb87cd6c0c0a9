"""The rule of a spike: a step forward, a surrogate backward. The package's only `custom_vjp`."""

import dataclasses
import functools
from types import MappingProxyType
from typing import Protocol

import jax
from jax import Array

from spikejax import pytree


class Surrogate(Protocol):
    """What `spike` needs: a pytree of numbers with a `derivative`.

    With a `primitive` as well, whose slope the derivative is, its numbers have a gradient too. One with a `fire(x,
    strict)` decides itself what is sent and how it is differentiated.
    """

    def derivative(self, x: Array) -> Array:
        """Stands in for dΘ/dx at x, element by element."""
        ...


def heaviside(x: Array, strict: bool = False) -> Array:
    """Θ(x): 1 where x ≥ 0, or x > 0 if `strict`, else 0, in the dtype of x."""
    return (x > 0 if strict else x >= 0).astype(x.dtype)


def spike(x: Array, surrogate: Surrogate, strict: bool = False) -> Array:
    """Spikes where x ≥ 0; its gradient is the surrogate's.

    Args:
      x: distance of the membrane from the threshold, any shape, floating point.
      surrogate: pytree with a `derivative`, for example `Triangle(width=1.0)`.
      strict: spikes where x > 0 only.

    Returns:
      Exactly 0 or 1, shape and dtype of x.

    The gradient by x is `surrogate.derivative(x)`; that by the surrogate's numbers is the slope of its primitive,
    as if the spike were the primitive, and 0 where it has none.

    Reference: Neftci, Mostafa, Zenke (2019), Surrogate gradient learning in spiking neural networks.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.surrogate import Triangle
    >>> x = jnp.array([-1.5, -0.5, 0.0, 0.5])
    >>> spike(x, Triangle()), spike(x, Triangle(), True)
    (Array([0., 0., 1., 1.], dtype=float32), Array([0., 0., 0., 1.], dtype=float32))
    >>> jax.grad(lambda x: spike(x, Triangle()).sum())(x)
    Array([0. , 0.5, 1. , 0.5], dtype=float32)
    >>> jax.grad(lambda curve: spike(x, curve).sum())(Triangle(2.0)).width
    Array(0.09375, dtype=float32, weak_type=True)
    """
    fire = getattr(surrogate, "fire", None)  # of one that mixes spikes with something else
    if fire is not None:
        return fire(x, strict)
    return _spike(x, surrogate, strict)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _spike(x, surrogate, strict):
    del surrogate
    return heaviside(x, strict)


def _forward(x, surrogate, strict):
    # The raw step, not `_spike`: a custom_vjp called here would break Hessian-vector products.
    return heaviside(x, strict), (x, surrogate)


def _backward(strict, residuals, cotangent):
    del strict
    x, surrogate = residuals
    by_x = (cotangent * surrogate.derivative(x)).astype(x.dtype)
    if not hasattr(surrogate, "primitive"):  # one's own, whose numbers are not learned
        return by_x, None
    value, pullback = jax.vjp(lambda curve: curve.primitive(x), surrogate)
    return by_x, *pullback(cotangent.astype(value.dtype))


_spike.defvjp(_forward, _backward)

_REGISTERED: dict[str, type] = {}
SURROGATES = MappingProxyType(_REGISTERED)


def surrogate(name: str):
    """Makes a class a surrogate that is known by a name: a frozen dataclass and a pytree."""

    def register(cls):
        cls = pytree.register(dataclasses.dataclass(frozen=True)(cls))
        _REGISTERED[name] = cls
        return cls

    return register
