"""Devices, their memory, and how a training step is laid out on them."""
