"""The recurrent network of adaptive units with graded outputs (SRNN + ReLU), a baseline without spikes."""

import flax.linen as nn
from jax import Array

from spikejax.networks.core.sizes import check_sizes, classes_of
from spikejax.networks.mlp import MLP
from spikejax.neurons.adaptive_relu import AdaptiveReLU


class ReLUSRNN(nn.Module):
    """Recurrent layers of `AdaptiveReLU`, each unit with its own time constants, and a Linear read-out.

    Attributes:
      hidden: units of each hidden layer; all of them are recurrent.
      classes: number of outputs; None, in a config, means the classes of the data set.

    Reference: Yin, Corradi, Bohté (2020), as in TC-LIF (AAAI 2024), Table 1: 40, 256 and 128 units over pixels, 129,554
    parameters (129.6 K there; the authors' read-out has 20 time constants besides). Weights are initialised as in the
    other networks here.

    >>> import jax, jax.numpy as jnp
    >>> network = ReLUSRNN(hidden=(40, 256, 128), classes=10)
    >>> variables = network.init(jax.random.key(0), jnp.zeros((1, 1, 1)))
    >>> sum(x.size for x in jax.tree.leaves(variables["params"]))
    129554
    """

    hidden: tuple[int, ...] = (40, 256, 128)
    classes: int | None = None

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps inputs `[T, B, F]` to outputs `[T, B, C]`, logits of each step."""
        classes = classes_of(self)
        check_sizes("hidden", self.hidden)
        learn = ("tau_membrane", "tau_adaptation")
        everywhere = tuple(range(len(self.hidden)))
        return MLP(self.hidden, classes, AdaptiveReLU(), learn, everywhere, name="mlp")(x)
