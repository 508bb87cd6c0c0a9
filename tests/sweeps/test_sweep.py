"""Sweeps: one program for all values, lanes that know nothing of each other, nothing lost."""

import dataclasses
import functools
import json
import os
import signal
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.cli.main import main
from spikejax.data.core.dataset import Dataset, Split
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.recipes.tasks import Settings
from spikejax.runs import parts as recipe
from spikejax.runs import record, report
from spikejax.runs import sweeping as study
from spikejax.runs.parts import Job
from spikejax.runs.sweeping import Study
from spikejax.surrogate import Triangle
from spikejax.sweeps import grid
from spikejax.sweeps import groups as sweep
from spikejax.training import train
from spikejax.training.progress import Interrupted

RATES = (0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
SEEDS = (0, 3)


def init(point, seed):
    draw = jax.random.normal(jax.random.key(seed), (3,))
    return {"weights": draw * point["gain"], "epochs": jnp.int32(0)}


def train_epoch(state, point, shared):
    """Gradient descent towards the shared target."""
    weights = state["weights"]
    for _ in range(3):
        weights = weights - 2 * point["rate"] * (weights - shared)
    loss = jnp.square(weights - shared).sum()
    return {"weights": weights, "epochs": state["epochs"] + 1}, {"loss": loss}


def run(train_epoch=train_epoch, rates=RATES, **options):
    options = {"epochs": 2, "shared": jnp.ones(3)} | options
    return sweep.run(init, train_epoch, {"rate": rates, "gain": (2.0,)}, SEEDS, **options)


@pytest.mark.parametrize("lanes", ["vmap", "map"])
@pytest.mark.parametrize("group", [None, 2, 5])
def test_every_lane_is_there_once(lanes, group):
    rows = run(lanes=lanes, group=group)
    assert [(row["lane"], row["epoch"]) for row in rows] == [
        (lane, epoch) for lane in range(12) for epoch in (1, 2)
    ]
    assert [row["rate"] for row in rows[::4]] == list(RATES)
    assert [row["seed"] for row in rows[::2]] == list(SEEDS) * 6
    for row in rows:
        expected = init({"gain": 2.0}, row["seed"])
        for _ in range(row["epoch"]):
            expected, metrics = train_epoch(expected, row, jnp.ones(3))
        np.testing.assert_allclose(row["loss"], metrics["loss"], rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("lanes", ["vmap", "map"])
def test_one_compilation_whatever_the_values(lanes):
    traces = []

    def counted(state, point, shared):
        traces.append(point)
        return train_epoch(state, point, shared)

    assert len(run(counted, lanes=lanes, group=4)) == 24
    assert len(traces) == 1


@pytest.mark.parametrize("lanes", ["vmap", "map"])
def test_a_diverged_lane_is_frozen_and_touches_no_other(lanes):
    kept = {}
    fine = run(lanes=lanes, keep=lambda rows, states: kept.__setitem__("fine", states))
    wild = (0.1, 1e30, *RATES[2:])
    rows = run(
        rates=wild,
        lanes=lanes,
        keep=lambda rows, states: kept.__setitem__("wild", states),
    )
    for row, other in zip(rows, fine, strict=True):
        if row["rate"] == 1e30:
            assert row["diverged"] and row["loss"] is None
        elif row["rate"] != 0.2:
            assert row == other
    start = init({"gain": 2.0}, SEEDS[0])
    np.testing.assert_array_equal(kept["wild"]["weights"][2], start["weights"])
    assert kept["wild"]["epochs"][2] == 0 and kept["wild"]["epochs"][0] == 2
    np.testing.assert_array_equal(kept["wild"]["weights"][4:], kept["fine"]["weights"][4:])


def test_finished_lanes_are_not_trained_again():
    groups, told = [], []
    whole = run(group=4, keep=lambda rows, states: groups.append(rows))
    assert [len(rows) for rows in groups] == [8, 8, 8]
    # A lane that is half done is trained from the start, whatever the groups were.
    half = [*groups[0], *groups[2][:-1]]
    again = run(group=2, finished=half, tell=lambda *where: told.append(where))
    assert again == whole
    assert told == [(group, 3, epoch) for group in (1, 2, 3) for epoch in (1, 2)]
    told.clear()
    assert run(finished=whole, tell=lambda *where: told.append(where)) == whole and not told


@pytest.mark.parametrize("when, kept", [((2, 1), 1), ((2, 2), 2), ((3, 2), 3)])
def test_ctrl_c_keeps_what_is_finished(when, kept):
    groups = []

    def tell(group, count, epoch):
        if (group, epoch) == when:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted, match="finished groups are kept"):
        run(group=4, keep=lambda rows, states: groups.append(rows), tell=tell)
    assert len(groups) == kept
    assert run(group=4, finished=sum(groups, [])) == run(group=4)


def test_a_state_that_is_not_finite_freezes_a_lane():
    """Its metrics are finite, and a row must not say that all is well."""

    def blow_up(state, point, shared):
        state, metrics = train_epoch(state, point, shared)
        state["weights"] = jnp.where(point["rate"] > 0.9, jnp.inf, state["weights"])
        return state, {"loss": jnp.float32(0.5)}

    rows = run(blow_up)
    assert {row["rate"] for row in rows if row["diverged"]} == {0.95}


def test_numbers_of_numpy_and_jax_are_numbers():
    rates = np.asarray(RATES)
    found = sweep.run(
        init,
        train_epoch,
        {"rate": rates, "gain": jnp.asarray([2.0])},
        np.arange(0, 4, 3),
        epochs=2,
        shared=jnp.ones(3),
    )
    assert found == run() and json.dumps(found)


def test_metrics_that_are_no_scalars():
    def listed(state, point, shared):
        return state, {"loss": state["weights"]}

    with pytest.raises(
        ValueError, match=r"metrics that are scalars, found loss \[3\]; take its mean"
    ):
        run(listed)


def test_memory_bounds_a_group():
    def heavy(state, point, shared):
        state, metrics = train_epoch(state, point, shared)
        big = jnp.cumsum(jnp.full((2**18,), point["rate"]))  # 1 MB a lane
        return state, {"loss": metrics["loss"] + 0 * jnp.sort(big)[0]}

    sizes = []
    options = {
        "lanes": "vmap",
        "group": 12,
        "keep": lambda rows, states: sizes.append(len(states["weights"])),
    }
    rows = run(heavy, **options)
    assert sizes == [12]
    sizes.clear()
    for row, other in zip(run(heavy, memory=6 * 2**20, **options), rows, strict=True):
        assert row["loss"] == pytest.approx(other["loss"], rel=1e-5)
    assert max(sizes) < 12 and sum(sizes) == 12
    with pytest.raises(ValueError, match="one lane a device needs .* MB and a device may use 1 MB"):
        run(heavy, memory=2**20, **options)


def test_a_compiler_that_refuses_a_group_halves_it(monkeypatch):
    """As a TPU's does, whose memory is checked while compiling."""

    def refuse(compiled):
        if "6,3" in compiled.as_text():  # six lanes a device
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Ran out of memory on HBM")
        return 0

    monkeypatch.setattr(sweep, "needed_by", refuse)
    sizes = []
    rows = run(
        lanes="vmap",
        group=12,
        keep=lambda rows, states: sizes.append(len(states["weights"])),
    )
    assert sizes == [6, 6] and len(rows) == 24


@pytest.mark.parametrize(
    "points, seeds, epochs, message",
    [
        ([], (0,), 1, "at least one point, one seed and one epoch, found 0, 1 and 1"),
        ({"rate": (1.0,)}, (), 1, "found 1, 0 and 1"),
        ([{"rate": 1.0}, {"gain": 1.0}], (0,), 1, "points of one set of names"),
        ({"rate": (float("nan"),)}, (0,), 1, "expected finite numbers, found rate=nan"),
        ({"rate": ("code",)}, (0,), 1, "found rate='code'; sweep each choice on its own"),
    ],
)
def test_unfit_sweeps(points, seeds, epochs, message):
    with pytest.raises(ValueError, match=message):
        sweep.run(init, train_epoch, points, seeds, epochs=epochs)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"lanes": "pmap"}, "expected lanes of vmap or map, found 'pmap'"),
        ({"group": 0}, "expected group of at least 1, found 0"),
        ({"memory": -1}, "expected memory of at least 1, found -1"),
    ],
)
def test_unfit_options(options, message):
    with pytest.raises(ValueError, match=message):
        run(**options)


