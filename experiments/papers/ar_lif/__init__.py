"""The tables and figures of AR-LIF (arXiv 2507.20746)."""
