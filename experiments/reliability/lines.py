"""Command lines drawn from the flags that the parsers have: valid values, values at the border, and nonsense."""

import random
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from unittest import mock

import tyro
import tyro.extras

from spikejax.cli import data, evaluate, info, neurons, recipes, sweep, train
from spikejax.data import SOURCES
from spikejax.networks import NETWORKS
from spikejax.neurons import NEURONS, WRAPPERS
from spikejax.objectives import LOSSES, METRICS, REGULARISERS
from spikejax.surrogate import SURROGATES
from spikejax.training import OPTIMISERS, SCHEDULES

RECIPE = "experiments.reliability.subjects:RECIPE"
COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "train": train.command,
    "sweep": sweep.command,
    "eval": evaluate.command,
    "recipes": recipes.command,
    "neurons": neurons.command,
    "data": data.command,
    "info": info.command,
}
# How often each is drawn; those that train say most.
WEIGHTS = {"train": 10, "sweep": 8, "eval": 2, "recipes": 1, "neurons": 1, "data": 1, "info": 2}
# What would wait for other processes or fetch files.
LEFT_OUT = ("--coordinator", "--processes", "--process", "--download", "--no-download", "--help")
BIG = ("2147483647", "2147483648", "4294967296", "9223372036854775808", str(10**20))
NONSENSE = (
    "",
    "-",
    "--",
    "nan",
    "inf",
    "-inf",
    "None",
    "ünï",
    "a b",
    "1,2",
    "0x10",
    "1_0",
    "٣",
    "()",
    "x" * 5000,
)
POOLS = {
    "INT": ("1", "2", "3", "5", "0", "-1", "1.5", "1e3", "auto", *BIG),
    "FLOAT": ("0.1", "0.5", "0.9", "1", "2", "0", "-0.5", "-1", "1e-300", "1e300", "1e-8", *BIG),
    "PATH": (".", "/proc/none", "ünï cödé", 'a\'b "c"', "/dev/null", "x" * 300, "~", "a/../b"),
}
WORDS = (
    *(*NEURONS, *WRAPPERS, *NETWORKS, *LOSSES, *METRICS, *REGULARISERS, *SURROGATES, *OPTIMISERS),
    *(*SCHEDULES, *SOURCES, "auto", "bfloat16", "float16", "float64", "int8", "object", "decay"),
    *(
        "os:system",
        "json:loads",
        "no_module:Name",
        ":",
        "a:b:c",
        "spikejax.neurons.lif:LIF",
        "../x",
    ),
)
AXES = ("gain", "learning_rate", "neuron.decay", "batch_size", "neuron", "epochs", "hidden", "seed")
SEEDS = (
    "0",
    "0..1",
    "1,2",
    "0,0",
    "1..0",
    "-1",
    "0..2147483646",
    "2147483648",
    "..",
    "0..",
    "a",
    "",
)


class Flag(NamedTuple):
    """A flag of a parser.

    Attributes:
      names: under which it is known.
      values: how many it takes: 0, 1 or "*".
      choices: the values allowed, or none.
      shown: what help shows for its values.
    """

    names: tuple[str, ...]
    values: Any
    choices: tuple[str, ...]
    shown: str


class _Found(BaseException):
    """Carries a parser out of a command."""


def flags_of(command: str) -> list[Flag]:
    """The flags of a command, from its own parser."""

    def caught(kind, **options):
        del options
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            raise _Found(tyro.extras.get_parser(kind))

    arguments = [RECIPE] if command in ("train", "sweep") else []
    with mock.patch.object(tyro, "cli", caught):
        try:
            COMMANDS[command](arguments)
        except _Found as found:
            actions = found.args[0]._actions
    return [
        Flag(tuple(x.option_strings), x.nargs, tuple(x.choices or ()), str(x.metavar or ""))
        for x in actions
        if not set(x.option_strings) & set(LEFT_OUT)
    ]


def line(draw: random.Random, flags: dict[str, list[Flag]], runs: Sequence[str]) -> list[str]:
    """A command line.

    Args:
      draw: random numbers.
      flags: those of each command.
      runs: folders that there are.
    """
    command = draw.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    words = [command]
    if command in ("train", "sweep"):
        words += _training(draw, command)
    elif command == "eval":
        words.append(draw.choice([*runs, "nowhere", "", "/dev/null"]))
    elif command == "info" and draw.random() < 0.7:
        words += ["--plan", draw.choice((RECIPE, RECIPE, "smnist", "digits", "nothing", ""))]
        command = "train"  # whose flags follow
    elif draw.random() < 0.6:
        words.append(draw.choice((*WORDS, *NONSENSE)))
    given = [flag for flag in flags[command] if flag.names]
    for flag in draw.sample(given, min(draw.randint(0, 3), len(given))):
        words += _with_value(draw, flag)
    return words


