"""The signs of formulas in Unicode, their TeX, and the pieces that a formula is read in."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

GREEK = {
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta"},
    **{"η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi"},
    **{"π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "varphi", "χ": "chi", "ψ": "psi"},
    **{"ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Φ": "Phi"},
    **{"Ψ": "Psi", "Ω": "Omega", "Σ": "sum", "Π": "prod"},
    **{"ℓ": "ell", "∞": "infty", "∂": "partial", "…": "dots"},
}
RELATIONS = {
    **{"=": "=", "<": "<", ">": ">", "≥": r"\ge", "≤": r"\le", "≠": r"\ne", "≈": r"\approx"},
    **{"~": r"\sim", "∝": r"\propto", "←": r"\leftarrow", "→": r"\to"},
}
SIGNS = {"+": "+", "−": "-", "±": r"\pm"}
TIMES = {"·": r"\cdot", "×": r"\times"}
POWERS = {ord(a): b for a, b in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)} | {
    ord("ᵀ"): r"\top"
}
HALVES = {"½": r"\tfrac12", "¼": r"\tfrac14", "⅓": r"\tfrac13"}
CLOSING = {"(": ")", "[": "]", "⌊": "⌋⌉", "⌈": "⌉", "|": "|"}
LEFT = {"(": "(", "[": "[", "⌊": r"\lfloor ", "⌈": r"\lceil ", "|": r"\lvert "}
RIGHT = {")": ")", "]": "]", "⌋": r"\rfloor ", "⌉": r"\rceil ", "|": r"\rvert "}
# What may stand before its argument without parentheses.
FUNCTIONS = {"exp", "log", "sin", "cos", "tanh", "cosh", "max", "min", "mean", "round", "sg", "Re"}
FUNCTIONS |= {"logsumexp"}
LETTER = "[A-Za-z" + "".join(GREEK) + "]"
TOKEN = re.compile(
    r"(?P<space>\s*)(?:"
    rf"(?P<rate>d{LETTER}(?:_\w+)?/d[a-z](?!\w))"
    r"|(?P<number>\d+(?:\.\d+)?)"
    rf"|(?P<name>(?:[A-Za-z][A-Za-z0-9]*|{LETTER}\d*)\u0303?(?:(?:_[A-Za-z0-9]+)+|_∞|_\{{[^{{}}]+\}})?)"
    r"|(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ]+)"
    r"|(?P<half>[½¼⅓])"
    r"|(?P<sign>[^\w\s]))"
)
TILDE = "\u0303"


class Refused(ValueError):
    """A formula that is not understood."""


class Token(NamedTuple):
    """A piece of the text, and whether a space comes before it."""

    kind: str
    text: str
    spaced: bool


def tokens(text: str) -> Iterator[Token]:
    """The pieces of a formula, a letter with a tilde as one of them.

    Raises:
      Refused: a sign that formulas do not have.
    """
    text = "".join(unicodedata.normalize("NFD", c) if c in "ãñõỹ" else c for c in text).strip()
    at = 0
    while at < len(text):
        if not (match := TOKEN.match(text, at)):
            raise Refused(f"{text[at:]} in {text}")
        yield Token(str(match.lastgroup), match[0].strip(), at == 0 or bool(match["space"]))
        at = match.end()
