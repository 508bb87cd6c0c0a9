"""Descriptions of neurons and surrogates, as data and as tables: equation, fields, reference."""

import dataclasses
import inspect
import math
from collections.abc import Iterable
from typing import Any

from spikejax import tables
from spikejax.neurons import NEURONS
from spikejax.surrogate import SURROGATES


def describe(name: str) -> dict[str, Any]:
    """A neuron's one-line summary, equation, reference and fields, taken from its class.

    >>> entry = describe("leaky_integrator")
    >>> entry["class"], entry["fields"]["decay"]["default"]
    ('LeakyIntegrator', 0.9)
    """
    model = NEURONS.find(name)
    return {
        **of_class(name, model),
        "like": sorted(model.presets),
        "streams": model.streams,
        "fields": {field.name: _describe_field(field) for field in dataclasses.fields(model)},
    }


def of_class(name: str, model: type) -> dict[str, str]:
    """What the docstring of a published model says, by the parts that all of them have."""
    blocks = (inspect.getdoc(model) or "").split("\n\n")
    equation = next((block for block in blocks if block.startswith("    ")), "")
    return {
        "name": name,
        "class": model.__name__,
        "summary": blocks[0],
        "equation": inspect.cleandoc(equation),
        "reference": _paragraph(blocks, "Reference"),
        "deviations": _paragraph(blocks, "Deviations"),
    }


def _paragraph(blocks, word):
    """The paragraph of a docstring that begins with a word and a colon, on one line; "" if there is none."""
    found = [block for block in blocks if block.startswith(f"{word}: ")]
    return " ".join(found[0].removeprefix(f"{word}: ").split()) if found else ""


def _describe_field(field):
    metadata = field.metadata
    entry = {"kind": metadata["kind"], "doc": metadata["doc"]}
    if metadata["kind"] == "param":
        bounds = [
            bound if math.isfinite(bound) else None for bound in (metadata["low"], metadata["high"])
        ]
        facts = {"unit": metadata["unit"], "bounds": bounds, "learned": metadata["learned"]}
        default = "randomly initialised" if callable(field.default) else field.default
        return {**entry, "default": default, **facts}
    if metadata["kind"] == "size":
        return {**entry, "default": field.default}
    if metadata["kind"] == "option":
        return {**entry, "default": field.default, "choices": list(metadata["choices"])}
    return {**entry, "default": repr(field.default)}


def markdown(names: Iterable[str] = tuple(NEURONS)) -> str:
    """The catalogue as a Markdown table, one row per neuron."""
    rows = []
    for name in names:
        entry = describe(name)
        parameters, choices = [], []
        for field, facts in entry["fields"].items():
            if facts["kind"] == "param":
                mark = "**" if facts["learned"] else ""
                default = facts["default"]
                value = default if isinstance(default, str) else f"{default:g}"
                parameters.append(f"{mark}`{field}`{mark} {value}")
            elif facts["kind"] == "size":
                parameters.append(f"`{field}` {facts['default']}")
            elif facts["kind"] == "option":
                choices.append(f"`{field}` {' / '.join(map(str, facts['choices']))}")
        summary, own = entry["summary"].rstrip("."), (", ".join(parameters), "; ".join(choices))
        rows.append((f"`{name}`", summary, *own, entry["reference"]))
    header = ("name", "neuron", "parameters (learned ones in bold)", "choices", "reference")
    return tables.markdown(header, rows)


def surrogates() -> str:
    """The surrogates as a Markdown table: formula, peak and area, parameters and source."""
    rows = []
    for name, curve in SURROGATES.items():
        entry, blocks = of_class(name, curve), (inspect.getdoc(curve) or "").split("\n\n")
        formula = ", ".join(" ".join(line.split()) for line in entry["equation"].splitlines())
        facts = " ".join(" ".join(blocks[2:-1]).split())
        parameters = ", ".join(f"`{f.name}` {f.default:g}" for f in dataclasses.fields(curve))
        text = f"{entry['summary'].rstrip('.')}: {formula}. {facts}"
        rows.append((f"`{name}`", text, parameters, entry["reference"]))
    return tables.markdown(("name", "curve", "parameters", "source"), rows)
