"""Docstrings as the library writes them, made into reStructuredText.

An indented block under a paragraph is an equation or a table in plain text and keeps its lines; the fields of a spec,
which declare what they are, become its parameters.
"""

import dataclasses
import math
import re
from typing import Any

SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):$")
OPENING = [".. code-block:: text", "   :class: equation", ""]


def setup(app: Any) -> dict[str, bool]:
    """Registers the changes; those of the text come before napoleon's."""
    app.connect("autodoc-process-docstring", rewrite, priority=400)
    app.connect("autodoc-process-signature", shorten)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True}


def rewrite(app, what, name, thing, options, lines) -> None:
    """Changes the lines of a docstring in place."""
    changed = keep_blocks(lines)
    if what == "class" and not any(SECTION.match(line) for line in changed):
        changed += parameters(thing)
    lines[:] = changed


def keep_blocks(lines: list[str]) -> list[str]:
    """Indented blocks that follow an empty line, outside of sections, as literal ones."""
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
            found += [*OPENING, *lines[number:end], ""]
            number = end
        else:
            found.append(line if line.lstrip().startswith((">>>", "...")) else escaped(line))
            number += 1
    return found


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
