"""Gradients of an MLP computed forward in time, with memory that does not depend on the number of steps."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.dynamics import unroll
from spikejax.dynamics.eligibility import Eligibility, advance, begin
from spikejax.dynamics.network import count_steps
from spikejax.layers.linear import synapse
from spikejax.layers.state import STATE
from spikejax.networks.core.pure import first_carry
from spikejax.networks.mlp import MLP
from spikejax.neurons.core.checks import widened
from spikejax.neurons.core.parameters import map_parameters, parameter_bounds, within

WEIGHTS = ("kernel", "bias")

LossOfStep = Callable[[Array, Any, Array], Array]


class LayerCarry(NamedTuple):
    """What a hidden layer carries: its neurons' state, their last spikes if it is recurrent, its eligibility."""

    state: Any
    spikes: Array | None
    eligibility: Eligibility


class OnlineCarry(NamedTuple):
    """What `online_gradients` carries: the number of steps so far, and the hidden layers."""

    step: Array
    layers: tuple[LayerCarry, ...]


def online_gradients(
    network: MLP,
    variables: Any,
    inputs: Any,
    labels: Any,
    loss: LossOfStep,
    carry: OnlineCarry | None = None,
    *,
    rngs: Any = None,
) -> tuple[Array, Any, OnlineCarry]:
    """The loss Σ_t ℓ[t] of a sequence and its gradients by eligibility traces, in one pass; for use inside `jax.jit`.

        ∂ℓ/∂W_{p,j} = Σ_t L_j[t] e_{p,j}[t],   L_j[t] = ∂ℓ[t]/∂s_j[t]

    e_{p,j}[t] is the derivative of the spikes of neuron j with respect to W_{p,j} through the neuron's own past, see
    `dynamics.eligibility.advance`; the same for its bias and learned parameters. L_j[t] is backpropagated through the
    layers above at step t alone.

    For one hidden layer without recurrence these are the gradients of backpropagation through time. Left out are, in a
    recurrent layer, the paths from a spike to later steps through the recurrent weights, those of a neuron to itself
    included, and in a network of several layers those from a spike through the states of the layers above to later
    steps. The read-out's gradients are exact in all of them for the spikes that it receives.

    A trace is a value per weight, sample and variable of the neuron: the memory is that of B P F values per variable
    for P presynaptic values and F neurons, whatever T is. A parameter with an axis of steps has traces for each step.

    Args:
      network: an `MLP` without dropout. Its neuron acts element by element, as all do that are part of this package.
      variables: as `network.init` made them.
      inputs: `[T, B, F]`.
      labels: what the loss is given.
      loss: `(outputs[B, C], labels, step) -> scalar`, ℓ of a step; the step counts from 0, and goes on with the carry.
      carry: as an earlier call returned it, to continue from there, also with updated parameters; None begins anew.
      rngs: as in `spikejax.run`.

    Returns:
      The loss, the gradients in the structure of `variables["params"]`, and the carry after the last step.

    Raises:
      ValueError: another network, a neuron that needs the whole sequence at once, dropout, a loss that is no scalar,
        or inputs that are not `[T, B, F]` with T of at least 1.

    Reference: Bellec et al. (2020), A solution to the learning dilemma for recurrent networks of spiking neurons;
    Bohnstingl et al. (2022), Online spatio-temporal learning in deep neural networks; Murray (2019), Local online
    learning in recurrent networks with random feedback.

    >>> import spikejax
    >>> from spikejax.neurons.lif import LIF
    >>> network, x, labels = MLP((8,), 3, LIF()), 2 * jnp.ones((10, 2, 4)), jnp.array([0, 2])
    >>> variables = network.init(jax.random.key(0), x)
    >>> def loss(outputs, labels, step):
    ...     return -jnp.take_along_axis(jax.nn.log_softmax(outputs), labels[:, None], 1).mean()
    >>> @jax.jit
    ... def online(variables):
    ...     return online_gradients(network, variables, x, labels, loss)
    >>> total, gradients, carry = online(variables)
    >>> def backpropagated(params):
    ...     outputs, _ = spikejax.run(network, {**variables, "params": params}, x)
    ...     return jax.vmap(loss, (0, None, None))(outputs, labels, 0).sum()
    >>> expected = jax.jit(jax.grad(backpropagated))(variables["params"])
    >>> all(jax.tree.leaves(jax.tree.map(jnp.allclose, gradients, expected)))
    True
    """
    _check(network, inputs)
    params = variables["params"]
    layers = [_Layer(network, variables, number) for number in range(len(network.hidden))]
    if carry is None:
        begun = tuple(layer.begin(inputs, rngs) for layer in layers)
        carry = OnlineCarry(jnp.zeros((), jnp.int32), begun)

    def step(summed, x):
        carry, total, gradients = summed
        after, learning = [], []
        for layer, before in zip(layers, carry.layers, strict=True):
            found, x, learn = layer.advance(before, x)
            after.append(found)
            learning.append(learn)

        def of_outputs(readout, x):
            value = loss(_currents(x, readout, network.dtype), labels, carry.step)
            if jnp.shape(value) != ():
                raise ValueError(
                    f"expected the loss of a step as a scalar, found shape {jnp.shape(value)}; take the mean over "
                    "the samples"
                )
            return value

        value, (own, signal) = jax.value_and_grad(of_outputs, (0, 1))(params["readout"], x)
        found = {"readout": own}
        for learn in reversed(learning):
            own, signal = learn(signal)
            found |= own
        gradients = jax.tree.map(_added, gradients, found)
        carry = OnlineCarry(carry.step + 1, tuple(after))
        return (carry, _added(total, value), gradients), value

    nothing = jnp.zeros((), params["readout"]["bias"].dtype), jax.tree.map(jnp.zeros_like, params)
    # Not even the losses of the steps are kept.
    (after, total, gradients), _ = unroll(
        step, (carry, *nothing), inputs, save=lambda after, value: None, kernel="scan"
    )
    return total, gradients, after


