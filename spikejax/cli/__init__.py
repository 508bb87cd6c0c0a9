"""The command line, one file a command."""

from spikejax.cli.commands import main

__all__ = ["main"]
