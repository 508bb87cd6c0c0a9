"""The tables of the page on TC-LIF, from its records; what the paper prints stands beside them."""

from collections.abc import Callable, Mapping
from typing import Any

from experiments.papers.tc_lif import (
    fsd_shd,
    tc_lif_fig2_beta_grid,
    tc_lif_fig3_gradients,
    tc_lif_fig4_curves,
    tc_lif_fig5_landscape,
    tc_lif_table1,
    tc_lif_table2_energy,
    tc_lif_table7_norms,
    tc_lif_theory,
)
from experiments.papers.tc_lif.published import NEUTRAL
from experiments.tables import accuracy, expected, picture, section
from spikejax.tables import markdown

Result = Mapping[str, Any]


def _table_1(result: Result) -> str:
    header = ["row", "parameters", "printed, K", "printed", "NEAT", "here", "state"]
    rows = []
    for name, row in result["metrics"].items():
        printed = row["printed"]
        thousands = "" if printed["thousands"] is None else f"{printed['thousands']:g}"
        accuracies = [printed["accuracy"], row["neat"]]
        shown = ["" if x is None else f"{x:.2f} %" for x in accuracies]
        here = ""
        if "test_accuracy" in row:
            here = accuracy(row["test_accuracy"], row["test_accuracy_std"], 2)
        rows.append([f"`{name}`", f"{row['parameters']:,}", thousands, *shown, here, row["state"]])
    return "\n".join([markdown(header, rows), expected(tc_lif_table1.EXPERIMENT, result)])


def _table_2(result: Result) -> str:
    header = ["rates", "neuron", "firing rate per layer", "energy, nJ", "with pixels at rate 1, nJ"]
    rows = []
    for source, found in result["metrics"].items():
        for name, row in found.items():
            rates = " ".join(f"{rate:.3f}" for rate in row.get("rates", ()))
            second = row.get("energy_nj_pixels_at_rate_1")
            cells = [f"{row['energy_nj']:,.2f}", "" if second is None else f"{second:,.2f}"]
            rows.append([source.replace("_", " "), f"`{name}`", rates, *cells])
    return "\n".join([markdown(header, rows), expected(tc_lif_table2_energy.EXPERIMENT, result)])


def _table_7(result: Result) -> str:
    tables = []
    for source, found in result["metrics"].items():
        header = [f"{source}, before", "Eq. 15", "printed", "after", "Eq. 15", "test accuracy"]
        header += ["paper: after", "Eq. 15", "test accuracy"]
        rows = []
        for row in found:
            printed, after = row["printed"], row["after"]
            mine = ["diverged", "", ""]
            if after is not None:
                reached = f"{100 * row['test_accuracy']:.2f} %"
                mine = [_pair(after), f"{row['norm_after']:.3f}", reached]
            theirs = [_pair(printed["after"]), f"{printed['norm_after']:.3f}"]
            first = [_pair(row["before"], 1), f"{row['norm_before']:.3f}"]
            first.append(f"{row['printed_before']:.3f}")
            rows.append([*first, *mine, *theirs, f"{printed['accuracy']:.2f} %"])
        tables.append(markdown(header, rows))
    return "\n".join([*tables, expected(tc_lif_table7_norms.EXPERIMENT, result)])


def _figure_2(result: Result) -> str:
    header = ["data", "quadrant", "signs of β1, β2", "test accuracy, mean", "lowest", "highest"]
    signs = {1: (1, 1), 2: (-1, 1), 3: (-1, -1), 4: (1, -1)}
    rows = []
    for source, found in result["metrics"].items():
        for number, pair in signs.items():
            values = tc_lif_fig2_beta_grid.quadrant(found["models"], *pair)
            shown = [sum(values) / len(values), min(values), max(values)]
            names = ", ".join("+" if sign > 0 else "−" for sign in pair)
            rows.append([source, str(number), names, *(f"{100 * x:.1f} %" for x in shown)])
    parts = [markdown(header, rows), expected(tc_lif_fig2_beta_grid.EXPERIMENT, result)]
    return "\n".join([*parts, picture("tc_lif_fig2_beta_grid", "test accuracy by β1 and β2")])


