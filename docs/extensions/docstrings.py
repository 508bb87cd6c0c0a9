"""Docstrings as the library writes them, made into reStructuredText.

An indented block under a paragraph becomes mathematics if it is one of equations, see `equations`; another one, a table
for example, keeps its lines. The fields of a spec, which declare what they are, become its parameters.
"""

import dataclasses
import inspect
import math
import re
from collections.abc import Set
from typing import Any

from equations import tex
from symbols import Refused

SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):$")
PLAIN = [".. code-block:: text", "   :class: plain", ""]


def setup(app: Any) -> dict[str, bool]:
    """Registers the changes; those of the text come before napoleon's."""
    app.connect("autodoc-process-docstring", rewrite, priority=400)
    app.connect("autodoc-process-signature", shorten)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True}


def rewrite(app, what, name, thing, options, lines) -> None:
    """Changes the lines of a docstring in place."""
    changed = with_blocks(lines, names_of(thing))
    if what == "class" and not any(SECTION.match(line) for line in changed):
        changed += parameters(thing)
    lines[:] = changed


def with_blocks(lines: list[str], names: Set[str]) -> list[str]:
    """Indented blocks that follow an empty line, outside of sections, as mathematics or as they are."""
    found, section, number = [], False, 0
    while number < len(lines):
        line = lines[number]
        if line and not line.startswith(" "):
            section = bool(SECTION.match(line))
        begins = line.startswith("    ") and number and not lines[number - 1].strip()
        if begins and not section:
            end = number
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            found += block(lines[number:end], names)
            number = end
        else:
            found.append(line if line.lstrip().startswith((">>>", "...")) else escaped(line))
            number += 1
    return found


def block(lines: list[str], names: Set[str]) -> list[str]:
    """A block of equations as mathematics with `names` upright; another one as a literal block."""
    try:
        rows = tex(lines, names)
    except Refused:
        return [*PLAIN, *lines, ""]
    inside = [rf"    {row} \\" for row in rows]
    return [".. math::", "", r"    \begin{aligned}", *inside, r"    \end{aligned}", ""]


def escaped(line: str) -> str:
    """A line in which |x| is an absolute value, not a substitution; code in backticks stays."""
    parts = line.split("`")
    return "`".join(p if i % 2 else p.replace("|", r"\|") for i, p in enumerate(parts))


def parameters(cls: Any) -> list[str]:
    """The fields of a spec as a section of arguments; none for another class."""
    declared = [f for f in dataclasses.fields(cls) if "doc" in f.metadata] if is_spec(cls) else []
    return ["", "Args:", *(f"  {f.name}: {described(f)}" for f in declared)] if declared else []


def is_spec(cls: Any) -> bool:
    return isinstance(cls, type) and dataclasses.is_dataclass(cls)


def described(field: dataclasses.Field) -> str:
    """What a field is, its unit, bounds or choices, and whether layers learn it."""
    facts, parts = field.metadata, []
    if facts["kind"] == "param":
        low, high = facts["low"], facts["high"]
        if math.isfinite(low) and math.isfinite(high):
            parts.append(f"from {low:g} to {high:g}")
        elif math.isfinite(low):
            parts.append(f"at least {low:g}")
        elif math.isfinite(high):
            parts.append(f"at most {high:g}")
        parts += [f"unit: {facts['unit']}"] * bool(facts["unit"])
        parts += ["learned by default"] * facts["learned"]
    elif facts["kind"] == "option":
        parts.append("one of " + ", ".join(f"``{choice!r}``" for choice in facts["choices"]))
    text = re.sub(r"([*|\\])", r"\\\1", facts["doc"])
    return "; ".join([text, *parts])


def shorten(app, what, name, thing, options, signature, returned):
    """Without what every Flax module takes besides its attributes."""
    if signature:
        signature = re.sub(r", parent=<[^>]*>, name=None", "", signature)
    return signature, returned


def skip(app, what, name, member, skipped, options):
    """Leaves out the fields of a NamedTuple, which its docstring explains."""
    text = getattr(member, "__doc__", None) or ""
    return True if text.startswith("Alias for field number") else None


def names_of(thing: Any) -> set[str]:
    """The names that a docstring's equations may use: of fields, and of what the thing and its methods take."""
    functions = [thing] if inspect.isroutine(thing) else []
    if isinstance(thing, type):
        functions = [value for _, value in inspect.getmembers(thing, inspect.isroutine)]
    ours = [f for f in functions if inspect.isfunction(f)]
    taken = [name for f in ours for name in inspect.signature(f).parameters]
    return {*getattr(thing, "__dataclass_fields__", ()), *taken}
