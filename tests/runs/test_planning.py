"""What a run needs and how it is laid out, for any network: estimates against compiled programs, and given machines."""

import dataclasses
import json
import os
import signal

import flax.linen as nn
import jax
import numpy as np
import pytest

import toy
from spikejax.cli.commands import main
from spikejax.data import Dataset, Split
from spikejax.devices import machine, plan
from spikejax.devices.machine import Machine
from spikejax.devices.memory import needed_by
from spikejax.devices.processes import Interrupted
from spikejax.dynamics.choice import using
from spikejax.dynamics.kernels.refusal import KernelFallback
from spikejax.inputs import Sequence
from spikejax.layers import Spiking
from spikejax.networks import LSTM, MLP
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.runs import Config, fit, record, report, sweep
from spikejax.runs.config import complete
from spikejax.runs.parts import assemble, build
from spikejax.runs.planning import run_as, step_footprint
from spikejax.sweeps.groups import Placement
from spikejax.training.step import train_step

MB = 2**20
LOW, HIGH = 1 / 1.2, 2  # of an estimate over what a program needs


class Conv(nn.Module):
    """Two convolutions, each with neurons and pooling, and a linear read-out."""

    @nn.compact
    def __call__(self, x):
        for channels in (16, 32):
            x = nn.Conv(channels, (3, 3))(x)
            x = nn.avg_pool(Spiking(LIF())(x), (2, 2), (2, 2))
        return nn.Dense(10)(x.reshape(*x.shape[:2], -1))


def data_of(*shape, count, lengths=None):
    inputs, labels = np.zeros((count, *shape), np.uint8), np.arange(count) % 10
    split = Split(inputs, labels, lengths)
    return Dataset("zeros", split, split, 10)


def config_of(network, *shape, batch, lengths=None, **changes):
    data = data_of(*shape, count=batch, lengths=lengths)
    given = {"encoder": Sequence(scale=255.0), "batch_size": batch, "epochs": 1, **changes}
    return Config(data=data, network=network, **given)


FEEDFORWARD = MLP((64, 256, 256), 10, LIF())
CASES = {
    "smnist": config_of(FEEDFORWARD, 784, 1, batch=256),
    "recurrent": config_of(MLP((40, 200, 64), 10, TCLIF(), recurrent=(0, 1)), 784, 1, batch=256),
    "conv": config_of(Conv(), 8, 28, 28, 1, batch=32),
    "lstm": config_of(LSTM(64, 10), 200, 20, batch=64),
    "wide inputs": config_of(MLP((128,), 20, LIF(), recurrent=(0,)), 100, 700, batch=128),
    "unequal": config_of(FEEDFORWARD, 100, 1, batch=64, lengths=np.full(64, 100), metrics=()),
}


def ratio(config, chunk, segment, recompute):
    """Estimate over what the compiled step needs."""
    parts = build(config, config.data)
    layout = plan.Plan(1, 1, chunk, segment, recompute)
    _, trainer, init = assemble(parts.config, parts.train, layout, parts.facts, None)
    step = jax.jit(lambda state, batch: train_step(trainer, state, batch), donate_argnums=0)
    compiled = step.lower(jax.eval_shape(init, 0), parts.train).compile()
    footprint = step_footprint(parts.config, parts.train)
    return plan.needed_by(layout, len(parts.train.inputs[0]), footprint) / needed_by(compiled)


@pytest.mark.parametrize("name", CASES)
def test_an_estimate_is_near_what_a_whole_sequence_needs(name):
    steps = CASES[name].data.train.inputs.shape[1]
    assert LOW <= ratio(CASES[name], steps, steps, False) <= HIGH


@pytest.mark.parametrize("segment", [98, 196, 784])
@pytest.mark.parametrize("name", ["smnist", "recurrent"])
def test_an_estimate_is_near_what_chunks_need(name, segment):
    config = dataclasses.replace(CASES[name], chunk=98)
    assert LOW <= ratio(config, 98, segment, True) <= HIGH


