"""What a neuron is, as data: its equation, fields and reference for readers, its settings for records and flags."""

import dataclasses
import inspect
import math
from typing import Any

from spikejax.neurons import NEURONS, get
from spikejax.neurons.base import fields
from spikejax.surrogate import SURROGATES


def describe(name: str) -> dict[str, Any]:
    """A neuron's one-line summary, equation, reference and fields, taken from its class.

    >>> entry = describe("leaky_integrator")
    >>> entry["class"], entry["fields"]["decay"]["default"]
    ('LeakyIntegrator', 0.9)
    """
    model = get(name)
    text = inspect.getdoc(model) or ""
    blocks = text.split("\n\n")
    equation = next(block for block in blocks if block.startswith("    "))
    reference = next(block for block in blocks if block.startswith("Reference: "))
    return {
        "name": name,
        "class": model.__name__,
        "summary": blocks[0],
        "equation": inspect.cleandoc(equation),
        "reference": " ".join(reference.removeprefix("Reference: ").split()),
        "fields": {field.name: _describe_field(field) for field in dataclasses.fields(model)},
    }


def _describe_field(field):
    metadata = field.metadata
    entry = {"kind": metadata["kind"], "doc": metadata["doc"]}
    if metadata["kind"] == "param":
        bounds = [
            bound if math.isfinite(bound) else None for bound in (metadata["low"], metadata["high"])
        ]
        facts = {"unit": metadata["unit"], "bounds": bounds, "learned": metadata["learned"]}
        return {**entry, "default": field.default, **facts}
    if metadata["kind"] == "option":
        return {**entry, "default": field.default, "choices": list(metadata["choices"])}
    return {**entry, "default": type(field.default).__name__}


def to_config(neuron: Any) -> dict[str, Any]:
    """The settings of a neuron as JSON values; `from_config` is its inverse.

    >>> from spikejax.neurons.lif import LIF
    >>> to_config(LIF(decay=0.5))["decay"], from_config("lif", to_config(LIF(decay=0.5))) == LIF(decay=0.5)
    (0.5, True)
    """
    config = {}
    for field in dataclasses.fields(neuron):
        value = getattr(neuron, field.name)
        if field.metadata["kind"] == "surrogate":
            name = next(name for name, kind in SURROGATES.items() if isinstance(value, kind))
            value = {"name": name, **dataclasses.asdict(value)}
        config[field.name] = value
    return config


def from_config(name: str, config: dict[str, Any]) -> Any:
    """The neuron of that name with the settings that `to_config` gave."""
    model = get(name)
    values = dict(config)
    for field in fields(model, "surrogate"):
        numbers = dict(values[field])
        values[field] = SURROGATES[numbers.pop("name")](**numbers)
    return model(**values)


def markdown() -> str:
    """The catalogue as a Markdown table, one row a neuron."""
    rows = [
        "| name | neuron | numbers (learned ones in bold) | choices | reference |",
        "|---|---|---|---|---|",
    ]
    for name in NEURONS:
        entry = describe(name)
        numbers, choices = [], []
        for field, facts in entry["fields"].items():
            if facts["kind"] == "param":
                mark = "**" if facts["learned"] else ""
                numbers.append(f"{mark}`{field}`{mark} {facts['default']:g}")
            elif facts["kind"] == "option":
                choices.append(f"`{field}` {' / '.join(map(str, facts['choices']))}")
        cells = [
            f"`{name}`",
            entry["summary"].rstrip("."),
            ", ".join(numbers),
            "; ".join(choices),
            entry["reference"],
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"
