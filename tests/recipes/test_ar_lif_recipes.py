"""The recipes of AR-LIF: the publication's networks and settings, and that they train."""

import jax
import numpy as np
import pytest

from experiments.papers.ar_lif.noise import FORMS, noise
from spikejax import paths
from spikejax.analysis import count_parameters
from spikejax.cli.train import TrainFlags, parse_configs
from spikejax.data import SOURCES
from spikejax.data.core.event_frames import EventFrames
from spikejax.data.core.events import EVENT
from spikejax.inputs import InMemory
from spikejax.layers import BatchNorm
from spikejax.recipes import RECIPES
from spikejax.runs import fit
from spikejax.runs.config import complete, source_of
from spikejax.runs.planning import example_of
from spikejax.runs.serial import from_json, to_json

# Learned parameters: those of the publication, and two per layer of neurons.
PARAMETERS = {
    "ar_lif_cifar10": 11_176_906 + 2 * 17,
    "ar_lif_cifar100": 11_223_076 + 2 * 17,
    "ar_lif_tiny_imagenet": 14_428_680 + 2 * 10,
    "ar_lif_dvs_gesture": 9_501_387 + 2 * 8,
    "ar_lif_cifar10_dvs": 9_271_498 + 2 * 8,
}
# T, epochs, batch, peak learning rate, weight decay, λ, dropout, decay of the neurons.
SETTINGS = {
    "ar_lif_cifar10": (4, 400, 128, 0.1, 5e-5, 0.05, 0.0, 0.5),
    "ar_lif_cifar100": (4, 400, 128, 0.05, 5e-4, 0.05, 0.0, 0.5),
    "ar_lif_tiny_imagenet": (4, 200, 128, 0.1, 5e-4, 0.2, 0.0, 0.5),
    "ar_lif_dvs_gesture": (20, 200, 12, 0.1, 5e-4, 0.05, 0.4, 0.5),
    "ar_lif_cifar10_dvs": (4, 100, 16, 0.1, 5e-4, 0.3, 0.25, 0.2),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_network_is_that_of_the_publication(name):
    data = noise(name, 2)
    config = complete(paths.replace(RECIPES[name].config, {"data": data}), data)
    x = example_of(config, data.train)
    variables = jax.eval_shape(config.network.init, jax.random.key(0), x)
    assert count_parameters(variables["params"]) == PARAMETERS[name]
    norm = config.network.norm
    assert isinstance(norm, BatchNorm) and norm.statistics == (
        "pooled" if name == "ar_lif_cifar10_dvs" else "step"
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_its_settings(name):
    config = RECIPES[name].config
    found = paths.places(config)
    wanted = ("epochs", "batch_size", "learning_rate", "weight_decay", "loss.strength", "dropout")
    values = tuple(found[paths.find(path, found)].value for path in wanted)
    steps = len(example_of(complete(config, noise(name, 2)), noise(name, 2).train))
    assert (steps, *values, config.network.neuron.decay) == SETTINGS[name]
    assert from_json(to_json(config)) == config


@pytest.mark.parametrize("name", FORMS)
def test_its_data_have_the_form(name):
    source = source_of(RECIPES[name].config)
    assert name == f"ar_lif_{SOURCES.name_of(type(source))}"
    assert source.facts.classes == FORMS[name].classes
    if isinstance(source, EventFrames):
        assert source.frame(np.empty(0, EVENT)).shape == FORMS[name].shape


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMS)
def test_a_small_one_trains(name):
    """Two steps of a network one channel wide; what does not fill a batch is left out."""
    small = {"data": noise(name, 5), "network.width": 1, "epochs": 1, "batch_size": 2}
    config = paths.replace(RECIPES[name].config, small)
    assert InMemory(small["data"].train, 2).steps == 2
    (entry,) = fit(config, progress=False).record["history"]
    assert np.isfinite(entry["loss"]) and 0 < entry["gradient_norm"] < np.inf


def test_it_runs_on_the_subset_from_the_command_line():
    arguments = ["ar_lif_cifar10", "--data", "cifar10_subset", "--network.width", "2"]
    name, configs, _ = parse_configs(arguments, "train", TrainFlags)
    (config,) = configs.values()
    assert name == "ar_lif_cifar10" and config.network.width == 2
    assert SOURCES.name_of(type(source_of(config))) == "cifar10_subset"
    assert config.augment == RECIPES[name].config.augment
