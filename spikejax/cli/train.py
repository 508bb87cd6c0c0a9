"""`spikejax train RECIPE`."""

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from spikejax import paths
from spikejax.cli.errors import usage_errors
from spikejax.cli.flags import parse_config, values_of, with_parts, without
from spikejax.cli.parts import member, name_of, names_of
from spikejax.cli.recipes import table
from spikejax.data.core.dataset import Source
from spikejax.devices import processes
from spikejax.networks import NETWORKS
from spikejax.neurons.core.parameters import named_parameters
from spikejax.recipes import RECIPES, recipe_for
from spikejax.registry import UnknownName, choose
from spikejax.runs import fit, fit_several, report
from spikejax.runs.config import Config, source_of
from spikejax.runs.logs import Log, logs_of
from spikejax.sweeps.grid import parse_seeds

T = TypeVar("T")
OUT_OF_TIME = 124  # the exit code of `timeout`


@dataclasses.dataclass(frozen=True)
class RunFlags:
    """What training and sweeping have in common."""

    neuron: tuple[str, ...] = ()
    """Neurons of the network, see `spikejax neurons`, or module:Name for one of your own; defaults to the recipe's."""
    learn: tuple[str, ...] | None = None
    """Parameters of the neurons that are learned; by default those that their authors learn."""
    seeds: str | None = None
    """Seeds that each neuron is trained with, 0..4 for example, in one program; by default that of --seed."""
    out: Path | None = None
    """Run folder; defaults to runs/RECIPE."""
    data_dir: Path | None = None
    """Where the data set's files are; defaults to the environment variable SPIKEJAX_DATA_DIR."""
    download: bool = False
    """Allow the data set to be downloaded."""
    resume: bool = False
    """Continue the run in the folder, or start it if there is none."""
    overwrite: bool = False
    """Delete the run in the folder."""
    seconds: float | None = None
    """Save and end the training after this time; --resume continues it."""
    quiet: bool = False
    """Show no progress."""
    json: bool = False
    """Print the record as JSON and no progress."""
    coordinator: str | None = None
    """Train together with other processes: host:port of process 0, or auto if the cluster provides it."""
    processes: int | None = None
    """How many processes there are."""
    process: int | None = None
    """Which one this is, counted from 0."""


@dataclasses.dataclass(frozen=True)
class TrainFlags(RunFlags):
    """Train a recipe, with one neuron or with several one after the other.

    Wrappers around neurons and constants that change during training, `scheduled`, have no flag: a config in Python
    has them.
    """

    log: tuple[Log, ...] = ()
    """Write what is measured after each epoch into the run folder: csv, history.csv; tensorboard, a folder of that
    name."""


def command(arguments: Sequence[str]) -> int:
    """Runs the command."""
    with usage_errors():
        name, configs, flags = parse_configs(arguments, "train", TrainFlags)
        configs = with_learn(configs, flags.learn)
        seeds = parse_seeds(flags.seeds) if flags.seeds else ()
        if flags.log and len(seeds) > 1:
            raise ValueError("--log is for one seed; with several, trials.csv has all epochs")
        processes.start(flags.coordinator, flags.processes, flags.process)
    out = flags.out or Path("runs") / name
    prepare(configs, flags)
    how: dict[str, Any] = {
        "data_dir": flags.data_dir,
        "resume": flags.resume,
        "overwrite": flags.overwrite,
        "seconds": flags.seconds,
        "progress": not (flags.json or flags.quiet),
    }
    try:
        if len(configs) == 1 and len(seeds) < 2:
            (neuron, config), *_ = configs.items()
            config = paths.replace(config, {"seed": seeds[0]}) if seeds else config
            result = fit(config, out, callbacks=logs_of(flags.log, out), **how).record
            metrics = {neuron: result["metrics"]}
        else:
            own = {name: logs_of(flags.log, out / name) for name in configs if flags.log}
            result = fit_several(configs, out, seeds=seeds, callbacks=own, **how)
            metrics = result["metrics"]
    except processes.Interrupted as stop:
        print(f"\n{stop}; continue with the same command and --resume", file=sys.stderr)
        return 130
    code = 0 if result["complete"] else OUT_OF_TIME
    if not processes.is_first():
        return code
    if flags.json:
        print(json.dumps(result, indent=1))
        return code
    print(f"{name}: {result['provenance']['data']['note']}\n")
    if metrics and all(metrics.values()):
        print(report.run_table(metrics))
    files = ("record.json", "history.csv", "tensorboard", "learning_curves.png", "raster.png")
    say_where(result, out, files)
    return code


