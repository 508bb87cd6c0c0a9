"""What was measured is kept until the whole experiment is done, so that one that was stopped goes on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spikejax import files


def once(path: Path, config: Any, measure: Callable[[], Any]) -> Any:
    """What `measure` returns, kept in a file: measured again only for another config."""
    config = json.loads(json.dumps(config))
    if path.is_file():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["config"] == config:
            return kept["result"]
    result = measure()
    files.write_text(path, json.dumps({"config": config, "result": result}, indent=1) + "\n")
    return result


def forget(folder: Path) -> None:
    """Removes what `once` kept in a folder: the next run is a new one."""
    shutil.rmtree(folder, ignore_errors=True)
