"""Time: `layer` runs a step over the steps of a sequence, `network` runs a whole network in chunks of them."""

from spikejax.dynamics.layer import Feedback, feedback, unroll
from spikejax.dynamics.network import Time

__all__ = ["Feedback", "Time", "feedback", "unroll"]
