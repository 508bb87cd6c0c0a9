"""Parallel multi-compartment neuron: a chain of compartments without a reset, and a reset that needs no spikes."""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.dynamics import in_parallel, unroll
from spikejax.fields import Leaf, param, size
from spikejax.neurons.core.contract import Neuron, neuron, surrogate_field
from spikejax.neurons.core.initialisers import UniformLog
from spikejax.surrogate import LeakyRectangle, Scaled, Surrogate, spike


@dataclasses.dataclass(frozen=True)
class Chain:
    """Initialiser of the eigenmodes of a chain of N compartments: a decay of ½, and couplings ±5k of neighbours.

    Attributes:
      what: "frequency", "input_real", "input_imaginary", "output_real" or "output_imaginary".
    """

    what: str

    def __call__(self, key, shape, dtype):
        del key
        coupling = np.diag(5.0 * np.arange(1, shape[0]), 1)
        frequency, modes = np.linalg.eigh(-1j * (coupling - coupling.T))
        entering, leaving = modes.conj().sum(0), modes[-1]  # into all compartments, out of the last
        values = {
            "frequency": frequency,
            "input_real": entering.real,
            "input_imaginary": entering.imag,
            "output_real": leaving.real,
            "output_imaginary": leaving.imag,
        }[self.what]
        column = values.reshape(-1, *[1] * (len(shape) - 1))
        return jnp.broadcast_to(jnp.asarray(column, dtype), shape)


def normal(key, shape, dtype):
    """N(0, 1)."""
    return jax.random.normal(key, shape, dtype)


class PMSNState(NamedTuple):
    """Variables of `PMSN`."""

    real: Array  # of the N modes z, [N, B, *F]
    imaginary: Array
    membrane: Array
    charge: Array  # r, of the membrane potential so far what its spikes have left


