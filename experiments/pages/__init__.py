"""Results shown on the pages of `docs/`."""