# --- Points ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "beta1",
        "beta1=",
        "=1",
        "a=1,,2",
        "a=1,1",
        "a=2..1",
        "a=0..1:log",
        "a=x..y",
        "a=inf",
        "a=0..inf",
    ],
)
def test_unfit_axes(text):
    with pytest.raises(ValueError, match="expected"):
        grid.parse_axis(text)


@pytest.mark.parametrize("text", ["3..1", "a", "1,1", "-1", "", "3000000000"])
def test_unfit_seeds(text):
    with pytest.raises(ValueError, match="expected"):
        grid.parse_seeds(text)


def test_points_drawn_at_random():
    axes = {"a": grid.Range(0.0, 1.0), "lr": grid.Range(1e-4, 1e-2, log=True), "b": (3.0, 5.0)}
    points = grid.draw(axes, 500)
    assert points == grid.draw(axes, 500) != grid.draw(axes, 500, seed=1)
    drawn = {name: np.array([point[name] for point in points]) for name in axes}
    assert 0 <= drawn["a"].min() and drawn["a"].max() <= 1 and abs(drawn["a"].mean() - 0.5) < 0.05
    assert 1e-4 <= drawn["lr"].min() and drawn["lr"].max() <= 1e-2
    assert abs(np.log10(drawn["lr"]).mean() + 3) < 0.1
    assert set(drawn["b"]) == {3.0, 5.0}
    assert len(grid.draw({"a": (1.0, 2.0), "b": (3.0, 5.0)}, 4)) == 4
    with pytest.raises(ValueError, match="expected axes with 5 different points, found 4"):
        grid.draw({"a": (1.0, 2.0), "b": (3.0, 5.0)}, 5)


