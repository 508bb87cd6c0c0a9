"""What the norms share: their contract, their statistics, and how a network makes layers of one."""
