"""Operations and energy of AR-LIF's networks, as its authors count them and counted correctly.

Reproduces: AR-LIF (arXiv 2507.20746), Table 3: parameters, FLOPs, MACs, ACs and energy of five networks, 4.6 pJ per MAC
and 0.9 pJ per AC (45 nm). Everything is found by tracing the networks; nothing is trained and no data are read.

- "paper": the printed values.
- "counted": the authors' counting, see `counting.PaperCounting`, with its slips: it is of one time step, whatever T is;
  1x1 shortcuts count as 3x3; Tiny-ImageNet has a read-out of 10 classes in the FLOPs, and of 200 in the parameters; the
  read-out for CIFAR10-DVS counts five times.
- "rules": the same rules without those slips, still of one time step.
- "correct": every layer whose input is spikes adds, every other multiplies, average pooling adds; of one time step, and
  the energy of all T of them.

The firing rates are not printed. The mean rate of the inputs is the one that the printed ACs imply, ACs / MACs of the
convolutions with spikes as inputs, and is called so; with it the ACs of "counted" are the printed ones by construction.
Command: python -m experiments run ar_lif_table3_energy
Expected: FLOPs and MACs to 0.01 M (some printed digits are cut off, not rounded), parameters to 0.05 M. The energy of
the printed MACs and ACs is the printed one to 0.03 uJ; that of the exact MACs to 0.035 uJ, since digits are cut off.
Time: less than a minute on 2 CPU cores.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import spikejax
from experiments.experiment import Expectation, Experiment, Request
from experiments.papers.ar_lif.counting import PaperCounting
from spikejax import plot
from spikejax.analysis import (
    CMOS_45NM,
    Count,
    Counting,
    Operation,
    correct,
    count_parameters,
    energy_of,
    operations_of,
    with_rates,
)
from spikejax.networks.resnet_18 import ResNet18
from spikejax.networks.vgg import VGG11, VGGSNN
from spikejax.neurons.ar_lif import ARLIF
from spikejax.runs import record

M = 1e6
PRINTED = ("parameters", "flops", "macs", "acs", "energy")


class Row(NamedTuple):
    """A row of the table.

    Attributes:
      network: its class.
      classes: of the data set.
      shape: of an image.
      steps: T.
      printed: parameters, FLOPs, MACs and ACs in millions, energy in uJ.
      slips: options of `PaperCounting`.
      counted_classes: those whose FLOPs are printed.
    """

    network: Any
    classes: int
    shape: tuple[int, int, int]
    steps: int
    printed: tuple[float, ...]
    slips: dict[str, Any]
    counted_classes: int

    def operations(self, classes: int) -> tuple[tuple[Operation, ...], Any]:
        """The operations of the network with so many outputs, and its learned parameters."""
        network = self.network(classes=classes, neuron=ARLIF())
        x = jax.ShapeDtypeStruct((1, 1, *self.shape), jnp.float32)
        variables = jax.eval_shape(network.init, jax.random.key(0), x)

        def run(variables, x):
            return spikejax.run(network, variables, x)[0]

        return operations_of(run, variables, x), variables["params"]


SHORTCUTS = {"wide_shortcuts": True}
ROWS = {
    "CIFAR-10, ResNet-18": Row(
        *(ResNet18, 10, (32, 32, 3), 4),
        *((11.2, 1211.51, 1.77, 95.65, 94.22), SHORTCUTS, 10),
    ),
    "CIFAR-100, ResNet-18": Row(
        *(ResNet18, 100, (32, 32, 3), 4),
        *((11.2, 1211.60, 1.77, 96.72, 95.19), SHORTCUTS, 100),
    ),
    "Tiny-ImageNet, VGG-SNN": Row(
        *(VGGSNN, 200, (64, 64, 3), 4),
        *((10.9, 4847.11, 763.08, 209.56, 3698.80), {}, 10),
    ),
    "CIFAR10-DVS, VGG-SNN": Row(
        *(VGGSNN, 10, (48, 48, 2), 4),
        *((9.3, 2724.21, 428.09, 57.35, 2020.84), {"readouts": 5}, 10),
    ),
    "DVS Gesture, VGG-11": Row(
        *(VGG11, 11, (128, 128, 2), 20),
        *((9.5, 4872.13, 1078.11, 23.71, 4980.63), {}, 11),
    ),
}


def run(request: Request) -> dict[str, Any]:
    metrics = {name: measured(row) for name, row in ROWS.items()}
    draw(metrics, request.out / "energy.png")
    result = record.begin("ar_lif_table3_energy", {"rows": list(ROWS)}, {"seed": 0, "data": None})
    return {**result, "metrics": metrics, "complete": True}


def measured(row: Row) -> dict[str, Any]:
    """A row of the table, by who counts."""
    found, params = row.operations(row.classes)
    as_counted, _ = row.operations(row.counted_classes)
    printed = dict(zip(PRINTED, row.printed, strict=True))
    driven = sum(op.macs for op in found if op.kind == "convolution" and op.spikes)
    rate = printed["acs"] * M / driven
    vgg = row.network is not ResNet18

    def counted(layers, counting):
        return summed(with_rates(layers, rate), counting)

    right = counted(found, correct)
    parameters = count_parameters(params)
    return {
        "steps": row.steps,
        "parameters": parameters,
        "rate": rate,
        "rate_source": "implied by the printed ACs",
        "paper": printed,
        "counted": {
            "parameters": parameters / M,
            **counted(as_counted, PaperCounting(vgg, **row.slips)),
        },
        "rules": counted(found, PaperCounting(vgg)),
        "correct": {**right, "energy_of_all_steps": row.steps * right["energy"]},
    }


def summed(layers: tuple[Operation, ...], counting: Counting) -> dict[str, float]:
    """FLOPs, MACs and ACs in millions, and the energy in uJ, of one time step."""
    found = energy_of(layers, counting=counting)
    flops, macs, acs = (value / M for value in found.total)
    return {"flops": flops, "macs": macs, "acs": acs, "energy": found.picojoules() / M}


def draw(metrics, path):
    made, axes = plot.figure(width=9.0, height=3.4)
    axis, places = axes[0, 0], np.arange(len(metrics))
    for i, who in enumerate(("paper", "counted", "correct")):
        heights = [row[who]["energy"] for row in metrics.values()]
        axis.bar(places + 0.27 * (i - 1), heights, width=0.25, color=f"C{i}", label=who)
    axis.set_yscale("log")
    axis.set_xticks(places, [name.replace(", ", "\n") for name in metrics], fontsize=7)
    axis.set_ylabel("energy of one time step, µJ")
    axis.legend(frameon=False, fontsize=7)
    plot.save(made, path)


def largest(key: str):
    """The largest difference between what was counted as the authors do and what they print."""
    return lambda m: max(abs(row["counted"][key] - row["paper"][key]) for row in m.values())


def identity(metrics: Mapping[str, Any]) -> float:
    """The largest difference between the energy of the printed MACs and ACs and the printed energy."""
    printed = [row["paper"] for row in metrics.values()]
    energies = [CMOS_45NM.picojoules(Count(macs=row["macs"], acs=row["acs"])) for row in printed]
    return max(abs(x - row["energy"]) for x, row in zip(energies, printed, strict=True))


SOURCE = "AR-LIF, Table 3"
EXPERIMENT = Experiment(
    claim="operations and energy of AR-LIF's five networks: Table 3 to the digit as printed, and counted correctly",
    time="less than a minute on 2 CPU cores",
    run=run,
    expected=(
        Expectation("FLOPs, largest difference, M", largest("flops"), high=0.01, source=SOURCE),
        Expectation("MACs, largest difference, M", largest("macs"), high=0.01, source=SOURCE),
        Expectation(
            "energy of the printed MACs and ACs, largest difference, µJ",
            identity,
            high=0.03,
            source=SOURCE,
        ),
        Expectation("energy, largest difference, µJ", largest("energy"), high=0.035, source=SOURCE),
        Expectation(
            "parameters, largest difference, M", largest("parameters"), high=0.05, source=SOURCE
        ),
    ),
    figure="energy.png",
)
