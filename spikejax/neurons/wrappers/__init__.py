"""Wrappers: each adds one feature to any neuron and is a neuron itself, for `unroll`, layers and networks.

    Refractory     a pause after each spike
    Delayed        currents that come later, by a fixed or a learned delay
    Noisy          noise on the currents
    Synapse        currents that decay exponentially
    ASGL           spikes mixed with their smooth form, to learn a surrogate's slope
    MembraneWidth  a surrogate as wide as the membrane's distribution (MPD-AGL)

Feeding spikes back is `dynamics.feedback`, as a layer `layers.Recurrent`.
"""

from spikejax.neurons.wrappers.asgl import ASGL
from spikejax.neurons.wrappers.delayed import Delayed
from spikejax.neurons.wrappers.membrane_width import MembraneWidth
from spikejax.neurons.wrappers.noisy import Noisy
from spikejax.neurons.wrappers.refractory import Refractory
from spikejax.neurons.wrappers.synapse import Synapse

__all__ = ["ASGL", "Delayed", "MembraneWidth", "Noisy", "Refractory", "Synapse"]
