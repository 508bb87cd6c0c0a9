"""Time: a step over the steps of a sequence (`layer`), a network in chunks of them (`network`)."""

from spikejax.dynamics.layer import Feedback, feedback, unroll

__all__ = ["Feedback", "feedback", "unroll"]
