"""The network activity that losses, regularisers and metrics use, reduced inside each chunk of time."""

import jax.numpy as jnp
from jax import Array


def spikes_of(activity: dict[str, dict[str, Array]]) -> dict[str, Array]:
    """By layer, the spikes of each neuron, `[K, B, *F]`."""
    return {layer: values["spikes"] for layer, values in activity.items() if "spikes" in values}


def mean_spikes(activity: dict[str, dict[str, Array]]) -> dict[str, Array]:
    """By layer, spikes per neuron at each step of each sample, `[K, B]`."""
    return {layer: _over_neurons(spikes) for layer, spikes in spikes_of(activity).items()}


def mean_square(activity: dict[str, dict[str, Array]], variable: str) -> dict[str, Array]:
    """By layer, the mean square over neurons of a recorded variable, `[K, B]`.

    Raises:
      ValueError: no layer records it.
    """
    found = {
        layer: _over_neurons(jnp.square(values[variable]))
        for layer, values in activity.items()
        if variable in values
    }
    if not found:
        raise ValueError(
            f"no layer records {variable!r}; give record=({variable!r},) to the layers or to the network"
        )
    return found


def _over_neurons(values):
    return values.mean(axis=tuple(range(2, values.ndim)))


def over_steps(values: Array, mask: Array | None) -> Array:
    """The mean of `[T, B]` over steps and samples, those that are real."""
    if mask is None:
        return values.mean()
    total = mask.sum()
    return jnp.where(mask, values, 0).sum() / jnp.where(total == 0, 1, total)
