"""What each neuron was validated against: the largest relative differences, and their tables.

The values are those of `evidence.json`, which `python tests/neurons/evidence.py` measures in a checkout.
"""

import functools
import json
from pathlib import Path
from typing import Any

from spikejax import tables
from spikejax.catalogue.descriptions import describe
from spikejax.neurons import NEURONS

FILE = Path(__file__).parent / "evidence.json"


@functools.cache
def _record() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def of(name: str) -> dict[str, Any]:
    """The evidence for a neuron.

    Returns:
      "oracle": cases that were compared with an independent float64 model, and the largest relative difference of
      spikes, state and gradients; "printed": tables of numbers that were reproduced; "peers": for each library its
      version, the recorded cases that were compared, the differences, and the cases that are not offered, with the
      reason. All are empty for a neuron that has not been compared since it was added.

    >>> sorted(of("tc_lif"))
    ['oracle', 'peers', 'printed']
    """
    return _record()["metrics"].get(name, {"oracle": {}, "printed": {}, "peers": {}})


def counts() -> dict[str, int]:
    """How many recorded traces of each peer are compared.

    >>> sorted(counts())
    ['norse', 'snntorch', 'spikingjelly', 'spyx']
    """
    total: dict[str, int] = {}
    for name in NEURONS:
        for peer, found in of(name)["peers"].items():
            total[peer] = total.get(peer, 0) + len(found["cases"])
    return total


def _gap(number: float) -> str:
    return "0" if number == 0 else f"{number:.0e}"


def _oracle_cell(found):
    if not found:
        return "not compared"
    cases = len(found["cases"])
    return f"{cases} case{'s' * (cases > 1)}: state {_gap(found['state'])}, gradients {_gap(found['gradient'])}"


def _peer_cell(found):
    parts = []
    for peer, values in found.items():
        if values["cases"]:
            gaps = f"state {_gap(values['state'])}, gradients {_gap(values['gradient'])}"
            parts.append(f"{peer} {values['version']}, {len(values['cases'])}: {gaps}")
    return "; ".join(parts) or "not implemented elsewhere"


def summary(name: str) -> str:
    """The evidence for a neuron in one line.

    >>> summary("tc_lif").startswith("independent float64 model, 8 cases: state ")
    True
    """
    found = of(name)
    parts = [f"independent float64 model, {_oracle_cell(found['oracle'])}"]
    if any(values["cases"] for values in found["peers"].values()):
        parts.append(_peer_cell(found["peers"]))
    if found["printed"]:
        parts.append(f"{found['printed']['numbers']} printed values")
    return "; ".join(parts)


def markdown() -> str:
    """The fidelity table: one row per neuron, with what it was compared with and the largest relative difference."""
    header = ("neuron", "source", "independent float64 model", "recorded traces of peers")
    rows = []
    for name in NEURONS:
        found, entry = of(name), describe(name)
        printed = found["printed"]
        values = f"{len(printed['tables'])} of {printed['numbers']} values" if printed else "none"
        known = "see below" if entry["deviations"] else "no known deviation"
        validated = _oracle_cell(found["oracle"]), _peer_cell(found["peers"])
        rows.append((f"`{name}`", entry["reference"], *validated, values, known))
    return tables.markdown((*header, "printed values", "paper and code differ"), rows)


def deviations() -> str:
    """Where publications, their code and this library differ, and which is the default: one item per neuron."""
    items = [(name, describe(name)["deviations"]) for name in NEURONS]
    return "".join(f"- `{name}`: {text}\n" for name, text in items if text)


def peers() -> str:
    """By peer: traces compared, what is not offered and why, remaining differences, defects found."""
    header = (
        *("peer", "traces", "recorded but not offered", "remaining differences"),
        "found while recording",
    )
    rows = []
    for peer, seen in _record()["config"]["peers"].items():
        found = [of(name)["peers"].get(peer) for name in NEURONS]
        found = [entry for entry in found if entry]
        cases = sum(len(entry["cases"]) for entry in found)
        why = [f"{case}: {why}" for entry in found for case, why in entry["not_offered"].items()]
        notes = [note for entry in found for note in entry["notes"]]
        columns = ["; ".join(entries) or "none" for entries in (why, notes, seen["defects"])]
        rows.append((f"{peer} {seen['version']}", str(cases), *columns))
    return tables.markdown(header, rows)


def presets() -> str:
    """Which neurons have which presets, and the class of the peer that each was compared with."""
    rows = []
    for name, model in NEURONS.items():
        cells = [
            f"{peer} ({', '.join(of(name)['peers'][peer]['classes'])})"
            for peer in sorted(model.presets)
        ]
        if cells:
            rows.append((f"`{name}`", ", ".join(cells)))
    return tables.markdown(("neuron", "`like=` (class)"), rows)
