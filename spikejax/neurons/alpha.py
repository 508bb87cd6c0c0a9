"""Alpha synapse: a membrane potential that rises and falls after each input, a difference of two exponentials."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.resets import detach_option, reset, strict_option
from spikejax.surrogate import ATan, Surrogate, spike


class AlphaState(NamedTuple):
    """Variables of `Alpha`; a spike resets all of them in the next step."""

    excitatory: Array
    inhibitory: Array
    membrane: Array


@neuron(
    AlphaState,
    drive=0.6,
    like={"snntorch": {"strict": True, "detach_reset": True, "surrogate": ATan(2.0)}},
)
class Alpha(Neuron):
    """Spike response model with an alpha synapse: the membrane potential is a slow trace minus a fast one.

        E[t] = slow_decay E[t−1] + I[t]
        N[t] = fast_decay N[t−1] − I[t]
        U[t] = k (E[t] + N[t]),                      k = log(slow_decay) / log(fast_decay / slow_decay) + 1
        E, N, U ← (1 − S[t−1]) (E, N, U)             reset="zero"
        S[t] = Θ(U[t] − threshold)

    S[t−1] = Θ(U[t−1] − threshold), so the reset takes effect in the next step and also clears that step's input.

    Deviations: snnTorch's default reset, "subtract", subtracts the threshold from E, sets N to 0 and adds N[t−1] to U;
    that is not a reset of this model and is not offered. Its preset resets to zero.

    Reference: Gerstner, Kistler, Naud, Paninski (2014), Neuronal Dynamics, Ch. 6.4; Eshraghian et al. (2023),
    Training spiking neural networks using lessons from deep learning, the `Alpha` neuron of its library.

    >>> import jax.numpy as jnp
    >>> neuron = Alpha(threshold=10.0)
    >>> currents = jnp.zeros((6, 1)).at[0].set(1.0)
    >>> state, rows = neuron.init_state(currents[0]), []
    >>> for current in currents:
    ...     state, _ = neuron.step(state, current)
    ...     rows.append(f"{float(state.membrane[0]):.3f}")
    >>> rows
    ['0.000', '0.189', '0.322', '0.411', '0.467', '0.498']
    """

    slow_decay: Leaf = param(
        default=0.9,
        low=0.02,
        high=1,
        unit="per step",
        doc="fraction of E kept per step; above fast_decay",
    )
    fast_decay: Leaf = param(
        default=0.8,
        low=0.01,
        high=1,
        unit="per step",
        doc="fraction of N kept per step; below slow_decay",
    )
    threshold: Leaf = param(default=1.0, low=0, doc="membrane potential at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=ATan())
    reset: str = option(
        default="zero", choices=("zero", "none"), doc="how a spike resets E, N and U"
    )
    strict: bool = strict_option()
    detach_reset: bool = detach_option()

    def check(self) -> None:
        """Raises ValueError if the slow trace is not the slower one."""
        if np.any(self.slow_decay <= self.fast_decay):
            raise ValueError(
                f"expected slow_decay above fast_decay, found {self.slow_decay} and {self.fast_decay}"
            )

    @property
    def is_linear(self) -> bool:
        """Whether there is no reset."""
        return self.reset == "none"

    def step(self, state: AlphaState, current: Array) -> tuple[AlphaState, Array]:
        def fire(membrane):
            return spike(membrane - self.threshold, self.surrogate, self.strict)

        excitatory = self.slow_decay * state.excitatory + current
        inhibitory = self.fast_decay * state.inhibitory - current
        slow, fast = jnp.log(self.slow_decay), jnp.log(self.fast_decay)
        membrane = (slow / (fast - slow) + 1) * (excitatory + inhibitory)
        before = fire(state.membrane)
        after = AlphaState(
            *(
                reset(variable, before, self.threshold, self.reset, self.detach_reset)
                for variable in (excitatory, inhibitory, membrane)
            )
        )
        return after, fire(after.membrane)
