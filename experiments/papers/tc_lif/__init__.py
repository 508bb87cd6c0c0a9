"""The tables and figures of TC-LIF (AAAI 2024)."""
