"""Liquid time-constant spiking neurons: their time constants are computed from current and state at every step."""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array

from spikejax.layers.linear import synapse, uniform_fan_in
from spikejax.layers.state import carried
from spikejax.layers.stepping import SPIKES, check_currents, check_flag, check_names, stepwise
from spikejax.neurons.core.checks import widened
from spikejax.surrogate import MultiGaussian, Surrogate, spike


class LTCState(NamedTuple):
    """Variables of `LTC`, the membrane potential after the reset."""

    membrane: Array
    adaptation: Array
    spikes: Array


class LTC(nn.Module):
    """Adaptive LIF neurons whose time constants depend on all currents and states of their layer.

        I[t] = currents[t] + R S[t−1] + b                recurrent=True, else currents[t]
        α[t] = σ(M [I[t], U[t−1]] + m)
        ρ[t] = σ(P [I[t], A[t−1]] + p)
        A[t] = ρ[t] A[t−1] + (1 − ρ[t]) S[t−1]
        θ[t] = baseline + strength A[t]
        H[t] = U[t−1] + α[t] (I[t] − U[t−1])
        S[t] = Θ(H[t] − θ[t]), above the threshold only
        U[t] = H[t] (1 − S[t])

    where σ is the logistic function, [·, ·] joins two vectors, and 1/α is the membrane's time constant in steps. R, M
    and P, with their biases, are learned. A starts at the baseline. A threshold that does not adapt is `strength=0.0`;
    the authors' networks for images and for the adding task have one of 0.5.

    Attributes:
      recurrent: whether the spikes of the layer are fed back.
      baseline: threshold of a neuron at rest.
      strength: how far the adaptation raises the threshold.
      surrogate: surrogate gradient of the spikes.
      dtype: of the products with R, M and P, see `Linear`.
      record: names of variables of the state ("membrane", "adaptation") that are stored, as in `Spiking`.

    Deviations: the equations are those of the released code for sequential digits and DVS Gesture; the publication's
    own could not be compared. The authors' network for sequential digits normalises its currents, those of R included,
    with statistics of each step, and scales the argument of σ by a learned number, which M and P make redundant; its
    read-out has a liquid time constant too. The authors initialise the membrane with uniform random values, we with 0.
    They train with FPTT, an online rule that is not offered here.

    Reference: Yin, Corradi, Bohté (2023), Accurate online training of dynamical spiking neural networks through forward
    propagation through time (arXiv 2112.11231); its released code.

    >>> import jax, jax.numpy as jnp
    >>> spikes, variables = LTC().init_with_output(jax.random.key(0), jnp.ones((5, 3, 4)))
    >>> spikes.shape, jax.tree.map(jnp.shape, variables["params"]["membrane_kernel"])
    ((5, 3, 4), (8, 4))
    """

    recurrent: bool = False
    baseline: Any = 0.1
    strength: Any = 1.8
    surrogate: Surrogate = MultiGaussian(sigma=0.3)
    dtype: Any = None
    record: tuple[str, ...] = ()

    @nn.compact
    def __call__(self, currents: Array, step_mask: Array | None = None) -> Array:
        """Runs the neurons over currents `[T, B, F]`; returns spikes `[T, B, F]`.

        Raises:
          ValueError: currents that are not floating point `[T, B, F]`, an unknown name in `record`, a
            `recurrent` that is neither True nor False.
        """
        check_flag("recurrent", self.recurrent)
        check_currents(currents, step_mask)
        check_names("record", self.record)
        wide = widened(currents)

        def product(values, kernel):
            return synapse(values, kernel, self.dtype)

        of_membrane, of_adaptation = self._gate("membrane", wide), self._gate("adaptation", wide)
        # What both take from the currents is one product, and without feedback one for all steps.
        from_current = jnp.concatenate([of_membrane[0], of_adaptation[0]], 1)
        feed = self._feedback(wide) if self.recurrent else None

        def ltc(state, given):
            current, taken = given
            if feed is not None:
                current = current + product(state.spikes, feed[0]) + feed[1]
                taken = product(current, from_current)
            by_membrane, by_adaptation = jnp.split(taken, 2, -1)
            rate = jax.nn.sigmoid(
                by_membrane + product(state.membrane, of_membrane[1]) + of_membrane[2]
            )
            kept = jax.nn.sigmoid(
                by_adaptation + product(state.adaptation, of_adaptation[1]) + of_adaptation[2]
            )
            adaptation = kept * state.adaptation + (1 - kept) * state.spikes
            membrane = state.membrane + rate * (current - state.membrane)
            threshold = self.baseline + self.strength * adaptation
            spikes = spike(membrane - threshold, self.surrogate, True)
            after = LTCState(membrane * (1 - spikes), adaptation, spikes)
            return after, spikes.astype(currents.dtype)

        def first():
            # The sum has the shape and sharding of one step even if T = 0.
            zeros = jnp.zeros_like(wide.sum(0))
            return LTCState(zeros, zeros + self.baseline, zeros)

        carry = carried(self, "neuron", first)
        given = (wide, None if self.recurrent else product(wide, from_current))
        by_sample = jax.tree.map(lambda _: 0, carry[0])
        return stepwise(self, ltc, carry, (given, step_mask), lambda: by_sample, SPIKES)

    def _feedback(self, currents):
        """R `[F, F]` and b `[F]`."""
        features = currents.shape[-1]
        kernel = self.param("kernel", nn.initializers.orthogonal(), (features, features))
        bias = self.param("bias", uniform_fan_in(features), (features,))
        return kernel, bias.astype(currents.dtype)

    def _gate(self, name, currents):
        """The rows of a matrix that act on currents and on states, `[F, F]` each, and its bias `[F]`."""
        features = currents.shape[-1]
        init = nn.initializers.variance_scaling(1.0, "fan_avg", "normal")
        kernel = self.param(f"{name}_kernel", init, (2 * features, features))
        bias = self.param(f"{name}_bias", nn.initializers.zeros, (features,))
        return kernel[:features], kernel[features:], bias.astype(currents.dtype)
