"""Equations of all docstrings: which are rendered, which are not, and that their TeX says what their text says."""

import importlib
import inspect

import pytest

import docstrings
import equations
import reference
import spelling
from spikejax.layers import LAYERS, NORMS
from spikejax.neurons import NEURONS
from spikejax.objectives import LOSSES
from spikejax.surrogate import SURROGATES
from symbols import Refused

# Tables and code, no equations.
PLAIN = {
    "spikejax",
    "spikejax.neurons.core.contract",
    "spikejax.neurons.wrappers",
    "spikejax.layers.DelayedLinear",
    "spikejax.layers.DelayedRecurrent",
    "spikejax.analysis.correct",
}


def described():
    """What the pages describe, by its path: modules, their names, and their methods."""
    found = {f"spikejax.neurons.{name}": model for name, model in NEURONS.items()}
    for module in reference.MODULES:
        found[module] = importlib.import_module(module)
        for name, value in reference.entries(module).items():
            found[f"{module}.{name}"] = value
            if isinstance(value, type):
                own = [(k, f) for k, f in vars(value).items() if inspect.isfunction(f)]
                found |= {f"{module}.{name}.{k}": f for k, f in own if k[0] != "_"}
    return found


def blocks(thing, monkeypatch):
    """The indented blocks of a docstring, with their TeX or None."""
    found = []

    def record(lines, names):
        try:
            found.append((lines, equations.tex(lines, names)))
        except Refused:
            found.append((lines, None))
        return []

    monkeypatch.setattr(docstrings, "block", record)
    text = inspect.cleandoc(thing.__doc__ or "")
    docstrings.with_blocks(text.splitlines(), docstrings.names_of(thing))
    return found


@pytest.mark.parametrize("registry", [NEURONS, LAYERS, NORMS, SURROGATES, LOSSES])
def test_all_of_a_kind_are_rendered(registry, monkeypatch):
    for name, thing in registry.items():
        found = blocks(thing, monkeypatch)
        assert found and all(made for _, made in found), name


def test_what_stays_plain(monkeypatch):
    plain, rendered = set(), set()
    for path, thing in described().items():
        for _, made in blocks(thing, monkeypatch):
            (rendered if made else plain).add(path)
    assert plain == PLAIN and len(rendered) > 100


def test_tex_says_what_the_text_says(monkeypatch):
    compared = 0
    for path, thing in described().items():
        for lines, made in blocks(thing, monkeypatch):
            if made:
                compared += 1
                said = "".join(spelling.unicode(line) for line in lines)
                assert spelling.tex("".join(made)) == said, path
    assert compared > 100


@pytest.mark.parametrize(
    "text, right, wrong",
    [
        ("x = a b / c", r"x &= \frac{a\,b}{c}", r"x &= a\,\frac{b}{c}"),
        ("x = a b/c", r"x &= a\,\frac{b}{c}", r"x &= \frac{a\,b}{c}"),
        ("(a + b)/c d", r"\frac{a + b}{c}\,d", r"\frac{a + b}{c\,d}"),
        ("1 − a / b", r"1 - \frac{a}{b}", r"\frac{1 - a}{b}"),
        ("2 (a + b)", r"2\,(a + b)", r"2\,a + b"),
        ("a^(−q + 1)", "a^{-q + 1}", "a^{-q} + 1"),
        ("√(1 − λ) H / 2", r"\frac{\sqrt{1 - \lambda}\,H}{2}", r"\frac{\sqrt{1 - \lambda\,H}}{2}"),
    ],
)
def test_a_wrong_extent_says_something_else(text, right, wrong):
    assert spelling.tex(right) == spelling.unicode(text) != spelling.tex(wrong)


def test_blocks_of_a_docstring():
    text = "One:\n\n    x = a\n\nA table:\n\n    a    b - c\n\nArgs:\n\n    x = y: stays\n\n    >>> x = y"
    made = docstrings.with_blocks(text.splitlines(), set())
    assert made[2:8] == [
        ".. math::",
        "",
        r"    \begin{aligned}",
        r"    x &= a \\",
        r"    \end{aligned}",
        "",
    ]
    assert made[10:14] == [*docstrings.PLAIN, "    a    b - c"]
    assert "    x = y: stays" in made and made.count(".. math::") == 1
