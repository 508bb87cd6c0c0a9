"""How a membrane fires and is reset: the choices that models share, and the rule behind them."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import option
from spikejax.surrogate import spike


def reset_option(default: str = "subtract") -> Any:
    """How a spike resets the membrane potential U: to U − θ, to 0 or not at all."""
    return option(default=default, choices=("subtract", "zero", "none"), doc="how a spike resets U")


def strict_option(default: bool = False) -> Any:
    """Whether the threshold must be exceeded."""
    return option(
        default=default, choices=(False, True), doc="fires only above the threshold, not at it"
    )


def detach_option(default: bool = False, doc: str = "no gradient through the reset") -> Any:
    """Whether the reset carries no gradient."""
    return option(default=default, choices=(False, True), doc=doc)


def timing_option(default: str = "same") -> Any:
    """Whether a spike resets the membrane in its own step or in the next one, outside the decay."""
    return option(
        default=default,
        choices=("same", "next"),
        doc="reset in the step of the spike or in the next one",
    )


def late_option(default: bool = False) -> Any:
    """Whether a spike is emitted one step after the membrane potential reached the threshold."""
    return option(default=default, choices=(False, True), doc="spikes are emitted one step late")


def reset(membrane: Array, spikes: Array, threshold: Any, kind: str, detach: bool = False) -> Array:
    """The membrane after its spikes: U − θ S ("subtract"), U (1 − S) ("zero") or U ("none").

    >>> import jax.numpy as jnp
    >>> float(reset(jnp.array(1.5), jnp.array(1.0), 1.0, "subtract"))
    0.5
    """
    if detach:
        spikes = jax.lax.stop_gradient(spikes)
    if kind == "subtract":
        return membrane - threshold * spikes
    if kind == "zero":
        return membrane * (1 - spikes)
    return membrane


def reset_to(membrane: Array, spikes: Array, voltage: Any, detach: bool = False) -> Array:
    """The membrane after its spikes: U (1 − S) + voltage S.

    >>> import jax.numpy as jnp
    >>> float(reset_to(jnp.array(1.5), jnp.array(1.0), -0.25))
    -0.25
    """
    if detach:
        spikes = jax.lax.stop_gradient(spikes)
    return membrane * (1 - spikes) + voltage * spikes


def draw_uniform(key: Any, current: Array) -> Array:
    """Uniform random numbers in [0, 1) for each neuron, fine enough to compare with a small probability."""
    # bfloat16 has 128 of them: an event with a probability below 1/128 would happen as often as one with 1/128.
    fine = jnp.float64 if current.dtype == jnp.float64 else jnp.float32
    return jax.random.uniform(key, current.shape, fine)


def none_yet(model: Any, current: Array) -> Array | None:
    """S[−1] = 0 of a model that resets by the spikes of the step before, reset_timing="next"; else nothing."""
    return jnp.zeros_like(current) if model.reset_timing == "next" and not model.late else None


def without_reset(model: Any) -> bool:
    """Whether the membrane potential of a model with the five choices below is all it carries and is never reset."""
    return model.reset == "none" and (model.reset_timing == "same" or model.late)


def integrate_and_fire(
    model: Any, integrate: Callable[[Array], Array], membrane: Array, last: Array | None
) -> tuple[Array, Array, Array | None]:
    """One step of a membrane: its next potential, the spikes that are emitted, and the next step's `last`.

        reset_timing   late    in this order
        "same"         False   integrate, fire, reset
        "same"         True    fire, reset, integrate
        "next"         False   integrate, reset by the last step's spikes, fire
        "next"         True    fire, integrate, reset

    In the two rows "next" a reset by subtraction is applied outside the decay; a reset to zero before the input
    arrives. In all but the first row the membrane potential that is carried has not been reset yet.

    Args:
      model: has a `threshold`, a `surrogate` and the five choices above.
      integrate: maps the membrane potential to that after the step's decay and input.
      membrane: the potential before the step.
      last: the spikes of the step before if the model resets by them, see `none_yet`; None computes them again from
        the membrane potential.
    """

    def fire(membrane):
        return spike(membrane - model.threshold, model.surrogate, model.strict)

    def after(membrane, spikes):
        return reset(membrane, spikes, model.threshold, model.reset, model.detach_reset)

    if model.reset_timing == "same":
        if model.late:
            spikes = fire(membrane)
            return integrate(after(membrane, spikes)), spikes, None
        membrane = integrate(membrane)
        spikes = fire(membrane)
        return after(membrane, spikes), spikes, None
    # Before the first step there was no spike, so there is no gradient of one either.
    before = fire(membrane) if last is None else last
    if model.reset == "zero":
        membrane = integrate(after(membrane, before))
    else:
        membrane = after(integrate(membrane), before)
    spikes = before if model.late else fire(membrane)
    return membrane, spikes, None if last is None else spikes
