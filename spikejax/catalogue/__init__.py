"""What there is: descriptions of neurons, the evidence for them, their portraits."""
