"""The tables of the README, rendered from the kept records and the catalogue, never typed."""

import re
from collections.abc import Callable
from pathlib import Path

from experiments.registry import RESULTS
from spikejax import catalogue, record

README = Path(__file__).parent.parent / "README.md"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _read(name: str) -> dict:
    return record.read(RESULTS / f"{name}.json")


def _origin(result: dict) -> str:
    facts = result["provenance"]
    versions = facts["versions"]
    return (
        f"{facts['device'].split(':')[0].upper()}, {facts['processors']} cores, Python {facts['python']}, "
        f"jax {versions['jax']}, commit {facts['commit']}"
    )


def digits() -> str:
    result = _read("digits")
    rows = []
    for name, values in result["metrics"].items():
        rates = " ".join(f"{rate:.3f}" for rate in values["firing_rate"].values())
        accuracy = f"{100 * values['test_accuracy']:.2f} %"
        rows.append(
            [f"`{name}`", f"{values['parameters']:,}", accuracy, rates, f"{values['seconds']:.0f}"]
        )
    header = [
        "neuron",
        "parameters",
        "test accuracy",
        "spikes a neuron and step, by layer",
        "seconds of training",
    ]
    return _table(header, rows) + f"\n{_origin(result)}\n"


def smnist() -> str:
    result = _read("smnist_first_epochs")
    (name,) = result["metrics"]
    rows = [
        [
            str(entry["epoch"]),
            f"{100 * entry['test_accuracy']:.2f} %",
            f"{entry['loss']:.3f}",
            f"{entry['seconds']:.0f}",
        ]
        for entry in result["history"][name]
    ]
    values = result["metrics"][name]
    facts = f"{values['parameters']:,} parameters, largest resident memory {values['peak_memory_mb']:,.0f} MB; "
    return (
        _table(["epoch", "test accuracy", "training loss", "seconds"], rows)
        + f"\n{facts}{_origin(result)}\n"
    )


def chunking() -> str:
    result = _read("chunking")
    names = {"K1": "step by step", "K28": "chunks of 28, recomputed", "K784": "layer by layer"}
    rows = [
        [
            names[key],
            f"{values['seconds']:.2f}",
            f"{values['seconds_median']:.2f}",
            f"{values['temp_mb']:,.0f}",
        ]
        for key, values in result["metrics"].items()
    ]
    header = ["execution", "seconds, best", "seconds, median", "XLA temporary memory, MB"]
    return _table(header, rows) + f"\n{_origin(result)}\n"


SECTIONS: dict[str, Callable[[], str]] = {
    "digits": digits,
    "smnist": smnist,
    "chunking": chunking,
    "neurons": catalogue.markdown,
}


def render(text: str) -> str:
    """The text with every `<!-- name -->` … `<!-- /name -->` section made anew.

    Raises:
      ValueError: a section that nothing renders, or one that is missing.
    """
    for name, section in SECTIONS.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        made = section()
        text, count = pattern.subn(lambda match, made=made: match[1] + made + match[2], text)
        if count != 1:
            raise ValueError(f"expected one section <!-- {name} --> in {README}, found {count}")
    return text
