"""Normalisation over time and batch, one method per file; `NORMS` finds them by their file's name.

A norm in an attribute of a network is a template, of which `layer_of` makes the layers. Evaluation of any of them is an
affine map of each channel, see `Norm.inference`.
"""

from spikejax.layers.normalisation.batch_norm import BatchNorm
from spikejax.layers.normalisation.bntt import BNTT
from spikejax.layers.normalisation.core.norm import Affine, Norm
from spikejax.layers.normalisation.core.template import layer_of
from spikejax.layers.normalisation.tab import TAB
from spikejax.layers.normalisation.tdbn import TDBN
from spikejax.layers.normalisation.tebn import TEBN
from spikejax.registry import Registry

NORMS = Registry(
    "norm",
    __name__,
    lambda value: isinstance(value, type) and issubclass(value, Norm) and value is not Norm,
)

__all__ = ["Affine", "BNTT", "BatchNorm", "NORMS", "Norm", "TAB", "TDBN", "TEBN", "layer_of"]
