"""What a neuron is, as data: its equation, fields and reference for readers, its settings for records and flags."""

import dataclasses
import inspect
import math
from collections.abc import Iterable
from typing import Any

from spikejax.neurons import NEURONS, get
from spikejax.neurons.core.contract import fields
from spikejax.surrogate import SURROGATES, Scaled


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
    return {
        "name": name,
        "class": model.__name__,
        "summary": blocks[0],
        "equation": inspect.cleandoc(equation),
        "reference": _paragraph(blocks, "Reference"),
        "deviations": _paragraph(blocks, "Deviations"),
        "like": sorted(model.presets),
        "streams": "step" in vars(model),
        "fields": {field.name: _describe_field(field) for field in dataclasses.fields(model)},
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
        default = "drawn" if callable(field.default) else field.default
        return {**entry, "default": default, **facts}
    if metadata["kind"] == "size":
        return {**entry, "default": field.default}
    if metadata["kind"] == "option":
        return {**entry, "default": field.default, "choices": list(metadata["choices"])}
    return {**entry, "default": repr(field.default)}


def to_config(neuron: Any) -> dict[str, Any]:
    """The settings of a neuron as JSON values; `from_config` is its inverse.

    A number that is drawn is None: it is drawn anew, as its model does by default.

    >>> from spikejax.neurons.lif import LIF
    >>> to_config(LIF(decay=0.5))["decay"], from_config("lif", to_config(LIF(decay=0.5))) == LIF(decay=0.5)
    (0.5, True)
    """
    config = {}
    for field in dataclasses.fields(neuron):
        value = getattr(neuron, field.name)
        if field.metadata["kind"] == "surrogate":
            value = _surrogate_config(value)
        config[field.name] = None if callable(value) else value
    return config


def _surrogate_config(curve):
    if isinstance(curve, Scaled):
        return {"name": "scaled", "factor": curve.factor, "curve": _surrogate_config(curve.curve)}
    name = next(name for name, kind in SURROGATES.items() if isinstance(curve, kind))
    return {"name": name, **dataclasses.asdict(curve)}


def from_config(name: str, config: dict[str, Any]) -> Any:
    """The neuron of that name with the settings that `to_config` gave."""
    model = get(name)
    values = {field: value for field, value in config.items() if value is not None}
    for field in fields(model, "surrogate"):
        values[field] = _surrogate(values[field])
    return model(**values)


def _surrogate(config):
    numbers = dict(config)
    name = numbers.pop("name")
    if name == "scaled":
        return Scaled(_surrogate(numbers["curve"]), numbers["factor"])
    return SURROGATES[name](**numbers)


def markdown(names: Iterable[str] = tuple(NEURONS)) -> str:
    """The catalogue as a Markdown table, one row a neuron."""
    rows = [
        "| name | neuron | numbers (learned ones in bold) | choices | reference |",
        "|---|---|---|---|---|",
    ]
    for name in names:
        entry = describe(name)
        numbers, choices = [], []
        for field, facts in entry["fields"].items():
            if facts["kind"] == "param":
                mark = "**" if facts["learned"] else ""
                default = facts["default"]
                value = default if isinstance(default, str) else f"{default:g}"
                numbers.append(f"{mark}`{field}`{mark} {value}")
            elif facts["kind"] == "size":
                numbers.append(f"`{field}` {facts['default']}")
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


def surrogates() -> str:
    """The surrogates as a Markdown table: formula, peak and area, numbers and source."""
    rows = ["| name | curve | numbers | source |", "|---|---|---|---|"]
    for name, curve in SURROGATES.items():
        blocks = (inspect.getdoc(curve) or "").split("\n\n")
        formula = " ".join(" ".join(blocks[:-1]).split())
        numbers = ", ".join(f"`{f.name}` {f.default:g}" for f in dataclasses.fields(curve))
        reference = _paragraph(blocks, "Reference")
        formula = formula.replace("|", "\\|")
        rows.append(f"| `{name}` | {formula} | {numbers} | {reference} |")
    return "\n".join(rows) + "\n"
