"""Delays as connectivity: one for each synapse, or for each presynaptic neuron, learned with the weights."""

import math
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.layers.declared import Bounds, declare
from spikejax.layers.linear import uniform_fan_in
from spikejax.layers.state import carried
from spikejax.neurons.core.checks import widened
from spikejax.neurons.core.parameters import within

DELAY, WIDTH = "delay", "delay_width"
AXON, SYNAPSE = "axon", "synapse"  # what has a delay of its own
# A width below which delays are whole: the Gaussian of `DelayedLinear` has weights of exp(−200) beside its step.
NARROW = 0.05


class DelayedLinear(nn.Module):
    """A dense layer each of whose synapses has a delay.

        I[t, j] = Σ_i W[i, j] Σ_k κ[k; d[i, j]] x[t − k, i] + b[j],   k = 0 … longest
        κ[k; d] ∝ exp(−½ ((k − d)/σ)²),   Σ_k κ[k; d] = 1

    The variable "delay" is d as a fraction of the longest delay, drawn from U(0, 1) and kept within it, so that a
    learning rate η of Adam moves d by longest · η steps; for spoken digits the authors' is 100 times that of the
    weights, with kernels of 25 steps. A wide σ lets the gradient of d see all steps, a narrow one makes it a single
    delay. σ is the constant "delay_width": narrow it in training, as the authors do in the first quarter of the epochs,

        Ramp(name="delay_width", start=longest / 2, end=0.5, epochs=epochs // 4, shape="exponential")

    and set it to 0 afterwards, see `with_whole_delays`: below 0.05 delays are rounded to whole steps.

    The last `longest` inputs are carried from chunk to chunk. A step is longest + 1 products of the size of `Linear`'s,
    by a convolution over time; besides W and d there are (longest + 1) F_in F_out weights in memory, and as many of
    their gradients. On a CPU a convolution inside a loop over chunks is slow: leave the chunk to the plan.

    Attributes:
      features: number of outputs.
      longest: longest delay, in steps.
      width: the first σ, in steps; it may be traced.
      gain: scale of the initial W and b, see `Linear`.

    Deviations: the authors add 10⁻⁷ to the sum by which κ is normalised; their layers have no bias, kernels of an odd
    length, and outputs for some steps after the end of a sequence.

    Reference: Hammouamri, Khalfaoui-Hassani, Masquelier (2024), Learning delays in spiking neural networks using
    dilated convolutions with learnable spacings, and its released code.

    >>> layer, x = DelayedLinear(1, longest=4), jnp.eye(4)[:, None, :1]
    >>> params = {"kernel": jnp.full((1, 1), 3.0), "delay": jnp.full((1, 1), 0.5), "bias": jnp.zeros(1)}
    >>> layer.apply({"params": params, "constants": {"delay_width": 0.0}}, x).ravel()
    Array([0., 0., 3., 0.], dtype=float32)
    """

    features: int
    longest: int
    width: Any = 0.5
    gain: Any = 1.0

    @nn.compact
    def __call__(self, x: Array, step_mask: Array | None = None) -> Array:
        """Maps `[T, B, F_in]` to currents `[T, B, features]`.

        Where a sequence has ended, `step_mask[T, B]` being False, the last real inputs of a sample stay.

        Raises:
          ValueError: inputs that are not floating-point or of another shape, a longest delay that is not a whole number
            of steps from 1 on, a width below 0.
        """
        _check(self, x, x.ndim == 3)
        init = uniform_fan_in(x.shape[-1], self.gain)
        kernel = self.param("kernel", init, (x.shape[-1], self.features))
        bias = self.param("bias", init, (self.features,))
        taps = (_window(self, kernel.shape) * kernel).astype(x.dtype)
        axes = ("WNC", "WIO", "WNC")
        currents = jax.lax.conv_general_dilated(
            _with_past(self, x, step_mask), taps[::-1], (1,), "VALID", dimension_numbers=axes
        )
        return currents + bias.astype(x.dtype)


