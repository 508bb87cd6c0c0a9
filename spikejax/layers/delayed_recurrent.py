"""Delays of recurrent connections: neurons whose spikes return to their layer later, learned with the weights."""

from typing import Any, NamedTuple

import flax.linen as nn
import jax.numpy as jnp
from jax import Array

from spikejax.layers.delays import AXON, DELAY, NARROW, check_delays, check_per, distances
from spikejax.layers.linear import synapse, uniform_fan_in
from spikejax.layers.spiking import (
    check_inside,
    check_streams,
    emitted,
    first_state,
    neuron_variables,
    sample_axes,
)
from spikejax.layers.state import carried
from spikejax.layers.stepping import check_currents, stepwise
from spikejax.neurons.core.checks import widened
from spikejax.neurons.core.contract import Neuron
from spikejax.neurons.core.parameters import parameter_bounds


class DelayedFeedback(NamedTuple):
    """State of a neuron whose spikes are on their way back to it.

    What arrives at each of the next longest + 1 steps is `arriving`, `[longest + 1, B, F]`, the next step first.
    """

    neuron: Any
    arriving: Array


class DelayedRecurrent(nn.Module):
    """Runs a neuron over time and feeds its spikes back, each connection with a delay.

        I'[t, j] = I[t, j] + Σ_i W[i, j] Σ_k h[k; d[i]] s[t − 1 − k, i] + b[j],   k = 0 … longest
        h[k; d] = max(0, 1 + σ − |k − d|) / (1 + σ)²

    A spike that is fed back arrives one step later at the earliest, so d counts the steps beyond that one: with d = 0
    and σ = 0 this is `Recurrent`. The delay is that of the presynaptic neuron, its axon, or with `per="synapse"` one of
    each connection, d[i, j].

    The variable "delay" is d as a fraction of the longest delay, drawn from U(0, 1) and kept within it, so that a
    learning rate η of Adam moves d by longest · η steps; the authors' is 0.05 steps, ten times that of the weights for
    spoken digits. The wider σ, the more steps the gradient of d sees. σ is the constant "delay_width": narrow it in
    training, as the authors do throughout theirs,

        Ramp(name="delay_width", start=10.0, end=0.06, shape="exponential")

    and set it to 0 afterwards, see `with_whole_delays`: below 0.05 delays are rounded to whole steps, and each spike
    arrives at one step. h is a triangle, not the Gaussian of `DelayedLinear`. Its sum over all steps is 1 if σ is a
    whole number; with σ = 0.5 it is 0.89 to 1.11, depending on d. It is cut off at both ends of 0 … longest, so
    `longest` should exceed the delays that you expect by the first σ.

    W and b are initialised from U(−gain/√F, gain/√F).

    What arrives at each of the next longest + 1 steps is carried, `[longest + 1, B, F]`. A step is the product of
    `Recurrent` and a multiplication and an addition for each value that is carried; per synapse it is longest + 1 such
    products, with (longest + 1) F² weights in memory and as many of their gradients. For the gradients each step keeps
    what it keeps in `Recurrent`, and per axon also what arrives, `[B, F]`, whatever the longest delay.

    Attributes:
      neuron: any neuron, as in `Spiking`, unless it needs the whole sequence at once.
      longest: longest delay, in steps.
      width: the first σ, in steps; it may be traced.
      per: "axon" or "synapse", what has a delay of its own.
      learn: names of the neuron's parameters that are learned, as in `Spiking`.
      dtype: of the product of s and W, see `Linear`.
      gain: scale of the initial W and b, see `Linear`.
      record: names of variables of the neuron's state that are stored, as in `Spiking`.

    Deviations: the equations are those of the released code, which cites the publication's; its text could not be
    compared. The authors bound d from below only. Their W is initialised as orthogonal, mostly without b, and d from
    U(10, 30) for spoken digits or as the absolute value of a normal variable; they drop recurrent currents in training,
    and have a σ per neuron for permuted images. They round d in every evaluation, and go on from the rounded delays.

    Reference: Queant, Rançon, Cottereau, Masquelier (2025), DelRec: learning delays in recurrent spiking neural
    networks (arXiv 2509.24852), Eq. 5 and 7, and its released code.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> layer, x = DelayedRecurrent(LIF(), longest=4, width=0.0), jnp.eye(7)[:, :1, None]
    >>> params = {"kernel": jnp.ones((1, 1)), "delay": jnp.full(1, 0.5), "bias": jnp.zeros(1)}
    >>> layer.apply({**layer.init(jax.random.key(0), x), "params": params}, x).ravel()
    Array([1., 0., 0., 1., 0., 0., 1.], dtype=float32)
    """

    neuron: Neuron
    longest: int
    width: Any = 0.5
    per: str = AXON
    learn: tuple[str, ...] | None = None
    dtype: Any = None
    gain: Any = 1.0
    record: tuple[str, ...] = ()

    @nn.compact
    def __call__(self, currents: Array, step_mask: Array | None = None) -> Array:
        """Runs the neuron over currents `[T, B, F]`; returns spikes `[T, B, F]`.

        Raises:
          ValueError: as `Recurrent` and `DelayedLinear`, an unknown `per`, or a neuron with a delay of its own.
        """
        self._check(currents, step_mask)
        features, wide = currents.shape[-1], widened(currents)
        init = uniform_fan_in(features, self.gain)
        kernel = self.param("kernel", init, (features, features))
        bias = self.param("bias", init, (features,)).astype(currents.dtype)
        shape = (features,) if self.per == AXON else (features, features)
        apart, width = distances(self, shape)
        spread = 1 + jnp.where(width < NARROW, 0, width)
        window = jnp.maximum(spread - jnp.abs(apart), 0) / spread**2
        neuron = neuron_variables(self, self.neuron, self.learn, currents)
        # The sum has the shape and sharding of one step even if T = 0.
        silence = jnp.zeros_like(wide.sum(0))
        send, receive = self._connections(window, kernel, silence)

        def step(state, current):
            arrived = state.arriving[0].astype(currents.dtype)
            after, spikes = neuron.step(state.neuron, current + (receive(arrived) + bias))
            later = jnp.concatenate([state.arriving[1:], jnp.zeros_like(state.arriving[:1])])
            return DelayedFeedback(after, later + send(spikes)), spikes

        def first():
            arriving = jnp.broadcast_to(silence, (self.longest + 1, *silence.shape))
            return DelayedFeedback(first_state(self, neuron, currents), arriving)

        def axes():
            of_arriving: Any = 1
            return DelayedFeedback(sample_axes(neuron, currents), of_arriving)

        step.__name__ = f"{type(neuron).__name__} with delayed feedback"
        carry, given = carried(self, "neuron", first), (currents, step_mask)
        return stepwise(self, step, carry, given, axes, emitted(neuron))

    def _connections(self, window, kernel, silence):
        """What a spike adds to the coming steps, and what a neuron receives of all that has arrived.

        What is on its way is carried as what arrives at each step to come, not as spikes of the past: none of it is
        needed again for the gradients, so that it is not kept for each step.
        """
        if self.per == AXON:
            # One for each sample: the gradient is summed over samples after the last step and not at each.
            shape = (-1, *[1] * (silence.ndim - 1), window.shape[-1])
            window = window.reshape(shape).astype(silence.dtype) + silence

            def receive(arrived):
                return synapse(arrived, kernel, self.dtype)

            return lambda spikes: window * spikes, receive
        steps, features, _ = window.shape
        weights = (window * kernel).swapaxes(0, 1).reshape(features, -1)

        def send(spikes):
            sent = synapse(spikes, weights, self.dtype)
            return jnp.moveaxis(sent.reshape(*spikes.shape[:-1], steps, features), -2, 0)

        return send, lambda arrived: arrived

    def _check(self, currents, step_mask):
        check_inside(self)
        check_currents(currents, step_mask)
        check_streams(self.neuron)
        check_delays(self)
        check_per(self.per)
        if DELAY in parameter_bounds(self.neuron):
            raise ValueError(
                f"{type(self.neuron).__name__} has a parameter {DELAY!r}, which is the name of the layer's own delays; "
                "delay the currents by a layer before this one"
            )
