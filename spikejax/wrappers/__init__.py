"""Neurons around neurons: each adds one thing to any model and is a neuron itself, for `unroll`, layers and networks.

    Refractory     a pause after each spike
    Delayed        currents that come later, by a fixed or a learned delay
    Noisy          noise on the currents
    Synapse        currents that fade
    ASGL           spikes mixed with their smooth form, to learn a surrogate's slope
    MembraneWidth  a surrogate as wide as the membrane's distribution (MPD-AGL)

Feeding spikes back is `dynamics.feedback`, as a layer `layers.Recurrent`.
"""

from spikejax.wrappers.asgl import ASGL
from spikejax.wrappers.delayed import Delayed
from spikejax.wrappers.membrane_width import MembraneWidth
from spikejax.wrappers.noisy import Noisy
from spikejax.wrappers.refractory import Refractory
from spikejax.wrappers.synapse import Synapse

__all__ = ["ASGL", "Delayed", "MembraneWidth", "Noisy", "Refractory", "Synapse"]
