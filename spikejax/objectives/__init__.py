"""What training minimises and what is measured: losses, metrics, and a network bound to them."""
