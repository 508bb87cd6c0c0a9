"""Regularisers: terms that are added to a loss and depend on the network's activity.

A regulariser has the form of a loss, `(outputs, labels, activity, mask) -> scalar`, its strength included.
"""

from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param, setting, spec
from spikejax.objectives.activity import mean_spikes, mean_square, over_steps
from spikejax.objectives.losses import Loss


class Regulariser(Loss):
    """The base of every regulariser."""


@spec
class FiringRate(Regulariser):
    """Keeps the firing rate of each layer near a target, or below or above it.

        R = strength Σ_layers (r − target)²,   r = spikes per neuron and time step

    With side="above" only rates above the target count, with "below" only those below it.

    Reference: Zenke, Vogels (2021), The remarkable robustness of surrogate gradient learning, activity regularisation
    of a layer's mean, quadratic.

    >>> quiet = FiringRate(strength=2.0, target=0.1)
    >>> f"{float(quiet(None, None, {'neuron_0': jnp.full((5, 3), 0.6)}, None)):.2f}"
    '0.50'
    """

    spec_name: ClassVar = "firing_rate"
    observe: ClassVar = staticmethod(mean_spikes)
    strength: Leaf = param(default=1.0, low=0, doc="factor of the term")
    target: Leaf = param(default=0.0, low=0, high=1, unit="per step", doc="firing rate")
    side: str = option(
        default="both", choices=("both", "above", "below"), doc="which deviations count"
    )

    def __call__(self, outputs: Any, labels: Any, activity: Any, mask: Array | None) -> Array:
        total = jnp.zeros(())
        for rates in activity.values():
            deviation = over_steps(rates, mask)[0] - self.target
            if self.side != "both":
                deviation = jnp.maximum(deviation if self.side == "above" else -deviation, 0)
            total += jnp.square(deviation)
        return self.strength * total


@spec
class Membrane(Regulariser):
    """Keeps a recorded variable of the neurons small.

        R = strength Σ_layers mean_{t,b,f} U²

    The layers must record the variable: `Spiking(neuron, record=("membrane",))`.

    >>> small = Membrane(strength=0.5)
    >>> float(small(None, None, {"neuron_0": jnp.full((5, 3), 4.0)}, None))
    2.0
    """

    spec_name: ClassVar = "membrane"
    strength: Leaf = param(default=1e-3, low=0, doc="factor of the term")
    variable: str = setting(default="membrane", doc="name of the variable")

    def observe(self, activity: dict[str, dict[str, Array]]) -> dict[str, Array]:  # pyright: ignore
        """The mean square of the variable at each step of each sample."""
        return mean_square(activity, self.variable)

    def __call__(self, outputs: Any, labels: Any, activity: Any, mask: Array | None) -> Array:
        return self.strength * sum(
            (over_steps(values, mask)[0] for values in activity.values()), jnp.zeros(())
        )
