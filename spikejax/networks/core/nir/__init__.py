"""Networks as graphs of NIR, the neuromorphic intermediate representation, and back."""

from spikejax.networks.core.nir.exported import to_nir, write_nir
from spikejax.networks.core.nir.imported import from_nir

__all__ = ["from_nir", "to_nir", "write_nir"]
