"""DH-SNN: spiking networks with dendritic branches, feed-forward or recurrent."""

from typing import Any

import flax.linen as nn
from jax import Array

from spikejax.layers import DHLIF, Linear
from spikejax.networks.core.sizes import (
    check_recurrent,
    check_size,
    check_sizes,
    check_vectors,
    classes_of,
)
from spikejax.neurons.core.initialisers import Uniform
from spikejax.surrogate import MultiGaussian, Surrogate


class DHSNN(nn.Module):
    """Hidden layers of `DHLIF`, then a Linear read-out.

    Attributes:
      hidden: neurons of each hidden layer.
      classes: number of outputs; None, in a config, means the classes of the data set.
      branches: dendritic branches of a neuron.
      recurrent: which hidden layers feed their spikes back, counted from 0.
      threshold: membrane potential at which a neuron fires.
      surrogate: surrogate gradient of the spikes.
      membrane_logit: initialiser of the logits of the membrane's decays, see `DHLIF`.
      branch_logit: initialiser of the logits of the branches' decays.
      dtype: that in which spikes and weights are multiplied, see `Linear`.
      record: names of variables of the layers' state that are stored, see `DHLIF`.

    Reference: Zheng et al. (2024), Temporal dendritic heterogeneity incorporated with spiking neural networks for
    learning multi-timescale dynamics: 64 neurons with 8 branches on spoken digits, feed-forward (DH-SFNN) or recurrent
    (DH-SRNN), in its released code, where the outputs are filtered by learned decays before they are summed.

    >>> import jax, jax.numpy as jnp
    >>> network = DHSNN(hidden=(64,), classes=20, branches=8)
    >>> variables = network.init(jax.random.key(0), jnp.zeros((1, 1, 700)))
    >>> sum(x.size for x in jax.tree.leaves(variables["params"]["dh_lif_0"]))  # 64 · (700 + 8 + 8 + 1)
    45888
    """

    hidden: tuple[int, ...]
    classes: int | None
    branches: int = 4
    recurrent: tuple[int, ...] = ()
    threshold: Any = 1.0
    surrogate: Surrogate = MultiGaussian()
    membrane_logit: Any = Uniform(0.0, 4.0)
    branch_logit: Any = Uniform(0.0, 4.0)
    dtype: Any = None
    record: tuple[str, ...] = ()

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps inputs `[T, B, F]` to outputs `[T, B, C]`, logits of each step.

        Raises:
          ValueError: inputs of another shape, sizes that are not integers, `recurrent` names a layer that does not
            exist; see also `DHLIF`.
        """
        classes = classes_of(self)
        check_sizes("hidden", self.hidden)
        check_size("branches", self.branches)
        check_recurrent(self)
        check_vectors(x)
        own = {
            "branches": self.branches,
            "threshold": self.threshold,
            "surrogate": self.surrogate,
            "membrane_logit": self.membrane_logit,
            "branch_logit": self.branch_logit,
            "dtype": self.dtype,
            "record": self.record,
        }
        for i, features in enumerate(self.hidden):
            x = DHLIF(features, recurrent=i in self.recurrent, **own, name=f"dh_lif_{i}")(x)
        return Linear(classes, self.dtype, name="readout")(x)