def test_the_best_points():
    rows = [
        {"rate": rate, "seed": seed, "epoch": epoch, "score": score}
        for rate, scores in {0.1: (0.2, 0.4), 0.5: (0.9, None), 0.9: (None, None)}.items()
        for seed, score in enumerate(scores)
        for epoch in (1, 2)
    ]
    ranked = report.ranked(rows, ("rate",), "score")
    assert [entry[0] for entry in ranked] == [(0.5,), (0.1,), (0.9,)]
    assert ranked[0][1:] == (0.9, 0.0, 2, 1) and ranked[1][1:] == pytest.approx((0.3, 0.1, 2, 0))
    assert "0.3000 ± 0.1000" in report.best_table(rows, ("rate",), "score")


# --- A study of networks --------------------------------------------------------------------------

SETTINGS = Settings(
    hidden=(6,), recurrent=(0,), epochs=1, batch_size=8, learning_rate=0.02, chunk=4
)
T, CLASSES = 10, 3


def dataset():
    draw = np.random.default_rng(0)
    labels = (np.arange(48) % CLASSES).astype(np.int32)
    inputs = (100 * draw.random((48, T, 2)) + 50 * labels[:, None, None]).astype(np.uint8)
    return Dataset(
        "toy",
        Split(inputs[:32], labels[:32]),
        Split(inputs[32:], labels[32:]),
        CLASSES,
        255.0,
        "",
        "",
    )


