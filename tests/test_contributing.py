"""CONTRIBUTING.md, followed to the letter in a copy of the repository."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from experiments.render import ROOT
from pages import FILE, blocks

COPIED = ("spikejax", "tests", "experiments", "pyproject.toml")
END = re.compile(r"# at the end of ([\w/]+\.py)\n")
COMMANDS = {"python": [sys.executable], "spikejax": [sys.executable, "-m", "spikejax"]}


@pytest.fixture
def copy(tmp_path):
    for name in COPIED:
        if (ROOT / name).is_dir():
            unneeded = shutil.ignore_patterns("__pycache__", "results")
            shutil.copytree(ROOT / name, tmp_path / name, ignore=unneeded)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def follow(page, copy):
    """Writes the files of a page, appends to others, and calls its commands; returns what they printed."""
    said = []
    for kind, text in blocks(page):
        if kind == "sh":
            said += [call(line, copy) for line in text.splitlines()]
        elif named := END.match(text):
            with open(copy / named[1], "a", encoding="utf-8") as file:
                file.write("\n" + text.partition("\n")[2])
        else:
            named = FILE.match(text)
            assert named, f"expected the path of a file in the first line, found {text[:60]}"
            assert not (copy / named[1]).exists(), named[1]
            (copy / named[1]).write_text(text.partition("\n")[2], encoding="utf-8")
    return "\n".join(said)


def call(line, copy):
    first, *rest = shlex.split(line)
    given = {name: value for name, value in os.environ.items() if name != "SPIKEJAX_DATA_DIR"}
    # Of the copy alone: what is installed is not asked.
    given |= {"PYTHONPATH": str(copy), "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [*COMMANDS[first], *rest], cwd=copy, env=given, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_the_three_ways(copy):
    said = follow("CONTRIBUTING.md", copy)
    assert "LIF whose threshold rises with each spike" in said
    assert "exclusive or of two pulses" in said
    for run in ("tired", "xor", "skip"):
        assert (copy / "runs" / run / "record.json").exists()
    assert (copy / "tired_lif.png").read_bytes().startswith(b"\x89PNG")
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", str(copy / "spikejax")]
    done = subprocess.run(ruff, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0 or "No module named ruff" in done.stderr, done.stdout
