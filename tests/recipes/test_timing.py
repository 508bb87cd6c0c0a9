"""How long a recipe trains is what a record says."""

import dataclasses
import json

import pytest

from experiments.render import ROOT
from spikejax import paths
from spikejax.recipes import RECIPES
from spikejax.recipes.core.recipe import Timing

TIMED = {name: recipe for name, recipe in RECIPES.items() if recipe.timing}


def test_recipes_that_take_long_say_so():
    assert {"digits", "smnist", "psmnist"} <= set(TIMED) and "smnist_ff" not in TIMED
    assert RECIPES["smnist"].duration == "43 h, estimated from 3 measured epochs"
    assert RECIPES["digits"].duration == "17 s, estimated from 200 measured epochs"
    assert RECIPES["shd"].duration == "not measured"


@pytest.mark.parametrize("name", TIMED)
def test_a_timing_is_that_of_its_record(name):
    seconds, epochs, file = TIMED[name].timing
    text = (ROOT / "experiments" / "results" / f"{file}.json").read_text(encoding="utf-8")
    found = json.loads(text)
    assert found["provenance"]["processors"] == 2
    metrics, rows = found["metrics"], found["history"]
    if file == "digits":
        metrics, rows = metrics["tc_lif"], rows["tc_lif"]
    assert metrics["seconds"] == pytest.approx(seconds, rel=0.01) and len(rows) == epochs


def test_a_whole_training_is_measured():
    config = paths.replace(RECIPES["digits"].config, {"epochs": 10})
    timed = dataclasses.replace(RECIPES["digits"], config=config, timing=Timing(150.0, 10, "mine"))
    assert timed.duration == "2.5 min, measured"