def _training(draw, command):
    """Settings of a training of a second, and the axes of a sweep."""
    recipe = RECIPE if draw.random() < 0.95 else draw.choice(("", "nothing", "a:b", *NONSENSE[:8]))
    words = [recipe, *("--epochs", "1", "--batch-size", "12", "--hidden", "3", "--seconds", "5")]
    words += ["--out", "run"]
    if draw.random() < 0.2:
        words += ["--seeds", draw.choice(SEEDS)]
    if command == "sweep":
        for _ in range(draw.choice((1, 1, 1, 2, 4))):
            words += [draw.choice(("--grid", "--grid", "--grid", "--zip")), _axis(draw)]
        if draw.random() < 0.2:
            words += [
                "--random",
                draw.choice(("1", "2", "0", "-1", "2000000000", "x", str(10**20))),
            ]
    return words


def _axis(draw):
    name = draw.choice((*AXES, *AXES, *NONSENSE[:8], "no.such", "gain.", ".gain", "GAIN"))
    kind = draw.randrange(5)
    if kind == 0:
        return f"{name}={draw.choice(POOLS['FLOAT'])}..{draw.choice(POOLS['FLOAT'])}{draw.choice(('', ':log', ':x'))}"
    if kind == 1 and draw.random() < 0.3:
        return f"{name}={','.join(map(str, range(1, 400)))}"
    if kind == 2:
        return draw.choice(
            (name, f"{name}=", f"={name}", f"{name}==1", f"{name}=1,,2", f"{name}=1,1.0")
        )
    pool = POOLS["FLOAT"] if draw.random() < 0.7 else (*WORDS, *NONSENSE)
    return f"{name}={','.join(draw.choice(pool) for _ in range(draw.randint(1, 3)))}"


def _with_value(draw, flag):
    name = draw.choice(flag.names)
    if flag.values == 0:
        return [name] if draw.random() < 0.9 else [f"{name}=1"]
    count = {0: 0, 1: 1, 2: 2, 3: 3}[draw.choice((0, 1, 1, 2, 3))] if flag.values == "*" else 1
    pool = flag.choices or POOLS.get(_kind(flag.shown), WORDS)
    pool = pool if draw.random() < 0.75 else NONSENSE
    values = [draw.choice(pool) for _ in range(count)]
    return [f"{name}={values[0]}"] if count == 1 and draw.random() < 0.3 else [name, *values]


def _kind(shown):
    for kind in POOLS:
        if kind in shown:
            return kind
    return "STR"


REFUSED = (
    *(f"--epochs {x}" for x in ("0", "-1", "1.5", "nan")),
    *(f"--batch-size {x}" for x in ("0", "-1", str(10**20), "1000")),
    *(f"--learning-rate {x}" for x in ("nan", "inf", "-1", "x")),
    *(
        f"--seed {x}"
        for x in ("-1", "2147483648", "4294967296", "9223372036854775808", str(10**20))
    ),
    *(f"--seeds {x}" for x in ("-1", "0,0", "1..0", "2147483648", "0..2147483646")),
    *(f"--hidden {x}" for x in ("0", "-1", "x")),
    *(f"--chunk {x}" for x in ("0", "-1", "7", "x")),
    *(f"--validation {x}" for x in ("1", "-0.1", "nan", "0.999")),
    *(f"--neuron.decay {x}" for x in ("2", "-0.1", "nan", "inf")),
    *(f"--neuron {x}" for x in ("", "lfi", "lif lif", "os:system")),
    *(f"--neuron lif --surrogate.width {x}" for x in ("0", "-1", "nan", "inf")),
    *("--gain nan", "--gain inf", "--recurrent 5", "--dtype object", "--clip -1", "--b1 2"),
    *(
        "--no-such 1",
        "--truncate",
        "--loss no",
        "--optimiser no",
        "--resume --overwrite",
        "--seconds nan",
    ),
)
REFUSED_SWEEPS = (
    *(
        "--grid gain=1,1.0",
        "--grid gain=1 --grid gain=2",
        "--grid gain=nan",
        "--grid gain=",
        "--grid gain",
    ),
    *(
        "--grid =1",
        "--grid gain=1..2",
        "--random 2",
        "--zip gain=1,2 --zip learning_rate=1",
        "--grid seed=1,2",
    ),
    *(
        "--grid gain=1,2 --group 0",
        "--grid gain=1,2 --memory 0",
        "--grid gain=1,2 --random 2000000000",
    ),
    *(
        "--grid no.such=1",
        "--grid batch_size=1.5",
        "--grid neuron=lif,lif",
        "--grid gain=1..2:log --random 0",
    ),
)


def refused() -> list[list[str]]:
    """Command lines that no training may follow from."""
    first = [RECIPE, "--epochs", "1", "--batch-size", "12", "--out", "run"]
    lines = [["train", *first, *_split(text)] for text in REFUSED]
    return lines + [["sweep", *first, *_split(text)] for text in REFUSED_SWEEPS]


def _split(text):
    return text.split(" ")