def test_fused_kernels_keep_currents_spikes_and_few_states():
    config = CASES["smnist"]
    with using("pallas"):
        found = step_footprint(config, config.data.train)
    of_neurons = 4 * 784 * 256 * (64 + 256 + 256)
    assert 2 * of_neurons <= found.kept <= 2.25 * of_neurons


# --- Plans for given machines ---------------------------------------------------------------------


@pytest.fixture
def on(monkeypatch):
    def on(memory, backend="gpu", devices=1, multiprocessors=132):
        made = Machine(backend, devices, int(memory), multiprocessors)
        monkeypatch.setattr(machine, "this", lambda: made)

    return on


def plan_for(config, **options):
    return build(config, config.data, **options).plan


@pytest.mark.parametrize("backend", ["gpu", "tpu"])
@pytest.mark.parametrize("name", CASES)
def test_any_network_is_run_whole_if_it_fits(name, backend, on):
    config = CASES[name]
    data = sum(x.nbytes for x in jax.tree.leaves(config.data.train))
    steps, footprint = config.data.train.inputs.shape[1], step_footprint(config, config.data.train)
    on(1.2 * footprint.whole() + data + 1, backend)
    assert plan_for(config) == plan.Plan(1, 1, steps, steps, False)
    on(1.2 * footprint.whole() + data - MB / 10, backend)
    short = plan_for(config)
    assert short.recompute and short.chunk == steps // 2
    on(0.5 * footprint.whole() + data, backend)
    assert plan_for(config).chunk < short.chunk


def test_a_network_that_needs_the_whole_sequence_is_never_cut(on):
    class Normalised(Conv):
        @nn.compact
        def __call__(self, x, train: bool = False):
            x = nn.Conv(4, (3, 3))(x)
            x = Spiking(LIF())(nn.BatchNorm(use_running_average=not train)(x))
            return nn.Dense(10)(x.reshape(*x.shape[:2], -1))

    on(MB)
    config = config_of(Normalised(), 8, 28, 28, 1, batch=32)
    assert plan_for(config) == plan.Plan(1, 1, 8, 8, False)


def test_what_recurs():
    found = {name: build(config, config.data).facts.recurs for name, config in CASES.items()}
    recurrent = {"recurrent", "lstm", "wide inputs"}
    assert found == {name: name in recurrent for name in CASES}