def say_where(result: dict[str, Any], out: Path, files: Sequence[str]) -> None:
    """Prints how to continue a run that was cut short, and the files written."""
    if not result["complete"]:
        reason = result["provenance"]["incomplete"].replace("OutOfTime: ", "")
        print(f"\nnot complete: {reason}; continue with --resume")
    print()
    for file in files:
        if (out / file).exists():
            print(out / file)


def parse_configs(
    arguments: Sequence[str], command: str, kind: type[Any]
) -> tuple[str, dict[str, Config], Any]:
    """Reads `RECIPE [flags]` into configs by their neuron's name, and the other flags of the command.

    What is learned, `flags.learn`, is for `with_learn` to add.

    Raises:
      UnknownName: an unknown recipe, or an unknown part.
      ValueError: neurons that are the same, or for a network without any.
      SystemExit: help was requested, or a flag is unknown; printed by the parser.
    """
    if not arguments or arguments[0].startswith("-"):
        if not set(arguments) & {"-h", "--help"}:
            raise UnknownName(f"expected a recipe after {command}: {', '.join(RECIPES)}")
        print(
            f"{table()}\n\nThese are the flags of digits; {command} RECIPE --help shows those of another.\n"
        )
        arguments = ["digits", *arguments]
    recipe, rest = recipe_for(arguments[0]), list(arguments[1:])
    labels = _labels(values_of(rest, "--neuron"))
    configs: dict[str, Config] = {}
    flags: Any = None
    for label, name in labels.items() or [("", "")]:
        own = _own(rest, label, labels)
        if name:
            own = [*without(own, "--neuron"), "--neuron", name]
        config = with_parts(recipe, own)
        if name and neuron_path(config) is None:
            raise ValueError(
                f"expected a network with a neuron for --neuron {name}, found {_network(config)}; leave one of them out"
            )
        config, flags = parse_config(config, own, f"{command} {arguments[0]}", kind)
        configs[label or _neuron_name(config)] = config
    return arguments[0].rpartition(":")[2], configs, flags


def _labels(names):
    """The names of neurons by their labels: what follows the module, or the whole name where that is not unique."""
    models = [name_of("neuron", member("neuron", name)) for name in names]
    same = [name for name, model in zip(names, models, strict=True) if models.count(model) > 1]
    if same:
        raise ValueError(f"expected different neurons after --neuron, found {' and '.join(same)}")
    short = [name.rpartition(":")[2] for name in names]
    return {
        end if short.count(end) == 1 else name: name for name, end in zip(names, short, strict=True)
    }


def _own(arguments, label, labels):
    """The arguments for one of several neurons: --lif.decay is --neuron.decay for lif only."""
    own = list(arguments)
    for other in labels:
        prefix = f"--{other.replace('_', '-')}."
        for argument in list(own):
            if argument.replace("_", "-").startswith(prefix):
                flag = argument.partition("=")[0]
                if other == label:
                    own[own.index(argument)] = f"--neuron.{argument[len(prefix) :]}"
                else:
                    own = without(own, flag)
    return own


def neuron_path(config: Config) -> str | None:
    """Where the neuron of a config's network is; None for a network without one."""
    try:
        return paths.find("neuron", paths.places(config))
    except UnknownName:
        return None


def _neuron_name(config: Config) -> str:
    """The name of a run in a table: that of its neuron, or of its network if that has none."""
    path = neuron_path(config)
    return _network(config) if path is None else names_of(paths.places(config)[path])[0]


def _network(config):
    return NETWORKS.name_of(type(config.network))


def with_learn(configs: Mapping[T, Config], learn: Sequence[str] | None) -> dict[T, Config]:
    """The configs with the parameters to learn, each with those that its neuron has; as they are if `learn` is None.

    Raises:
      UnknownName: a parameter that none of them has; names the nearest ones.
      ValueError: a network without a neuron.
    """
    if learn is None:
        return dict(configs)
    parameters = {}
    for label, config in configs.items():
        path = neuron_path(config)
        if path is None:
            raise ValueError(
                f"expected a network with a neuron for --learn, found {_network(config)}; leave --learn out"
            )
        parameters[label] = set(named_parameters(paths.places(config)[path].value))
    everything = set().union(*parameters.values())
    for wanted in learn:
        choose("parameter to learn", wanted, sorted(everything))
    return {
        label: paths.replace(config, {"learn": tuple(x for x in learn if x in parameters[label])})
        for label, config in configs.items()
    }


def prepare(configs: dict[str, Config], flags: Any) -> None:
    """Downloads data sets if that is allowed, so that the commands that follow find them."""
    if flags.download:
        for config in configs.values():
            source = source_of(config)
            if isinstance(source, Source):
                source.load(flags.data_dir, True)
