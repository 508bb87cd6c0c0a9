"""Spiking multilayer perceptron, feed-forward or with recurrent hidden layers."""

from typing import Any

import flax.linen as nn
from jax import Array

from spikejax.layers import Linear, Recurrent, Spiking
from spikejax.neurons.core.contract import Neuron


class MLP(nn.Module):
    """Hidden layers of Linear and neurons, then a Linear read-out without a neuron.

    Attributes:
      hidden: neurons of each hidden layer.
      classes: number of outputs.
      neuron: the neuron of every hidden layer; each layer has its own numbers.
      learn: names of the neuron's numbers that are learned.
      recurrent: which hidden layers feed their spikes back, counted from 0.
      dtype: in which spikes and weights are multiplied, see `Linear`; neurons keep the dtype of the inputs.
      gain: factor of the initial weights; it may be traced.

    Reference: TC-LIF (AAAI 2024), Tables 1 and 6; which layers are recurrent is from the released code.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> network = MLP(hidden=(40, 200, 64), classes=10, neuron=LIF(), recurrent=(0, 1))
    >>> variables = network.init(jax.random.key(0), jnp.zeros((1, 1, 1)))
    >>> sum(x.size for x in jax.tree.leaves(variables["params"]))
    63634
    """

    hidden: tuple[int, ...]
    classes: int
    neuron: Neuron
    learn: tuple[str, ...] = ()
    recurrent: tuple[int, ...] = ()
    dtype: Any = None
    gain: Any = 1.0

    @nn.compact
    def __call__(self, x: Array, state: Any = None) -> tuple[Array, Any]:
        """Maps inputs `[T, B, F]` to logits `[T, B, C]` of each step, and the state to the next.

        Raises:
          ValueError: `recurrent` names a layer that is not there; see also `Spiking`.
        """
        unknown = sorted(set(self.recurrent) - set(range(len(self.hidden))))
        if unknown:
            raise ValueError(
                f"recurrent={self.recurrent} names {unknown}, expected hidden layers 0 to {len(self.hidden) - 1}"
            )
        states = (None,) * len(self.hidden) if state is None else state
        next_states = []
        for i, (features, before) in enumerate(zip(self.hidden, states, strict=True)):
            currents = Linear(features, self.dtype, self.gain, name=f"linear_{i}")(x)
            if i in self.recurrent:
                layer = Recurrent(
                    self.neuron, self.learn, self.dtype, self.gain, name=f"neuron_{i}"
                )
            else:
                layer = Spiking(self.neuron, self.learn, name=f"neuron_{i}")
            x, after = layer(currents, before)
            next_states.append(after)
        return Linear(self.classes, self.dtype, self.gain, name="readout")(x), tuple(next_states)
