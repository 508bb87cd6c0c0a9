"""The tables of the page on AR-LIF, from its records; what the paper prints stands beside them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from experiments.papers.ar_lif import (
    ar_lif_ablation,
    ar_lif_fig2_rates,
    ar_lif_fig3_tracking,
    conv_step,
    nmnist_ar_lif,
)
from experiments.papers.ar_lif.stand_ins import NEURONS
from experiments.tables import accuracy, expected, picture, section
from spikejax.tables import markdown

Metrics = Mapping[str, Any]


class Printed(NamedTuple):
    """A setting of the paper's Table 1.

    Attributes:
      recipe: its name.
      what: data, network.
      steps: T.
      accuracy: test accuracy in per cent for each T, as printed.
      log: the same in the log that the authors published; "" where there is none of this setting.
    """

    recipe: str
    what: str
    steps: str
    accuracy: str
    log: str


TABLE_1 = (
    Printed(
        *("ar_lif_cifar10", "CIFAR-10, ResNet-18", "4, 6, 8"),
        *("96.1, 96.3, 96.7", "96.08, 96.33, 96.65"),
    ),
    Printed(
        *("ar_lif_cifar100", "CIFAR-100, ResNet-18", "4, 6, 8"),
        *("80.1, 80.8, 81.0", "80.10, 80.76, 80.99"),
    ),
    Printed("ar_lif_tiny_imagenet", "Tiny ImageNet, VGG-13", "4", "64.88", "66.80"),
    Printed("", "Tiny ImageNet, VGG-SNN", "4, 6", "66.58, 67.00", "68.75, 68.93"),
    Printed(
        *("ar_lif_cifar10_dvs", "CIFAR10-DVS, VGG-SNN", "4, 8, 10"),
        *("86.0, 87.2, 86.8", "86.9, 87.6 (T = 16: 87.9)"),
    ),
    Printed("ar_lif_dvs_gesture", "DVS Gesture, VGG-11", "20", "98.61", "98.61"),
)


def table_1() -> str:
    """The printed accuracies, and the recipe of each setting."""
    rows = [
        [row.what, row.steps, row.accuracy, row.log, f"`{row.recipe}`" if row.recipe else "–"]
        for row in TABLE_1
    ]
    header = ["data and network", "T", "printed, %", "in the authors' logs, %", "recipe"]
    return markdown(header, rows)


def _table_2(result: Metrics) -> str:
    tables = []
    for source, found in result["metrics"].items():
        header = [source, "test accuracy", "mean firing rate", "energy per sample, µJ"]
        header += [f"paper, {name}" for name in ar_lif_ablation.PAPER]
        rows = []
        for place, (name, row) in enumerate(found.items()):
            shown = accuracy(row["test_accuracy"], row["test_accuracy_std"])
            if row["diverged"]:
                shown += f" ({row['diverged']} diverged)"
            paper = [f"{values[place]:.1f} %" for values in ar_lif_ablation.PAPER.values()]
            values = [row["mean_rate"], row["energy_uj"]]
            cells = ["" if x is None else f"{x:.{d}f}" for x, d in zip(values, (3, 2), strict=True)]
            rows.append([f"`{name}`", shown, *cells, *paper])
        tables.append(markdown(header, rows))
    shown = picture("ar_lif_ablation", "test accuracy by reset")
    return "\n".join([*tables, expected(ar_lif_ablation.EXPERIMENT, result), shown])


def _table_3(result: Metrics) -> str:
    header = ["network", "who counts", "FLOPs, M", "MACs, M", "ACs, M", "energy, µJ", "all T, µJ"]
    rows = []
    for name, row in result["metrics"].items():
        for who in ("paper", "counted", "correct"):
            values = row[who]
            counts = [f"{values[key]:,.2f}" for key in ("flops", "macs", "acs", "energy")]
            steps = values.get("energy_of_all_steps")
            shown = name if who == "paper" else ""
            rows.append([shown, who, *counts, "" if steps is None else f"{steps:,.1f}"])
    return f"{markdown(header, rows)}\n{picture('ar_lif_table3_energy', 'energy of one time step')}"


def _n_mnist(result: Metrics) -> str:
    values = result["metrics"]
    rows = [
        [part, accuracy(values[name], values[f"{name}_std"])]
        for part, name in (("training", "accuracy"), ("test", "test_accuracy"))
    ]
    facts = f"{values['seeds']} seeds, mean ± standard deviation; {values['parameters']:,} parameters.\n"
    return "\n".join(
        [
            markdown(["recordings", "accuracy"], rows),
            facts,
            expected(nmnist_ar_lif.EXPERIMENT, result),
        ]
    )


def _figure_2(result: Metrics) -> str:
    """A table per data set: the rate of each layer, ours and as the authors' code divides it."""
    metrics, tables = result["metrics"], []
    for source in dict.fromkeys(name.rpartition(" ")[0] for name in metrics):
        runs = [metrics[f"{source} {neuron}"] for neuron in NEURONS]
        header = [f"{source}, T = {runs[0]['steps']}", *(f"`{neuron}`" for neuron in NEURONS)]
        rows = [
            [
                layer,
                *(f"{run['rates'][layer]:.3f} ({run['authors_rates'][layer]:.3f})" for run in runs),
            ]
            for layer in runs[0]["rates"]
        ]
        rows.append(["mean over layers", *(f"{run['mean_rate']:.3f}" for run in runs)])
        rows.append(["test accuracy", *(f"{100 * run['test_accuracy']:.1f} %" for run in runs)])
        tables.append(markdown(header, rows))
    shown = picture("ar_lif_fig2_rates", "firing rate by layer")
    return "\n".join([*tables, expected(ar_lif_fig2_rates.EXPERIMENT, result), shown])


def _figure_3(result: Metrics) -> str:
    rows = []
    for name, found in result["metrics"].items():
        for key, sign in ar_lif_fig3_tracking.SIGNS.items():
            values = [f"{layer[key]:.2f}" for layer in found["layers"].values()]
            rows.append([name.rpartition(" ")[0], sign, " ".join(values)])
    table = markdown(["data", "", "after training, from the first layer to the last"], rows)
    shown = picture("ar_lif_fig3_tracking", "β and α by epoch")
    return "\n".join([table, expected(ar_lif_fig3_tracking.EXPERIMENT, result), shown])


def _conv_step(result: Metrics) -> str:
    header = ["library", "how", "milliseconds, best", "median", "first loss"]
    rows = []
    for name, library in result["config"]["libraries"].items():
        row = result["metrics"][name]
        cells = [row.get("error", ""), "", ""]
        if "error" not in row:
            times = [f"{1e3 * row[key]:,.0f}" for key in ("seconds", "seconds_median")]
            cells = [*times, f"{row['loss_first']:.5f}"]
        rows.append([library["label"], library["path"], *cells])
    return "\n".join([markdown(header, rows), expected(conv_step.EXPERIMENT, result)])


SECTIONS: dict[str, Callable[[], str]] = {
    "table 1": table_1,
    "table 2": section("ar_lif_ablation", _table_2),
    "table 3": section("ar_lif_table3_energy", _table_3),
    "n-mnist": section("nmnist_ar_lif", _n_mnist),
    "figure 2": section("ar_lif_fig2_rates", _figure_2),
    "figure 3": section("ar_lif_fig3_tracking", _figure_3),
    "conv step": section("conv_step", _conv_step),
}
