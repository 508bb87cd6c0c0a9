"""What networks share: the adaptor from Flax modules to pure functions."""
