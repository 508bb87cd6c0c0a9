"""Many models trained in one compiled program."""
