"""Spiking neural networks in JAX."""