def _figure_3(result: Result) -> str:
    header = ["network", "first half of the steps, untrained", "trained"]
    header += ["in the first two layers, untrained", "trained", "test accuracy"]
    rows = []
    for name, row in result["metrics"].items():
        shares = [
            f"{row[when][key]:.3f}"
            for key in ("first_half", "first_half_first_layers")
            for when in ("untrained", "trained")
        ]
        rows.append([name, *shares, f"{100 * row['test_accuracy']:.1f} %"])
    parts = [markdown(header, rows), expected(tc_lif_fig3_gradients.EXPERIMENT, result)]
    return "\n".join([*parts, picture("tc_lif_fig3_gradients", "gradients over time and neurons")])


def _figure_4(result: Result) -> str:
    header = ["network", "test accuracy, last epoch", "epochs to 90 % of the best", "diverged"]
    rows = [
        [
            name,
            accuracy(row["test_accuracy"], row["test_accuracy_std"], 2),
            str(row["epochs_to_90"] or "never"),
            str(row["diverged"]),
        ]
        for name, row in result["metrics"].items()
    ]
    parts = [markdown(header, rows), expected(tc_lif_fig4_curves.EXPERIMENT, result)]
    return "\n".join([*parts, picture("tc_lif_fig4_curves", "learning curves")])


def _figure_5(result: Result) -> str:
    header = ["network", "test accuracy", "loss at the minimum", "rise", "roughness"]
    rows = [
        [
            name,
            f"{100 * row['test_accuracy']:.1f} %",
            f"{row['loss']:.4f}",
            f"{row['rise']:,.0f}",
            f"{row['roughness']:.4f}",
        ]
        for name, row in result["metrics"].items()
    ]
    parts = [markdown(header, rows), expected(tc_lif_fig5_landscape.EXPERIMENT, result)]
    return "\n".join([*parts, picture("tc_lif_fig5_landscape", "the loss around a minimum")])


def _theory(result: Result) -> str:
    header = [
        "quadrant",
        "spectral radius",
        "of Eq. 14",
        "Eq. 15",
        "log10 of the norm of 100 steps",
    ]
    keys = ("spectral_radius", "spectral_radius_eq14", "eq15", "log10_norm_of_product")
    rows = [
        [number, *(f"{found[key][0]:.2f} to {found[key][1]:.2f}" for key in keys)]
        for number, found in result["metrics"]["quadrants"].items()
    ]
    parts = [markdown(header, rows), expected(tc_lif_theory.EXPERIMENT, result)]
    return "\n".join([*parts, picture("tc_lif_theory", "Eq. 15 and the true Jacobian")])


def _fsd_shd(result: Result) -> str:
    header = ["network", "parameters", "all test recordings", "known speakers", "new speakers"]
    rows = []
    for name, row in result["metrics"].items():
        shown = [
            accuracy(row[key], row[f"{key}_std"]) if key in row else ""
            for key in ("test_accuracy", "known", "new")
        ]
        rows.append([name, f"{row['parameters']:,}", *shown])
    return "\n".join([markdown(header, rows), expected(fsd_shd.EXPERIMENT, result)])


def _pair(values: Any, digits: int = 3) -> str:
    first, second = (f"{x:.{digits}f}".replace("-", "−") for x in values)
    return f"{first}, {second}"


def _neutral() -> str:
    """Accuracies that others measured with the same networks and settings for all neurons."""
    header = ["neuron", *(f"{data}, {kind}" for data in NEUTRAL for kind in ("FF", "rec"))]
    rows = []
    for name in dict.fromkeys(name for found in NEUTRAL.values() for name in found):
        pairs = (found.get(name, (None, None)) for found in NEUTRAL.values())
        shown = ["" if x is None else f"{x:.2f}" for pair in pairs for x in pair]
        rows.append([f"**{name}**" if name == "TC-LIF" else name, *shown])
    return markdown(header, rows)


SECTIONS: dict[str, Callable[[], str]] = {
    "table 1": section("tc_lif_table1", _table_1),
    "neutral": _neutral,
    "table 2": section("tc_lif_table2_energy", _table_2),
    "table 7": section("tc_lif_table7_norms", _table_7),
    "figure 2": section("tc_lif_fig2_beta_grid", _figure_2),
    "figure 3": section("tc_lif_fig3_gradients", _figure_3),
    "figure 4": section("tc_lif_fig4_curves", _figure_4),
    "figure 5": section("tc_lif_fig5_landscape", _figure_5),
    "theory": section("tc_lif_theory", _theory),
    "fsd_shd": section("fsd_shd", _fsd_shd),
}
