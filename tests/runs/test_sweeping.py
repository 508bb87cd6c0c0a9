"""Sweeps of configs: each trial is the lone run, whatever a point moves, and nothing is lost."""

import dataclasses
import os
import signal

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import toy
from spikejax import paths
from spikejax.devices.processes import Interrupted
from spikejax.inputs import Sequence
from spikejax.networks import MLP, ReLUSRNN
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.objectives import TET, SummedCrossEntropy
from spikejax.runs import evaluate, fit, load, record, report, sweep
from spikejax.runs.programs import group_points
from spikejax.surrogate import ATan, Triangle
from spikejax.sweeps import grid
from spikejax.sweeps.groups import Placement
from spikejax.training import SGD, Adam

BASE = toy.config(
    network=MLP((6,), None, TCLIF(), learn=("c1", "c2"), recurrent=(0,)), epochs=1, chunk=5
)


def lone(config, tmp_path):
    return fit(config, tmp_path / "alone", progress=False)


def assert_close(found, expected, rtol=1e-12):
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)


def test_a_trial_equals_the_lone_run(float64, tmp_path):
    """Numbers of the neuron, its surrogate, the optimiser, the network and the encoder, all in one program."""
    point = {"beta1": -0.3, "threshold": 0.7, "surrogate.width": 1.5}
    point |= {"learning_rate": 0.03, "weight_decay": 0.01, "gain": 1.4, "encoder.scale": 200.0}
    other = point | dict.fromkeys(point, 0.5) | {"beta1": 0.4, "encoder.scale": 300.0}
    config = dataclasses.replace(BASE, encoder=Sequence(scale=255.0))
    found = sweep(config, [other, point], tmp_path / "sweep", seeds=(5, 2))
    assert len(group_points(config, [other, point])) == 1
    alone = lone(paths.replace(config, {**point, "seed": 2}), tmp_path)
    trial = load(tmp_path / "sweep", trial=3)
    assert trial.variables["params"]["linear_0"]["kernel"].dtype == jnp.float64
    assert_close(trial.variables, alone.variables)
    row, entry = found["metrics"]["trials"]["3"], alone.record["history"][-1]
    for name in ("loss", "accuracy", "test_loss", "test_accuracy"):
        np.testing.assert_allclose(row[name], entry[name], rtol=1e-12)
    np.testing.assert_allclose(row["rate_neuron_0"], entry["firing_rate"]["neuron_0"], rtol=1e-12)
    assert 0.01 < row["rate_neuron_0"] < 0.9
    # What was loaded is what was trained: its config is that of the lone run.
    assert trial.config.network == alone.network and trial.steps == 4
    measured = evaluate(tmp_path / "sweep", trial=3, data=toy.dataset())
    np.testing.assert_allclose(measured["test_loss"], row["test_loss"], rtol=1e-12)


def test_choices_and_parts_make_a_program_each(tmp_path):
    """Neurons, surrogates, losses, optimisers, networks, sizes: whatever differs in structure."""
    axes = {"surrogate": (Triangle(), ATan()), "threshold": (0.5, 1.0)}
    found = group_points(BASE, grid.product({f"neuron.{n}": v for n, v in axes.items()}))
    assert [program.numbers for program in found] == [[0, 1], [2, 3]]
    assert found[0].values == [{"network.neuron.threshold": x} for x in (0.5, 1.0)]
    points = [
        {"network": MLP((5,), None, LIF())},
        {"network": ReLUSRNN((4,), None)},
        {"network": MLP((5,), None, LIF(decay=0.5))},
    ]
    programs = group_points(BASE, points)
    assert [program.numbers for program in programs] == [[0, 2], [1]]
    assert programs[0].values == [{"network.neuron.decay": x} for x in (LIF().decay, 0.5)]
    for changes in (
        {"loss": (SummedCrossEntropy(), TET())},
        {"optimiser": (Adam(), SGD())},
        {"hidden": ((4,), (5,))},
        {"batch_size": (8, 16)},
        {"epochs": (1, 2)},
    ):
        assert len(group_points(BASE, grid.product(changes))) == 2


def test_an_axis_that_is_measured_too(tmp_path):
    """The loss that is chosen and the loss that is measured, each in a column of its own."""
    found = sweep(BASE, {"loss": (SummedCrossEntropy(), TET()), "epochs": (2,)}, tmp_path / "sweep")
    rows = found["history"]
    assert [row["config.loss"]["type"] for row in rows] == ["loss summed_cross_entropy"] * 2 + [
        "loss tet"
    ] * 2
    assert all(isinstance(row["loss"], float) and row["config.epochs"] == 2 for row in rows)
    assert len(report.sweep_table(found).splitlines()) == 4
    header = (tmp_path / "sweep" / "trials.csv").read_text().splitlines()[0].split(",")
    assert {"config.loss", "loss"} <= set(header) and len(set(header)) == len(header)


