"""`spikejax export RUN`."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import tyro

from spikejax.cli.errors import UsageError
from spikejax.cli.flags import parse
from spikejax.networks import MLP
from spikejax.networks.core.nir import to_nir, write_nir
from spikejax.networks.core.quantisation import integers
from spikejax.networks.core.weights import write_weights
from spikejax.runs import load
from spikejax.runs.evaluation import rebuilt
from spikejax.runs.planning import example_of


@dataclasses.dataclass(frozen=True)
class ExportFlags:
    """Write the trained network of a run as one file, for other tools."""

    run: tyro.conf.Positional[Path]
    """Run folder; of a folder of several runs that of one."""
    to: Literal["nir", "safetensors", "npz"] = "nir"
    """nir: the network, as a graph of NIR; safetensors, npz: its variables, as named arrays."""
    weights: Literal["float", "int8", "ternary"] = "float"
    """safetensors, npz: weights as they are, or as integers of int8 or of three values with a scale per output."""
    out: Path | None = None
    """File to write; network.nir, .safetensors or .npz in the run folder by default."""
    trial: int | None = None
    """Which trial of a sweep; defaults to its best one."""
    best: bool = False
    """The epoch that was best on the validation samples instead of the last one."""
    dt: float = 1e-4
    """NIR: the length of a step in seconds."""
    beyond_nir: Literal["refuse", "metadata"] = "refuse"
    """NIR: refuse neurons that it cannot describe, or carry them as metadata that only spikejax reads."""
    data_dir: Path | None = None
    """Where the data set's files are; only networks of images need them, for their size."""


def command(arguments: Sequence[str]) -> int:
    """Runs the command."""
    flags = parse(ExportFlags, arguments, "export")
    if flags.to == "nir" and flags.weights != "float":
        raise UsageError(
            f"expected --to safetensors or --to npz for weights of {flags.weights}, found --to nir"
        )
    loaded = load(flags.run, trial=flags.trial, best=flags.best)
    out = flags.run / f"network.{flags.to}" if flags.out is None else flags.out
    if flags.to != "nir":
        print(write_weights(_ending(out, flags.to), _stored(loaded.variables, flags.weights)))
        return 0
    shape = None
    if not isinstance(loaded.network, MLP):
        parts = rebuilt(loaded, flags.data_dir)
        shape = example_of(parts.config, parts.train).shape[2:]
    options = {"dt": flags.dt, "beyond_nir": flags.beyond_nir}
    print(write_nir(out, to_nir(loaded.network, loaded.variables, shape, **options)))
    return 0


def _stored(variables, weights):
    if weights == "float":
        return variables
    return {**variables, "params": integers(variables["params"], weights)}


def _ending(out, to):
    if out.suffix != f".{to}":
        raise UsageError(f"expected a file that ends in .{to}, found {out}")
    return out
