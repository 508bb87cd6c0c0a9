"""`spikejax recipes`."""

import dataclasses
import json
from collections.abc import Sequence

from spikejax import tables
from spikejax.cli.flags import parse
from spikejax.recipes import RECIPES
from spikejax.runs.serial import to_json


@dataclasses.dataclass(frozen=True)
class RecipesFlags:
    """List the recipes that can be trained by name."""

    json: bool = False
    """Print JSON, with the whole config of each."""


def command(arguments: Sequence[str]) -> int:
    """Runs the command."""
    flags = parse(RecipesFlags, arguments, "recipes")
    if flags.json:
        print(json.dumps({name: to_json(r.config) for name, r in RECIPES.items()}, indent=1))
        return 0
    print(table())
    return 0


def table() -> str:
    """The recipes, what each trains, and how long."""
    rows = [(name, recipe.title, recipe.duration) for name, recipe in RECIPES.items()]
    return tables.aligned(("recipe", "what it trains", "on 2 CPU cores"), rows)
