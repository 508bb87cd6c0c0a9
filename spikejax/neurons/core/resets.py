"""How a membrane fires and is reset: the choices that models share, and the rule behind them."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import option
from spikejax.surrogate import spike


def reset_option(default: str = "subtract") -> Any:
    """What a spike does to the membrane U: U − θ, 0 or nothing."""
    return option(
        default=default, choices=("subtract", "zero", "none"), doc="what a spike does to U"
    )


def strict_option(default: bool = False) -> Any:
    """Whether the threshold must be exceeded."""
    return option(
        default=default, choices=(False, True), doc="fires above the threshold, not at it"
    )


def detach_option(default: bool = False, doc: str = "no gradient through the reset") -> Any:
    """Whether the reset carries no gradient."""
    return option(default=default, choices=(False, True), doc=doc)


def timing_option(default: str = "same") -> Any:
    """Whether a spike resets the membrane in its own step or in the next one, outside the decay."""
    return option(
        default=default,
        choices=("same", "next"),
        doc="reset in the step of the spike or with the next",
    )


def late_option(default: bool = False) -> Any:
    """Whether a spike is sent one step after the membrane reached the threshold."""
    return option(default=default, choices=(False, True), doc="spikes are sent one step late")


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
    """Uniform numbers in [0, 1) for each neuron, fine enough to be compared with a small probability."""
    # In bfloat16 there are 128 of them: whatever is less likely than one of these would happen as often.
    fine = jnp.float64 if current.dtype == jnp.float64 else jnp.float32
    return jax.random.uniform(key, current.shape, fine)


def integrate_and_fire(
    model: Any, integrate: Callable[[Array], Array], membrane: Array
) -> tuple[Array, Array]:
    """One step of a membrane: the next membrane and the spikes that are sent.

        reset_timing   late    in this order
        "same"         False   integrate, fire, reset
        "same"         True    fire, reset, integrate
        "next"         False   note last step's spikes, integrate, reset by them, fire
        "next"         True    fire, integrate, reset

    In the two rows "next" a subtracting reset stands outside the decay; one to zero is made before the input
    arrives. In all but the first row the membrane that is carried is not reset yet.

    Args:
      model: has a `threshold`, a `surrogate` and the five choices above.
      integrate: what the step makes of a membrane, its input included.
      membrane: the one before.
    """

    def fire(membrane):
        return spike(membrane - model.threshold, model.surrogate, model.strict)

    def after(membrane, spikes):
        return reset(membrane, spikes, model.threshold, model.reset, model.detach_reset)

    if model.reset_timing == "same":
        if model.late:
            spikes = fire(membrane)
            return integrate(after(membrane, spikes)), spikes
        membrane = integrate(membrane)
        spikes = fire(membrane)
        return after(membrane, spikes), spikes
    before = fire(membrane)
    if model.reset == "zero":
        membrane = integrate(after(membrane, before))
    else:
        membrane = after(integrate(membrane), before)
    return membrane, before if model.late else fire(membrane)
