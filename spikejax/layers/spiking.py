"""Neurons as Flax layers: `Spiking` runs any neuron over time, `Recurrent` also feeds its spikes back.

Both map currents `[T, B, *F]` and a state to spikes `[T, B, *F]` and the next state, so a sequence can be run in
pieces. `state=None` starts anew, and with T = 0 returns the state before the first step.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jax import Array

from spikejax.dynamics.layer import Feedback, feedback, unroll
from spikejax.layers.linear import synapse, uniform_fan_in
from spikejax.neurons.core.contract import Neuron, start
from spikejax.neurons.core.parameters import check_learnable, make_number, map_numbers


def _check(currents: Array) -> None:
    if currents.ndim < 3:
        raise ValueError(
            f"expected currents [T, B, F], found shape {currents.shape}; add a time axis with encode.repeat"
        )
    if not jnp.issubdtype(currents.dtype, jnp.floating):
        raise ValueError(
            f"expected floating point currents, found {currents.dtype}; divide by their scale first"
        )


def _variables(module: nn.Module, neuron: Any, learn: tuple[str, ...], currents: Array) -> Any:
    """The neuron with its numbers as variables: learned ones in "params", the others in "constants"."""
    check_learnable(neuron, learn)
    features, dtype = currents.shape[2:], currents.dtype

    def variable(name, leaf, shape):
        def init(key):
            return make_number(leaf, shape, features, dtype, key)

        if name in learn:
            return module.param(name, init).astype(dtype)
        constant: Any = module.variable("constants", name, lambda: init(module.make_rng("params")))
        return constant.value.astype(dtype)

    return map_numbers(variable, neuron)


def _start(module: nn.Module, neuron: Any, currents: Array) -> Any:
    """The state before the first step; a neuron that draws gets a key of the stream "noise"."""
    # The sum has one step's shape and sharding also where T = 0; its value is not used.
    return start(neuron, currents.sum(0), module.make_rng("noise") if neuron.stochastic else None)


def _sow(module: nn.Module, spikes: Array) -> None:
    if not module.is_initializing():
        module.sow("activity", "spikes", spikes)


class Spiking(nn.Module):
    """Runs a neuron over time.

    Attributes:
      neuron: any neuron. A number may be a scalar (one a layer), an array `[*F]` (one a neuron) or an
        initialiser `(key, shape, dtype) -> array`, which is called with shape `[*F]`.
      learn: names of the numbers that are learned: variables of the collection "params". The others are of
        "constants". All can be swept, and those of the surrogate ("surrogate_width") learned too. Bounds hold at
        construction only: a learned decay may leave [0, 1].

    With `mutable=["activity"]`, the spikes are sown as "spikes". A neuron that draws wants a key of the stream "noise",
    `rngs={"noise": key}`, where it starts anew; its state carries it on.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.tc_lif import TCLIF
    >>> layer = Spiking(TCLIF(), learn=("c1", "c2"))
    >>> (spikes, state), variables = layer.init_with_output(jax.random.key(0), jnp.ones((5, 2, 4)))
    >>> spikes.shape, state.soma.shape, sorted(variables["params"])
    ((5, 2, 4), (2, 4), ['c1', 'c2'])
    """

    neuron: Neuron
    learn: tuple[str, ...] = ()

    @nn.compact
    def __call__(self, currents: Array, state: Any = None) -> tuple[Array, Any]:
        """Runs the neuron over currents `[T, B, *F]`; returns spikes `[T, B, *F]` and the next state.

        Raises:
          ValueError: currents that are not floating point `[T, B, *F]`, an unknown name in `learn`.
        """
        _check(currents)
        neuron = _variables(self, self.neuron, self.learn, currents)
        if state is None:
            state = _start(self, neuron, currents)
        state, spikes = neuron.sequence(state, currents)
        _sow(self, spikes)
        return spikes, state


class Recurrent(nn.Module):
    """Runs a neuron over time and feeds its spikes back: I[t] + W s[t−1] + b.

    W and b are drawn from U(−gain/√F, gain/√F).

    Attributes:
      neuron: any neuron, as in `Spiking`.
      learn: names of its numbers that are learned.
      dtype: in which s and W are multiplied, see `Linear`.
      gain: of the initial W and b, see `Linear`.

    Reference: TC-LIF (AAAI 2024), recurrent networks; connectivity of the released code.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> (spikes, state), variables = Recurrent(LIF()).init_with_output(jax.random.key(0), jnp.ones((5, 2, 4)))
    >>> jax.tree.map(jnp.shape, variables["params"])
    {'bias': (4,), 'kernel': (4, 4)}
    """

    neuron: Neuron
    learn: tuple[str, ...] = ()
    dtype: Any = None
    gain: Any = 1.0

    @nn.compact
    def __call__(self, currents: Array, state: Any = None) -> tuple[Array, Feedback]:
        """Runs the neuron over currents `[T, B, F]`; returns spikes `[T, B, F]` and the next state.

        Raises:
          ValueError: currents that are not floating point `[T, B, F]`, an unknown name in `learn`, a neuron that
            needs the whole sequence at once.
        """
        _check(currents)
        if not hasattr(self.neuron, "step"):
            raise ValueError(
                f"{type(self.neuron).__name__} needs the whole sequence at once, so its spikes cannot be fed back; "
                "make the layer feed-forward (`Spiking`, or recurrent=() of a network)"
            )
        features = currents.shape[-1]
        init = uniform_fan_in(features, self.gain)
        kernel = self.param("kernel", init, (features, features))
        bias = self.param("bias", init, (features,)).astype(currents.dtype)
        neuron = _variables(self, self.neuron, self.learn, currents)
        if state is None:
            state = Feedback(_start(self, neuron, currents), jnp.zeros_like(currents.sum(0)))
        step = feedback(neuron.step, lambda spikes: synapse(spikes, kernel, self.dtype) + bias)
        state, spikes = unroll(step, state, currents)
        _sow(self, spikes)
        return spikes, state
