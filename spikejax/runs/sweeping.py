"""A sweep: a config trained at many points of its values, points of equal structure in one compiled program.

Points may set any value of the config by its path. Numbers that differ between points are operands of the program; any
other difference, a choice, a size or a part, makes another program. The run folder holds `record.json`, `trials.csv`,
figures, and in `groups_N` for each finished group of program N, by its first trial, its rows and its trained variables
by name, `[trials, ...]`.
"""

import itertools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from spikejax import files, paths
from spikejax.devices import processes
from spikejax.devices.processes import OutOfTime, stop_signal
from spikejax.runs import parts as building
from spikejax.runs import pictures, record, report
from spikejax.runs.arguments import check_config, check_folder, check_seconds
from spikejax.runs.config import Config
from spikejax.runs.folder import open_on_first
from spikejax.runs.group_files import check_kept, keeping_of
from spikejax.runs.parts import Parts
from spikejax.runs.programs import Program, epoch_of, extremes, group_points
from spikejax.runs.serial import to_json
from spikejax.runs.training import parameters_of
from spikejax.sweeps import grid as grids
from spikejax.sweeps import groups
from spikejax.sweeps.groups import Placement
from spikejax.sweeps.trials import default_mode

Points = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]


class Sweep(NamedTuple):
    """What to sweep.

    Attributes:
      config: what is trained at each point.
      points: values by path, each a point.
      seeds: each point is trained once with each.
    """

    config: Config
    points: list[dict[str, Any]]
    seeds: tuple[int, ...]

    def at(self, trial: int) -> Config:
        """The config of a trial."""
        point = self.points[trial // len(self.seeds)]
        seed = self.seeds[trial % len(self.seeds)]
        return paths.replace(self.config, {**point, "seed": seed})

    def to_json(self) -> dict[str, Any]:
        """The sweep as JSON values."""
        points = [{k: to_json(v, k) for k, v in point.items()} for point in self.points]
        return {"base": to_json(self.config), "points": points, "seeds": list(self.seeds)}


@stop_signal()
def sweep(
    config: Config,
    axes: Points,
    out: str | Path,
    *,
    seeds: Sequence[int] = (),
    placement: Placement = Placement(),
    data_dir: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    seconds: float | None = None,
) -> dict[str, Any]:
    """Trains a config at every point of a grid, each with every seed.

    Args:
      config: what is trained; points and seeds replace its values.
      axes: values by path, of which every combination is a point, or the points themselves. A path is that of a value
        of the config, "network.neuron.decay", or the end of one, "neuron.decay".
      out: the run folder.
      seeds: of the trials of each point; the config's own if there are none.
      placement: where and how trials are run; affects nothing but speed.
      data_dir: where the data set's files are.
      resume: continue a sweep that is there after its finished trials; start it if there is none.
      overwrite: delete a sweep that is there.
      seconds: time after which it is saved and ends, to be resumed.

    Returns:
      The record. Its history has a row per trial and epoch, its metrics each trial's last row. If the time ran out it
      is not complete.

    Raises:
      FileExistsError, BlockingIOError: the folder cannot be used, see `folder.open_run`.
      UnknownName, TypeError, ValueError: an unknown path or a value that is not allowed, found before a file is
        touched.
      Interrupted: stopped from outside; finished work is kept.
    """
    check_config(config)
    check_folder(out)
    check_seconds(seconds)
    begun, out = time.perf_counter(), Path(out)
    groups.check(placement)
    study = _study(config, axes, seeds)
    if resume and not overwrite and (done := record.finished(out, config=study.to_json())):
        check_kept(out, done)
        return done
    programs = group_points(study.config, study.points, data_dir)
    built = [_build(program, placement, len(study.seeds)) for program in programs]
    for program in programs:
        for config in extremes(program):
            _build(program._replace(config=config), placement, len(study.seeds))
    facts = _facts(programs, built, placement)
    options = {"resume": resume, "overwrite": overwrite}
    opened = open_on_first(out, f"sweep {facts['data']['name']}", study.to_json(), facts, **options)

    def over():
        return seconds is not None and time.perf_counter() - begun > seconds

    with opened as result:
        result["history"], before = [], result["metrics"].get("seconds", 0.0)
        try:
            for number, (program, parts) in enumerate(zip(programs, built, strict=True)):
                label = f"program {number + 1} of {len(programs)}, " if len(programs) > 1 else ""
                epochs = parts.config.epochs
                keeping = keeping_of(out / f"groups_{number}", result, label, epochs, over)
                rows = _run(program, parts, study, placement, keeping)
                result["history"] = sorted(result["history"] + rows, key=_by_trial)
                result["metrics"] |= {
                    "trials": _last_rows(result["history"]),
                    "parameters": [parameters_of(parts) for parts in built],
                }
                if processes.is_first():
                    record.write(out / "record.json", result)
        except OutOfTime as stop:
            result["provenance"]["incomplete"] = f"OutOfTime: {stop}"
            return result
        finally:
            result["metrics"]["seconds"] = before + time.perf_counter() - begun
        if processes.is_first():
            files.write_text(out / "trials.csv", report.csv_text(result["history"]))
            pictures.of_sweep(result, out)
    return result


def _facts(programs, built, placement) -> dict[str, Any]:
    """What the record says of the programs; refuses points that cannot be compared."""
    selections = {parts.selection for parts in built}
    if len(selections) > 1:
        names = ", ".join(sorted(metric for metric, _ in selections))
        raise ValueError(
            f"expected points that are compared by one measured value, found {names}; sweep them one after the other"
        )
    return {
        "plan": [parts.plan._asdict() for parts in built],
        "placement": {
            "mode": [mode_of(parts, placement) for parts in built],
            "devices": len(jax.local_devices()),
        },
        "data": _described([parts.dataset for parts in built]),
        "selection": dict(zip(("metric", "best"), built[0].selection, strict=True)),
        "programs": [
            {"config": to_json(parts.config), "points": program.numbers, "values": program.values}
            for program, parts in zip(programs, built, strict=True)
        ],
        "steps": [parts.config.epochs * parts.batches().steps for parts in built],
    }


def _study(config, axes, seeds) -> Sweep:
    points = grids.product(axes) if isinstance(axes, Mapping) else [dict(p) for p in axes]
    known = paths.places(config)
    full = [{paths.find(path, known): x for path, x in point.items()} for point in points]
    if not full or any(set(point) != set(full[0]) for point in full):
        raise ValueError(
            f"expected at least one point, and the same values in all of them, found {len(full)} points"
        )
    if "seed" in full[0]:
        raise ValueError("expected seeds beside the axes, found an axis called seed; give seeds=")
    for path in full[0]:
        if known[path].role == "part" and not all(_is_value(point[path]) for point in full):
            raise ValueError(
                f"{path} is an object: expected such objects as its values, [LIF(), TCLIF()] for a neuron, found a "
                "name or a number"
            )
    if isinstance(seeds, str) or np.ndim(seeds) != 1:
        raise ValueError(f"expected seeds as several numbers, found {seeds!r}; give range(3), say")
    seeds = tuple(map(int, seeds)) or (config.seed,)
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"expected different seeds, found {seeds}")
    grids.check_count("trials", len(full) * len(seeds))
    return Sweep(config, full, seeds)


