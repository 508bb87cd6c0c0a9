"""What a part has measured: rows by name, stored after each, so that a part that is cut short keeps its rows."""

import json
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spikejax import files

OVER = "not run: the time of this part was over"


class Sheet:
    """The rows of a part.

    Args:
      path: file in which they are stored; rows that are in it were measured by an earlier try and are kept.
      seconds: time that the part may take.
      quick: whether sizes are those of a toy.
      data_dir: where the data sets' files are.
    """

    def __init__(self, path: Path, seconds: float, quick: bool, data_dir: str | None = None):
        self.path, self.quick, self.data_dir = path, quick, data_dir
        self.rows: dict[str, dict[str, Any]] = read(path)
        self._kept = frozenset(self.rows)
        self._end = time.monotonic() + seconds
        self._current = threading.local()
        self._lock = threading.Lock()  # programs are built at the same time

    def warned(self, message: Any, *_: Any) -> None:
        """Notes a warning in the row that is being measured in this thread; takes the place of `showwarning`."""
        name = getattr(self._current, "name", None)
        if name is not None:
            told = self.rows.get(name, {}).get("warnings", [])
            self.note(name, {"warnings": sorted({*told, words(message)})})

    def left(self) -> float:
        """Seconds until the part should end."""
        return self._end - time.monotonic()

    def lacks(self, name: str) -> bool:
        """Whether a row is still to be measured."""
        return name not in self._kept

    def note(self, name: str, values: dict[str, Any]) -> None:
        """Adds values to a row and stores all rows; numbers that are not finite become None."""
        with self._lock:
            self.rows[name] = {**self.rows.get(name, {}), **_finite(values)}
            files.write_text(self.path, json.dumps(self.rows))

    def attempt(self, name: str, measure: Callable[[], dict[str, Any]]) -> bool:
        """Adds what `measure` returns to a row, or the words of its error; False if there is none.

        Nothing is begun once the time of the part is over, nor for a row that is kept.
        """
        if not self.lacks(name):
            return False
        self._current.name = name
        try:
            if self.left() <= 0:
                raise TimeoutError(OVER)
            self.note(name, measure())
        except Exception as error:
            self.note(name, {"error": words(error)})
            return False
        finally:
            self._current.name = None
        return True


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(x) for name, x in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def words(error: Any) -> str:
    """An error or a warning in one line of at most 300 characters."""
    text = " ".join(str(error).split())
    if isinstance(error, TimeoutError):
        return text
    return f"{type(error).__name__}: {text}"[:300]


def read(path: Path) -> dict[str, dict[str, Any]]:
    """The rows that a part has stored; none if it has stored nothing."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