def test_a_lone_run_a_sweep_and_info_agree(on, tmp_path, capsys):
    on(80e9)
    flags = ["digits", "--neuron", "lif", "--hidden", "4", "--recurrent", "0"]
    flags += ["--epochs", "1", "--batch-size", "256"]
    assert main(["info", "--plan", *flags, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["lif"]
    assert said.pop("why").startswith("whole sequence: needs about ")
    assert said.pop("layers") == ["layers run as scans: there is no accelerator"]
    assert main(["train", *flags, "--quiet", "--out", str(tmp_path / "run")]) == 0
    alone = record.read(tmp_path / "run" / "record.json")["provenance"]["plan"]
    axis = ["--grid", "decay=0.5", "--mode", "vmap"]
    assert main(["sweep", *flags, *axis, "--out", str(tmp_path / "sweep")]) == 0
    (swept,) = record.read(tmp_path / "sweep" / "record.json")["provenance"]["plan"]
    assert alone == said
    local = len(jax.local_devices())
    assert swept == said and local >= 1
    assert main(["info", "--plan", *flags]) == 0
    text = capsys.readouterr().out
    assert ", not recomputed\n  whole sequence: needs about " in text
    assert text.endswith("\n  layers run as scans: there is no accelerator\n")


@pytest.mark.filterwarnings(f"ignore::{KernelFallback.__module__}.KernelFallback")
def test_how_layers_run_is_said_and_why():
    def said(kernel, hidden):
        network = MLP(hidden, None, LIF(), recurrent=(0,))
        built = build(toy.config(network=network, kernel=kernel), toy.dataset())
        return run_as(built.config, built.train)

    assert said("scan", (8,)) == ["layers run as scans: as asked"]
    scans, at_once = said("parallel", (8,))
    assert scans == "layers run as scans: there is no accelerator"
    assert at_once == "neurons without a reset run all steps at once"
    assert said("pallas", (8, 4)) == ["layers run as fused kernels, by the interpreter"]
    words, scan = said("pallas", (1025, 4))
    assert words.startswith("layers run as fused kernels")
    assert scan.startswith(
        "LIF with feedback runs as a scan, not as a fused kernel: it feeds back 1025"
    )


def groups_of(tmp_path, monkeypatch, name, **placement):
    told = []
    monkeypatch.setattr(report, "progress_line", lambda text, *, done: told.append(text))
    axes = {"decay": tuple(np.linspace(0.1, 0.9, 12))}
    config = toy.config(epochs=1)
    found = sweep(config, axes, tmp_path / name, placement=Placement("vmap", **placement))
    return found, len(told), found["provenance"]["plan"][0]["models"]


def test_a_sweep_fills_a_gpu_and_no_more(on, tmp_path, monkeypatch):
    """A recurrent layer of 8 samples occupies half a multiprocessor."""
    local = len(jax.local_devices())
    on(80e9, multiprocessors=1)
    few, groups, models = groups_of(tmp_path, monkeypatch, "few")
    assert models == 2 and groups == -(-12 // (2 * local))
    asked, groups, models = groups_of(tmp_path, monkeypatch, "asked", group=12)
    assert models == -(-12 // local) and groups == 1
    for one, other in zip(few["history"], asked["history"], strict=True):
        np.testing.assert_allclose(one["loss"], other["loss"], rtol=1e-4)


@pytest.mark.parametrize("room, models", [(1.3, 1), (2.5, 2), (1000, 264)])
def test_models_side_by_side_are_run_whole(room, models, on):
    on(80e9)
    config = complete(toy.config(epochs=1), toy.dataset())
    need = step_footprint(config, config.data.train).whole()
    data = sum(x.nbytes for x in jax.tree.leaves(config.data.train))
    found = plan_for(config, models=lambda most: most, memory=int(room * need + data))
    assert found == plan.Plan(1, 1, toy.T, toy.T, False, models)


# --- Runs of an earlier version -------------------------------------------------------------------


def test_a_run_whose_record_has_an_older_plan_goes_on(on, tmp_path):
    config = toy.config(epochs=1)
    fit(config, tmp_path / "run", progress=False)
    path = tmp_path / "run" / "record.json"
    found = record.read(path)
    found["provenance"]["plan"] = {"devices": 1, "micro_batches": 1, "chunk": 5, "segment": 5}
    record.write(path, found)
    on(80e9)
    longer = fit(toy.config(epochs=2), tmp_path / "run", progress=False, resume=True).record
    assert [entry["epoch"] for entry in longer["history"]] == [1, 2]
    assert longer["provenance"]["plan"]["chunk"] == 5
    assert longer["provenance"]["resumed"][-1]["plan"]["recompute"] is False


def test_a_group_of_another_size_starts_again(on, tmp_path, monkeypatch):
    """One that was stopped before it was planned for this device."""
    config, axes = toy.config(epochs=2), {"decay": tuple(np.linspace(0.1, 0.9, 8))}
    told = []

    def tell(text, *, done):
        told.append(text)
        if len(told) == 1:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(report, "progress_line", tell)
    out, whole = tmp_path / "cut", tmp_path / "whole"
    with pytest.raises(Interrupted, match="saved"):
        sweep(config, axes, out, placement=Placement("vmap", group=8))
    on(80e9, multiprocessors=1)
    found = sweep(config, axes, out, placement=Placement("vmap"), resume=True)
    expected = sweep(config, axes, whole, placement=Placement("vmap"))
    assert found["complete"] and found["history"] == expected["history"]
