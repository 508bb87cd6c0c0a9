"""The command line: train, sweep, eval, export, recipes, neurons, data, info."""

import importlib
import os
import sys
from collections.abc import Sequence

from spikejax.cli.errors import UsageError
from spikejax.devices.compiled import keep_compiled
from spikejax.registry import UnknownName, choose

COMMANDS = {
    "train": "train a recipe: spikejax train digits --neuron lif tc_lif",
    "sweep": "train a grid of models in one program: spikejax sweep digits --grid beta1=-0.2,-0.8",
    "eval": "evaluate a run's trained networks: spikejax eval runs/digits",
    "export": "write a run's network for other tools: spikejax export runs/digits --to nir",
    "recipes": "list the recipes that can be trained by name",
    "neurons": "list the neuron models, describe some, or plot one",
    "data": "describe a data set and where it was looked for: spikejax data smnist",
    "info": "show the versions and devices in use, or how a recipe would be laid out on them",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code: 0 done, 1 failed, 2 invalid arguments, 124 out of time, 130 stopped."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
        return 0
    if arguments[0] == "--version":
        from spikejax import __version__

        print(__version__)
        return 0
    if os.getcwd() not in sys.path:
        sys.path.insert(
            0, os.getcwd()
        )  # so that "my_lab.neurons:MyLIF" is found in the working directory
    command = arguments[0]
    try:
        choose("command", command, list(COMMANDS))
        keep_compiled()
        module = importlib.import_module(f"spikejax.cli.{_MODULES.get(command, command)}")
        return module.command(arguments[1:])
    except (UnknownName, UsageError) as error:
        print(f"spikejax: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has closed the pipe
        return 0
    except KeyboardInterrupt:
        print("\nspikejax: stopped", file=sys.stderr)
        return 130
    # User errors print one line; anything else is a bug and shows its traceback.
    except (OSError, ValueError, ModuleNotFoundError, FloatingPointError) as error:
        print(f"spikejax: {error}{_hint(error, command)}", file=sys.stderr)
        return 1


def _hint(error, command):
    """The flags that help with an error of the library, which does not know them."""
    from spikejax.data import MissingData

    if isinstance(error, MissingData):
        if command not in ("train", "sweep"):
            return " (--data-dir sets where the files are)"
        return " (--data-dir sets where the files are, --download fetches them if they are public)"
    if 'beyond_nir="metadata"' in str(error):
        return " (--beyond-nir metadata)"
    if isinstance(error, FileExistsError | BlockingIOError):
        flags = [flag for remedy, flag in _REMEDIES.items() if remedy in str(error)]
        return f" ({', '.join(flags)})" if flags else ""
    return ""


# What the library says can be done about a run folder, and the flag that does it.
_REMEDIES = {"resume it": "--resume", "overwrite it": "--overwrite", "another folder": "--out"}
_MODULES = {"eval": "evaluate"}


def usage() -> str:
    """The commands, one per line."""
    lines = ["usage: spikejax COMMAND ...", ""]
    lines += [f"  {name:<8} {text}" for name, text in COMMANDS.items()]
    return "\n".join([*lines, "", "spikejax COMMAND --help shows a command's flags."])
