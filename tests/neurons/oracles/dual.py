"""Dual numbers: forward-mode differentiation, and functions of plain arrays or of dual numbers."""

import numpy as np


class Dual:
    """A value and its derivatives along K directions: shapes [...] and [K, ...]."""

    __array_ufunc__ = None  # so that `array * dual` is ours, not NumPy's

    def __init__(self, value, tangent=0.0):
        self.value, self.tangent = np.asarray(value, np.float64), np.asarray(tangent, np.float64)

    def __add__(self, other):
        other = lift(other)
        by_self, by_other = aligned(self, other)
        return Dual(self.value + other.value, by_self + by_other)

    def __mul__(self, other):
        other = lift(other)
        by_self, by_other = aligned(self, other)
        return Dual(self.value * other.value, by_self * other.value + self.value * by_other)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other):
        other = lift(other)
        by_self, by_other = aligned(self, other)
        ratio = self.value / other.value
        return Dual(ratio, (by_self - ratio * by_other) / other.value)

    def __rtruediv__(self, other):
        return lift(other) / self

    def __neg__(self):
        return Dual(-self.value, -self.tangent)

    def __sub__(self, other):
        return self + -lift(other)

    def __rsub__(self, other):
        return -self + other

    def __pow__(self, n):
        return elementwise(lambda v: v**n, lambda v: n * v ** (n - 1))(self)

    def __getitem__(self, index):
        index = index if isinstance(index, tuple) else (index,)
        return Dual(self.value[index], self.tangent[(slice(None), *index)])

    def __iter__(self):
        """Walk along the first axis of the value: time."""
        return map(Dual, self.value, self.tangent.swapaxes(0, 1))

    def sum(self):
        return Dual(self.value.sum(), self.tangent.reshape(len(self.tangent), -1).sum(axis=1))


def lift(x):
    return x if isinstance(x, Dual) else Dual(x)


def detach(x):
    """The value alone: no derivative flows through it."""
    return x.value if isinstance(x, Dual) else x


def aligned(*duals):
    """The tangents, so shaped that [K, ...] broadcasts just as the values [...] do."""
    rank = max(dual.value.ndim for dual in duals)

    def align(tangent):
        missing = rank + 1 - tangent.ndim
        if tangent.ndim == 0 or missing <= 0:
            return tangent
        return tangent.reshape(len(tangent), *[1] * missing, *tangent.shape[1:])

    return [align(dual.tangent) for dual in duals]


def stack(steps, shape=()):
    """Values that broadcast to one shape, and with `shape`, along a new first axis: time."""
    shape = np.broadcast_shapes(shape, *(np.shape(detach(step)) for step in steps))
    values = np.stack([np.broadcast_to(detach(step), shape) for step in steps])
    if not any(isinstance(step, Dual) for step in steps):
        return values
    tangents = [aligned(lift(step), Dual(values[0]))[0] for step in steps]
    directions = max(np.size(tangent, 0) for tangent in tangents if tangent.ndim)
    tangents = [np.broadcast_to(tangent, (directions, *shape)) for tangent in tangents]
    return Dual(values, np.stack(tangents, axis=1))


def elementwise(function, derivative):
    """The function of a NumPy array, made to follow the chain rule on a dual number."""

    def apply(x):
        if isinstance(x, Dual):
            return Dual(function(x.value), derivative(x.value) * x.tangent)
        return function(np.asarray(x, np.float64))

    return apply


def maximum(x, y):
    """The larger of two, with its derivative; that of x if they are equal."""
    if not (isinstance(x, Dual) or isinstance(y, Dual)):
        return np.maximum(x, y)
    x, y = lift(x), lift(y)
    return Dual(np.maximum(x.value, y.value), np.where(x.value >= y.value, *aligned(x, y)))


def minimum(x, y):
    """The smaller of two, with its derivative; that of x if they are equal."""
    return -maximum(-x, -y)


def product(x, matrix):
    """The matrix product of [B, I] and [I, F]."""
    if not (isinstance(x, Dual) or isinstance(matrix, Dual)):
        return np.asarray(x) @ np.asarray(matrix)
    x, matrix = lift(x), lift(matrix)
    tangent: np.ndarray | float = 0.0
    if x.tangent.ndim:
        whole = np.broadcast_to(x.tangent, (len(x.tangent), *x.value.shape))
        tangent = tangent + whole @ matrix.value
    if matrix.tangent.ndim:
        tangent = tangent + x.value @ matrix.tangent
    return Dual(x.value @ matrix.value, tangent)


def logistic(x):
    return np.exp(-np.logaddexp(0.0, -x))  # 1 / (1 + exp(-x)), exact far out as well


def heaviside(x, strict=False):
    return np.where(x > 0.0 if strict else x >= 0.0, 1.0, 0.0)


def fire(x, derivative, strict=False):
    """The step function, with the surrogate `derivative` in place of its own."""
    return elementwise(lambda v: heaviside(v, strict), derivative)(x)


def rounded(x):
    return np.round(x)  # halves to even


def count(x, most):
    """x rounded to an integer from 0 to `most`, with the derivative of x in between and 0 outside."""
    return elementwise(
        lambda v: rounded(np.clip(v, 0.0, most)),
        lambda v: np.where((v >= 0.0) & (v <= most), 1.0, 0.0),
    )(x)


def bernoulli(probability, uniform):
    return np.where(uniform < probability, 1.0, 0.0)


def draw(probability, uniform):
    """1 with that probability, else 0, by a `uniform` number; the derivative is the probability's."""
    drawn = bernoulli(detach(probability), uniform)
    return Dual(drawn, probability.tangent) if isinstance(probability, Dual) else drawn


sigmoid = elementwise(logistic, lambda v: logistic(v) * logistic(-v))
tanh = elementwise(np.tanh, lambda v: 1.0 - np.tanh(v) ** 2)
exp = elementwise(np.exp, np.exp)
log = elementwise(np.log, lambda v: 1.0 / v)
square_root = elementwise(np.sqrt, lambda v: 0.5 / np.sqrt(v))
cos = elementwise(np.cos, lambda v: -np.sin(v))
sin = elementwise(np.sin, np.cos)
relu = elementwise(lambda v: np.maximum(v, 0.0), lambda v: np.where(v > 0.0, 1.0, 0.0))  # 0 at 0
