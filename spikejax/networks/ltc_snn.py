"""Networks of liquid time-constant spiking neurons, feed-forward or recurrent."""

from typing import Any

import flax.linen as nn
from jax import Array

from spikejax.layers import LTC, Linear
from spikejax.networks.core.sizes import check_recurrent, check_sizes, check_vectors, classes_of
from spikejax.surrogate import MultiGaussian, Surrogate


class LTCSNN(nn.Module):
    """Hidden layers of Linear and `LTC`, then a Linear read-out.

    Attributes:
      hidden: neurons of each hidden layer.
      classes: number of outputs; None, in a config, means the classes of the data set.
      recurrent: which hidden layers feed their spikes back, counted from 0.
      baseline: threshold of a neuron at rest.
      strength: how far the adaptation raises the threshold.
      surrogate: surrogate gradient of the spikes.
      dtype: that in which values and weights are multiplied, see `Linear`.
      record: names of variables of the layers' state that are stored, see `LTC`.

    Reference: Yin, Corradi, Bohté (2023), Accurate online training of dynamical spiking neural networks through forward
    propagation through time (arXiv 2112.11231), without normalisation, see `LTC`.

    >>> import jax, jax.numpy as jnp
    >>> network = LTCSNN(hidden=(64,), classes=10, recurrent=(0,))
    >>> variables = network.init(jax.random.key(0), jnp.zeros((1, 1, 1)))
    >>> sum(x.size for x in jax.tree.leaves(variables["params"]["ltc_0"]))  # 64 · (5 · 64 + 3)
    20672
    """

    hidden: tuple[int, ...]
    classes: int | None
    recurrent: tuple[int, ...] = ()
    baseline: Any = 0.1
    strength: Any = 1.8
    surrogate: Surrogate = MultiGaussian(sigma=0.3)
    dtype: Any = None
    record: tuple[str, ...] = ()

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps inputs `[T, B, F]` to outputs `[T, B, C]`, logits of each step.

        Raises:
          ValueError: inputs of another shape, sizes that are not integers, `recurrent` names a layer that does not
            exist; see also `LTC`.
        """
        classes = classes_of(self)
        check_sizes("hidden", self.hidden)
        check_recurrent(self)
        check_vectors(x)
        own = {
            "baseline": self.baseline,
            "strength": self.strength,
            "surrogate": self.surrogate,
            "dtype": self.dtype,
            "record": self.record,
        }
        for i, features in enumerate(self.hidden):
            currents = Linear(features, self.dtype, name=f"linear_{i}")(x)
            x = LTC(i in self.recurrent, **own, name=f"ltc_{i}")(currents)
        return Linear(classes, self.dtype, name="readout")(x)
