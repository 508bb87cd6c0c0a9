"""Several runs under one folder, and what is read of it: by name, by trial, by the best."""

import dataclasses

import jax
import numpy as np
import pytest

import toy
from spikejax.networks import MLP
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.runs import evaluate, fit, fit_several, load, record
from spikejax.runs.parts import load as load_data
from spikejax.runs.several import over_seeds
from toy import plain

CONFIGS = {
    "lif": toy.config(epochs=1),
    "tc_lif": toy.config(epochs=1, network=MLP((6,), None, TCLIF(), recurrent=(0,))),
}
DATA = {"data": toy.dataset()}


def several(out, **options):
    return fit_several(CONFIGS, out, **{"progress": False} | options)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder of two neurons."""
    out = tmp_path_factory.mktemp("runs") / "both"
    return out, several(out)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """A folder of two neurons with two seeds each."""
    out = tmp_path_factory.mktemp("runs") / "seeded"
    return out, several(out, seeds=(3, 1))


def test_one_record_over_all(trained):
    out, result = trained
    assert record.read(out / "record.json") == result and result["complete"]
    assert list(result["metrics"]) == list(result["history"]) == ["lif", "tc_lif"]
    for name in CONFIGS:
        alone = record.read(out / name / "record.json")
        assert result["metrics"][name] == alone["metrics"]
        assert result["history"][name] == alone["history"]
    parameters = [values["parameters"] for values in result["metrics"].values()]
    assert parameters[1] == parameters[0] + 2  # TC-LIF's authors learn two per layer
    for picture in ("learning_curves.png", "raster.png"):
        assert (out / picture).stat().st_size > 5000


def test_callbacks_of_each_run(tmp_path):
    seen = []
    own = {"tc_lif": (lambda history, variables: seen.append(history[-1]["test_loss"]),)}
    result = several(tmp_path / "run", callbacks=own)
    assert seen == [result["metrics"]["tc_lif"]["test_loss"]]
    with pytest.raises(ValueError, match="expected no callbacks with several seeds"):
        several(tmp_path / "new", callbacks=own, seeds=(0, 1))
    with pytest.raises(TypeError, match="expected callbacks by the names of the configs"):
        several(tmp_path / "new", callbacks={"plif": own["tc_lif"]})
    with pytest.raises(TypeError, match="expected several callbacks, found one function"):
        several(tmp_path / "new", callbacks={"lif": len})
    assert not (tmp_path / "new").exists()


def test_several_seeds_are_a_mean_and_a_deviation(seeded):
    out, result = seeded
    for name in CONFIGS:
        metrics, swept = result["metrics"][name], record.read(out / name / "record.json")
        rows = list(swept["metrics"]["trials"].values())
        assert [row["seed"] for row in rows] == [3, 1]
        scores = [row["test_accuracy"] for row in rows]
        assert metrics["test_accuracy"] == pytest.approx(np.mean(scores))
        assert metrics["test_accuracy_std"] == pytest.approx(np.std(scores))
        assert metrics["firing_rate"].keys() == {"neuron_0"}
        assert metrics["seeds"] == 2 and metrics["diverged"] == 0
        assert metrics["parameters"] == result["metrics"]["lif"]["parameters"] + 2 * (
            name == "tc_lif"
        )
    assert (out / "learning_curves.png").stat().st_size > 5000


def test_one_seed_is_a_run_of_its_own(seeded, tmp_path):
    """The trial of a seed is the run with that seed, up to rounding."""
    out, _ = seeded
    alone = fit(dataclasses.replace(CONFIGS["lif"], seed=1), tmp_path / "run", progress=False)
    trial = load(out / "lif", trial=1)
    for a, b in zip(*map(jax.tree.leaves, (alone.variables, trial.variables)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
    one = several(tmp_path / "one", seeds=(1,))
    assert plain(one["history"]["lif"]) == plain(alone.record["history"])


def test_what_is_finished_is_not_trained_again(trained, seeded):
    out, result = trained
    assert several(out, resume=True) == result
    assert several(seeded[0], resume=True, seeds=(3, 1)) == seeded[1]
    with pytest.raises(ValueError, match="was run with different settings"):
        several(seeded[0], resume=True, seeds=(3, 2))
    with pytest.raises(FileExistsError, match="holds a run"):
        several(out)


def test_the_first_of_them_is_kept_where_the_second_stops(tmp_path, trained):
    out, runs, result = tmp_path / "cut", 0, None
    while result is None or not result["complete"]:
        result = several(out, resume=True, seconds=0.0)
        runs += 1
        if runs == 1:
            found = record.read(out / "record.json")
            assert found["provenance"]["incomplete"].startswith("lif: OutOfTime")
            assert not (out / "tc_lif").exists()  # the time is one for all of them
    assert runs == 7
    for name in CONFIGS:
        assert plain(result["history"][name]) == plain(trained[1]["history"][name])


def test_overwriting_replaces_the_runs_that_are_trained_again(tmp_path):
    """One that is not stays, a run of its own, and so do other files, in their folders too."""
    out = tmp_path / "run"
    several(out, seeds=(0, 1))
    mine = [out / "notes.txt", out / "lif" / "notes.txt"]
    for path in mine:
        path.write_text("mine")
    fit_several({"lif": CONFIGS["lif"]}, out, overwrite=True, progress=False)
    assert (out / "lif" / "last").is_dir() and not (out / "lif" / "groups_0").exists()
    assert record.read(out / "tc_lif" / "record.json")["complete"]
    assert all(path.read_text() == "mine" for path in mine)


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", ".hidden", "a/b", "", 3])
def test_names_that_are_no_folders(name, tmp_path):
    with pytest.raises(ValueError, match="expected names of folders for the configs, found"):
        fit_several({name: CONFIGS["lif"]}, tmp_path / "run", progress=False)
    assert not list(tmp_path.iterdir())


# --- Reading --------------------------------------------------------------------------------------


def test_loaded(trained):
    out, result = trained
    with pytest.raises(ValueError, match="several runs; load one of .*lif, .*tc_lif"):
        load(out)
    loaded = load(out / "tc_lif")
    assert isinstance(loaded.network.neuron, TCLIF) and loaded.steps == 4
    assert loaded.config.network == loaded.network
    outputs = loaded.network.apply(loaded.variables, toy.arrays()[0][:5].swapaxes(0, 1) / 255)
    assert outputs.shape == (toy.T, 5, toy.CLASSES)


def test_evaluated(trained):
    out, result = trained
    found = evaluate(out, **DATA)
    for name, values in result["metrics"].items():
        assert found[name]["steps"] == 4
        for key in ("test_accuracy", "test_loss", "firing_rate"):
            assert found[name][key] == pytest.approx(values[key], rel=1e-6)
    assert evaluate(out / "lif", **DATA) == found["lif"]


def test_a_trial_is_loaded_by_its_number_or_as_the_best(seeded):
    out, result = seeded
    rows = record.read(out / "lif" / "record.json")["metrics"]["trials"]
    scores = [row["test_accuracy"] for row in rows.values()]
    best = load(out / "lif")
    assert best.config.seed == (3, 1)[scores.index(max(scores))]
    assert load(out / "lif", trial=0).config.seed == 3
    with pytest.raises(ValueError, match="expected a trial of .*lif from 0 to 1, found 7"):
        load(out / "lif", trial=7)
    measured = evaluate(out / "lif", trial=1, **DATA)
    assert measured["test_accuracy"] == pytest.approx(scores[1])


def test_nothing_to_load(tmp_path, trained):
    with pytest.raises(FileNotFoundError, match="expected a record at .*record.json"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError, match="expected a checkpoint in .*best, found none"):
        load(trained[0] / "lif", best=True)


def test_arrays_of_ones_own_must_be_given(trained):
    with pytest.raises(ValueError, match="was trained on the arrays 'toy', which a record does"):
        evaluate(trained[0] / "lif")


def test_other_arrays_than_those_of_the_run_are_refused(trained, seeded):
    inputs, labels = toy.arrays()
    other = toy.Dataset.of_arrays((inputs[:9], labels[:9]), (inputs, labels), name="toy")
    for out in (trained[0], trained[0] / "lif", seeded[0] / "lif"):
        message = "expected the data that .* was trained on, toy with sha256 .*, found toy with .*; give the same"
        with pytest.raises(ValueError, match=message):
            evaluate(out, data=other)
    with pytest.raises(TypeError, match="expected data as a Dataset, found tuple; give Dataset.of"):
        evaluate(trained[0] / "lif", data=toy.arrays())


def test_arrays_in_place_of_a_data_set_with_a_name_are_refused(tmp_path):
    config = toy.config(data="digits", network=MLP((4,), None, LIF()), epochs=1, batch_size=512)
    fit(config, tmp_path / "run", progress=False)
    with pytest.raises(ValueError, match="trained on, digits with sha256 .*; leave out data="):
        evaluate(tmp_path / "run", **DATA)
    digits = load_data(config)
    assert evaluate(tmp_path / "run", data=digits) == evaluate(tmp_path / "run")


def test_a_record_of_what_is_not_there_any_more(trained, tmp_path):
    out, _ = trained
    found = record.read(out / "lif" / "record.json")
    found["config"]["network"]["neuron"]["type"] = "neuron liff"
    record.write(tmp_path / "record.json", found)
    (tmp_path / "last").symlink_to(out / "lif" / "last")
    with pytest.raises(ValueError, match="unknown neuron 'liff'; did you mean lif"):
        load(tmp_path)


@pytest.mark.parametrize("diverged", [(True, False), (True, True)])
def test_a_mean_without_the_trials_that_diverged(diverged):
    def row(seed, whether):
        values = {"loss": 0.5, "rate_neuron_0": 0.1}
        if whether:
            values = dict.fromkeys(values)
        return {"seed": seed, "epoch": 3, **values, "diverged": whether}

    trials = {str(seed): row(seed, whether) for seed, whether in enumerate(diverged)}
    found = over_seeds({"metrics": {"trials": trials, "parameters": [5], "seconds": 1.0}})
    expected = None if all(diverged) else 0.5
    assert found["loss"] == expected and found["diverged"] == sum(diverged)
    assert set(found["firing_rate"]) == {"neuron_0"} and found["seeds"] == 2