def lone_run(job, data):
    """The variables after an epoch as `spikejax train` makes them, and the test metrics."""
    (name,) = job.neurons
    model, split = recipe.build(job, name, data)
    rule = recipe.optimizer(job.settings, len(data.train))
    state = recipe.initial_state(model.network, rule, data, job.settings.seed)
    state, history = train.fit(
        state,
        model.objective,
        rule,
        (data.train.inputs, data.train.labels),
        classes=CLASSES,
        epochs=1,
        batch_size=job.settings.batch_size,
        evaluate=lambda variables: train.evaluate(
            model.measure, variables, *map(jnp.asarray, (data.test.inputs, data.test.labels)), 8
        ),
        save=lambda state, history: None,
        progress=False,
        **split,
    )
    return state.variables, history[-1]


def test_a_lane_equals_the_lone_run(float64):
    data = dataset()
    point = {"beta1": -0.3, "threshold": 0.7, "surrogate.width": 1.5}
    point |= {"lr": 0.03, "weight_decay": 0.01, "gain": 1.4}
    job = Job("toy", SETTINGS, {"tc_lif": TCLIF()}, {"tc_lif": ("c1", "c2")})
    other = dict.fromkeys(point, 0.5) | {"beta1": 0.4}
    swept = Study(job, [other, point], (5, 2))
    (program,) = study.programs(swept)
    kept = []
    rows = sweep.run(
        *study.lane(swept, program, data),
        program.values,
        swept.seeds,
        epochs=1,
        shared=tuple(
            (jnp.asarray(x.inputs), jnp.asarray(x.labels)) for x in (data.train, data.test)
        ),
        keep=lambda rows, states: kept.append(states),
    )
    settings = dataclasses.replace(
        SETTINGS, learning_rate=0.03, weight_decay=0.01, gain=1.4, seed=2
    )
    neuron = TCLIF(threshold=0.7, surrogate=Triangle(1.5)).with_derived(beta1=-0.3)
    expected, history = lone_run(Job("toy", settings, {"tc_lif": neuron}, job.learn), data)
    found = jax.tree.map(lambda x: x[-1], kept[0].variables)
    assert 0.01 < rows[-1]["rate_neuron_0"] < 0.9
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert a.dtype == jnp.float64
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    for name in ("loss", "accuracy", "test_loss", "test_accuracy"):
        np.testing.assert_allclose(rows[-1][name], history[name], rtol=1e-12)


def test_choices_make_a_program_each():
    job = Job("toy", SETTINGS, {"lif": LIF(), "tc_lif": TCLIF()}, {"lif": (), "tc_lif": ()})
    points = grid.product({"threshold": (0.5, 1.0), "surrogate": ("triangle", "atan")})
    found = study.programs(Study(job, points, (0,)))
    assert [(program.label, len(program.points)) for program in found] == [
        ("lif_triangle", 2),
        ("lif_atan", 2),
        ("tc_lif_triangle", 2),
        ("tc_lif_atan", 2),
    ]
    assert [values["threshold"] for values in found[0].values] == [0.5, 1.0]
    with pytest.raises(ValueError, match=r"LIF has no beta1; expected names of \['decay'"):
        study.programs(Study(job, [{"beta1": -0.5}], (0,)))
    with pytest.raises(ValueError, match=r"beta1 must lie in \(-1, 0\) or \(0, 1\), found 1.5"):
        alone = dataclasses.replace(job, neurons={"tc_lif": TCLIF()})
        study.programs(Study(alone, [{"beta1": 1.5}], (0,)))


# --- The command ----------------------------------------------------------------------------------

FLAGS = ["digits", "--neuron", "tc_lif", "--hidden", "8", "--recurrent", "0", "--batch-size", "256"]
FLAGS += ["--epochs", "2", "--grid", "beta1=-0.2,-0.6", "--grid", "threshold=0.6,1.0"]


