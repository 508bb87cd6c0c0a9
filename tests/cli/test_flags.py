"""Flags reach what they name: any value of a config by its path, any part by its name."""

import json

import pytest

from spikejax import paths
from spikejax.cli.commands import main
from spikejax.cli.sweep import SweepFlags
from spikejax.cli.train import TrainFlags, parse_configs, with_learn
from spikejax.data import SOURCES
from spikejax.data.cifar10_subset import CIFAR10Subset
from spikejax.data.fsd_shd import FSDSHD
from spikejax.data.psmnist import PSMNIST
from spikejax.fields import Leaf, param, size
from spikejax.inputs import Events, Flip, Sequence
from spikejax.networks import LSTM
from spikejax.networks.resnet_18 import ResNet18
from spikejax.neurons import NEURONS
from spikejax.neurons.ar_lif import ARLIF
from spikejax.neurons.core.contract import Neuron, neuron
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.objectives import TET, Accuracy, FiringRate, MeanCrossEntropy, Membrane
from spikejax.recipes import RECIPES
from spikejax.runs.config import EarlyStopping
from spikejax.runs.serial import from_json, to_json
from spikejax.surrogate import ATan, Triangle
from spikejax.training import SGD, Milestones, OneCycle


@neuron(LIF.State)
class lif(LIF):  # noqa: N801
    """A neuron called as one of the package."""


@neuron(LIF.State)
class Bare(Neuron):
    """A neuron without defaults."""

    decay: Leaf = param(low=0, doc="decay")
    taps: int = size(doc="taps")


def parsed(text, kind=TrainFlags):
    """Configs by neuron, and the other flags."""
    _, configs, flags = parse_configs(text.split(), "train", kind)
    return with_learn(configs, flags.learn), flags


def config_of(text):
    configs, _ = parsed(text)
    (config,) = configs.values()
    return config


def test_without_flags_it_is_the_recipe():
    """With the data set in the place of its name, so that its own settings have flags."""
    for name, recipe in RECIPES.items():
        data = recipe.config.data
        data = SOURCES[data]() if isinstance(data, str) else data
        assert config_of(name) == paths.replace(recipe.config, {"data": data})


def test_values_of_several_neurons():
    text = "digits --neuron lif tc_lif --tc-lif.gamma 0.7 --tc-lif.order paper --lif.reset zero"
    configs, flags = parsed(f"{text} --lif.detach-reset --hidden 5 --seed 3 --out here")
    assert list(configs) == ["lif", "tc_lif"]
    assert configs["lif"].network.neuron == LIF(reset="zero", detach_reset=True)
    assert configs["tc_lif"].network.neuron == TCLIF(gamma=0.7, order="paper")
    for config in configs.values():
        assert config.network.hidden == (5,) and config.seed == 3
    assert str(flags.out) == "here"


def test_values_by_any_end_of_their_path():
    for flag in ("--decay", "--neuron.decay", "--network.neuron.decay"):
        assert config_of(f"digits --neuron lif {flag} 0.25").network.neuron.decay == 0.25
    assert config_of("digits --neuron lif --decay=0.25").network.neuron.decay == 0.25
    config = config_of("digits --learning-rate 0.1 --optimiser.b1 0.5 --up 0.2 --clip 1")
    assert (config.optimiser.learning_rate, config.optimiser.b1) == (0.1, 0.5)
    assert config.optimiser.schedule == OneCycle(up=0.2) and config.optimiser.clip == 1.0


def test_parts_by_their_names():
    config = config_of(
        "digits --neuron lif --surrogate atan --slope 5 --optimiser sgd --momentum 0"
    )
    assert config.network.neuron.surrogate == ATan(slope=5.0)
    assert isinstance(config.optimiser, SGD) and config.optimiser.momentum == 0
    config = config_of("digits --neuron lif --surrogate.width 0.5 --loss tet --strength 0.1")
    assert config.network.neuron.surrogate == Triangle(width=0.5)
    assert config.loss == TET(strength=0.1)
    config = config_of("digits --metrics accuracy --regularisers firing_rate")
    assert config.metrics == (Accuracy(),) and config.regularisers == (FiringRate(),)
    config = config_of("smnist --schedule one_cycle --encoder sequence --augment flip")
    assert config.optimiser.schedule == OneCycle() and config.encoder == Sequence()
    assert config.augment == (Flip(),)
    config = config_of("smnist --schedule.epochs 3 4")
    assert config.optimiser.schedule == Milestones(epochs=(3, 4))
    config = config_of("digits --network lstm --units 12")
    assert config.network == LSTM(12, None)
    config = config_of("vgg_cifar10_subset --network resnet_18 --network.width 8 --neuron ar_lif")
    assert config.network == ResNet18(None, ARLIF(), width=8)
    config = config_of("digits --loss mean_cross_entropy --data fsd_shd --encoder events --pool 7")
    assert config.loss == MeanCrossEntropy() and config.data == FSDSHD()
    assert config.encoder == Events(pool=7)


