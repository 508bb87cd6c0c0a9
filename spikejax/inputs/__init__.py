"""From stored samples to inputs over time, batch by batch."""
