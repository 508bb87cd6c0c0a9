"""Rows as aligned text for a terminal, or as Markdown."""

from collections.abc import Iterable, Sequence


def aligned(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns of equal width, with a rule under the header.

    >>> print(aligned(("neuron", "rate"), [("lif", "0.1"), ("tc_lif", "0.25")]))
    neuron  rate
    ------  ----
    lif     0.1
    tc_lif  0.25
    """
    cells = [tuple(header), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a vertical bar inside a cell is escaped.

    >>> print(markdown(("neuron", "rate"), [("lif", "|0.1|")]), end="")
    | neuron | rate |
    |---|---|
    | lif | \\|0.1\\| |
    """
    body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header), *body]
    return "\n".join(lines) + "\n"
