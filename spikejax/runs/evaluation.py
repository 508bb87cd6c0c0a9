"""Finished runs: load the trained network, measure it again."""

from pathlib import Path
from typing import Any, NamedTuple

from spikejax import paths
from spikejax.data import Dataset
from spikejax.runs import parts as building
from spikejax.runs import record
from spikejax.runs.config import Config
from spikejax.runs.group_files import variables_of
from spikejax.runs.parts import Parts
from spikejax.runs.serial import MissingArrays, from_json
from spikejax.training import checkpoint
from spikejax.training.loop import not_finite


class Loaded(NamedTuple):
    """A trained network.

    Attributes:
      network: the Flax module.
      variables: its trained variables, with the moving average of the parameters if there is one.
      config: what was trained.
      steps: training steps taken.
      trial: of a sweep which of its trials, otherwise None.
    """

    network: Any
    variables: dict[str, Any]
    config: Config
    steps: int
    trial: int | None = None


def load(run: str | Path, *, trial: int | None = None, best: bool = False) -> Loaded:
    """Loads the trained network of a run, or of a trial of a sweep.

    Args:
      run: a run folder. Of a folder of several runs give the folder of one, "runs/digits/lif".
      trial: which trial of a sweep; its best one if None.
      best: load the epoch that was best on the validation samples instead of the last one.

    Raises:
      FileNotFoundError: no record or no checkpoint there.
      ValueError: the folder of several runs, damaged files, or a record of something that no longer exists; names it.
    """
    run = Path(run)
    found = record.read(run / "record.json")
    config = found["config"]
    if "base" in config:
        if best:
            raise ValueError(
                f"{run} is a sweep, which keeps the last epoch of each trial; give best=False"
            )
        return _trial(run, found, trial)
    if trial is not None:
        raise ValueError(f"{run} is not a sweep, expected trial=None, found {trial}")
    if "runs" in config:
        names = ", ".join(str(run / name) for name in config["runs"])
        raise ValueError(f"{run} holds several runs; load one of {names}")
    folder = run / ("best" if best else "last")
    state, notes = checkpoint.read(folder)
    record.check_run(folder, notes, found)
    params = state["params"] if state["average"] is None else state["average"]
    constants = {"constants": state["constants"]} if state["constants"] else {}
    variables = {"params": params, **constants, **state["carried"]}
    made = from_json(config)
    return Loaded(made.network, _finite(variables, run), made, int(state["step"]))


def _finite(variables, run):
    """Variables that are all finite: a neuron without a membrane potential would only be silent."""
    if bad := not_finite(variables):
        raise ValueError(
            f"expected finite variables in {run}, found NaN or infinity in {', '.join(bad)}; train anew"
        )
    return variables


def _trial(run, found, trial) -> Loaded:
    rows = found["metrics"]["trials"]
    if trial is None:
        trial = _best(found)
    if str(trial) not in rows:
        raise ValueError(
            f"expected a trial of {run} from 0 to {len(rows) - 1}, found {trial}; has it been trained?"
        )
    number, seeds = rows[str(trial)]["program"], found["config"]["seeds"]
    program, steps = found["provenance"]["programs"][number], found["provenance"]["steps"][number]
    values = program["values"][program["points"].index(trial // len(seeds))]
    seed = seeds[trial % len(seeds)]
    made = paths.replace(from_json(program["config"]), {**values, "seed": seed})
    variables = _finite(variables_of(run / f"groups_{number}", trial, found), run)
    return Loaded(made.network, variables, made, steps, trial)


def _best(found):
    """The best trial, by the metric that the record ranks trials by."""
    ranking = found["provenance"]["selection"]
    rows = [r for r in found["metrics"]["trials"].values() if r[ranking["metric"]] is not None]
    if not rows:
        raise ValueError("expected a trial that has not diverged, found none")
    choose = max if ranking["best"] == "max" else min
    return choose(rows, key=lambda row: row[ranking["metric"]])["trial"]


def evaluate(
    run: str | Path,
    *,
    data_dir: str | Path | None = None,
    data: Dataset | None = None,
    trial: int | None = None,
) -> dict[str, Any]:
    """Measures the trained network of a run on its samples.

    Args:
      run: a run folder; may hold several runs or a sweep.
      data_dir: where the data set's files are.
      data: the data set that the run was trained on, where that was arrays of your own.
      trial: which trial of a sweep; its best one if None.

    Returns:
      Steps trained and what is measured on the validation samples, if there are any, and on the test samples; of a
      sweep also the trial and its seed; for several runs by their names.

    Raises:
      FileNotFoundError: no record or no checkpoint there.
      ValueError: other arrays than those of the run.
    """
    run = Path(run)
    found = record.read(run / "record.json")
    config = found["config"]
    if "runs" in config:
        options: dict[str, Any] = {"data_dir": data_dir, "data": data}
        # Only folders inside this one, whatever the record says.
        return {name: evaluate(run / Path(name).name, **options) for name in config["runs"]}
    loaded = load(run, trial=trial)
    if data is not None:
        _check_data(data, loaded.config.data, found["provenance"]["data"], run)
    parts = rebuilt(loaded, data_dir, data)
    measured = {
        f"{split}_{name}" if name != "firing_rate" else name: value
        for split, samples in parts.measured.items()
        for name, value in parts.measure(loaded.variables, samples).items()
    }
    which = {} if loaded.trial is None else {"trial": loaded.trial, "seed": loaded.config.seed}
    return {**which, "steps": loaded.steps, **measured}


def _check_data(data, known, facts, run):
    """Refuses other samples than those of a run: they would be taken for its own."""
    if not isinstance(data, Dataset):
        raise TypeError(
            f"expected data as a Dataset, found {type(data).__name__}; give Dataset.of_arrays(train, test)"
        )
    own = isinstance(known, MissingArrays)
    name, expected = (known, known.sha256) if own else (facts["name"], facts["sha256"])
    if data.checksum != expected:
        raise ValueError(
            f"expected the data that {run} was trained on, {name} with sha256 {expected[:12]}…, found {data.name} with "
            f"{data.checksum[:12]}…; {'give the same arrays' if own else 'leave out data='}. To measure other samples "
            "run the network on them, found = load(…) and spikejax.run(found.network, found.variables, inputs), with "
            "inputs [T, B, *F] as its encoder makes them"
        )


def rebuilt(
    loaded: Loaded, data_dir: str | Path | None = None, data: Dataset | None = None
) -> Parts:
    """The parts of a run, from what was loaded of it.

    Raises:
      ValueError: it was trained on arrays of your own, which are not given.
    """
    config = loaded.config
    if isinstance(config.data, MissingArrays) and data is None:
        raise ValueError(
            f"the run was trained on the arrays {str(config.data)!r}, which a record does not hold; give data="
        )
    if data is not None:
        config = paths.replace(config, {"data": data})
    dataset = building.load(config, data_dir)
    return building.build(config, dataset)
