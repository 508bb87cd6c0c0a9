"""The catalogue: descriptions of neurons and layers, what they were validated against, portraits of neurons."""
