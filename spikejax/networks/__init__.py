"""Flax Linen networks: pure functions (variables, x[K, B, F], state) -> (outputs[K, B, C], state)."""

from spikejax.networks.mlp import MLP

__all__ = ["MLP"]
