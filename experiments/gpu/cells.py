"""The neurons that are measured, one of them a user's own, and their forward and backward pass in a layer."""

from typing import Any, NamedTuple

import jax
from jax import Array

from spikejax import Neuron, Recurrent, Spiking, Time, neuron, param, run, spike, surrogate_field
from spikejax.neurons.ar_lif import ARLIF
from spikejax.neurons.lif import LIF
from spikejax.neurons.plif import PLIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.surrogate import ATan, Surrogate


class FilteredState(NamedTuple):
    """Variables of `FilteredLIF`."""

    synapse: Array
    membrane: Array


@neuron(FilteredState, drive=0.5)
class FilteredLIF(Neuron):
    """What a user might write: a LIF neuron behind a synapse of first order.

        I[t] = a I[t−1] + current[t]
        H[t] = b U[t−1] + I[t],   S[t] = Θ(H[t] − 1),   U[t] = H[t] − S[t]

    Reference: none; it stands for a neuron that the library does not have.

    >>> import jax.numpy as jnp
    >>> cell = FilteredLIF(a=0.5, b=0.5)
    >>> state, spikes = cell.step(cell.init_state(jnp.zeros(1)), jnp.array([1.5]))
    >>> spikes, state.synapse, state.membrane
    (Array([1.], dtype=float32), Array([1.5], dtype=float32), Array([0.5], dtype=float32))
    """

    a: Any = param(default=0.6, low=0, high=1, learned=True, doc="decay of the synapse per step")
    b: Any = param(default=0.8, low=0, high=1, learned=True, doc="decay of the membrane per step")
    surrogate: Surrogate = surrogate_field(default=ATan(2.0))

    def step(self, state: FilteredState, current: Array) -> tuple[FilteredState, Array]:
        synapse = self.a * state.synapse + current
        membrane = self.b * state.membrane + synapse
        spikes = spike(membrane - 1, self.surrogate)
        return FilteredState(synapse, membrane - spikes), spikes


CELLS: dict[str, tuple[Neuron, tuple[str, ...]]] = {
    "LIF": (LIF(decay=0.9, surrogate=ATan(2.0)), ()),
    "PLIF": (
        PLIF(w=-2.2, surrogate=ATan(2.0), reset="subtract", input_scaling="none"),
        ("w",),
    ),
    "TC-LIF": (TCLIF.from_beta(-0.5, 0.5, surrogate=ATan(2.0)), ("c1", "c2")),
    "AR-LIF": (ARLIF(surrogate=ATan(2.0)), ("a", "c")),
    "user's": (FilteredLIF(), ("a", "b")),
}


def kernels(quick: bool) -> dict[str, str]:
    """How a layer is run, and what that is called in a record; at toy size a CPU interprets kernels.

    >>> kernels(quick=False)
    {'auto': 'kernel', 'scan': 'scan'}
    """
    return {"pallas" if quick else "auto": "kernel", "scan": "scan"}


def spiking(name: str) -> Spiking:
    """A layer of these neurons, with what is learned of them."""
    cell, learn = CELLS[name]
    return Spiking(cell, learn)


def recurrent(name: str) -> Recurrent:
    """A layer whose spikes are fed back; the decay of LIF is learned, as in the networks."""
    cell, learn = CELLS[name]
    return Recurrent(cell, ("decay",) if name == "LIF" else learn)


def forward(layer: Any, kernel: str):
    """`(variables, currents) -> spikes`."""
    return lambda variables, currents: run(layer, variables, currents, time=Time(kernel=kernel))[0]


def both(layer: Any, kernel: str):
    """`(variables, currents, weights) -> (spikes, gradients)`: those of the learned parameters and of the currents,
    for the loss Σ weights · spikes."""

    def differentiate(variables, currents, weights):
        fixed = {name: values for name, values in variables.items() if name != "params"}

        def spikes_of(params, currents):
            return forward(layer, kernel)({**fixed, "params": params}, currents)

        spikes, backward = jax.vjp(spikes_of, variables.get("params", {}), currents)
        return spikes, backward(weights)

    return differentiate


def operands(layer: Any, shape: tuple[int, ...], seed: int = 0) -> tuple[Any, Array, Array]:
    """Variables, currents of mean 0.1 and deviation 0.4, and weights, `[T, B, *F]`."""
    of_layer, of_currents, of_weights = jax.random.split(jax.random.key(seed), 3)
    currents = 0.1 + 0.4 * jax.random.normal(of_currents, shape)
    made = jax.jit(layer.init)(of_layer, currents[:1])
    variables = {name: made[name] for name in ("params", "constants") if name in made}
    return variables, currents, jax.random.normal(of_weights, shape)
