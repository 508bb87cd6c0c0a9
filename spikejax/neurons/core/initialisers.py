"""Initialisers of parameters that several models draw in the same way: `(key, shape, dtype) -> array`."""

import dataclasses
import math

import jax
from jax import Array


@dataclasses.dataclass(frozen=True)
class Uniform:
    """Uniformly distributed values.

    Attributes:
      low: least value.
      high: greatest value.

    >>> import jax
    >>> drawn = Uniform(2.0, 3.0)(jax.random.key(0), (1000,), float)
    >>> bool((drawn >= 2).all() and (drawn <= 3).all()), f"{float(drawn.mean()):.1f}"
    (True, '2.5')
    """

    low: float
    high: float

    def __call__(self, key, shape, dtype) -> Array:
        return jax.random.uniform(key, shape, dtype, self.low, self.high)


@dataclasses.dataclass(frozen=True)
class UniformLog:
    """Logarithms of values between two bounds, uniformly distributed.

    Attributes:
      low: least value, of which the logarithm is drawn.
      high: greatest value.

    >>> import jax
    >>> drawn = UniformLog(0.01, 1.0)(jax.random.key(0), (1000,), float)
    >>> bool((drawn >= math.log(0.01)).all() and (drawn <= 0).all())
    True
    """

    low: float
    high: float

    def __call__(self, key, shape, dtype) -> Array:
        low, high = math.log(self.low), math.log(self.high)
        return jax.random.uniform(key, shape, dtype, low, high)
