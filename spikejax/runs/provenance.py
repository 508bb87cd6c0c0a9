"""What a result depends on: versions, device, commit, command."""

import os
import platform
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from spikejax import __version__

PACKAGES = ("spikejax", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")
# Flags whose values are paths on this machine, and what is written instead.
_PLACES = {"--data-dir": "DIR", "--coordinator": "HOST:PORT"}


def current_provenance(**facts: Any) -> dict[str, Any]:
    """Versions, device, commit and command, and the facts given (seed, data set, …)."""
    import jax

    device = jax.devices()[0]
    return {
        "python": platform.python_version(),
        "versions": versions(),
        "device": f"{device.platform}: {device.device_kind}",
        "processors": os.cpu_count(),
        "commit": _commit(),
        "command": _command(sys.argv),
        **facts,
    }


def versions() -> dict[str, str]:
    """The versions of the packages that a result depends on; this one may be a folder that is not installed."""
    others = {name: metadata.version(name) for name in PACKAGES if name != "spikejax"}
    return {"spikejax": __version__, **others}


def _command(arguments):
    """The command line as it would be typed, without this machine's paths."""
    program = Path(arguments[0])
    words = (
        ["python", "-m", program.parent.name] if program.name == "__main__.py" else [program.name]
    )
    rest = list(arguments[1:])
    for i, word in enumerate(rest):
        for flag, shown in _PLACES.items():
            if word.startswith(f"{flag}="):
                rest[i] = f"{flag}={shown}"
            elif word == flag and i + 1 < len(rest):
                rest[i + 1] = shown
    return shlex.join([*words, *map(_without_folders, rest)])


def _without_folders(word):
    """A word of a command line in which an absolute path is its last name."""
    flag, equals, value = word.rpartition("=")
    return f"{flag}{equals}{Path(value).name}" if Path(value).is_absolute() else word


def _commit():
    """The commit of the source tree, marked if its code differs; None outside a checkout."""
    git = ["git", "-C", str(Path(__file__).parent)]
    code = [":(top)*.py", ":(top)pyproject.toml"]
    options: dict[str, Any] = {
        "capture_output": True,
        "text": True,
        "check": True,
        "timeout": 10,
    }
    try:
        commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], **options).stdout.strip()
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no", "--", *code], **options
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + ("+changes" if changed else "")
