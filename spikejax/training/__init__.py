"""Training: state, step, epoch, loop, checkpoints."""
