"""`python -m spikejax` is `spikejax`."""

from spikejax.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