@neuron(PMSNState, compared="charge", drive=2.0)
class PMSN(Neuron):
    """Linear chain of compartments whose last one fires, with a reset that depends on its inputs alone; PMSN.

        z_n[t] = exp(λ_n dt) z_n[t−1] + (exp(λ_n dt) − 1)/λ_n B_n I[t]
        λ_n = −exp(log_rate_n) + i frequency_n,   dt = exp(log_dt)
        V[t] = Re Σ_n C_n z_n[t] + feedthrough I[t]
        c[t] = r[t−1] + relu(V[t])
        S[t] = Θ(c[t] − threshold)
        r[t] = c[t] − threshold ⌊c[t]/threshold⌋

    for n = 1 … N = `compartments`, the eigenmodes of a chain in which each compartment is coupled to its neighbours;
    B = input_real + i input_imaginary and C = output_real + i output_imaginary. All parameters but the threshold are
    learned for each neuron. r is what the sum of relu(V) is above its last multiple of the threshold: it contains no
    spike, so all steps can be computed at once, as the authors do: z as a linear recurrence, r as a sum modulo the
    threshold. `sequence` does so where linear steps are computed at once, see `unroll`; step by step it streams and can
    be fed back. The gradient of S[t] goes to V[t] only, not to r.

    Deviations: equations, initial values and surrogate are those of the toolkit NEAT, whose layer has a batch
    normalisation of the currents before it.

    Reference: Chen, Wu, Ma, Yan, Wu, Tan (2024), PMSN: a parallel multi-compartment spiking neuron for multi-scale
    temporal processing (arXiv 2408.14917), as in the toolkit NEAT.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.core.parameters import initialise
    >>> neuron = PMSN(output_real=0.0, output_imaginary=0.0, feedthrough=0.4)
    >>> neuron, currents = initialise(neuron, jax.random.key(0)), jnp.ones((8, 1))
    >>> neuron.sequence(neuron.init_state(currents[0]), currents)[1].ravel()  # V = 0.4: every 2.5 steps
    Array([0., 0., 1., 0., 1., 0., 0., 1.], dtype=float32)
    """

    compartments: int = size(default=4, doc="N")
    log_dt: Leaf = param(
        default=UniformLog(0.001, 0.1),
        high=2,
        learned=True,
        doc="logarithm of the length of a step",
    )
    log_rate: Leaf = param(
        default=float(np.log(0.5)),
        axes=("compartments", ...),
        learned=True,
        doc="logarithm of the rate at which a mode decays",
    )
    frequency: Leaf = param(
        default=Chain("frequency"),
        axes=("compartments", ...),
        unit="radians per unit of dt",
        learned=True,
        doc="of a mode",
    )
    input_real: Leaf = param(
        default=Chain("input_real"), axes=("compartments", ...), learned=True, doc="Re B"
    )
    input_imaginary: Leaf = param(
        default=Chain("input_imaginary"), axes=("compartments", ...), learned=True, doc="Im B"
    )
    output_real: Leaf = param(
        default=Chain("output_real"), axes=("compartments", ...), learned=True, doc="Re C"
    )
    output_imaginary: Leaf = param(
        default=Chain("output_imaginary"), axes=("compartments", ...), learned=True, doc="Im C"
    )
    feedthrough: Leaf = param(default=normal, learned=True, doc="of the current into V")
    threshold: Leaf = param(default=1.0, low=0.01, doc="charge at which the neuron fires")
    surrogate: Surrogate = surrogate_field(default=Scaled(LeakyRectangle(1.0, 0.0), 2.0))

    def init_state(self, current: Array) -> PMSNState:
        zeros = jnp.zeros_like(current)
        modes = jnp.broadcast_to(zeros, (self.compartments, *current.shape))
        return PMSNState(modes, modes, zeros, zeros)

    def step(self, state: PMSNState, current: Array) -> tuple[PMSNState, Array]:
        (real, imaginary), membrane = self._mix((state.real, state.imaginary), current)
        charge = state.charge + jax.nn.relu(membrane)
        spikes = spike(charge - self.threshold, self.surrogate)
        left = jax.lax.stop_gradient(self._left(charge))
        return PMSNState(real, imaginary, membrane, left), spikes

    def sequence(self, state: PMSNState, currents: Array) -> tuple[PMSNState, Array]:
        """All steps, at once where linear steps are."""
        if not in_parallel() or not len(currents):
            return super().sequence(state, currents)
        modes = state.real, state.imaginary
        (real, imaginary), membrane = unroll(self._mix, modes, currents, linear=True)
        arriving = jax.nn.relu(membrane)
        # Sums modulo the threshold: (a + b) mod θ is associative, and does not grow with T as the sum itself.
        charges = jnp.concatenate([state.charge[None], arriving])
        left = jax.lax.associative_scan(lambda a, b: self._left(a + b), charges)[1:]
        left = jax.lax.stop_gradient(left)
        charge = jnp.concatenate([state.charge[None], left[:-1]]) + arriving
        spikes = spike(charge - self.threshold, self.surrogate)
        return PMSNState(real, imaginary, membrane[-1], left[-1]), spikes

    def _left(self, charge):
        """What is above the last multiple of the threshold."""
        return charge - self.threshold * jnp.floor(charge / self.threshold)

    def _mix(self, state, current):
        """One step of the modes: their real and imaginary parts `[N, B, *F]`, and the membrane potential of it."""

        def modes(parameter):
            """`[N]` or `[N, *F]` as `[N, 1, …, *F]`, to go with `[N, B, *F]`; a number stays."""
            shape = jnp.shape(parameter)
            ones = [1] * (current.ndim - len(shape) + 1)
            return jnp.reshape(parameter, (shape[0], *ones, *shape[1:])) if shape else parameter

        before_real, before_imaginary = state
        dt = jnp.exp(self.log_dt)
        rate, frequency = jnp.exp(modes(self.log_rate)), modes(self.frequency)
        shrink, angle = jnp.exp(-rate * dt), frequency * dt
        cosine, sine = shrink * jnp.cos(angle), shrink * jnp.sin(angle)
        # (exp(λ dt) − 1)/λ = (exp(λ dt) − 1) λ*/|λ|²
        size = rate * rate + frequency * frequency
        gain_real = ((1 - cosine) * rate + sine * frequency) / size
        gain_imaginary = ((1 - cosine) * frequency - sine * rate) / size
        into_real, into_imaginary = modes(self.input_real), modes(self.input_imaginary)
        real = (
            cosine * before_real
            - sine * before_imaginary
            + (gain_real * into_real - gain_imaginary * into_imaginary) * current
        )
        imaginary = (
            sine * before_real
            + cosine * before_imaginary
            + (gain_real * into_imaginary + gain_imaginary * into_real) * current
        )
        out_real, out_imaginary = modes(self.output_real), modes(self.output_imaginary)
        membrane = (out_real * real - out_imaginary * imaginary).sum(0) + self.feedthrough * current
        return (real, imaginary), membrane
