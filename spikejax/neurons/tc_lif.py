"""TC-LIF: two-compartment leaky integrate-and-fire, for long sequences."""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer

from spikejax.fields import Leaf, option, param
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.surrogate import Surrogate, Triangle, spike


class TCLIFState(NamedTuple):
    """Variables of `TCLIF`, both after the reset."""

    dendrite: Array
    soma: Array


@neuron(TCLIFState, compared="soma", drive=0.5)
class TCLIF(Neuron):
    """Two-compartment LIF without leak: a dendrite that remembers and a soma that fires.

        D[t] = D[t−1] + β1 U[t−1] + I[t] − γ S[t−1]
        U[t] = U[t−1] + β2 D[t] − threshold S[t−1]
        S[t] = Θ(U[t] − threshold)

    with β1 = sign1 σ(c1) and β2 = sign2 σ(c2); σ is the logistic function. Learn `c1` and `c2`: scalars are one pair
    per layer, as in the paper; an initialiser gives one pair per neuron. The signs default to the paper's second
    quadrant, β1 ∈ (−1, 0) and β2 ∈ (0, 1).

    `order` selects which U[t−1] enters the dendrite's equation. "paper": the potential before the reset. "code": the
    potential after it, β1 (U[t−1] − threshold S[t−1]), as in the authors' released code, which gave the published
    results; the default. The two fire at different rates.

    Deviations: Eq. 10 uses the soma before its reset, the released code the soma after it (the default). The released
    network for PS-MNIST fixes the threshold to 1.0; Table 5 gives 1.8.

    Gradients flow through both resets.

    Reference: TC-LIF (AAAI 2024), Eq. 10–12; surrogate Eq. 21.

    >>> import jax.numpy as jnp
    >>> neuron = TCLIF.from_beta(-0.5, 0.5)
    >>> state, spikes = neuron.step(neuron.init_state(jnp.zeros(1)), jnp.array([2.0]))
    >>> spikes, state.dendrite, state.soma
    (Array([1.], dtype=float32), Array([1.5], dtype=float32), Array([0.], dtype=float32))
    """

    c1: Leaf = param(
        default=0.0, learned=True, doc="β1 = sign1 σ(c1), coupling from the soma to the dendrite"
    )
    c2: Leaf = param(
        default=0.0, learned=True, doc="β2 = sign2 σ(c2), coupling from the dendrite to the soma"
    )
    sign1: Leaf = param(default=-1.0, low=-1, high=1, doc="sign of β1")
    sign2: Leaf = param(default=1.0, low=-1, high=1, doc="sign of β2")
    gamma: Leaf = param(default=0.5, low=0, doc="γ, what a spike subtracts from the dendrite")
    threshold: Leaf = param(default=1.0, low=0, doc="soma potential at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=Triangle())
    order: str = option(
        default="code", choices=("code", "paper"), doc="β1 acts on U after or before its reset"
    )

    derived = ("beta1", "beta2")

    @classmethod
    def from_beta(cls, beta1: Any, beta2: Any, **fields: Any) -> "TCLIF":
        """A neuron with the couplings β1 and β2 themselves, each in (−1, 1) and not 0.

        Args:
          beta1: β1, a number or an array `[*F]`; it may be traced.
          beta2: β2, likewise.
          **fields: see the class.

        Raises:
          ValueError: a coupling that σ cannot reach.

        >>> float(TCLIF.from_beta(-0.2, 0.8).beta1)
        -0.20000000298023224
        """
        return cls(**fields).with_derived(beta1=beta1, beta2=beta2)

    def with_derived(self, **values: Any) -> "TCLIF":
        """The neuron with other couplings, `beta1` or `beta2` or both, see `from_beta`."""
        changed = {}
        for name, beta in values.items():
            which = name.removeprefix("beta")
            if isinstance(beta, Tracer):
                size = jnp.abs(beta)
                logit, sign = jnp.log(size / (1 - size)), jnp.sign(beta)
            else:
                size = np.abs(np.asarray(beta, np.float64))
                if not np.all((size > 0) & (size < 1)):
                    raise ValueError(f"{name} must lie in (-1, 0) or (0, 1), found {beta}")
                logit, sign = np.log(size / (1 - size)), np.sign(beta)
                if np.ndim(beta) == 0:
                    logit, sign = float(logit), float(sign)
                else:
                    logit, sign = jnp.asarray(logit, float), jnp.asarray(sign, float)
            changed |= {f"c{which}": logit, f"sign{which}": sign}
        return dataclasses.replace(self, **changed)

    @property
    def beta1(self) -> Array:
        """Coupling from the soma to the dendrite."""
        return self.sign1 * jax.nn.sigmoid(self.c1)

    @property
    def beta2(self) -> Array:
        """Coupling from the dendrite to the soma."""
        return self.sign2 * jax.nn.sigmoid(self.c2)

    def step(self, state: TCLIFState, current: Array) -> tuple[TCLIFState, Array]:
        dendrite = state.dendrite + self.beta1 * state.soma + current
        soma = state.soma + self.beta2 * dendrite
        spikes = spike(soma - self.threshold, self.surrogate)
        taken = self.gamma
        if self.order == "paper":
            # Eq. 10 has β1 times the soma before its reset: the carried soma lacks threshold·S, and β1 times that is
            # accounted for along with γ.
            taken = self.gamma - self.beta1 * self.threshold
        return TCLIFState(dendrite - taken * spikes, soma - self.threshold * spikes), spikes
