"""Training steps of whole networks, here and in other libraries: each in a process of its own, in turn.

The processes, the workloads and their weights are those of the benchmark on the CPU, on the device that is here.
"""

import importlib.util
from dataclasses import replace
from typing import Any

from experiments.gpu.cells import kernels
from experiments.gpu.sheet import Sheet
from experiments.peers.libraries import LIBRARIES, Library
from experiments.peers.rounds import Rounds, race, summary
from experiments.peers.workload import Workload
from experiments.speed.bench import SHD, SMNIST

PEERS = {"spyx": "spyx", "SpikingJelly": "spikingjelly"}
QUICK = {
    "smnist": replace(SMNIST, steps=8, batch=4, sizes=(1, 8, 8, 4), gains=(1.0, 3.0)),
    "shd": replace(SHD, steps=8, batch=4, sizes=(20, 8, 6, 4), density=0.2),
}
FULL = {"smnist": replace(SMNIST, repeats=3), "shd": replace(SHD, repeats=3)}


def ours(quick: bool) -> dict[str, Library]:
    """spikejax by kernels and by scans, the whole sequence at once on one device."""
    plain = LIBRARIES["spikejax_plain"]
    return {
        f"spikejax, {shown}": replace(
            plain, label=f"spikejax, {shown}", options={"plain": True, "kernel": kernel}
        )
        for kernel, shown in kernels(quick).items()
    }


def feedforward(sheet: Sheet) -> None:
    """S-MNIST, LIF 1-64-256-256-10, T = 784, batch 256."""
    workload = (QUICK if sheet.quick else FULL)["smnist"]
    compete(
        sheet, workload, ours(sheet.quick) | peers(sheet, PEERS), Rounds(4, 8, sheet.left() / 3)
    )


def recurrent(sheet: Sheet) -> None:
    """LIF 700-128-128-20 with feedback, T = 250, batch 128, 2 % of the inputs ones."""
    workload = (QUICK if sheet.quick else FULL)["shd"]
    compete(
        sheet, workload, ours(sheet.quick) | peers(sheet, ["spyx"]), Rounds(4, 8, sheet.left() / 3)
    )
    # Its container for feedback is a loop in Python: half a second per step.
    alone = peers(sheet, ["SpikingJelly"])
    compete(sheet, replace(workload, repeats=1), alone, Rounds(3, 3, 0))


def peers(sheet: Sheet, names: Any) -> dict[str, Library]:
    """Those that are installed here and not measured yet; the sheet names what is not installed."""
    found = {}
    for name in names:
        if not sheet.lacks(name):
            continue
        if importlib.util.find_spec(PEERS[name]) is None:
            sheet.note(name, {"error": "not installed"})
        else:
            # As installed here, not in an environment of its own.
            found[name] = replace(LIBRARIES[PEERS[name]], environment=None)
    return found


def compete(
    sheet: Sheet, workload: Workload, libraries: dict[str, Library], rounds: Rounds
) -> None:
    """A row per library: best and median seconds of a step, the first step's, memory, losses and firing rates."""
    libraries = {name: library for name, library in libraries.items() if sheet.lacks(name)}
    if not libraries:
        return
    if sheet.quick:
        rounds = Rounds(2, 2, 0)
    if sheet.left() <= 0:
        for name in libraries:
            sheet.attempt(name, dict)  # notes that it was not run
        return
    logs = sheet.path.parent / "logs"
    for name, result in race(workload, libraries, rounds, logs, here=True).items():
        row = summary(result)
        row.pop("peak_memory_mb", None)  # of the host
        log = (logs / f"{workload.name}-{name}.txt").read_text(encoding="utf-8", errors="replace")
        warned = [line for line in log.splitlines() if "KernelFallback" in line]
        row |= {key: result[key] for key in ("versions",) if key in result}
        sheet.note(name, row | ({"warnings": warned} if warned else {}))
