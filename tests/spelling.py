"""What an equation says, as one line: of its text, and of its TeX, read back macro by macro.

Extents are in braces, those of fractions, powers and roots: `a b / c` is `{ab}÷{c}`, and `a b/c` is `a{b}÷{c}`.
"""

import re
import unicodedata

from symbols import GREEK, POWERS, RELATIONS

SPELLED = {
    **{rf"\{name}": sign for sign, name in GREEK.items()},
    **{name: sign for sign, name in RELATIONS.items()},
    **{r"\lfloor": "⌊", r"\rfloor": "⌋", r"\rceil": "⌉", r"\lvert": "|", r"\rvert": "|"},
    **{r"\cdot": "·", r"\times": "×", r"\pm": "±", r"\top": "T", r"\_": "_"},
}
INNER = re.compile(r"_\{([^{}]*)\}|([(\[⌊⌈])([^()\[\]⌊⌋⌈⌉|]*)([)\]⌋⌉])|(\|)([^()\[\]⌊⌋⌈⌉|]*)(\|)")
ENDS = "=<>≥≤≠≈~∝←→,;:+−±"  # where what is above or below a line ends
TOUCHING = rf"[^\s/·×{ENDS}]+"
ROOT = re.compile(r"√(\w+|.)")
POWER = re.compile(r"\^(\w+|.)")
TIGHT = re.compile(rf"({TOUCHING})/({TOUCHING})")
SPACED = re.compile(rf"([^/{ENDS}]+?) / ({TOUCHING})")


def tex(text: str) -> str:
    """What TeX says."""
    pieces = iter(re.findall(r"\\[A-Za-z]+|\\.|.", text))

    def one(piece):
        if piece in (r"\frac", r"\tfrac"):
            return f"{{{one(next(pieces))}}}÷{{{one(next(pieces))}}}"
        if piece in (r"\sqrt", "^"):
            return f"{'^' if piece == '^' else '√'}{{{one(next(pieces))}}}"
        if piece in (r"\begin", r"\end"):
            return one(next(pieces))[:0]
        if piece == r"\tilde":
            return one(next(pieces)) + "\u0303"
        if piece == "{":
            return "".join(one(inner) for inner in iter(lambda: next(pieces), "}"))
        return SPELLED.get(piece, "" if piece[0] == "\\" else piece)

    return _bare("".join(one(piece) for piece in pieces))


def unicode(text: str) -> str:
    """What a line of a docstring says; from the inside, a sign of its own takes the place of what is in brackets."""
    kept = []

    def keep(said, alone=""):
        kept.append((said, alone or said))
        return chr(0xE000 + len(kept) - 1)

    def inside(said):
        return kept[ord(said) - 0xE000][1] if re.fullmatch("[\ue000-\uf8ff]", said) else said

    def flat(said):
        said = ROOT.sub(lambda m: keep(f"√{{{inside(m[1])}}}"), said)
        said = POWER.sub(lambda m: keep(f"^{{{inside(m[1])}}}"), said)
        return SPACED.sub(over, TIGHT.sub(over, said))

    def over(match):
        above, below = (inside(said.strip()) for said in match.groups())
        return keep(f"{{{above}}}÷{{{below}}}")

    def bracket(match):
        if match[1]:
            return keep(flat(match[1]))
        left, said, right = (part for part in match.groups()[1:] if part is not None)
        said = flat(said)
        alone = said if left == "(" and not re.search("[,:;]", said) else ""
        return keep(left + said + right, alone)

    text = unicodedata.normalize("NFD", text).replace("½", keep("{1}÷{2}")).replace("`", "")
    powers = "".join(map(chr, POWERS))
    text = re.sub(f"[{powers}]+", lambda m: keep(f"^{{{m[0].translate(POWERS)}}}"), text)
    while INNER.search(text):
        text = INNER.sub(bracket, text)
    text = "".join(flat(part) for part in re.split("(?<= of ) *| {2,}", text))
    while re.search("[\ue000-\uf8ff]", text):
        text = re.sub("[\ue000-\uf8ff]", lambda m: kept[ord(m[0]) - 0xE000][0], text)
    return _bare(text.replace("ᵀ", "T").replace(POWERS[ord("ᵀ")], "T"))


def _bare(said):
    return re.sub(r"[\s_&]", "", said.replace("−", "-"))
