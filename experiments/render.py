"""The tables of the README and of the other pages, rendered from records and the catalogue, never written by hand."""

import re
from collections.abc import Callable
from pathlib import Path

from experiments.compiled import tables as compiled
from experiments.gpu import tables as accelerator
from experiments.papers.ar_lif import table1
from experiments.papers.ar_lif import tables as ar_lif
from experiments.papers.neuron_table import DATA, KINDS, LAYERS
from experiments.papers.tc_lif import tables as tc_lif
from experiments.peers.tables import SECTIONS
from experiments.registry import EXPERIMENTS
from experiments.tables import accuracy, expected, missing, origin, read, section
from spikejax.catalogue import descriptions, evidence, layers
from spikejax.neurons import NEURONS
from spikejax.recipes import RECIPES
from spikejax.tables import markdown

ROOT = Path(__file__).parent.parent
README, CATALOGUE = ROOT / "README.md", ROOT / "spikejax" / "neurons" / "README.md"
BENCH = ROOT / "experiments" / "README.md"


def digits() -> str:
    """Mean and standard deviation over the seeds of `make train`."""
    result = read("digits")
    header = ["neuron", "parameters", "test accuracy", "firing rate per layer", "seconds"]
    rows = []
    for name, values in result["metrics"].items():
        accuracy, deviation = (100 * values[f"test_accuracy{end}"] for end in ("", "_std"))
        rates = " ".join(f"{rate:.3f}" for rate in values["firing_rate"].values())
        shown = f"{accuracy:.2f} ± {deviation:.2f} %"
        parameters, seconds = f"{values['parameters']:,}", f"{values['seconds']:.0f}"
        rows.append([f"`{name}`", parameters, shown, rates, seconds])
    seeds = next(iter(result["metrics"].values()))["seeds"]
    return f"{markdown(header, rows)}\n{seeds} seeds, mean ± standard deviation; {origin(result)}\n"


def smnist() -> str:
    result = read("smnist_first_epochs")
    rows = [
        [
            str(entry["epoch"]),
            f"{100 * entry['test_accuracy']:.2f} %",
            f"{entry['loss']:.3f}",
            f"{entry['seconds']:.0f}",
        ]
        for entry in result["history"]
    ]
    values = result["metrics"]
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
    """The best and the worst initial couplings of TC-LIF."""
    result = read("beta_grid")
    rows = [
        [
            name,
            f"{values['beta1']:g}",
            f"{values['beta2']:g}",
            f"{100 * values['test_accuracy']:.2f} ± {100 * values['test_accuracy_std']:.2f} %",
        ]
        for name, values in result["metrics"].items()
    ]
    return markdown(["start", "β1", "β2", "test accuracy"], rows) + f"\n{origin(result)}\n"


def trust() -> str:
    """How many neurons there are, and the evidence for them."""
    entries = [evidence.of(name) for name in NEURONS]
    cases = sum(len(entry["oracle"]["cases"]) for entry in entries)
    traces = ", ".join(f"{count} of {peer}" for peer, count in evidence.counts().items())
    return (
        f"{len(entries)} neurons, {cases} cases compared with independent float64 models, states and gradients; "
        f"recorded traces: {traces}.\n"
    )


def spoken_digits() -> str:
    """The accuracy of the network of the page."""
    result = read("spoken_digits")
    values = result["metrics"]
    rows = []
    for part in ("validation", "test"):
        name = f"{part}_right_at_its_peak"
        rows.append([part, f"{100 * values[name]:.1f} ± {100 * values[f'{name}_std']:.1f} %"])
    facts = (
        f"{values['seeds']} seeds, mean ± standard deviation; {values['parameters']:,} parameters; "
    )
    return f"{markdown(['recordings', 'accuracy'], rows)}\n{facts}{origin(result)}\n"


def quantised_weights(result: dict) -> str:
    """Accuracy and size by kind of weights."""
    rows = [
        [name, accuracy(row["test_accuracy"], row["test_accuracy_std"]), f"{row['bytes']:,}"]
        for name, row in result["metrics"].items()
    ]
    made = markdown(["weights", "test accuracy", "bytes"], rows)
    return "\n".join([made, expected(EXPERIMENTS["quantised_weights"], result)])


def delays(result: dict) -> str:
    """Accuracy with and without delays, as trained and with whole delays."""
    rows = []
    for name, row in result["metrics"].items():
        reached, whole = (
            accuracy(row.get(key), row.get(f"{key}_std"))
            for key in ("test_accuracy", "whole_delays")
        )
        rows.append([name, f"{row['parameters']:,}", reached, whole if "delays" in name else ""])
    made = markdown(["network", "parameters", "test accuracy", "whole delays"], rows)
    return "\n".join([made, expected(EXPERIMENTS["fsd_shd_delays"], result)])


