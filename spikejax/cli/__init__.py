"""The command line, one file a command."""

from spikejax.cli.main import main

__all__ = ["main"]
