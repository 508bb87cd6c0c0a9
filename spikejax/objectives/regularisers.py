"""Regularisers: terms that are added to a loss and depend on the network's activity.

A regulariser has the form of a loss, `(outputs, labels, activity, mask) -> scalar`, its strength included. It is a mean
over the samples of a batch, each of which has its own term, so that it is the same however a batch is cut into
micro-batches and over devices.
"""

from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, option, param, setting, spec
from spikejax.objectives.activity import mean_square, spikes_of
from spikejax.objectives.losses import Loss
from spikejax.objectives.reductions import over_time


class Regulariser(Loss):
    """The base of every regulariser."""


@spec
class FiringRate(Regulariser):
    """Keeps the firing rate of each neuron near a target, or below or above it, in each sample.

        R = strength Σ_layers mean_{b,f} (r[b, f] − target)²,   r: spikes per time step, over the sample's real steps

    With side="above" only rates above the target count, with "below" only those below it. It is a mean over samples.
    The spikes of the whole sequence are kept in memory for it, however it is cut into chunks.

    Reference: Cramer et al. (2022), The Heidelberg spiking data sets, lower threshold of their regularisation, which
    sums over neurons where this is a mean.

    >>> quiet = FiringRate(strength=2.0, target=0.1)
    >>> f"{float(quiet(None, None, {'neuron_0': jnp.full((5, 3, 4), 0.6)}, None)):.2f}"
    '0.50'
    """

    spec_name: ClassVar = "firing_rate"
    strength: Leaf = param(default=1.0, low=0, doc="factor of the term")
    target: Leaf = param(default=0.0, low=0, high=1, unit="per step", doc="firing rate")
    side: str = option(
        default="both", choices=("both", "above", "below"), doc="which deviations count"
    )

    def observe(self, activity: dict[str, dict[str, Array]]) -> dict[str, Array]:  # pyright: ignore
        """The spikes of each layer.

        Raises:
          ValueError: no layer spikes.
        """
        found = spikes_of(activity)
        if not found:
            raise ValueError(
                "expected a network with spiking layers for FiringRate, found none; leave out the regulariser, or add "
                "layers such as Spiking(LIF())"
            )
        return found

    def __call__(self, outputs: Any, labels: Any, activity: Any, mask: Array | None) -> Array:
        total = jnp.zeros(())
        for spikes in activity.values():
            deviation = over_time(spikes, mask, "mean") - self.target
            if self.side != "both":
                deviation = jnp.maximum(deviation if self.side == "above" else -deviation, 0)
            total += jnp.square(deviation).mean()
        return self.strength * total


@spec
class Membrane(Regulariser):
    """Keeps a recorded variable of the neurons small.

        R = strength Σ_layers mean_b mean_{t,f} U[t, b, f]²,   t over the sample's real steps

    It is a mean over samples, so that a short one counts as much as a long one. The layers must record the variable:
    `Spiking(neuron, record=("membrane",))`.

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
        squares = (over_time(values, mask, "mean").mean() for values in activity.values())
        return self.strength * sum(squares, jnp.zeros(()))