def test_derived_values():
    config = config_of("digits --beta1 -0.25 --beta2 0.75")
    assert float(config.network.neuron.beta1) == pytest.approx(-0.25)
    assert float(config.network.neuron.beta2) == pytest.approx(0.75)


def test_choices_that_are_switches_and_sizes():
    config = config_of("digits --chunk 8 --truncate --epochs 3 --batch-size 32 --recurrent")
    assert (config.chunk, config.truncate, config.epochs, config.batch_size) == (8, True, 3, 32)
    assert config.network.recurrent == () and config_of("digits --chunk None").chunk is None
    assert not config_of("digits --no-truncate").truncate


def test_what_is_learned():
    assert config_of("digits").network.learn is None  # what its authors learn
    assert config_of("digits --learn").network.learn == ()
    configs, _ = parsed("digits --neuron lif tc_lif --learn decay c1")
    assert configs["lif"].network.learn == ("decay",)
    assert configs["tc_lif"].network.learn == ("c1",)


def test_recipes_keep_the_neurons_of_their_papers():
    neuron = config_of("smnist --neuron tc_lif").network.neuron
    assert [float(neuron.beta1), float(neuron.beta2)] == pytest.approx([-0.8, 0.4])
    neuron = config_of("psmnist").network.neuron
    assert [float(neuron.beta1), float(neuron.beta2)] == pytest.approx([-0.2, 0.8])
    for name in ("tc_lif", "spikejax.neurons.tc_lif:TCLIF"):
        assert RECIPES["psmnist"].with_neuron(name).network.neuron == neuron
    smnist = config_of("smnist")
    assert smnist.network.hidden == (40, 200, 64) and smnist.network.recurrent == (0, 1)
    assert smnist.optimiser.schedule == Milestones(epochs=(60, 80))
    assert (smnist.batch_size, smnist.optimiser.learning_rate, smnist.epochs) == (256, 5e-4, 200)


@pytest.mark.parametrize("name", NEURONS)
def test_every_neuron_has_flags_and_survives_a_record(name):
    feed_forward = "" if NEURONS[name].streams else "--recurrent"
    config = config_of(f"digits --neuron {name} {feed_forward}")
    assert type(config.network.neuron) is NEURONS[name]
    assert from_json(json.loads(json.dumps(to_json(config)))) == config


def test_a_part_by_its_full_name_is_the_part_by_its_name():
    """Also the values of the recipe."""
    full, short = (
        config_of(f"psmnist --neuron {name} --optimiser {rule}")
        for name, rule in (
            ("spikejax.neurons.tc_lif:TCLIF", "spikejax.training.optimisers:SGD"),
            ("tc_lif", "sgd"),
        )
    )
    assert full == short and float(full.network.neuron.beta1) == pytest.approx(-0.2)


def test_what_a_part_has_no_default_for_is_given_by_flags():
    for flag in ("schedule.epochs", "optimiser.schedule.epochs"):
        config = config_of(f"digits --schedule milestones --{flag} 3 4 --epochs 9")
        assert config.optimiser.schedule == Milestones(epochs=(3, 4)) and config.epochs == 9
    config = config_of("digits --optimiser sgd --schedule milestones --schedule.epochs=3")
    assert config.optimiser == SGD(schedule=Milestones(epochs=(3,)))
    text = f"digits --neuron {__name__}:Bare --neuron.decay 0.25 --neuron.taps 3"
    assert config_of(text).network.neuron == Bare(decay=0.25, taps=3)


def test_early_stopping():
    assert config_of("digits").stopping is None
    config = config_of("digits --stopping early_stopping --patience 3 --stopping.metric loss")
    assert config.stopping == EarlyStopping(patience=3, metric="loss")
    assert from_json(json.loads(json.dumps(to_json(config)))) == config


def test_one_of_several_parts_has_a_number():
    text = "digits --regularisers firing_rate membrane --regularisers.0.strength 2 --1.strength 3"
    assert config_of(text).regularisers == (FiringRate(strength=2.0), Membrane(strength=3.0))


def test_neurons_of_one_name_have_their_full_names():
    """In tables, folders and flags."""
    other = f"{__name__}:lif"
    configs, _ = parsed(f"digits --neuron lif {other} --{other}.decay 0.25")
    assert list(configs) == ["lif", other]
    assert configs["lif"].network.neuron == LIF()
    assert configs[other].network.neuron == lif(decay=0.25)
    assert list(parsed(f"digits --neuron lif {__name__}:Bare --decay 0.5 --Bare.taps 3")[0]) == [
        "lif",
        "Bare",
    ]


