"""Parallel spiking neuron: no reset, so all steps at once."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, size
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.surrogate import ATan, Surrogate, spike


def uniform_rows(key, shape, dtype):
    """U(−1/√T, 1/√T) for a matrix over T steps: the Kaiming initialisation of the authors, with a = √5."""
    bound = 1 / math.sqrt(shape[-1])
    return jax.random.uniform(key, shape, dtype, -bound, bound)


def check_whole(model, currents: Array) -> None:
    """Raises ValueError if a model over T steps is given another number of steps; 0, to initialise, is allowed."""
    if currents.shape[0] not in (0, model.steps):
        raise ValueError(
            f"{type(model).__name__} mixes all T={model.steps} steps of a sequence at once, so it can neither be run "
            f"in chunks nor streamed; found {currents.shape[0]} steps. Give the whole sequence (chunk=None), or set "
            "steps to its length"
        )


def mix(weight: Array, threshold: Array, currents: Array, surrogate: Surrogate) -> Array:
    """Spikes of membrane potentials that are mixtures of currents `[T, B, *F]`: Θ(W I − θ), over the steps."""
    steps = currents.shape[0]
    threshold = jnp.broadcast_to(threshold, weight.shape[:1])[:steps]
    threshold = threshold.reshape(-1, *[1] * (currents.ndim - 1))
    membrane = jnp.tensordot(weight[:steps, :steps], currents, 1)
    return spike(membrane - threshold, surrogate)


class PSNState(NamedTuple):
    """Variables of `PSN`: none, as nothing is carried over from a sequence."""


@neuron(PSNState, drive=4.0, horizon=16, like={"spikingjelly": {"surrogate": ATan(2.0)}})
class PSN(Neuron):
    """Membrane potentials as a learned mixture of the currents of all steps; every step has its own threshold.

        H[t] = Σ_s W[t, s] I[s]
        S[t] = Θ(H[t] − θ[t])

    with W `[T, T]` and θ `[T]` for T = `steps`; the publication has a bias b = −θ. There is no reset, and no state:
    H[t] also depends on later currents, which is why it cannot be streamed, run in chunks or fed back. `MaskedPSN`
    looks back only, `SlidingPSN` can be streamed as well.

    Reference: Fang et al. (2023), Parallel spiking neurons with high efficiency and ability to learn long-term
    dependencies; initialisation of its released code.

    >>> import jax.numpy as jnp
    >>> neuron = PSN(steps=3, weight=jnp.tril(jnp.ones((3, 3))), threshold=1.0)
    >>> _, spikes = neuron.sequence(PSNState(), jnp.full((3, 1), 0.4))
    >>> spikes.ravel()
    Array([0., 0., 1.], dtype=float32)
    """

    steps: int = size(default=8, doc="T, the length of every sequence")
    weight: Leaf = param(
        default=uniform_rows,
        axes=("steps", "steps"),
        learned=True,
        doc="W, weight of each step's current at each step",
    )
    threshold: Leaf = param(default=1.0, axes=("steps",), learned=True, doc="θ, one per step")
    surrogate: Surrogate = surrogate_field(default=ATan())

    def sequence(self, state: PSNState, currents: Array) -> tuple[PSNState, Array]:
        """The spikes `[T, B, *F]` of a whole sequence of currents.

        Raises:
          ValueError: the number of steps is not T.
        """
        check_whole(self, currents)
        return state, mix(self.weight, self.threshold, currents, self.surrogate)