class AxonalDelay(nn.Module):
    """A delay for each presynaptic neuron, before any synapses.

        y[t, i] = Σ_k κ[k; d[i]] x[t − k, i],   k = 0 … longest

    κ, d and σ are those of `DelayedLinear`, with a d for each of the last axis: a neuron, or a channel of a
    convolutional layer. The last `longest` inputs are carried; a step is longest + 1 multiplications per input.

    Attributes:
      longest: longest delay, in steps.
      width: the first σ, in steps; it may be traced.

    Reference: as `DelayedLinear`, whose d[i, j] here are the same for all j.

    >>> x = jnp.eye(4)[:, None, :2]
    >>> given = {"params": {"delay": jnp.array([0.5, 0.0])}, "constants": {"delay_width": 0.0}}
    >>> AxonalDelay(longest=4).apply(given, x)[:, 0].T
    Array([[0., 0., 1., 0.],
           [0., 1., 0., 0.]], dtype=float32)
    """

    longest: int
    width: Any = 0.5

    @nn.compact
    def __call__(self, x: Array, step_mask: Array | None = None) -> Array:
        """Maps `[T, B, *F]` to the same, later; `step_mask` as for `DelayedLinear`.

        Raises:
          ValueError: as `DelayedLinear`.
        """
        _check(self, x, x.ndim >= 3)
        window = _window(self, x.shape[-1:]).astype(x.dtype)
        past, steps = _with_past(self, x, step_mask), x.shape[0]
        delayed = jnp.zeros_like(x)
        for k in range(self.longest + 1):
            delayed += window[k] * past[self.longest - k :][:steps]
        return delayed


def with_whole_delays(variables: Any) -> Any:
    """The variables of a network whose delays are rounded to whole steps when it runs: their width is 0.

    The variable "delay" itself stays a fraction of the longest delay; in whole steps it is round(longest · delay).

    Raises:
      ValueError: there are no delays with a width among them.

    >>> found = with_whole_delays({"constants": {"layer": {"delay_width": jnp.array(0.5), "decay": 0.9}}})
    >>> found["constants"]["layer"]["delay_width"].item()
    0.0
    """

    found = []

    def rounded(path, leaf):
        if path[-1] != jax.tree_util.DictKey(WIDTH):
            return leaf
        found.append(path)
        return jnp.zeros_like(leaf)

    changed = jax.tree_util.tree_map_with_path(rounded, variables)
    if not found:
        raise ValueError(
            f'expected variables of a network with delays, whose "constants" have a {WIDTH}, found none'
        )
    return changed


def distances(module: Any, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """k − d for k = 0 … longest, `[longest + 1, *shape]`, of a layer's delays of this shape, and their width σ.

    Below `NARROW` the delays are rounded to whole steps.
    """
    declare(module, DELAY, Bounds(0.0, 1.0))
    fraction = module.param(DELAY, jax.nn.initializers.uniform(1.0), shape)
    held: Any = module.variable("constants", WIDTH, jnp.asarray, module.width, fraction.dtype)
    width = held.value
    delay = module.longest * within(fraction, 0, 1)
    delay = jnp.where(width < NARROW, jnp.round(delay), delay)
    places = jnp.arange(module.longest + 1, dtype=delay.dtype).reshape(-1, *[1] * len(shape))
    return places - delay, width


def check_delays(module: Any) -> None:
    """Raises ValueError for a longest delay that is no whole number from 1 on, or a width below 0."""
    longest, width = module.longest, module.width
    if not isinstance(longest, int | np.integer) or isinstance(longest, bool) or longest < 1:
        raise ValueError(f"expected longest, a whole number of steps from 1 on, found {longest!r}")
    number = isinstance(width, int | float | np.integer | np.floating)
    if not isinstance(width, Array | np.ndarray) and not (number and 0 <= width < math.inf):
        raise ValueError(f"expected width, a number of steps of at least 0, found {width!r}")


def check_per(per: Any) -> None:
    """Raises ValueError unless it is said what has a delay of its own, an axon or a synapse."""
    if per not in (AXON, SYNAPSE):
        raise ValueError(f"expected per to be {AXON!r} or {SYNAPSE!r}, found {per!r}")


def _window(module, shape):
    """κ `[longest + 1, *shape]` of delays of this shape."""
    apart, width = distances(module, shape)
    return jax.nn.softmax(-0.5 * (apart / jnp.maximum(width, NARROW)) ** 2, 0)


def _with_past(module, x, step_mask):
    """Inputs `[longest + T, B, *F]`, the carried ones first; the last real ones of each sample are carried on."""

    def silence():
        return jnp.broadcast_to(jnp.zeros_like(x.sum(0)), (module.longest, *x.shape[1:]))

    past, keep = carried(module, "inputs", silence)
    everything = jnp.concatenate([past, x])
    if step_mask is None:
        keep(everything[x.shape[0] :])
    else:
        # The real steps come first, so a sample's last inputs begin at their number.
        last = step_mask.sum(0) + jnp.arange(module.longest)[:, None]
        keep(jnp.take_along_axis(everything, last.reshape(*last.shape, *[1] * (x.ndim - 2)), 0))
    return everything


def _check(module, x, fits):
    check_delays(module)
    if not fits:
        raise ValueError(f"expected inputs [T, B, F] of {type(module).__name__}, found {x.shape}")
    widened(x)  # refuses events of whole numbers
