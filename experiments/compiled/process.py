"""Compiling in a process of its own, whose compilers read their settings when they are loaded."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from experiments.compiled.targets import ENVIRONMENT


def rows_of(module: str, *arguments: str) -> dict[str, Any]:
    """Rows of a record: the last line that a module prints as a program in `ENVIRONMENT`, with these arguments."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **ENVIRONMENT},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
