"""Command-line flags, as dataclasses; those of a training job are made from its settings and its neurons."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from spikejax.data import SOURCES
from spikejax.extras import require
from spikejax.neurons import get
from spikejax.neurons.core.contract import fields
from spikejax.neurons.core.parameters import for_steps, named_numbers, usually_learned
from spikejax.recipes.tasks import TASKS, Settings
from spikejax.registry import UnknownName, choose
from spikejax.runs.parts import Job
from spikejax.surrogate import SURROGATES

require("tyro")  # says what to install if it is missing
import tyro  # noqa: E402


@dataclasses.dataclass(frozen=True)
class TrainFlags:
    """Train one or more neurons on a task, one after the other under the same budget."""

    neuron: tuple[str, ...] = ("tc_lif",)
    """Neurons to train, see `spikejax neurons`."""
    surrogate: str | None = None
    """Surrogate gradient of all of them; each neuron's own if not given."""
    learn: tuple[str, ...] | None = None
    """Numbers of the neurons that are learned; those that their authors learn if not given."""
    out: Path | None = None
    """Run folder; runs/TASK if not given."""
    data_dir: Path | None = None
    """Where the data set's files are; the environment variable SPIKEJAX_DATA_DIR if not given."""
    download: bool = False
    """Allow the data set to be downloaded."""
    resume: bool = False
    """Continue the run in the folder, or start it if there is none."""
    overwrite: bool = False
    """Delete the run in the folder."""
    json: bool = False
    """Print the record as JSON and no progress."""
    coordinator: str | None = None
    """Train together with other processes: host:port of process 0, or auto where the cluster tells."""
    processes: int | None = None
    """How many processes there are."""
    process: int | None = None
    """Which one this is, counted from 0."""


@dataclasses.dataclass(frozen=True)
class EvalFlags:
    """Measure the trained networks of a run folder on its test samples."""

    folder: tyro.conf.Positional[Path]
    """Run folder."""
    data_dir: Path | None = None
    """Where the data set's files are."""
    json: bool = False
    """Print JSON."""


@dataclasses.dataclass(frozen=True)
class NeuronsFlags:
    """List the neuron models, or draw what they do."""

    names: tyro.conf.Positional[tuple[str, ...]] = ()
    """Neurons to list; all of them if none is named."""
    plot: Path | None = None
    """Draw the one that is named into this PNG: its answer to a step, to pulses and to noise, and its f-I curve."""
    markdown: bool = False
    """Print a Markdown table."""
    json: bool = False
    """Print JSON."""


@dataclasses.dataclass(frozen=True)
class DataFlags:
    """Say what a data set is and where it was looked for."""

    task: tyro.conf.Positional[str]
    """Name of the data set."""
    data_dir: Path | None = None
    """Where to look; the environment variable SPIKEJAX_DATA_DIR if not given."""
    json: bool = False
    """Print JSON."""


@dataclasses.dataclass(frozen=True)
class InfoFlags:
    """Say what is installed and where programs are cached; --plan TASK [flags of train] says how that would run."""

    json: bool = False
    """Print JSON."""


def parse(kind: type, arguments: Sequence[str], command: str) -> Any:
    """Reads the flags of a command into their dataclass."""
    return tyro.cli(kind, args=list(arguments), prog=f"spikejax {command}")


def parse_job(
    arguments: Sequence[str], command: str = "train", kind: type = TrainFlags
) -> tuple[Job, Any]:
    """Reads `TASK [flags]` of a command into a job and the flags of how to run it, which are of the given kind.

    Every number and option of the chosen neurons is a flag, for example `--tc-lif.gamma 0.7`.

    Raises:
      UnknownName: an unknown task, neuron or surrogate.
      SystemExit: help was asked for, or a flag is not known; printed by the parser.
    """
    if not arguments or arguments[0].startswith("-"):
        if set(arguments) & {"-h", "--help"}:
            arguments = ["digits", *arguments]
        else:
            raise UnknownName(f"expected a task after {command}: {', '.join(TASKS)}")
    task = choose("task", arguments[0], list(TASKS))
    names = _values(arguments, "--neuron") or TrainFlags.neuron
    surrogate = (_values(arguments, "--surrogate") or (None,))[0]
    if surrogate is not None:
        choose("surrogate", surrogate, list(SURROGATES))
    templates = {name: _template(task, name, surrogate) for name in names}
    neuron_flags = {name: _flags(template) for name, template in templates.items()}
    # One flat set of flags: how to train, what to train, and a group for each neuron.
    flags = dataclasses.make_dataclass(
        command,
        [
            ("run", Annotated[kind, tyro.conf.OmitArgPrefixes], kind(tuple(names), surrogate)),
            ("settings", Annotated[Settings, tyro.conf.OmitArgPrefixes], TASKS[task].settings),
            *((name, type(values), values) for name, values in neuron_flags.items()),
        ],
        frozen=True,
    )
    parsed = tyro.cli(
        flags,
        args=list(arguments[1:]),
        prog=f"spikejax {command} {task}",
        description=kind.__doc__,
    )
    neurons = {name: _neuron(templates[name], getattr(parsed, name)) for name in names}
    for name, neuron in neurons.items():
        if parsed.settings.recurrent and not hasattr(neuron, "step"):
            raise ValueError(
                f"{name} needs the whole sequence at once and cannot be fed back; give --recurrent without a number, "
                "which makes all layers feed-forward"
            )
    learn = {name: _learn(neuron, parsed.run.learn, neurons) for name, neuron in neurons.items()}
    return Job(task, parsed.settings, neurons, learn), parsed.run


def _values(arguments, flag):
    """The values that follow a flag, before the parser knows which flags there are."""
    values, inside = [], False
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name.startswith("--"):
            inside = name == flag
            values += [value] if inside and equals else []
        elif inside:
            values.append(argument)
    return tuple(values)


def _template(task, name, surrogate):
    neuron = TASKS[task].neurons.get(name, get(name)())
    neuron = for_steps(neuron, SOURCES[task].steps)
    kinds = fields(neuron, "surrogate")
    if surrogate is not None and kinds:
        neuron = dataclasses.replace(neuron, **{field: SURROGATES[surrogate]() for field in kinds})
    return neuron


def _flags(neuron: Any) -> Any:
    """An instance of a dataclass that the parser understands, with the neuron's values as defaults."""
    made = []
    for field in dataclasses.fields(neuron):
        value, metadata = getattr(neuron, field.name), field.metadata
        if metadata["kind"] == "param":
            if callable(value):  # drawn, not set by hand
                continue
            kind = float
        elif metadata["kind"] == "size":
            kind = int
        elif metadata["kind"] == "option":
            kind = bool if isinstance(value, bool) else Literal[metadata["choices"]]
        else:
            kind = type(value)
        made.append((field.name, Annotated[kind, tyro.conf.arg(help=metadata["doc"])], value))
    return dataclasses.make_dataclass(type(neuron).__name__, made, frozen=True)()


def _neuron(template, values):
    return dataclasses.replace(template, **vars(values))


def _learn(neuron, wanted, neurons):
    if wanted is None:
        return usually_learned(neuron)
    known = {name for other in neurons.values() for name in named_numbers(other)}
    for name in wanted:
        choose("number to learn", name, sorted(known))
    return tuple(name for name in wanted if name in named_numbers(neuron))
