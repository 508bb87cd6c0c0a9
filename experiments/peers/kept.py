"""Measurements are kept until the whole experiment is done, so that an interrupted one can continue."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spikejax import files


def once(path: Path, config: Any, measure: Callable[[], Any]) -> Any:
    """What `measure` returns, kept in a file: measured again only for a different config."""
    config = json.loads(json.dumps(config))
    if path.is_file():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["config"] == config:
            return kept["result"]
    result = measure()
    files.write_text(path, json.dumps({"config": config, "result": result}, indent=1) + "\n")
    return result


def forget(folder: Path) -> None:
    """Removes what `once` kept in a folder: the next run starts from the beginning."""
    shutil.rmtree(folder, ignore_errors=True)
