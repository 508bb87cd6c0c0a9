"""The Python and the commands of a page."""

import re

from experiments.render import ROOT

BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# ([\w/]+\.py)\n")


def blocks(page):
    return BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))


def lines_of(page, number):
    """Lines of a page's block that are not empty."""
    return [line for line in blocks(page)[number][1].splitlines() if line.strip()]
