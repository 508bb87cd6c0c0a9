"""How the features of a layer are ordered: channels last here, first in NIR."""

import math
from typing import Any, NamedTuple

import numpy as np


class Layout(NamedTuple):
    """The features of one step of one sample.

    Attributes:
      shape: `[F]`, or `[H, W, C]` of images.
      images: `[H, W, C]` of the images that `[F]` was flattened from; None if from none.

    >>> flat = Layout((4,), images=(1, 2, 2))
    >>> flat.outward(np.array([0, 1, 2, 3])), flat.inward(np.array([0, 2, 1, 3]))
    (array([0, 2, 1, 3]), array([0, 1, 2, 3]))
    """

    shape: tuple[int, ...]
    images: tuple[int, ...] | None = None

    @classmethod
    def of_nir(cls, shape: Any) -> "Layout":
        """The layout of the shape of a node, `[F]` or `[C, H, W]`."""
        shape = tuple(int(size) for size in shape)
        return cls((*shape[1:], shape[0]) if len(shape) == 3 else shape)

    def flat(self) -> "Layout":
        """The layout after flattening."""
        images = self.shape if len(self.shape) == 3 else self.images
        return Layout((math.prod(self.shape),), images)

    @property
    def nir(self) -> tuple[int, ...]:
        """The shape in NIR."""
        return (self.shape[-1], *self.shape[:-1]) if len(self.shape) == 3 else self.shape

    def outward(self, values: Any, axis: int = 0) -> np.ndarray:
        """Values `[*F]`, or with the features of a vector at some axis, in the order of NIR."""
        values = np.asarray(values)
        if len(self.shape) == 3:
            return values.transpose(2, 0, 1)
        return values if self.images is None else values.take(self._order(), axis)

    def inward(self, values: Any, axis: int = 0) -> np.ndarray:
        """The inverse of `outward`."""
        values = np.asarray(values)
        if len(self.shape) == 3:
            return values.transpose(1, 2, 0)
        return values if self.images is None else values.take(np.argsort(self._order()), axis)

    def _order(self):
        """Of each feature in NIR, which one it is here."""
        return np.arange(self.shape[0]).reshape(self.images or ()).transpose(2, 0, 1).ravel()
