"""The command line, one file per command."""

from spikejax.cli.commands import main

__all__ = ["main"]
