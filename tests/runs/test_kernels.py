"""Training and sweeps whose layers are fused kernels, which a CPU interprets: the same as by the scan."""

import jax
import numpy as np
import pytest

import toy
from spikejax.dynamics.kernels.refusal import KernelFallback
from spikejax.networks import MLP
from spikejax.neurons.tc_lif import TCLIF
from spikejax.runs import fit, record, sweep
from spikejax.sweeps.groups import Placement

CONFIG = toy.config(network=MLP((6, 5), None, TCLIF(), recurrent=(0,)), chunk=None)
pytestmark = pytest.mark.filterwarnings(f"error::{KernelFallback.__module__}.KernelFallback")


def same(one, other):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), one, other)


@pytest.mark.parametrize("chunk", [None, 5])
def test_a_run(chunk, tmp_path):
    found = {}
    for kernel in ("pallas", "scan"):
        config = toy.config(network=CONFIG.network, chunk=chunk, kernel=kernel)
        found[kernel] = fit(config, tmp_path / kernel, progress=False)
        assert record.read(tmp_path / kernel / "record.json")["config"]["kernel"] == kernel
    same(found["pallas"].variables, found["scan"].variables)
    losses = [[entry["loss"] for entry in run.record["history"]] for run in found.values()]
    same(*losses)
    assert losses[0][-1] < losses[0][0]


@pytest.mark.slow
def test_a_sweep(tmp_path):
    points = {"beta1": [-0.5, -0.3], "surrogate.width": [1.0, 1.5]}
    rows = []
    for kernel in ("pallas", "scan"):
        config = toy.config(network=CONFIG.network, chunk=None, kernel=kernel, epochs=1)
        placed = Placement(mode="vmap")
        found = sweep(config, points, tmp_path / kernel, placement=placed)
        rows.append([row["loss"] for row in found["history"]])
    same(*rows)
    assert len(set(rows[0])) == 4