def test_the_command(tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["sweep", *FLAGS, "--seeds", "0,1", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "beta1  threshold  test accuracy, mean ± std  seeds  diverged" in said.out
    assert "group 1 of 1, epoch 2 of 2" in said.err
    result = record.read(out / "record.json")
    assert result["complete"] and len(result["metrics"]) == 8
    assert result["provenance"]["plan"]["sweep"] == {"lanes": "map", "devices": 2}
    lines = (out / "lanes.csv").read_text().splitlines()
    assert lines[0].startswith("lane,neuron,beta1,threshold,seed,epoch,accuracy,loss")
    assert len(lines) == 1 + 8 * 2 and lines[-1].startswith("7,tc_lif,-0.6,1.0,1,2,")
    assert all(
        (out / name).stat().st_size > 5000 for name in ("heat_map.png", "learning_curves.png")
    )
    trained = np.load(out / "tc_lif" / "lanes_00000.npz")
    assert trained["params/linear_0/kernel"].shape == (8, 1, 8)
    assert trained["constants/neuron_0/threshold"].tolist() == pytest.approx([0.6, 0.6, 1, 1] * 2)
    assert trained["lane"].tolist() == list(range(8))
    # What is finished is read, not trained, and groups may be others.
    assert (
        main(["sweep", *FLAGS, "--seeds", "0,1", "--group", "2", "--out", str(out), "--resume"])
        == 0
    )
    assert "group 1" not in capsys.readouterr().err
    assert record.read(out / "record.json")["history"] == result["history"]
    assert main(["sweep", *FLAGS, "--out", str(out), "--resume"]) == 1
    assert "was run with other settings" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags, message",
    [
        ([], "expected axes with --grid NAME=A,B,... or --zip"),
        (["--grid", "beta1=-0.5", "--zip", "beta1=-0.2"], "each name once, found beta1 twice"),
        (["--grid", "lr=1e-3..1e-2"], "lr is a range, from which --random N draws"),
        (["--grid", "beta1=fast"], "expected numbers, found {'beta1': 'fast'}"),
        (["--zip", "beta1=-0.5,-0.2", "--zip", "beta2=0.5"], "zipped axes of one length"),
        (["--grid", "slope=1,2"], "TCLIF has no slope; expected names of"),
        (["--grid", "lr=-1"], "expected a learning rate above 0, found -1.0"),
        (["--grid", "beta1=-0.5", "--seeds", "x"], "expected seeds like 0..3"),
        (["--grid", "beta1=-0.5", "--group", "0"], "expected --group of at least 1, found 0"),
        (["--grid", "lr=fast"], "expected numbers, found {'lr': 'fast'}"),
        (["--grid", "surrogate=1,2"], "unknown surrogate"),
        (["--grid", "beta1=-0.5", "--chunk", "100"], "expected a chunk from 1 to T=64 steps"),
        (["--grid", "beta1=-0.5", "--process", "1"], "expected a coordinator HOST:PORT"),
    ],
)
def test_flags_that_cannot_be(flags, message, tmp_path, capsys):
    code = 2 if message.startswith("unknown") else 1
    assert main(["sweep", "digits", *flags, "--out", str(tmp_path / "run")]) == code
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_killed_sweep_continues(tmp_path):
    command = [sys.executable, "-m", "spikejax", "sweep", *FLAGS, "--group", "2", "--json"]
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir}
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    start = functools.partial(
        subprocess.Popen,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    process = start([*command, "--out", str(cut)])
    while not list(cut.glob("tc_lif/lanes_00000.json")):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=60)
    assert not record.read(cut / "record.json")["complete"]
    assert main(["sweep", *FLAGS, "--group", "2", "--json", "--out", str(cut), "--resume"]) == 0
    assert main(["sweep", *FLAGS, "--group", "2", "--json", "--out", str(whole)]) == 0
    first, second = (record.read(out / "record.json") for out in (cut, whole))
    assert first["complete"] and first["history"] == second["history"]
    assert len(first["provenance"]["resumed"]) == 1
