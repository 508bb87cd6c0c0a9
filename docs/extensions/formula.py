"""A formula as docstrings write it, in Unicode, made into TeX; what is not wholly understood is refused.

`f(x)` is a function of x, `f (x)` a product; a fraction without spaces, `1/T x`, takes what touches it. A name of more
than one letter is upright and must be known: an argument, a function, or what the equations define.
"""

from collections.abc import Set
from typing import NamedTuple

from symbols import (
    CLOSING,
    FUNCTIONS,
    GREEK,
    HALVES,
    LEFT,
    POWERS,
    RELATIONS,
    RIGHT,
    SIGNS,
    TILDE,
    TIMES,
    Refused,
    Token,
    tokens,
)

FUNCTION, LARGE = r"\operatorname", (r"\sum", r"\prod")


class Piece(NamedTuple):
    """A factor. `inside` is what its parentheses hold, if they are all of it."""

    tex: str
    inside: str = ""
    is_name: bool = False
    applies: bool = False  # to what follows it, as a function does or a sum

    @property
    def within(self) -> str:
        """Without the parentheses that a fraction or a root makes needless."""
        return self.inside or self.tex


def relations(text: str, names: Set[str], align: bool = False) -> str:
    """Formulas, with relation signs or commas between them.

    Args:
      text: in Unicode.
      names: of more than one letter, that may be in it.
      align: puts an `&` before the first relation sign, of which there must be one.

    Raises:
      Refused: the text is not understood.
    """
    formula = _Formula(text, names)
    made, related = formula.expression(), False
    while formula.token:
        token = formula.take()
        if token.text in RELATIONS:
            made += " &" if align and not related else " "
            made += RELATIONS[token.text] + " "
            related = True
        elif token.text == ",":
            made += r",\, " if formula.token and formula.token.spaced else ","
        else:
            raise Refused(f"{token.text} in {text}")
        made += formula.expression()
    if align and not related:
        raise Refused(f"no relation sign in {text}")
    return made


