"""The tables of the README and of the other pages, rendered from records and the catalogue, never typed."""

import re
from collections.abc import Callable
from pathlib import Path

from experiments.peers.tables import SECTIONS
from experiments.tables import markdown, origin, read
from spikejax.catalogue import describe as catalogue
from spikejax.catalogue import evidence as fidelity

ROOT = Path(__file__).parent.parent
README, NEURONS = ROOT / "README.md", ROOT / "spikejax" / "neurons" / "README.md"
BENCH = ROOT / "experiments" / "README.md"


def digits() -> str:
    result = read("digits")
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
    return markdown(header, rows) + f"\n{origin(result)}\n"


def smnist() -> str:
    result = read("smnist_first_epochs")
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
        markdown(["epoch", "test accuracy", "training loss", "seconds"], rows)
        + f"\n{facts}{origin(result)}\n"
    )


def chunking() -> str:
    result = read("chunking")
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
    return markdown(header, rows) + f"\n{origin(result)}\n"


def beta_grid() -> str:
    """The best and the worst start of TC-LIF's couplings."""
    result = read("beta_grid")
    rows = [
        [
            name,
            f"{values['beta1']:g}",
            f"{values['beta2']:g}",
            f"{100 * values['test_accuracy']:.2f} ± {100 * values['deviation']:.2f} %",
        ]
        for name, values in result["metrics"].items()
    ]
    return markdown(["start", "β1", "β2", "test accuracy"], rows) + f"\n{origin(result)}\n"


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
    README: {
        "digits": digits,
        "smnist": smnist,
        "beta grid": beta_grid,
        "chunking": chunking,
        "neurons": trust,
    },
    NEURONS: {
        "catalogue": catalogue.markdown,
        "fidelity": fidelity.markdown,
        "deviations": fidelity.deviations,
        "peers": fidelity.peers,
        "presets": fidelity.presets,
        "surrogates": catalogue.surrogates,
    },
    BENCH: SECTIONS,
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