def reliability() -> str:
    """What was tried to make the library fail, and what came of it, by part."""
    result = read("reliability")
    kinds = ("exact", "changed", "refused", "lost", "unnoticed", "traceback")
    header = ["part", "trials", *kinds, "peak memory, MB", "minutes"]
    rows = []
    for name, part in result["metrics"]["parts"].items():
        counts = [f"{part.get(kind, 0):,}" for kind in kinds]
        memory = f"{part['peak_memory_mb']:,.0f}" if part["peak_memory_mb"] else "–"
        rows.append([name, f"{part['trials']:,}", *counts, memory, f"{part['seconds'] / 60:.0f}"])
    values = result["metrics"]
    facts = (
        f"{values['kills']:,} kills, {values['signals']:,} runs stopped by signals, {values['damaged_files']:,} "
        f"damaged files, {values['command_lines']:,} command lines; "
    )
    return f"{markdown(header, rows)}\n{facts}{origin(result)}\n"


def neuron_table(data: str) -> Callable[[], str]:
    """All neurons on a data set, the one with the most accurate network first, or how to train them."""

    def table() -> str:
        found = read("neuron_table")
        rows = {name: row for name, row in found["metrics"].items() if name.startswith(f"{data}_")}
        files = {name: f"neurons/{name}.py" for name in NEURONS}
        files |= {name: f"layers/models/{name}.py" for name in LAYERS}
        names = [name for name in files if any(f"{data}_{name}_{kind}" in rows for kind in KINDS)]

        def best(name):
            reached = (rows.get(f"{data}_{name}_{kind}", {}).get("test_accuracy") for kind in KINDS)
            return max(value or 0.0 for value in reached)

        cells = []
        for name in sorted(names, key=best, reverse=True):
            cells.append([f"[`{name}`](../spikejax/{files[name]})"])
            for kind in KINDS:
                row = rows.get(f"{data}_{name}_{kind}")
                cells[-1] += _row_of(row) if row else ["", ""]
        if not cells:
            command = f"`python -m experiments run neuron_table --rows {data}`"
            return f"No row is trained yet: {command} trains them and keeps their records.\n"
        each = ("test accuracy", "firing rate per layer")
        header = ["neuron", *(f"{kind}: {what}" for kind in ("FF", "rec") for what in each)]
        rest = found["provenance"].get("incomplete")
        return f"{markdown(header, cells)}\n{origin(found)}{f'; {rest}' if rest else ''}\n"

    return lambda: missing("neuron_table") or table()


def _row_of(row):
    rates = " ".join(f"{rate:.3f}" for rate in row["firing_rate"].values() if rate is not None)
    reached = accuracy(row["test_accuracy"], row["test_accuracy_std"])
    return [reached, rates]


def recipes() -> str:
    """The recipes that can be trained by name."""
    rows = [[f"`{name}`", recipe.title, recipe.source] for name, recipe in RECIPES.items()]
    return markdown(["recipe", "what", "source"], rows)


Sections = dict[str, Callable[[], str]]
PAGES: dict[Path, Sections] = {
    README: {
        "digits": digits,
        "smnist": smnist,
        "beta grid": beta_grid,
        "chunking": chunking,
        "neurons": trust,
        "recipes": recipes,
    },
    CATALOGUE: {
        "catalogue": descriptions.markdown,
        "fidelity": evidence.markdown,
        "deviations": evidence.deviations,
        "peers": evidence.peers,
        "presets": evidence.presets,
        "surrogates": descriptions.surrogates,
        "layers": layers.markdown,
    },
    BENCH: {**SECTIONS, **compiled.SECTIONS, **accelerator.SECTIONS},
    ROOT / "docs" / "ar_lif.md": {**ar_lif.SECTIONS, **table1.SECTIONS},
    ROOT / "docs" / "tc_lif.md": tc_lif.SECTIONS,
    ROOT / "docs" / "neuron_table.md": {data: neuron_table(data) for data in DATA},
    ROOT / "docs" / "delays.md": {"spoken digits": section("fsd_shd_delays", delays)},
    ROOT / "docs" / "quantisation.md": {
        "quantised weights": section("quantised_weights", quantised_weights)
    },
    ROOT / "docs" / "spoken_digits.md": {"spoken digits": spoken_digits},
    ROOT / "docs" / "reliability.md": {"reliability": reliability},
}


def render(page: Path) -> str:
    """The page's text with every `<!-- name -->` … `<!-- /name -->` section regenerated.

    Raises:
      ValueError: a section that is missing or duplicated.
    """
    text = page.read_text(encoding="utf-8")
    for name, make in PAGES[page].items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        made = make()
        text, count = pattern.subn(lambda match, made=made: match[1] + made + match[2], text)
        if count != 1:
            raise ValueError(f"expected one section <!-- {name} --> in {page}, found {count}")
    return text
