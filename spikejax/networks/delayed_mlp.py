"""Spiking multilayer perceptron whose connections have learned delays."""

from typing import Any

import flax.linen as nn
from jax import Array

from spikejax.layers import (
    AxonalDelay,
    DelayedLinear,
    DelayedRecurrent,
    Dropout,
    Linear,
    Spiking,
)
from spikejax.layers.delays import SYNAPSE, check_per
from spikejax.networks.core.sizes import (
    check_product,
    check_recurrent,
    check_sizes,
    check_vectors,
    classes_of,
)
from spikejax.neurons.core.contract import Neuron


class DelayedMLP(nn.Module):
    """Hidden layers of connections with delays and neurons, then a Linear read-out without delays or neurons.

    With `per="synapse"` a layer is `DelayedLinear` and `Spiking`, with `per="axon"` `AxonalDelay`, `Linear` and
    `Spiking`; in layers that feed their spikes back `DelayedRecurrent` is in the place of `Spiking`, and its delays are
    further ones: an axon to the next layer and one to its own layer have a delay each. σ is the standard deviation of a
    Gaussian in the former and widens a triangle in the latter.

    Attributes:
      hidden: neurons of each hidden layer.
      classes: number of outputs; None, in a config, means the classes of the data set.
      neuron: the neuron of every hidden layer; each layer has its own parameters.
      longest: longest delay, in steps.
      width: the first σ of the delays, in steps; narrow it in training, see `DelayedLinear`. It may be traced.
      per: what has a delay of its own, a "synapse" or the "axon" of a presynaptic neuron.
      learn: names of the neuron's parameters that are learned, see `Spiking`.
      recurrent: which hidden layers feed their spikes back, with delays, counted from 0.
      gain: scale of the initial weights; it may be traced.
      record: names of variables of the neuron's state that are stored, see `Spiking`.
      dropout: rate at which currents from the layer before are dropped in training, another mask at each step; it may
        be traced.

    Reference: Hammouamri, Khalfaoui-Hassani, Masquelier (2024), Learning delays in spiking neural networks using
    dilated convolutions with learnable spacings, without its normalisation; for recurrent layers Queant, Rançon,
    Cottereau, Masquelier (2025), DelRec (arXiv 2509.24852).

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> network = DelayedMLP(hidden=(8,), classes=3, neuron=LIF(), longest=5)
    >>> variables = network.init(jax.random.key(0), jnp.zeros((1, 1, 4)))
    >>> jax.tree.map(jnp.shape, variables["params"]["delayed_0"])
    {'bias': (8,), 'delay': (4, 8), 'kernel': (4, 8)}
    """

    hidden: tuple[int, ...]
    classes: int | None
    neuron: Neuron
    longest: int = 20
    width: Any = 0.5
    per: str = SYNAPSE
    learn: tuple[str, ...] | None = None
    recurrent: tuple[int, ...] = ()
    gain: Any = 1.0
    record: tuple[str, ...] = ()
    dropout: Any = 0.0

    @nn.compact
    def __call__(self, x: Array, train: bool = False) -> Array:
        """Maps inputs `[T, B, F]` to outputs `[T, B, C]`, logits of each step.

        Raises:
          ValueError: as `MLP`, `DelayedLinear` and `DelayedRecurrent`.
        """
        classes = classes_of(self)
        check_sizes("hidden", self.hidden)
        check_recurrent(self)
        check_product(None, self.gain)
        check_per(self.per)
        check_vectors(x)
        delays = {"longest": self.longest, "width": self.width}
        for i, features in enumerate(self.hidden):
            if self.per == SYNAPSE:
                currents = DelayedLinear(features, **delays, gain=self.gain, name=f"delayed_{i}")(x)
            else:
                currents = AxonalDelay(**delays, name=f"axons_{i}")(x)
                currents = Linear(features, gain=self.gain, name=f"linear_{i}")(currents)
            currents = Dropout(self.dropout, "step", name=f"dropout_{i}")(currents, train)
            own = {"neuron": self.neuron, "learn": self.learn, "record": self.record}
            if i in self.recurrent:
                own |= {**delays, "per": self.per, "gain": self.gain}
                x = DelayedRecurrent(**own, name=f"neuron_{i}")(currents)
            else:
                x = Spiking(**own, name=f"neuron_{i}")(currents)
        return Linear(classes, gain=self.gain, name="readout")(x)
