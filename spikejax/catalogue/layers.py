"""Descriptions of the layers with dynamics of their own, as data and as a table with their evidence."""

import dataclasses
import inspect
import re
from typing import Any

from spikejax import tables
from spikejax.catalogue import evidence
from spikejax.catalogue.descriptions import of_class
from spikejax.layers import LAYERS

FLAX = ("parent", "name")


def describe(name: str) -> dict[str, Any]:
    """A layer's one-line summary, equation, reference and attributes, taken from its class.

    >>> entry = describe("dh_lif")
    >>> entry["class"], entry["attributes"]["branches"]
    ('DHLIF', {'doc': 'branches D of a neuron.', 'default': '4'})
    """
    model = LAYERS.find(name)
    text = inspect.getdoc(model) or ""
    fields = [f for f in dataclasses.fields(model) if f.init and f.name not in FLAX]
    return {
        **of_class(name, model),
        "attributes": {
            field.name: {"doc": _doc(text, field.name), "default": _default(field)}
            for field in fields
        },
    }


def _doc(text, name):
    """The entry of an attribute in a docstring, on one line."""
    found = re.search(rf"^  {name}: (.*(?:\n {{4,}}.*)*)", text, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def _default(field):
    return "to be given" if field.default is dataclasses.MISSING else repr(field.default)


def markdown() -> str:
    """The layers as a Markdown table with their evidence, and where publication, code and this library differ."""
    rows, items = [], []
    for name in LAYERS:
        entry = describe(name)
        summary, validated = entry["summary"].rstrip("."), evidence.summary(name)
        own = ", ".join(
            f"`{attribute}` {facts['default']}" for attribute, facts in entry["attributes"].items()
        )
        rows.append(
            (f"`{name}`", f"`{entry['class']}`", summary, own, validated, entry["reference"])
        )
        items.append(f"- `{name}`: {entry['deviations']}\n")
    header = ("name", "layer", "neurons", "attributes", "compared with", "reference")
    return f"{tables.markdown(header, rows)}\n{''.join(items)}"
