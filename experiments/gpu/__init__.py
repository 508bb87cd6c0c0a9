"""What the library does on a GPU: `gpu` is the experiment, the other files are its parts and what they share."""
