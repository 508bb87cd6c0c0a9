"""The tables of the README and of the page of the neurons, rendered from records and the catalogue, never typed."""

import re
from collections.abc import Callable
from pathlib import Path

from experiments.registry import RESULTS
from spikejax import catalogue, fidelity, record

ROOT = Path(__file__).parent.parent
README, NEURONS = ROOT / "README.md", ROOT / "spikejax" / "neurons" / "README.md"


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


def trust() -> str:
    """How many neurons there are, and what stands behind them."""
    entries = [fidelity.evidence(name) for name in fidelity.NEURONS]
    cases = sum(len(entry["oracle"]["cases"]) for entry in entries)
    traces = ", ".join(f"{count} of {peer}" for peer, count in fidelity.counts().items())
    return (
        f"{len(entries)} neurons, {cases} cases compared with independent float64 models, states and gradients; "
        f"recorded traces: {traces}.\n"
    )


Sections = dict[str, Callable[[], str]]
PAGES: dict[Path, Sections] = {
    README: {"digits": digits, "smnist": smnist, "chunking": chunking, "neurons": trust},
    NEURONS: {
        "catalogue": catalogue.markdown,
        "fidelity": fidelity.markdown,
        "deviations": fidelity.deviations,
        "peers": fidelity.peers,
        "presets": fidelity.presets,
        "surrogates": catalogue.surrogates,
    },
}


def render(page: Path) -> str:
    """The page's text with every `<!-- name -->` … `<!-- /name -->` section made anew.

    Raises:
      ValueError: a section that nothing renders, or one that is missing.
    """
    text = page.read_text(encoding="utf-8")
    for name, section in PAGES[page].items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        made = section()
        text, count = pattern.subn(lambda match, made=made: match[1] + made + match[2], text)
        if count != 1:
            raise ValueError(f"expected one section <!-- {name} --> in {page}, found {count}")
    return text