def _is_value(value):
    return not isinstance(value, str | int | float)


def _described(datasets):
    """The data of a sweep for its record: one data set, or several side by side."""
    found = list({dataset.name: dataset for dataset in datasets}.values())
    facts = [{"name": d.name, "sha256": d.checksum, "note": d.note} for d in found]
    if len(facts) == 1:
        return facts[0]
    return {name: "; ".join(str(fact[name]) for fact in facts) for name in facts[0]}


def _build(program: Program, placement, seeds) -> Parts:
    """The parts of a program's first point, planned for as many trials as a device runs at once."""
    devices, trials = len(jax.local_devices()), len(program.numbers) * seeds

    def models(most):
        group = placement.group or (most and most * devices)
        return groups.group_size(trials, devices, group) // devices

    beside = (placement.mode or default_mode()) == "vmap"
    return building.build(
        program.config,
        program.dataset,
        devices=1,
        models=models if beside else None,
        memory=placement.memory,
    )


def mode_of(parts: Parts, placement: Placement) -> str:
    """How trials are run: as requested, else in turn from Python if there is a convolution on a CPU."""
    if placement.mode is not None:
        return placement.mode
    convolves = parts.facts.convolves and jax.default_backend() == "cpu"
    return "loop" if convolves else default_mode()


def _run(program: Program, parts: Parts, study: Sweep, placement, keeping) -> list[dict]:
    """The rows of a program's trials, numbered as in the whole sweep."""
    init, train_epoch = epoch_of(program, parts)
    samples = (parts.train, *parts.measured.values())
    placement = placement._replace(mode=mode_of(parts, placement))
    if placement.mode == "vmap":
        placement = placement._replace(group=parts.plan.models * len(jax.local_devices()))
    rows = groups.run(
        *(init, train_epoch, program.values, study.seeds),
        epochs=parts.config.epochs,
        shared=jax.tree.map(jnp.asarray, samples),
        placement=placement,
        keeping=keeping,
    )
    seeds = len(study.seeds)
    found = []
    for row in rows:
        point = program.numbers[row["trial"] // seeds]
        trial = point * seeds + row["trial"] % seeds
        shown = {report.column(path): to_json(x, path) for path, x in study.points[point].items()}
        first = {"trial": trial, "program": program.number, **shown}
        own = {name: x for name, x in row.items() if name not in program.values[0]}
        found.append({**first, **own, "trial": trial})
    return found


def _by_trial(row):
    return row["trial"], row["epoch"]


def _last_rows(rows):
    """The last row of each trial, by its number."""
    grouped = itertools.groupby(rows, key=lambda row: row["trial"])
    return {str(trial): list(found)[-1] for trial, found in grouped}
