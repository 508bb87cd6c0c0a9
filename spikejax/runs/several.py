"""Several runs under one folder, one per neuron for example, each with one seed or more, and one record of all."""

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from spikejax import paths, plot
from spikejax.devices import processes
from spikejax.devices.processes import Interrupted, stop_signal
from spikejax.runs import pictures, record, report
from spikejax.runs.arguments import check_callbacks, check_config, check_folder, check_seconds
from spikejax.runs.config import Config
from spikejax.runs.evaluation import load, rebuilt
from spikejax.runs.folder import open_on_first
from spikejax.runs.parts import load as load_data
from spikejax.runs.serial import to_json
from spikejax.runs.sweeping import sweep
from spikejax.runs.training import Callback, fit


@stop_signal()
def fit_several(
    configs: Mapping[str, Config],
    out: str | Path,
    *,
    seeds: Sequence[int] = (),
    data_dir: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    seconds: float | None = None,
    progress: bool = True,
    callbacks: Mapping[str, Sequence[Callback]] = MappingProxyType({}),
) -> dict[str, Any]:
    """Trains several configs one after the other, each in its own folder inside `out`.

    Args:
      configs: by name, which is also that of the folder.
      out: the folder for all of them.
      seeds: for each config; several are a sweep over them, in one program. Those of the configs if there are none.
      data_dir: where the data sets' files are.
      resume: continue the runs that are there; start them if there are none.
      overwrite: delete what the runs that are there have written, each when it is trained again.
      seconds: time for all of them, after which the one that is trained is saved; the same call resumes it.
      progress: whether to show progress.
      callbacks: of the runs, by their name, see `fit`; there are none with several seeds, which are one program.

    Returns:
      The record. Its metrics are those of each run by name, for several seeds the mean over them, with the standard
      deviation under the suffix "_std".

    Raises:
      As `fit` and `sweep`.
    """
    _check_names(configs)
    for config in configs.values():
        check_config(config)
    check_folder(out)
    check_seconds(seconds)
    seeds = tuple(map(int, seeds))
    _check_callbacks(callbacks, configs, seeds)
    begun, out = time.perf_counter(), Path(out)
    facts = {"seeds": list(seeds), "data": None}
    asked = {name: to_json(config, name) for name, config in configs.items()}
    described: dict[str, Any] = {"runs": asked, "seeds": list(seeds)}
    if resume and not overwrite and (done := record.finished(out, config=described)):
        return done
    options = {"resume": resume, "overwrite": overwrite}
    name = " ".join(configs)
    opened = open_on_first(out, f"train {name}", described, facts, **options)
    with opened as result, stop_signal() as stopped:
        for name, config in configs.items():
            left = None if seconds is None else max(seconds - (time.perf_counter() - begun), 0.0)
            if stopped.is_set():
                raise Interrupted(f"stopped before {name}, saved")
            where: dict[str, Any] = {"data_dir": data_dir, "seconds": left, **options}
            if len(seeds) > 1:
                found = sweep(config, [{}], out / name, seeds=seeds, **where)
                result["metrics"][name] = over_seeds(found) if found["complete"] else {}
            else:
                one = paths.replace(config, {"seed": seeds[0]}) if seeds else config
                own = callbacks.get(name, ())
                found = fit(one, out / name, callbacks=own, progress=progress, **where).record
                result["metrics"][name] = found["metrics"]
            result["provenance"]["data"] = found["provenance"]["data"]
            result["history"][name] = found["history"]
            if not found["complete"]:
                why = found["provenance"]["incomplete"]
                result["provenance"]["incomplete"] = f"{name}: {why}"
                return result
            if processes.is_first():
                record.write(out / "record.json", result)
        if processes.is_first():
            _draw(configs, result, out, len(seeds) > 1, data_dir)
    return result


def _check_names(configs):
    if not isinstance(configs, Mapping):
        raise TypeError(
            f"expected configs by name, found {type(configs).__name__}; give {{'lif': config}}"
        )
    for name in configs:
        if not isinstance(name, str) or not re.fullmatch(r"\w[\w .+-]*", name):
            raise ValueError(f"expected names of folders for the configs, found {name!r}")


def _check_callbacks(callbacks, configs, seeds):
    if not isinstance(callbacks, Mapping) or not set(callbacks) <= set(configs):
        raise TypeError(
            f"expected callbacks by the names of the configs, found {callbacks!r}; give {{'lif': (callback,)}}"
        )
    if callbacks and len(seeds) > 1:
        raise ValueError(
            "expected no callbacks with several seeds, found some; the trials.csv of each run has all epochs"
        )
    for own in callbacks.values():
        check_callbacks(own)


def over_seeds(found: dict[str, Any]) -> dict[str, Any]:
    """The metrics of a sweep over seeds: means over the trials that have not diverged, and deviations as "…_std"."""
    trials = found["metrics"]["trials"].values()
    rows = [row for row in trials if not row["diverged"]]
    # What was measured is a number, or nothing in a trial that diverged.
    kinds = {name: {type(row[name]) for row in trials} for name in next(iter(trials))}
    columns = [name for name, found in kinds.items() if found <= {float, type(None)}]
    metrics: dict[str, Any] = {"firing_rate": {}}
    for name in columns:
        values = np.array([row[name] for row in rows])
        mean, deviation = (float(values.mean()), float(values.std())) if rows else (None, None)
        if name.startswith("rate_"):
            metrics["firing_rate"][name.removeprefix("rate_")] = mean
        else:
            metrics |= {name: mean, f"{name}_std": deviation}
    return {
        **metrics,
        "seeds": len(trials),
        "diverged": len(trials) - len(rows),
        "parameters": found["metrics"]["parameters"][0],
        "seconds": found["metrics"]["seconds"],
    }


def _draw(configs, result, out, several, data_dir):
    """Learning curves of all runs in one figure, and the spikes of each for the first test sample."""
    if several:
        curves, label = {}, ""
        for name, rows in result["history"].items():
            ranking = record.read(out / name / "record.json")["provenance"]["selection"]
            curves[name] = report.by_point(rows, (), ranking["metric"])[()]
            label = ranking["metric"].replace("_", " ")
        made = pictures.drawn(lambda: plot.spread(curves, label=label, title=out.name), out)
    else:
        history = {name: rows for name, rows in result["history"].items()}
        made = pictures.drawn(lambda: plot.learning_curves(history, title=out.name), out)
    if made is None:
        return
    plot.save(made, out / "learning_curves.png")
    spikes = {}
    for name in result["history"]:
        loaded = load(out / name, trial=0 if several else None)
        parts = rebuilt(loaded, data_dir, load_data(configs[name], data_dir))
        found = pictures.spikes_of(parts, loaded.variables)
        if found:
            spikes[name] = found
    if spikes:
        plot.save(plot.rasters(spikes), out / "raster.png")