class _Formula:
    """Recursive descent over the tokens of a formula."""

    def __init__(self, text: str, names: Set[str]):
        self.text, self.names = text, names
        self.tokens, self.at, self.open = list(tokens(text)), 0, []

    @property
    def token(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def sees(self, texts) -> bool:
        return self.token is not None and self.token.text in texts

    def take(self) -> Token:
        if self.token is None:
            raise Refused(f"{self.text} has no end")
        self.at += 1
        return self.tokens[self.at - 1]

    def expression(self) -> str:
        """Terms, with signs between them."""
        made = SIGNS[self.take().text] if self.sees(SIGNS) else ""
        made += self.term()
        while self.sees(SIGNS):
            token = self.take()
            sign = SIGNS[token.text]
            made += (f" {sign} " if token.spaced else f"{{{sign}}}") + self.term()
        return made

    def term(self) -> str:
        """Factors beside each other, products with a sign, and a fraction with spaces around its slash."""
        made = last = self.quotient(None)
        while self.token:
            applied = made.applies or last.applies
            if self.sees(TIMES):
                sign, last = TIMES[self.take().text], self.quotient(None)
                made = Piece(f"{made.tex} {sign} {last.tex}", applies=applied)
            elif self.sees("/"):
                self.take()
                made = last = Piece(_fraction(made.within, self.factor().within))
                if applied or self.begins() or self.sees(("/", *TIMES)):
                    raise Refused(f"{self.text} has a fraction whose extent is ambiguous")
            elif self.begins():
                gap, last = self.gap(last), self.quotient(last)
                made = Piece(f"{made.tex}{gap}{last.tex}", applies=applied)
            else:
                break
        if last.applies and self.sees(SIGNS):
            raise Refused(f"{self.text} has a sign between a function and what it applies to")
        return made.tex

    def begins(self) -> bool:
        """Whether a factor begins here."""
        if self.token is None:
            return False
        if self.token.text == "|":
            return self.open[-1:] != ["|"]
        return self.token.kind not in ("sign", "power") or self.token.text in "([⌊⌈√"

    def gap(self, last: Piece) -> str:
        """The space between two factors, wider beside words. Only after a number may it be left out."""
        if self.token is None or not self.token.spaced:
            if last.tex.isdecimal():
                return ""
            raise Refused(f"expected spaces between the factors of {self.text}")
        if last.applies and (not last.tex.startswith(FUNCTION) or self.token.text not in CLOSING):
            return " "
        word = self.is_word(self.token.text)
        return r"\;" if word or last.tex.startswith(r"\mathrm") else r"\,"

    def quotient(self, last: Piece | None) -> Piece:
        """A factor, over those that follow it after a slash without spaces."""
        made = self.factor()
        while self.token and self.token.text == "/" and not self.token.spaced:
            if made.applies or (last and last.applies):
                raise Refused(f"{self.text} has a fraction whose extent is ambiguous")
            self.take()
            below = self.factor()
            if below.applies:
                raise Refused(f"{self.text} has a fraction whose extent is ambiguous")
            made = Piece(_fraction(made.within, below.within))
        return made

    def factor(self) -> Piece:
        """What there is without spaces: a name or group, its powers, indices and arguments."""
        made, raised = self.base(), False
        while self.token and not self.token.spaced:
            tex, text = made.tex, self.token.text
            if raised and (self.token.kind == "power" or text in "^'"):
                raise Refused(f"{text} after a power in {self.text}")
            if self.token.kind == "power":
                tex += f"^{{{self.take().text.translate(POWERS)}}}"
                raised = True
            elif text == "^":
                self.take()
                tex += f"^{{{self.base().within}}}"
                raised = True
            elif text == "'" and made.is_name:
                self.take()
                tex += "'"
                if self.token and not self.token.spaced and self.token.kind == "name":
                    raise Refused(f"an apostrophe in {self.text}")
            elif made.is_name and text in "[(":
                group = self.group(call=True)
                made = Piece(tex + group.tex, is_name=True)
                continue
            else:
                break
            made = Piece(tex, is_name=made.is_name, applies=made.applies)
        return made

    def base(self) -> Piece:
        """A number, a name, a root or a group."""
        token = self.token
        if token and token.text in CLOSING:
            return self.group()
        token = self.take()
        if token.kind == "number":
            return Piece(token.text)
        if token.kind == "half":
            return Piece(HALVES[token.text])
        if token.kind == "rate":
            top, bottom = token.text.split("/")
            return Piece(_fraction(f"d{self.named(top[1:])}", f"d{self.named(bottom[1:])}"))
        if token.kind == "name":
            tex = self.named(token.text)
            if token.text == "∂":
                return Piece(f"{tex} {self.factor().tex}")
            return Piece(tex, is_name=True, applies=tex.startswith((FUNCTION, *LARGE)))
        if token.text == "√":
            under = self.base()
            if self.token and not self.token.spaced and self.token.text not in ")],;]⌋⌉|/":
                raise Refused(f"{self.text} has a root whose extent is ambiguous")
            return Piece(rf"\sqrt{{{under.within}}}")
        raise Refused(f"{token.text} in {self.text}")

    def group(self, call: bool = False) -> Piece:
        """Expressions in brackets, with commas, colons or semicolons between them."""
        opening = self.take().text
        self.open.append(opening)
        inside, alone = self.expression(), opening == "("
        while self.sees((",", ":", ";")):
            sign, alone = self.take().text, False
            inside += "{:}" if sign == ":" else f"{sign} "
            inside += self.expression()
        self.open.pop()
        closing = self.take().text
        if closing not in CLOSING[opening]:
            raise Refused(f"{closing} closes {opening} in {self.text}")
        left, right = LEFT[opening], RIGHT[closing]
        if any(tall in inside for tall in (r"\frac", *LARGE)):
            left, right = rf"\left{left}", rf"\right{right}"
            left = rf"\mathopen{{}}{left}" if call else left
        return Piece(f"{left}{inside}{right}", inside if alone else "")

    def is_word(self, text: str) -> bool:
        """Whether a name is an argument's as it is, and not a letter with an index."""
        return text in self.names and len(text.partition("_")[0]) > 1

    def named(self, text: str) -> str:
        """A name: upright if it is a word, with its index below if it has one."""
        if self.is_word(text):
            word = text.replace("_", r"\_")
            return rf"\mathrm{{{word}}}"
        head, _, tail = text.partition("_") if "{" in text else text.rpartition("_")
        if head:
            if "_" in head and not self.is_word(head):
                raise Refused(f"{text} in {self.text} is unknown")
            if head in FUNCTIONS and len(tail) > 1 and "{" not in tail:
                raise Refused(f"{text} in {self.text} is unknown")
            made = self.named(head)
            if "_{" in made:
                raise Refused(f"{text} in {self.text} has two indices")
            return f"{made}_{{{self.below(tail)}}}"
        letter, rest = text[0], text[1:]
        if rest == TILDE:
            return rf"\tilde{{{letter}}}"
        if text in FUNCTIONS or (letter.isascii() and rest and self.is_called()):
            return rf"{FUNCTION}{{{text}}}"
        if rest and letter.isascii():
            raise Refused(f"{text} in {self.text} is unknown")
        tex = "\\" + GREEK[letter] if letter in GREEK else letter
        return f"{tex}_{{{rest}}}" if rest else tex

    def is_called(self) -> bool:
        return self.token is not None and self.token.text == "(" and not self.token.spaced

    def below(self, text: str) -> str:
        """An index: letters and numbers, several in braces, or a word."""
        if text.startswith("{"):
            return relations(text[1:-1], self.names)
        return self.named(text) if len(text) == 1 else rf"\mathrm{{{text}}}"


def _fraction(top, bottom):
    return rf"\frac{{{top}}}{{{bottom}}}"
