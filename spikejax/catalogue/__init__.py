"""The catalogue: descriptions of neurons, what they were validated against, their portraits."""
