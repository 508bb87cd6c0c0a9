"""Numbers that stand on the pages of `docs/`."""
