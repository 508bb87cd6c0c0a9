"""Time: `layer` runs a step over a sequence, `network` runs a whole network in chunks of steps."""

from spikejax.dynamics.choice import in_parallel
from spikejax.dynamics.layer import Feedback, batch_axes, feedback, held, unroll
from spikejax.dynamics.network import Time

__all__ = ["Feedback", "Time", "batch_axes", "feedback", "held", "in_parallel", "unroll"]