def test_a_data_sets_name_takes_its_recipe():
    assert config_of("psmnist").data == PSMNIST()
    assert config_of("cifar10_subset --data.train 200").data == CIFAR10Subset(train=200)
    _, flags = parsed("digits --grid decay=0.1,0.2 --grid neuron.threshold=1,2", SweepFlags)
    assert flags.grid == ("decay=0.1,0.2", "neuron.threshold=1,2")


# --- What is refused ------------------------------------------------------------------------------


def message(capsys, *arguments, code=2):
    """What a refused command says, which must be one line."""
    assert main(list(map(str, arguments))) == code
    text = capsys.readouterr().err.strip()
    assert text.startswith("spikejax: ") and "\n" not in text
    return text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("trian", "unknown command 'trian'; did you mean train"),
        ("train", "digits, fsd_shd, psmnist, psmnist_ff"),
        ("train digit", "unknown recipe 'digit'; did you mean digits?"),
        ("train digits --neuron tclif", "unknown neuron 'tclif'; did you mean tc_lif"),
        ("train digits --surrogate arctan", "unknown surrogate 'arctan'; did you mean atan"),
        ("train digits --learn c3", "unknown parameter to learn 'c3'; did you mean c2, c1?"),
        ("train digits --data digist", "unknown data set 'digist'; did you mean digits"),
        ("train digits --optimiser adan", "unknown optimiser 'adan'; did you mean adam"),
        ("data smnits", "unknown data set 'smnits'; did you mean smnist"),
        ("sweep digits --grid beta=-0.5,0.5", "unknown setting 'beta'; did you mean beta2, beta1"),
        ("neurons liff", "unknown neuron 'liff'; did you mean lif"),
        ("train digits --stopping early", "unknown stopping 'early'; did you mean early_stopping"),
        (
            "train digits --regularisers firing_rate membrane --strength 2",
            "strength is ambiguous: regularisers.0.strength, regularisers.1.strength; give more of",
        ),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(arguments, expected, capsys):
    assert expected in message(capsys, *arguments.split())


@pytest.mark.parametrize("flag", ["--epoch", "--learning-rat", "--neuron.decai"])
def test_an_unknown_flag_is_answered_with_the_nearest(flag, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["train", "digits", "--neuron", "lif", flag, "3"])
    assert stop.value.code == 2
    said = capsys.readouterr()
    text = said.err + said.out
    assert flag in text and ("--epochs" in text or "--learning-rate" in text or "decay" in text)


WRAPPER = "spikejax.neurons.wrappers.refractory:Refractory"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("--neuron lif lif", "expected different neurons after --neuron, found lif and lif"),
        ("--neuron spikejax.neurons.lif:LIF lif", "found spikejax.neurons.lif:LIF and lif"),
        ("--neuron lif --network lstm", "expected a network with a neuron for --neuron lif, found"),
        ("--network lstm --learn decay", "a network with a neuron for --learn, found lstm"),
        ("--neuron refractory", "found the wrapper refractory; compose it in Python"),
        (f"--neuron {WRAPPER}", f"found the wrapper {WRAPPER}; compose it in Python"),
        (
            "--schedule milestones",
            "no default for epochs; give --optimiser.schedule milestones --optimiser.schedule.epoch",
        ),
        (
            f"--neuron {__name__}:Bare",
            "Bare has no default for decay, taps; give --network.neuron",
        ),
    ],
)
def test_parts_that_cannot_be(flags, expected, tmp_path, capsys):
    out = tmp_path / "run"
    assert expected in message(capsys, "train", "digits", *flags.split(), "--out", out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("--chunk 65", "expected a chunk from 1 to T=64 steps, found 65"),
        ("--batch-size 2000", "expected a batch size from 1 to the 1437 samples, found 2000"),
        ("--recurrent 2", "expected recurrent layers from 0 to 1"),
        ("--lif.decay 1.5", "LIF.decay must lie in [0, 1], found 1.5"),
        ("--hidden 0", "expected hidden as a tuple of integers of at least 1, found (0,)"),
        ("--epochs 0", "Config.epochs must be an integer of at least 1, found 0"),
        ("--learning-rate nan", "Adam.learning_rate must lie in [0, inf], found nan"),
        ("--truncate", "truncate cuts the gradient between chunks; give a chunk"),
        ("--seeds 3..1", "expected different seeds"),
    ],
)
def test_settings_that_cannot_be(flags, expected, tmp_path, capsys):
    out = tmp_path / "run"
    run = ["train", "digits", "--neuron", "lif", "--out", out, *flags.split()]
    # Some are found where the network and the data are there, after the arguments were read.
    later = ("--chunk", "--batch-size", "--recurrent", "--hidden")
    assert expected in message(capsys, *run, code=1 if flags.startswith(later) else 2)
    assert not out.exists()
