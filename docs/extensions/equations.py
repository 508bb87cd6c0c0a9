"""Blocks of equations in docstrings made into TeX, line by line; a block that is not wholly understood is left alone.

A line begins with an equation. Two spaces separate it from a remark or another equation. A line that is indented
further continues the one before it: with its right-hand side in another case, or from a sign on.
"""

import re
from collections.abc import Iterable, Set
from typing import NamedTuple

from formula import relations
from symbols import RELATIONS, SIGNS, Refused

DEFINED = re.compile(r"(?:^|,\s+)([A-Za-z]\w+)(?:\[[^\]]*\])? +[=~←∝]", re.MULTILINE)
WORDS = re.compile(r"(?:\w+=\"[^\"]*\"|\S)+")
CODE = re.compile(r"`(\w+)`([,;:.]*)$|(\w+=(?:\"[\w ]+\"|\w+))([,;:.]*)$")
WIDE = 72  # characters of a line that fits the page; the remark of a longer one is below it
WORD = re.compile(r"(?:[A-Za-z]+['’-]?)+[,;:.]*$")


class Side(NamedTuple):
    """The right-hand side of an equation, with what stands beside it."""

    tex: str
    remark: str = ""
    wide: bool = False


def tex(lines: Iterable[str], names: Set[str]) -> list[str]:
    """The lines of a block of equations in TeX, aligned at their relation signs.

    Args:
      lines: of the block.
      names: of the arguments, which may be in its equations.

    Raises:
      Refused: a line is not understood.
    """
    lines = [line for line in lines if line.strip()]
    names = {*names, *DEFINED.findall("\n".join(line.strip() for line in lines))}
    margin, rows = min(len(line) - len(line.lstrip()) for line in lines), []
    for line in lines:
        first, *others = re.split(r" {2,}", line.strip())
        remark = r" \quad ".join(_mixed(cell, names) for cell in others)
        wide = len(" ".join(line.split())) > WIDE
        if not line[margin].isspace():
            left, _, right = _mixed(first, names, align=True).partition("&")
            rows.append((left, [Side(right, remark, wide)], []))
        elif not rows or any(sign in first for sign in RELATIONS):
            raise Refused(f"it continues nothing: {line}")
        else:
            continues = first[0] in SIGNS and first[1:2] == " "
            side = Side(_mixed(first, names, begins=True), remark, wide)
            rows[-1][2 if continues else 1].append(side)
    return [line for row in rows for line in _laid_out(*row)]


def _laid_out(left, cases, more):
    """A row for each line of an equation; several right-hand sides are cases."""
    side = cases[0]
    if len(cases) > 1:
        if more or not all(case.remark for case in cases):
            raise Refused(f"cases of {left} without a remark, or that are continued")
        sign, _, first = side.tex.partition(" ")
        inside = r" \\ ".join(
            rf"\displaystyle {case.tex} & {case.remark}"
            for case in [side._replace(tex=first), *cases[1:]]
        )
        side = Side(rf"{sign} \begin{{cases}} {inside} \end{{cases}}")
    rows = [f"{left}&{side.tex}{_beside(side)}"]
    return rows + [rf"&\quad {{}}{side.tex}{_beside(side)}" for side in more]


def _beside(side):
    """A remark after its equation, or in the next row."""
    gap = r"\\ &\quad" if side.wide else r"\qquad"
    return f" {gap} {side.remark}" if side.remark else ""


def _mixed(text, names, align=False, begins=False):
    """A formula and text beside it; the longest piece that is a formula is one."""
    words, made, said, at = WORDS.findall(text), "", "", 0
    while at < len(words):
        needed = at == 0 and (align or begins)
        said += " " if at else ""
        if found := _formula(words, at, names, align and at == 0, needed):
            length, formula, punctuation = found
            made, said, at = made + _text(said) + formula, punctuation, at + length
        elif needed:
            raise Refused(f"no formula begins {text}")
        elif code := CODE.match(words[at]):
            name = (code[1] or code[3]).replace("_", r"\_")
            made, said = rf"{made}{_text(said)}\texttt{{{name}}}", code[2] or code[4] or ""
            at += 1
        elif WORD.match(words[at]):
            said, at = said + words[at], at + 1
        else:
            raise Refused(f"{words[at]} in {text}")
    return made + _text(said)


def _text(said):
    return rf"\text{{{said}}}" if said else ""


def _formula(words, at, names, align, needed):
    """How many words from one on are a formula, its TeX, and the punctuation after it; None if they are not."""
    for end in range(len(words), at, -1):
        article = words[end - 1] == "a" and at < end - 1 and end < len(words)
        whole = " ".join(words[at:end])
        formula = whole.rstrip(",;:.")
        if article or not (needed or _looks_like_one(formula)):
            continue
        try:
            return end - at, relations(formula, names, align), whole[len(formula) :]
        except Refused:
            continue
    return None


def _looks_like_one(text):
    """Whether a piece of a sentence has a sign that words have not, or is a letter."""
    return bool(re.search(r"[^A-Za-z ,.;:'’-]", text)) or (len(text) == 1 and text not in "aA")
