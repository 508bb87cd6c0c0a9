"""What neurons share: their contract, their parameters by name, their resets."""
