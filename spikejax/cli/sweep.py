"""The command `spikejax sweep`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path


def sweep(arguments: Sequence[str]) -> int:
    """Train a grid of models in one program: spikejax sweep TASK --neuron NAME --grid NAME=A,B ... --out DIR."""
    from spikejax.cli.sweep_flags import parse_sweep
    from spikejax.devices import mesh
    from spikejax.runs import report
    from spikejax.runs import sweeping as study
    from spikejax.training.progress import Interrupted

    wanted, flags = parse_sweep(arguments)
    task, epochs = wanted.job.task, wanted.job.settings.epochs
    out = flags.out or Path("runs") / f"sweep_{task}"
    mesh.start(flags.coordinator, flags.processes, flags.process)

    def tell(label, group, groups, epoch):
        end = "\n" if epoch == epochs else ""
        where = f"{label}: group {group} of {groups}, epoch {epoch} of {epochs}"
        print(f"\r{where}", end=end, file=sys.stderr, flush=True)

    try:
        result = study.run(
            wanted,
            out,
            data_dir=flags.data_dir,
            download=flags.download,
            resume=flags.resume,
            overwrite=flags.overwrite,
            tell=tell if mesh.is_first() and not flags.json else None,
        )
    except Interrupted as stop:
        print(f"\n{stop}; continue with the same command and --resume", file=sys.stderr)
        return 130
    if not mesh.is_first():
        return 0
    if flags.json:
        print(json.dumps(result, indent=1))
        return 0
    print(f"{task}: {result['provenance']['data']['note']}\n")
    print(report.best_table(study.all_rows(result), study.axes(wanted), study.METRIC))
    lanes = len(wanted.points) * len(wanted.seeds) * len(wanted.job.neurons)
    print(f"\n{lanes} lanes of {epochs} epochs; the test samples chose, so the best is too good")
    for name in ("record.json", "lanes.csv", "learning_curves.png", "heat_map.png"):
        if (out / name).exists():
            print(out / name)
    return 0