def test_a_part_that_is_completed_from_the_data(tmp_path):
    """What is loaded is what was trained, its number of classes included."""
    points = [{"network": MLP((width,), None, LIF())} for width in (4, 5)]
    sweep(BASE, points, tmp_path / "sweep")
    for trial, width in enumerate((4, 5)):
        loaded = load(tmp_path / "sweep", trial=trial)
        assert loaded.network == MLP((width,), toy.CLASSES, LIF())
        outputs = loaded.network.apply(loaded.variables, jnp.ones((toy.T, 1, 2)))
        assert outputs.shape == (toy.T, 1, toy.CLASSES)
    with pytest.raises(ValueError, match="is a sweep, which keeps the last epoch"):
        load(tmp_path / "sweep", best=True)


@pytest.mark.parametrize(
    ("axes", "seeds", "message"),
    [
        (
            {"validation": (0.25, 0.0)},
            (),
            "compared by one measured value, found test_accuracy, val",
        ),
        ({"threshold": (0.5, 0.9)}, (1, 1), "expected different seeds, found"),
    ],
)
def test_points_that_cannot_be_compared(axes, seeds, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        sweep(BASE, axes, tmp_path / "sweep", seeds=seeds)
    assert not (tmp_path / "sweep").exists()


def test_rows_of_several_programs(tmp_path):
    """Trials are numbered as the points are, whatever program they are in; a folder for each program."""
    out = tmp_path / "sweep"
    axes = {"surrogate": (Triangle(), ATan()), "threshold": (0.5, 1.0)}
    found = sweep(BASE, axes, out, seeds=(0, 1))
    rows = found["history"]
    assert [row["trial"] for row in rows] == list(range(8))
    assert [row["program"] for row in rows] == [0] * 4 + [1] * 4
    assert [row["network.neuron.threshold"] for row in rows] == [0.5, 0.5, 1.0, 1.0] * 2
    assert rows[5]["network.neuron.surrogate"]["type"] == "surrogate atan"
    assert (out / "groups_1" / "trials_00000.npz").exists()
    for trial, surrogate in ((1, Triangle()), (6, ATan())):
        made = load(out, trial=trial).config
        assert made.network.neuron.surrogate == surrogate and made.seed == trial % 2
        assert made.network.neuron.threshold == (0.5 if trial < 2 else 1.0)
    best = load(out).config
    scores = [row["test_accuracy"] for row in rows]
    at = scores.index(max(scores))
    assert best.network.neuron.threshold == rows[at]["network.neuron.threshold"]
    lines = (out / "trials.csv").read_text().splitlines()
    assert len(lines) == 9 and lines[6].startswith("5,1,atan,0.5,1,1,")
    columns = "trial,program,network.neuron.surrogate,network.neuron.threshold,seed,epoch,accuracy,"
    assert lines[0].startswith(columns)
    names = report.axes(found)
    points = list(report.by_point(rows, names, "loss"))
    assert report.labels(names, points)[2] == "surrogate atan, threshold 0.5"
    assert (out / "learning_curves.png").stat().st_size > 5000


def test_what_is_finished_is_read_and_not_trained(tmp_path, capsys):
    axes = {"beta1": (-0.2, -0.6), "threshold": (0.6, 1.0)}
    out = tmp_path / "sweep"
    found = sweep(BASE, axes, out)
    assert found["provenance"]["placement"] == {"mode": ["map"], "devices": 2}
    assert (out / "heat_map.png").stat().st_size > 5000
    assert "epoch 1 of 1" in capsys.readouterr().err
    assert sweep(BASE, axes, out, resume=True) == found
    # The same with a record that was lost: rows and variables lie in the folder, groups may be others.
    record.write(out / "record.json", {**found, "complete": False, "history": [], "metrics": {}})
    again = sweep(BASE, axes, out, resume=True, placement=Placement(group=2))
    assert again["history"] == found["history"] and "epoch" not in capsys.readouterr().err
    with pytest.raises(ValueError, match="was run with different settings"):
        sweep(BASE, {"beta1": (-0.2, -0.5)}, out, resume=True)


def test_stopped_and_continued(tmp_path, monkeypatch):
    axes, whole = {"beta1": (-0.2, -0.4, -0.6)}, tmp_path / "whole"
    config = dataclasses.replace(BASE, epochs=2)
    expected = sweep(config, axes, whole, placement=Placement(group=2))
    told = []

    def tell(text, *, done):
        told.append(text)
        if text == "group 2 of 2, epoch 1 of 2":
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(report, "progress_line", tell)
    with pytest.raises(Interrupted, match="stopped after epoch 1 of 2 of a group; saved"):
        sweep(config, axes, tmp_path / "cut", placement=Placement(group=2))
    stopped = record.read(tmp_path / "cut" / "record.json")
    assert stopped["complete"] is False and "Interrupted" in stopped["provenance"]["incomplete"]
    found = sweep(config, axes, tmp_path / "cut", placement=Placement(group=2), resume=True)
    assert told.count("group 1 of 2, epoch 1 of 2") == 1 and "group 1 of 1, epoch" not in told[-1]
    assert found["complete"] and found["history"] == expected["history"]


def test_a_time_budget(tmp_path):
    config, found, runs = dataclasses.replace(BASE, epochs=2), None, 0
    while found is None or not found["complete"]:
        found = sweep(config, {"beta1": (-0.2, -0.6)}, tmp_path / "s", resume=True, seconds=0.0)
        runs += 1
        if runs == 1:
            assert found["provenance"]["incomplete"].startswith("OutOfTime: stopped after epoch 1")
    assert runs == 2
    whole = sweep(config, {"beta1": (-0.2, -0.6)}, tmp_path / "whole")
    assert found["history"] == whole["history"]


def test_validation_selects(tmp_path):
    config = dataclasses.replace(BASE, validation=0.25)
    found = sweep(config, {"learning_rate": (1e-3, 1e-2)}, tmp_path / "s")
    assert found["provenance"]["selection"] == {"metric": "validation_accuracy", "best": "max"}
    assert {"validation_loss", "test_loss"} <= found["history"][0].keys()


class Conv(nn.Module):
    """A convolution over the features, per step, and batch statistics."""

    units: int = 4
    gain: float = 1.0

    @nn.compact
    def __call__(self, x, train: bool = False):
        # Without a bias, whose gradient before a normalisation is rounding alone, and which Adam scales to full steps.
        x = nn.Conv(self.units, (2,), use_bias=False)(x[..., None])
        x = nn.BatchNorm(use_running_average=not train)(self.gain * x)
        return nn.Dense(3)(x.reshape(*x.shape[:2], -1))


def test_a_network_of_ones_own_with_a_convolution(tmp_path):
    """Its own numbers are axes; on a CPU its trials are run in turn, each as the lone run."""
    config = toy.config(network=Conv(), epochs=1)
    found = sweep(config, {"gain": (0.5, 2.0)}, tmp_path / "s")
    assert found["provenance"]["placement"]["mode"] == ["loop"]
    alone = lone(paths.replace(config, {"network.gain": 2.0}), tmp_path)
    assert_close(load(tmp_path / "s", trial=1).variables, alone.variables, rtol=1e-5)


@pytest.mark.parametrize(
    "axes, options, message",
    [
        ({}, {"seeds": ()}, None),
        ([], {}, "at least one point, and the same values in all of them"),
        ({"gain": (1.0,)}, {"seeds": 3}, r"expected seeds as several numbers, found 3; give range"),
        ({"gain": (1.0,)}, {"seeds": "0..2"}, r"expected seeds as several numbers, found '0..2'"),
        ([{"gain": 1.0}, {"beta1": 0.5}], {}, "the same values in all of them"),
        ({"seed": (1, 2)}, {}, "expected seeds beside the axes, found an axis called seed"),
        (
            {"neuron": ("lif",)},
            {},
            r"network.neuron is an object: .* \[LIF\(\), TCLIF\(\)\] for a neuron",
        ),
        ({"slope": (1.0,)}, {}, "unknown setting 'slope'"),
        ({"beta1": (1.5,)}, {}, r"beta1 must lie in \(-1, 0\) or \(0, 1\), found 1.5"),
        ({"learning_rate": (-1.0,)}, {}, r"Adam.learning_rate must lie in \[0, inf\]"),
        ({"chunk": (3, 65)}, {}, "expected a chunk from 1 to T=10 steps, found 65"),
        (
            {"decay": (np.full(6, 0.5), np.full(6, 0.6))},
            {},
            "expected scalars as values of network.neuron.decay, found arrays",
        ),
        ({"beta1": (-0.5,)}, {"placement": Placement(group=0)}, "group of at least 1"),
    ],
)
def test_sweeps_that_cannot_be(axes, options, message, tmp_path):
    out = tmp_path / "run"
    config = BASE if "decay" not in axes else toy.config(epochs=1)
    if message is None:
        assert len(sweep(config, axes, out, **options)["history"]) == 1
        return
    with pytest.raises(ValueError, match=message):
        sweep(config, axes, out, **options)
    assert not out.exists()


# --- Ranking --------------------------------------------------------------------------------------


def test_the_best_points():
    rows = [
        {"rate": rate, "seed": seed, "epoch": epoch, "score": score}
        for rate, scores in {0.1: (0.2, 0.4), 0.5: (0.9, None), 0.9: (None, None)}.items()
        for seed, score in enumerate(scores)
        for epoch in (1, 2)
    ]
    best = {"metric": "score", "best": "max"}
    ranked = report.ranked(rows, ("rate",), best)
    assert [entry[0] for entry in ranked] == [(0.5,), (0.1,), (0.9,)]
    assert ranked[0][1:] == (0.9, 0.0, 2, 1) and ranked[1][1:] == pytest.approx((0.3, 0.1, 2, 0))
    least = report.ranked(rows, ("rate",), {"metric": "score", "best": "min"})
    assert [entry[0] for entry in least] == [(0.1,), (0.5,), (0.9,)]
    rows = [{"config.rate": row.pop("rate"), **row} for row in rows]
    result = {"config": {"points": [{"rate": 0.1}]}, "provenance": {"selection": best}}
    assert "0.3000 ± 0.1000" in report.sweep_table({**result, "history": rows})
