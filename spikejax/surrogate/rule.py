"""The gradient rule of a spike: a step forward, a surrogate backward."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, dataclass_transform

import jax
from jax import Array

from spikejax import fields, pytree

T = TypeVar("T")
SMALLEST = 1e-4  # least width or slope of a curve: at 0 it has no height, or an infinite one


class Surrogate:
    """What `spike` needs: a pytree of parameters with a `derivative`; the base of every surrogate.

    With an `antiderivative` as well, its parameters have a gradient too.
    """

    spec_name: ClassVar[str | None] = None
    antiderivative: Any = None  # a method (x) -> Array, if there is one

    def derivative(self, x: Array) -> Array:
        """Stands in for dΘ/dx at x, element by element."""
        raise NotImplementedError(f"{type(self).__name__} has no derivative")

    def check(self) -> None:
        """Raises ValueError if parameters do not fit together; called for numbers and arrays."""

    def fire(self, x: Array, strict: bool) -> Array:
        """What is emitted at a distance x from the threshold: spikes, unless a surrogate mixes them with something."""
        return _spike(x, self, strict)


def heaviside(x: Array, strict: bool = False) -> Array:
    """Θ(x): 1 where x ≥ 0, or x > 0 if `strict`, else 0, in the dtype of x."""
    return (x > 0 if strict else x >= 0).astype(x.dtype)


def spike(x: Array, surrogate: Surrogate, strict: bool = False) -> Array:
    """Spikes where x ≥ 0; its gradient is the surrogate's.

    Args:
      x: distance of the membrane potential from the threshold, any shape, floating point.
      surrogate: pytree with a `derivative`, for example `Triangle(width=1.0)`.
      strict: spikes where x > 0 only.

    Returns:
      Exactly 0 or 1, shape and dtype of x.

    The gradient with respect to x is `surrogate.derivative(x)`; that with respect to the surrogate's parameters is the
    derivative of its antiderivative, as if the spike were the antiderivative, and 0 if it has none.

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
    return surrogate.fire(x, strict)


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
    if surrogate.antiderivative is None:  # its parameters are not learned
        return by_x, None
    value, pullback = jax.vjp(lambda curve: curve.antiderivative(x), surrogate)
    return by_x, *pullback(cotangent.astype(value.dtype))


_spike.defvjp(_forward, _backward)


@dataclass_transform(
    frozen_default=True,
    field_specifiers=(fields.param, fields.option, fields.size, fields.setting, fields.part),
)
def surrogate(name: str | None = None) -> Callable[[type[T]], type[T]]:
    """Makes a class a surrogate: a spec, whose values may also be given by position, and a `Surrogate`.

    Fields made by `fields.param` and the like are checked at construction; a parameter with bounds that a layer learns
    is kept within them.

    Args:
      name: its name in the registry; one of your own is known as "module:Name".

    >>> @surrogate()
    ... class Flat:
    ...     '''The same slope everywhere.'''
    ...     height: float = fields.param(default=0.5, low=0, doc="of the curve")
    ...     def derivative(self, x):
    ...         return self.height + 0 * x
    >>> import jax.numpy as jnp
    >>> float(jax.grad(lambda x: spike(x, Flat()))(jnp.array(3.0)))
    0.5
    >>> Flat(-1.0)
    Traceback (most recent call last):
    ValueError: Flat.height must lie in [0, inf], found -1.0
    """

    def register(cls: Any) -> Any:
        if not issubclass(cls, Surrogate):
            body = {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__")}
            cls = type(cls)(cls.__name__, (Surrogate,), body)
        cls.spec_name = name
        setattr(cls, "__post_init__", fields.validate)  # noqa: B010
        return pytree.register(dataclasses.dataclass(frozen=True)(cls))

    return register
