"""Damage to a file: one bit, a cut, nothing left, bytes more, the content of another file, and no file at all."""

import random
import shutil
from pathlib import Path

# By name, from the content, that of another file, and random numbers; the content afterwards.
CONTENTS = {
    "flip": lambda content, other, draw: flipped(content, draw),
    "cut": lambda content, other, draw: content[: draw.randrange(len(content) or 1)],
    "empty": lambda content, other, draw: b"",
    "append": lambda content, other, draw: content + draw.randbytes(draw.randint(1, 64)),
    "swap": lambda content, other, draw: other,
    "overwrite": lambda content, other, draw: overwritten(content, draw),
    "double": lambda content, other, draw: content + content,
}
# The file is no file any more.
PLACES = ("delete", "folder", "dangling link")
KINDS = (*CONTENTS, *PLACES)
# Those that are random: one trial of the others is enough.
RANDOM = ("flip", "cut", "append", "overwrite")


def flipped(content: bytes, draw: random.Random) -> bytes:
    """The content with one bit flipped.

    >>> flipped(bytes(1), random.Random(0)) != bytes(1)
    True
    """
    if not content:
        return b"\1"
    place = draw.randrange(len(content))
    changed = content[place] ^ (1 << draw.randrange(8))
    return content[:place] + bytes((changed,)) + content[place + 1 :]


def overwritten(content: bytes, draw: random.Random) -> bytes:
    """The content with some bytes in a row replaced by others, as by a block of a disk that went bad."""
    length = min(draw.randint(2, 32), len(content))
    place = draw.randrange(len(content) - length + 1)
    return content[:place] + draw.randbytes(length) + content[place + length :]


def damage(path: Path, kind: str, other: Path, draw: random.Random) -> None:
    """Damages a file; a swap also gives the other file its content."""
    if kind in CONTENTS:
        content, theirs = path.read_bytes(), other.read_bytes()
        path.write_bytes(CONTENTS[kind](content, theirs, draw))
        if kind == "swap":
            other.write_bytes(content)
        return
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "dangling link":
        path.symlink_to("nowhere")


class Snapshot:
    """The files of a folder as they were, to restore it."""

    def __init__(self, root: Path):
        self.root = root
        self.files = {
            str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }

    def restore(self, *names: str) -> None:
        """Restores some files, or the whole folder."""
        if not names:
            shutil.rmtree(self.root, ignore_errors=True)
        for name in names or self.files:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)
            path.write_bytes(self.files[name])
