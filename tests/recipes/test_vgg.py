"""The acceptance test of the house: a data set, a network and a recipe in three files, and no edit elsewhere.

VGG-SNN at an eighth of its width on generated images, with TET and augmentation: trained, recorded, evaluated, loaded
and swept like everything else.
"""

import dataclasses
from pathlib import Path

import jax
import numpy as np
import pytest

import spikejax
from spikejax import paths
from spikejax.data import Dataset
from spikejax.objectives import TET
from spikejax.recipes import RECIPES, recipe_for
from spikejax.runs import evaluate, fit, load, sweep

CLASSES = 4


def images(count):
    """Noise, brighter in the quarter that is the class's; inputs uint8 `[N, 32, 32, 3]`."""
    draw = np.random.default_rng(0)
    labels = (np.arange(count) % CLASSES).astype(np.int32)
    made = draw.integers(0, 120, (count, 32, 32, 3))
    for image, label in zip(made, labels, strict=True):
        row, column = divmod(int(label), 2)
        image[16 * row : 16 * row + 16, 16 * column : 16 * column + 16] += 120
    return made.astype(np.uint8), labels


@pytest.fixture(scope="module")
def config():
    """The recipe on generated images; a flip would turn one class into another."""
    parts = [(x[:32], x[32:]) for x in images(48)]
    (train, test) = zip(*parts, strict=True)
    data = Dataset.of_arrays(train, test, kind="image", scale=255.0, name="quarters")
    recipe = RECIPES["vgg_cifar10_subset"].config
    small = {"data": data, "network.width": 8, "epochs": 2, "batch_size": 16}
    return paths.replace(recipe, {**small, "augment": recipe.augment[1:]})


@pytest.fixture(scope="module")
def trained(config, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "vgg"
    return out, fit(config, out, progress=False)


@pytest.mark.slow
def test_it_learns(trained, config):
    out, result = trained
    history = result.record["history"]
    assert isinstance(config.loss, TET) and history[-1]["loss"] < history[0]["loss"]
    assert result.record["metrics"]["parameters"] == 147_818 - 6 * 257  # 4 classes and not 10
    rates = result.record["metrics"]["firing_rate"]
    # So few steps in, the running statistics are far from those of a batch, and deep layers are silent.
    assert len(rates) == 8 and 0 < rates["Spiking_0"] < 1
    assert (
        result.record["provenance"]["plan"]["chunk"] == 4
    )  # a convolution takes all steps at once


@pytest.mark.slow
def test_its_statistics_are_saved_and_used(trained, config):
    out, result = trained
    loaded = load(out)
    for one, other in zip(*map(jax.tree.leaves, (loaded.variables, result.variables)), strict=True):
        np.testing.assert_array_equal(one, other)
    means = [x["mean"] for x in loaded.variables["batch_stats"].values()]
    assert len(means) == 8 and all(np.abs(mean).max() > 1e-3 for mean in means)
    measured = evaluate(out, data=config.data)
    assert measured["test_loss"] == pytest.approx(result.record["metrics"]["test_loss"], rel=1e-5)


@pytest.mark.slow
def test_it_resumes(trained, config, tmp_path):
    out, result = trained
    cut, runs = None, 0
    while cut is None or not cut.record["complete"]:
        cut = fit(config, tmp_path / "cut", resume=True, seconds=0.0, progress=False)
        runs += 1
    assert runs == 4
    for name in ("loss", "test_loss", "accuracy"):
        first, second = (r.record["metrics"][name] for r in (cut, result))
        assert first == pytest.approx(second, rel=1e-6)


@pytest.mark.slow
def test_it_is_swept(config, tmp_path):
    """Over two learning rates, in turn on a CPU; the trial that is the lone run gives its numbers."""
    one = dataclasses.replace(config, epochs=1)
    rates = (config.optimiser.learning_rate, 1e-2)
    found = sweep(one, {"learning_rate": rates}, tmp_path / "sweep")
    alone = fit(one, progress=False).record["metrics"]
    assert [row["optimiser.learning_rate"] for row in found["history"]] == list(rates)
    assert found["history"][0]["loss"] == pytest.approx(alone["loss"], rel=1e-4)
    assert found["history"][1]["loss"] != pytest.approx(alone["loss"], rel=1e-3)
    best = load(tmp_path / "sweep")
    assert best.config.optimiser.learning_rate in rates and "batch_stats" in best.variables


def test_the_recipe_is_found_by_its_name_and_by_that_of_its_data():
    recipe = RECIPES["vgg_cifar10_subset"]
    assert recipe_for("cifar10_subset") is recipe
    assert recipe.config.network.width == 64 and recipe.config.encoder.steps == 4


def test_three_files_and_no_edit_elsewhere():
    """Nothing else in the package knows of the network, the data set or the recipe, but recipes of other networks, and
    the form in which networks are exported."""
    package = Path(spikejax.__file__).parent
    own = {"networks/vgg.py", "data/cifar10_subset.py", "recipes/vgg_cifar10_subset.py"}
    own |= {"networks/core/in_order.py", "networks/core/nir/exported.py"}
    for path in package.rglob("*.py"):
        name = str(path.relative_to(package))
        if name not in own and not name.startswith("recipes/ar_lif_"):
            text = path.read_text(encoding="utf-8").lower()
            assert "cifar10_subset" not in text and "vgg" not in text, path
