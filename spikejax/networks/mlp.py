"""Spiking multilayer perceptron, feed-forward or with recurrent hidden layers."""

from typing import Any

import flax.linen as nn
from jax import Array

from spikejax.layers import Dropout, Linear, Recurrent, Spiking
from spikejax.networks.core.sizes import (
    check_product,
    check_recurrent,
    check_sizes,
    check_vectors,
    classes_of,
)
from spikejax.neurons.core.contract import Neuron


class MLP(nn.Module):
    """Hidden layers of Linear and neurons, then a Linear read-out without a neuron.

    Attributes:
      hidden: neurons of each hidden layer.
      classes: number of outputs; None, in a config, means the classes of the data set.
      neuron: the neuron of every hidden layer; each layer has its own parameters.
      learn: names of the neuron's parameters that are learned, see `Spiking`.
      recurrent: which hidden layers feed their spikes back, counted from 0.
      dtype: that in which spikes and weights are multiplied, see `Linear`; neurons keep the dtype of the inputs.
      gain: scale of the initial weights; it may be traced.
      record: names of variables of the neuron's state that are stored, see `Spiking`.
      dropout: rate at which currents from the layer before are dropped in training, another mask at each step; it may
        be traced.

    Reference: TC-LIF (AAAI 2024), Tables 1 and 6; which layers are recurrent is from the released code.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> network = MLP(hidden=(40, 200, 64), classes=10, neuron=LIF(), recurrent=(0, 1))
    >>> variables = network.init(jax.random.key(0), jnp.zeros((1, 1, 1)))
    >>> sum(x.size for x in jax.tree.leaves(variables["params"]))
    63634
    """

    hidden: tuple[int, ...]
    classes: int | None
    neuron: Neuron
    learn: tuple[str, ...] | None = None
    recurrent: tuple[int, ...] = ()
    dtype: Any = None
    gain: Any = 1.0
    record: tuple[str, ...] = ()
    dropout: Any = 0.0

    @nn.compact
    def __call__(self, x: Array, train: bool = False) -> Array:
        """Maps inputs `[T, B, F]` to outputs `[T, B, C]`, logits of each step.

        Raises:
          ValueError: inputs of another shape, sizes that are not integers, `recurrent` names a layer that does not
            exist, an invalid dtype or gain; see also `Spiking`, `Dropout`.
        """
        classes = classes_of(self)
        _check(self)
        check_vectors(x)
        for i, features in enumerate(self.hidden):
            currents = Linear(features, self.dtype, self.gain, name=f"linear_{i}")(x)
            currents = Dropout(self.dropout, "step", name=f"dropout_{i}")(currents, train)
            own = {"neuron": self.neuron, "learn": self.learn, "record": self.record}
            if i in self.recurrent:
                weights = {"dtype": self.dtype, "gain": self.gain}
                x = Recurrent(**own, **weights, name=f"neuron_{i}")(currents)
            else:
                x = Spiking(**own, name=f"neuron_{i}")(currents)
        return Linear(classes, self.dtype, self.gain, name="readout")(x)


def _check(network):
    check_sizes("hidden", network.hidden)
    check_recurrent(network)
    check_product(network.dtype, network.gain)
