"""Every notebook runs from top to bottom, says what is true, and is stored as it ran.

Cells are executed as plain Python in one namespace: no kernel is needed, and a warning is an error here too.
"""

import ast
import json
import re
import tempfile
from pathlib import Path

import pytest

from notebook_facts import FACTS

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
MAX_CODE_CELLS, MAX_FUNCTION_LINES, MAX_BYTES = 15, 10, 500_000
ABSOLUTE_PATH = re.compile(r"(?<![\w/:.<~])/[A-Za-z_][\w.-]*/[\w.-]|\b[A-Z]:\\")


def code_cells(path: Path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def source(cell: dict) -> str:
    """The cell's Python, with a blank line for each IPython magic."""
    lines = "".join(cell["source"]).split("\n")
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def shown_text(cell: dict) -> str:
    """The text of a cell's source and outputs; pictures are left out."""
    parts = ["".join(cell["source"])]
    for output in cell["outputs"]:
        data = {kind: text for kind, text in output.get("data", {}).items() if "image" not in kind}
        parts += ["".join(text) for text in (output.get("text", ""), *data.values())]
    return "\n".join(parts)


def by_name(paths: list[Path]) -> dict:
    return {"argvalues": paths, "ids": [path.stem for path in paths]}


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.parametrize("path", **by_name(NOTEBOOKS))
def test_runs_and_what_it_says_holds(path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    assert path.stem in FACTS, f"add the facts that {path.name} claims to FACTS"
    cells, ran = code_cells(path), 0
    names = {"__name__": path.stem}
    for number, cell in enumerate(cells, start=1):
        exec(compile(source(cell), f"{path.name}, code cell {number}", "exec"), names)
        ran += 1
    assert ran == len(cells) > 0
    FACTS[path.stem](names)


def without_data(stem: str, tmp_path: Path, monkeypatch) -> dict:
    """Runs a notebook up to its training, on a machine without data; returns its names."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    for name in ("SPIKEJAX_DATA_DIR", "TFDS_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    names = {"__name__": stem}
    for cell in code_cells(NOTEBOOKS[0].parent / f"{stem}.ipynb"):
        if "fit(config" in source(cell):
            break
        exec(compile(source(cell), stem, "exec"), names)
    return names


def test_the_event_camera_without_data(tmp_path, monkeypatch):
    """Files are made up and read like the real ones, up to the training."""
    names = without_data("05_convolutions_and_cameras", tmp_path, monkeypatch)
    assert names["missing"] == [names["gestures"], names["digits"]]
    assert len(names["training"]["digit"]) == 500
    assert names["images"]["digit"].shape == (5, 16, 16, 2)
    assert names["samples"]["gesture"][1] == 1 and names["images"]["gesture"].any((1, 2, 3)).all()


def test_spoken_digits_without_data(tmp_path, monkeypatch):
    """Recordings are made up and binned like the real ones, up to the training."""
    names = without_data("04_recurrent_events", tmp_path, monkeypatch)
    assert names["missing"] and names["data"].name == "glides"
    assert names["frames"].shape == (60, 3, 70) and names["frames"].any((0, 2)).all()


@pytest.mark.parametrize("path", **by_name(NOTEBOOKS))
def test_is_short(path):
    cells = code_cells(path)
    assert len(cells) <= MAX_CODE_CELLS
    assert path.stat().st_size < MAX_BYTES
    for cell in cells:
        for node in ast.walk(ast.parse(source(cell))):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < MAX_FUNCTION_LINES, node.name


@pytest.mark.parametrize("path", **by_name(NOTEBOOKS))
def test_is_stored_as_it_ran(path):
    cells = code_cells(path)
    # From top to bottom in one go: the numbers are 1, 2, 3…
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr", output["text"]
        assert not ABSOLUTE_PATH.search(shown_text(cell))
    pictures = [kind for c in cells for o in c["outputs"] for kind in o.get("data", {})]
    assert "image/png" in pictures


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/srv/somewhere/file.py", True),
        ("see '/opt/me'", True),
        (r"C:\Users\me", True),
        ("https://example.org/a/b", False),
        ("</div></td>", False),
        ("split 1,437/360", False),
        ("data/digits/x", False),
    ],
)
def test_absolute_paths_are_told_from_other_slashes(text, found):
    assert bool(ABSOLUTE_PATH.search(text)) is found


def test_magics_are_skipped_and_lines_keep_their_numbers():
    cell = {"source": ["%matplotlib inline\n", "x = 7 % 4\n", "  !ls\n", "y = 1"]}
    assert source(cell) == "\nx = 7 % 4\n\ny = 1"
