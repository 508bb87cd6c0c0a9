"""What each neuron was compared with and how close it came: the registry of evidence, and its tables.

The numbers are those of `evidence.json`, which `python tests/neurons/evidence.py` measures in a checkout.
"""

import functools
from pathlib import Path
from typing import Any

from spikejax.catalogue.describe import describe
from spikejax.neurons import NEURONS
from spikejax.runs import record

FILE = Path(__file__).parent / "evidence.json"


@functools.cache
def _record() -> dict[str, Any]:
    return record.read(FILE)


def evidence(name: str) -> dict[str, Any]:
    """The evidence for a neuron.

    Returns:
      "oracle": cases that were compared with an independent float64 model, and the largest relative difference of
      spikes, state and gradients; "printed": tables of numbers that were reproduced; "peers": by library its version,
      the recorded cases that were compared, the differences, and what of it is not offered, with the reason. All are
      empty for a neuron that was not compared since it was added.

    >>> sorted(evidence("tc_lif"))
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
        for peer, found in evidence(name)["peers"].items():
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
    return "; ".join(parts) or "none has it"


def summary(name: str) -> str:
    """The evidence for a neuron in one line.

    >>> summary("tc_lif").startswith("independent float64 model, 8 cases: state ")
    True
    """
    found = evidence(name)
    parts = [f"independent float64 model, {_oracle_cell(found['oracle'])}"]
    if any(values["cases"] for values in found["peers"].values()):
        parts.append(_peer_cell(found["peers"]))
    if found["printed"]:
        parts.append(f"{found['printed']['numbers']} printed numbers")
    return "; ".join(parts)


def markdown() -> str:
    """The fidelity table: one row a neuron, with what it was compared with and the largest relative difference."""
    header = [
        "neuron",
        "source",
        "independent float64 model",
        "recorded traces of peers",
        "printed numbers",
        "paper and code differ",
    ]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    for name in NEURONS:
        found = evidence(name)
        printed = found["printed"]
        tables = f"{len(printed['tables'])} of {printed['numbers']} numbers" if printed else "none"
        cells = [
            f"`{name}`",
            describe(name)["reference"],
            _oracle_cell(found["oracle"]),
            _peer_cell(found["peers"]),
            tables,
            "see below" if describe(name)["deviations"] else "nothing known",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def deviations() -> str:
    """Where publications, their code and this library differ, and which is the default: one item a neuron."""
    items = [(name, describe(name)["deviations"]) for name in NEURONS]
    return "".join(f"- `{name}`: {text}\n" for name, text in items if text)


def peers() -> str:
    """By peer: traces compared, what of it is not offered and why, differences that remain, defects that were met."""
    header = "| peer | traces | recorded and not offered | differences that remain | met while recording |"
    lines = [header, "|---|---|---|---|---|"]
    for peer, seen in _record()["config"]["peers"].items():
        found = [evidence(name)["peers"].get(peer) for name in NEURONS]
        cases = sum(len(entry["cases"]) for entry in found if entry)
        why = [
            f"{case}: {why}"
            for entry in found
            if entry
            for case, why in entry["not_offered"].items()
        ]
        notes = [note for entry in found if entry for note in entry["notes"]]
        columns = ["; ".join(entries) or "none" for entries in (why, notes, seen["defects"])]
        columns = [text.replace("|", "\\|") for text in columns]
        lines.append(f"| {peer} {seen['version']} | {cases} | {' | '.join(columns)} |")
    return "\n".join(lines) + "\n"


def presets() -> str:
    """Which neurons have which presets, and the class of the peer that each was compared with."""
    lines = ["| neuron | `like=` (class) |", "|---|---|"]
    for name, model in NEURONS.items():
        cells = [
            f"{peer} ({', '.join(evidence(name)['peers'][peer]['classes'])})"
            for peer in sorted(model.presets)
        ]
        if cells:
            lines.append(f"| `{name}` | {', '.join(cells)} |")
    return "\n".join(lines) + "\n"
