"""Neurons as Flax layers: `Spiking` runs any neuron over time, `Recurrent` also feeds its spikes back.

Both map currents `[T, B, *F]` to spikes `[T, B, *F]`, so they can be used anywhere in a Flax module, `nn.Sequential`
included. What a neuron carries through time is a variable of the collection "state", see `layers.state`. Where a
sequence has ended, `step_mask[T, B]` being False, a sample's state stays and it emits no spikes; `spikejax.run` and
training pass the mask to every layer.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array

from spikejax.dynamics import Feedback, batch_axes, feedback
from spikejax.dynamics.steps import only_real
from spikejax.layers.declared import Bounds, WholeSequence, declare
from spikejax.layers.linear import synapse, uniform_fan_in
from spikejax.layers.state import carried
from spikejax.layers.stepping import (
    ACTIVITY,
    OUTPUT,
    SPIKES,
    check_currents,
    check_names,
    stepwise,
    store,
)
from spikejax.neurons.core.checks import widened
from spikejax.neurons.core.contract import Neuron, check_neuron, start
from spikejax.neurons.core.parameters import (
    check_learnable,
    learned_by_default,
    make_parameter,
    map_parameters,
    parameter_bounds,
    within,
)


class Spiking(nn.Module):
    """Runs a neuron over time.

    Attributes:
      neuron: any neuron. A parameter may be a scalar (one per layer), an array `[*F]` (one per neuron) or an
        initialiser `(key, shape, dtype) -> array`, which is called with shape `[*F]`.
      learn: names of the parameters that are learned: variables of the collection "params". None means those
        that the neuron's authors learn, () none. The others are in "constants". All can be swept, and those of the
        surrogate ("surrogate_width") can be learned too. A learned parameter is kept within its declared bounds: if
        your own optimiser has moved it beyond them, the nearest bound is used and the gradient passes through, so that
        it can return.
      record: names of variables of the neuron's state, stored per step with the spikes.

    With the collection "activity" mutable, spikes `[T, B, *F]` are stored as "spikes" (the output of a neuron without
    spikes as "output") and recorded variables under their names. A stochastic neuron requires a PRNG key when a
    sequence starts: pass `rngs={"noise": key}`; its state carries it from there.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.tc_lif import TCLIF
    >>> layer = Spiking(TCLIF(), record=("soma",))
    >>> spikes, variables = layer.init_with_output(jax.random.key(0), jnp.ones((5, 2, 4)))
    >>> spikes.shape, sorted(variables["params"])
    ((5, 2, 4), ['c1', 'c2'])
    >>> _, found = layer.apply(variables, jnp.ones((5, 2, 4)), mutable=["state", "activity"])
    >>> found["state"]["neuron"].soma.shape, found["activity"]["soma"].shape
    ((2, 4), (5, 2, 4))
    """

    neuron: Neuron
    learn: tuple[str, ...] | None = None
    record: tuple[str, ...] = ()

    @nn.compact
    def __call__(self, currents: Array, step_mask: Array | None = None) -> Array:
        """Runs the neuron over currents `[T, B, *F]`; returns spikes `[T, B, *F]`.

        Raises:
          ValueError: currents that are not floating point `[T, B, *F]`, an unknown name in `learn` or `record`, a
            neuron whose output is not like its currents.
        """
        check_inside(self)
        check_currents(currents, step_mask)
        neuron = neuron_variables(self, self.neuron, self.learn, currents)
        state, keep = carried(self, "neuron", lambda: first_state(self, neuron, currents))
        if not neuron.streams:
            declare(self, "neuron", WholeSequence("its neuron mixes all steps of a sequence"))
        if self.record and not neuron.streams:
            raise ValueError(
                f"{type(neuron).__name__} needs the whole sequence at once and has no state to record; leave record=()"
            )
        recording = bool(self.record) and self.is_mutable_collection(ACTIVITY)
        if recording or (neuron.streams and step_mask is not None):
            return _stepwise(self, neuron, neuron.step, (state, keep), (currents, step_mask))
        state, spikes = neuron.sequence(state, only_real(currents, step_mask))
        spikes = only_real(spikes, step_mask)
        keep(state)
        store(self, {emitted(neuron): spikes})
        return spikes


class Recurrent(nn.Module):
    """Runs a neuron over time and feeds its spikes back.

        I'[t] = I[t] + s[t−1] W + b     the current of the neuron, I the layer's

    W and b are initialised from U(−gain/√F, gain/√F).

    Attributes:
      neuron: any neuron, as in `Spiking`.
      learn: names of its parameters that are learned, as in `Spiking`.
      dtype: of the product of s and W, see `Linear`.
      gain: scale of the initial W and b, see `Linear`.
      record: names of variables of its state that are stored, as in `Spiking`.

    Reference: TC-LIF (AAAI 2024), recurrent networks; connectivity of the released code.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax.neurons.lif import LIF
    >>> spikes, variables = Recurrent(LIF()).init_with_output(jax.random.key(0), jnp.ones((5, 2, 4)))
    >>> jax.tree.map(jnp.shape, variables["params"])
    {'bias': (4,), 'kernel': (4, 4)}
    """

    neuron: Neuron
    learn: tuple[str, ...] | None = None
    dtype: Any = None
    gain: Any = 1.0
    record: tuple[str, ...] = ()

    @nn.compact
    def __call__(self, currents: Array, step_mask: Array | None = None) -> Array:
        """Runs the neuron over currents `[T, B, F]`; returns spikes `[T, B, F]`.

        Raises:
          ValueError: as `Spiking`, or a neuron that needs the whole sequence at once.
        """
        check_inside(self)
        check_currents(currents, step_mask)
        check_streams(self.neuron)
        features = currents.shape[-1]
        init = uniform_fan_in(features, self.gain)
        kernel = self.param("kernel", init, (features, features))
        bias = self.param("bias", init, (features,)).astype(currents.dtype)
        neuron = neuron_variables(self, self.neuron, self.learn, currents)

        def first():
            return Feedback(first_state(self, neuron, currents), jnp.zeros_like(currents.sum(0)))

        state, keep = carried(self, "neuron", first)
        step = feedback(neuron.step, lambda spikes: synapse(spikes, kernel, self.dtype) + bias)
        return _stepwise(self, neuron, step, (state, keep), (currents, step_mask))


def check_inside(module: Any) -> None:
    """Raises ValueError for what is no neuron inside a layer that is to run it."""
    own, neuron = type(module).__name__, module.neuron
    if isinstance(neuron, nn.Module):
        raise ValueError(
            f"expected a neuron inside {own}, found the Flax module {type(neuron).__name__}; a layer with dynamics of "
            f"its own takes the place of {own} in a Flax network, and is not its neuron"
        )
    check_neuron(f"{own}.neuron", neuron)


def check_streams(neuron: Neuron) -> None:
    """Raises ValueError for a neuron that needs the whole sequence at once: its spikes cannot be fed back."""
    if not neuron.streams:
        raise ValueError(
            f"{type(neuron).__name__} needs the whole sequence at once, so its spikes cannot be fed back; "
            "make the layer feed-forward (`Spiking`, or recurrent=() of a network)"
        )


def neuron_variables(module: Any, neuron: Any, learn: Any, currents: Array) -> Any:
    """The neuron with its parameters as variables: learned ones in "params", the others in "constants"."""
    check_names("learn", () if learn is None else learn)
    check_names("record", module.record)
    learn = learned_by_default(neuron) if learn is None else learn
    check_learnable(neuron, learn)
    features, dtype = currents.shape[2:], widened(currents).dtype
    bounds = parameter_bounds(neuron)

    def variable(name, leaf, shape):
        def init(key):
            return make_parameter(leaf, shape, features, dtype, key)

        bounded = bounds[name] != (-jnp.inf, jnp.inf)
        if bounded:
            declare(module, name, Bounds(*bounds[name]))
        if name in learn:
            value: Any = module.param(name, init)
            _check_shape(neuron, name, value, shape, features)
            if bounded:
                value = within(value, *bounds[name])
            return value.astype(dtype)
        constant: Any = module.variable("constants", name, lambda: init(module.make_rng("params")))
        _check_shape(neuron, name, constant.value, shape, features)
        return constant.value.astype(dtype)

    return map_parameters(variable, neuron)


def _check_shape(neuron, name, value, declared, features):
    """Refuses a parameter that is not one per neuron, unless it has declared axes; one per sample would fix B."""
    shape = jnp.shape(value)
    padded = (1,) * (len(features) - len(shape)) + shape
    fits = len(padded) == len(features) and all(
        size in (1, wanted) for size, wanted in zip(padded, features, strict=True)
    )
    if declared is None and not fits:
        raise ValueError(
            f"expected {name} of {type(neuron).__name__} as a scalar, or as an array that broadcasts against the "
            f"features [*F] = {list(features)} of the layer, found shape {list(shape)}; give one value per neuron, and "
            "no axes of steps or samples"
        )


def first_state(module: nn.Module, neuron: Any, currents: Array) -> Any:
    """The state before the first step; a stochastic neuron receives a key of the stream "noise"."""
    key = None
    if neuron.stochastic:
        if not module.has_rng("noise") and not module.is_initializing():
            raise ValueError(
                f'{type(neuron).__name__} is stochastic and requires a PRNG key: pass rngs={{"noise": key}}'
            )
        key = module.make_rng("noise")
    # The sum has the shape and sharding of one step even if T = 0; its value is not used.
    return start(neuron, currents.sum(0), key)


def _stepwise(module, neuron, step, carry, given):
    def axes():
        of_neuron = sample_axes(neuron, given[0])
        of_spikes: Any = 0
        return Feedback(of_neuron, of_spikes) if isinstance(carry[0], Feedback) else of_neuron

    linear = neuron.is_linear and step == neuron.step
    return stepwise(module, step, carry, given, axes, emitted(neuron), linear)


def emitted(neuron: Any) -> str:
    """What a layer of a neuron stores its output as."""
    return SPIKES if neuron.spiking else OUTPUT


def sample_axes(neuron: Any, currents: Array) -> Any:
    """The axis of the samples of each array of a neuron's state, see `dynamics.held`."""
    key = jax.random.key(0)
    like = jax.ShapeDtypeStruct(currents.shape[1:], currents.dtype)
    return batch_axes(lambda current: start(neuron, current, key), like)