class _Layer:
    """A hidden layer of an MLP: its weights, and its neurons as a step of their learned parameters."""

    def __init__(self, network: MLP, variables: Any, number: int):
        self.network, self.variables = network, variables
        self.linear, self.name = f"linear_{number}", f"neuron_{number}"
        self.recurrent = number in network.recurrent
        self.weights = variables["params"][self.linear]
        own = dict(variables["params"].get(self.name, {}))
        self.fed_back = {name: own.pop(name) for name in WEIGHTS} if self.recurrent else {}
        self.learned = own
        self.fixed = variables.get("constants", {}).get(self.name, {})
        self.per_neuron = _per_neuron(network.neuron, own, network.hidden[number])

    def begin(self, inputs: Array, rngs: Any) -> LayerCarry:
        """What the layer carries before the first step."""

        def first(learned):
            params = self.variables["params"]
            own = {**params.get(self.name, {}), **learned}
            bound = {**self.variables, "params": {**params, self.name: own}}
            return first_carry(self.network, bound, inputs, rngs=rngs)[STATE][self.name]["neuron"]

        def start(learned):
            state = first(learned)
            return state.neuron if self.recurrent else state

        rows, features = self.weights["kernel"].shape
        presynaptic = rows + 1 + (features if self.recurrent else 0)
        state, eligibility = begin(start, self.learned, self.per_neuron, presynaptic)
        spikes = first(self.learned).spikes if self.recurrent else None
        return LayerCarry(state, spikes, eligibility)

    def advance(self, before: LayerCarry, x: Array) -> tuple[LayerCarry, Array, Callable]:
        """One step: what is carried on, the spikes, and how a learning signal becomes gradients and that below."""
        dtype = self.network.dtype
        current, pull = jax.vjp(lambda x: _currents(x, self.weights, dtype), x)
        presynaptic = [x.astype(current.dtype), jnp.ones_like(current[:, :1])]
        if before.spikes is not None:
            current = current + _currents(before.spikes, self.fed_back, dtype)
            presynaptic.append(before.spikes)
        found = advance(
            self.step,
            self.learned,
            self.per_neuron,
            before.state,
            before.eligibility,
            current,
            jnp.concatenate(presynaptic, 1),
        )

        def learn(signal):
            rows, own, below = found.gradients(signal)
            kernel, bias, recurrent = jnp.split(rows, [x.shape[1], x.shape[1] + 1])
            gradients = {self.linear: {"kernel": kernel, "bias": bias[0]}}
            if self.recurrent:
                own = {**own, "kernel": recurrent, "bias": bias[0]}
            if own:
                gradients[self.name] = own
            return gradients, pull(below)[0]

        spikes = found.spikes if self.recurrent else None
        return LayerCarry(found.state, spikes, found.eligibility), found.spikes, learn

    def step(self, learned: dict[str, Array], state: Any, current: Array) -> tuple[Any, Array]:
        """One step of the neurons with these parameters, kept within their bounds as a layer keeps them."""
        dtype, bounds = widened(current).dtype, parameter_bounds(self.network.neuron)

        def value(name, leaf, shape):
            if name in learned:
                return within(learned[name], *bounds[name]).astype(dtype)
            return self.fixed[name].astype(dtype)

        return map_parameters(value, self.network.neuron).step(state, current)


def _per_neuron(neuron, learned, features):
    """The names of learned parameters whose last axis is that of the neurons."""
    found = []

    def note(name, leaf, axes):
        if (
            name in learned
            and learned[name].shape[-1:] == (features,)
            and (not axes or axes[-1] is ...)
        ):
            found.append(name)

    map_parameters(note, neuron)
    return tuple(found)


def _currents(x, weights, dtype):
    currents = synapse(x, weights["kernel"], dtype)
    return currents + weights["bias"].astype(currents.dtype)


def _added(total, value):
    return total + value.astype(total.dtype)


def _check(network, inputs):
    if not isinstance(network, MLP):
        raise ValueError(
            f"expected an MLP, found {type(network).__name__}; train other networks by backpropagation, with "
            "Time(chunk=K, segment=S) where memory is short"
        )
    if not network.neuron.streams:
        raise ValueError(
            f"{type(network.neuron).__name__} needs the whole sequence at once, so it has no eligibility; take a "
            "neuron that runs step by step"
        )
    if not isinstance(network.dropout, int | float) or network.dropout:
        raise ValueError(
            f"expected an MLP without dropout, found dropout={network.dropout}; give dropout=0.0"
        )
    if jnp.ndim(inputs) != 3:
        raise ValueError(f"expected inputs [T, B, F], found shape {jnp.shape(inputs)}")
    count_steps(inputs)
