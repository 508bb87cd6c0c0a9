"""`spikejax data NAME`."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import tyro

from spikejax.cli.flags import parse
from spikejax.data import SOURCES


@dataclasses.dataclass(frozen=True)
class DataFlags:
    """Describe a data set and where it was looked for; without a name, list them."""

    name: tyro.conf.Positional[str] = ""
    """Name of the data set."""
    data_dir: Path | None = None
    """Where to look; defaults to the environment variable SPIKEJAX_DATA_DIR."""
    json: bool = False
    """Print JSON."""


def command(arguments: Sequence[str]) -> int:
    """Runs the command."""
    flags = parse(DataFlags, arguments, "data")
    if not flags.name:
        for name, source in SOURCES.items():
            print(f"{name:<16} {source.facts.title}")
        return 0
    source = SOURCES.find(flags.name)()
    places = source.looked_in(flags.data_dir)
    facts = {
        "name": flags.name,
        **source.facts._asdict(),
        "looked in": [{"place": place, "found": found} for place, found in places],
    }
    if flags.json:
        print(json.dumps(facts, indent=1))
        return 0
    for key, value in facts.items():
        if key != "looked in":
            print(f"{key:<10} {value}")
    for i, (place, found) in enumerate(places):
        print(f"{'looked in' if i == 0 else '':<10} {'found' if found else 'not found'}: {place}")
    return 0
