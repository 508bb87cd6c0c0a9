"""The programs that a GPU and a TPU would receive: two kernels, no loop over time, and no device needed to see it."""

import jax
import jax.numpy as jnp
import pytest

from fused_cases import MOSAIC_RUNS, REFUSED, STREAMING, neuron_of, no_fallback
from fused_neurons import WRAPPED, Mine
from spikejax.dynamics import Feedback, feedback, unroll
from spikejax.dynamics.choice import using
from spikejax.dynamics.kernels import backends
from spikejax.neurons import make
from spikejax.neurons.core.contract import start
from spikejax.neurons.lif import LIF

DEVICES = {
    "cuda": jax.sharding.AbstractDevice(
        device_kind="NVIDIA H100 80GB HBM3", num_cores=132, platform="gpu"
    ),
    "tpu": jax.sharding.AbstractDevice(device_kind="TPU v5 lite", num_cores=1, platform="tpu"),
}
CALLS = {"cuda": "__gpu$xla.gpu.triton", "tpu": "tpu_custom_call", "mosaic": "@mosaic_gpu_v2"}
# Loops outside of the kernels: one draws the keys, or the steps' own parameters.
LOOPS = {"stochastic_lif": 1, "ce_lif": 1, "glif": 1, "mpe_psn": 1}


def lowered(name, platform, steps=6, batch=6, features=40, *, recurrent=False):
    """The text of the program for a gradient of a neuron of the registry."""
    neuron = neuron_of(name, (features,))
    return lowered_text(neuron, platform, steps, batch, features, recurrent=recurrent)


def lowered_text(neuron, platform, steps=6, batch=6, features=40, *, recurrent=False):
    """The text of the program for a gradient."""
    currents = jnp.ones((steps, batch, features))
    state = start(neuron, currents[0], jax.random.key(0))
    if recurrent:
        state = Feedback(state, currents[0])

    def loss(currents, matrix):
        step = feedback(neuron.step, lambda spikes: spikes @ matrix) if recurrent else neuron.step
        return unroll(step, state, currents)[1].sum()

    mesh = jax.sharding.AbstractMesh((), (), abstract_device=DEVICES[platform])
    with jax.sharding.use_abstract_mesh(mesh), no_fallback():
        gradient = jax.jit(jax.value_and_grad(loss, (0, 1)))
        traced = gradient.trace(currents, jnp.ones((features, features)))
        return traced.lower(lowering_platforms=(platform,)).as_text()


def check(text, name, platform):
    assert text.count(CALLS[platform]) == 2
    assert text.count("stablehlo.while") == LOOPS.get(name, 0)


@pytest.mark.parametrize("platform", DEVICES)
@pytest.mark.parametrize("name", STREAMING)
def test_a_neuron_is_two_kernels(name, platform):
    if (name, {"cuda": "gpu"}.get(platform, platform)) in REFUSED:
        pytest.skip("runs as a scan there, see fused_cases")
    check(lowered(name, platform), name, platform)


@pytest.mark.parametrize("platform", DEVICES)
@pytest.mark.parametrize("features", [40, 128, 200, 256])
def test_a_recurrent_layer_is_two_kernels(features, platform):
    check(lowered("tc_lif", platform, features=features, recurrent=True), "tc_lif", platform)


@pytest.mark.parametrize("platform", DEVICES)
@pytest.mark.parametrize("name", ["refractory_noisy", "delayed", "users"])
def test_wrappers_and_a_users_neuron_are_two_kernels(name, platform):
    neuron = {**WRAPPED, "delayed": make("delayed", neuron=LIF()), "users": Mine()}[name]
    text = lowered_text(neuron, platform)
    assert text.count(CALLS[platform]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("platform", DEVICES)
@pytest.mark.parametrize("name", STREAMING)
def test_a_recurrent_layer_of_any_neuron_is_two_kernels(name, platform):
    if (name, {"cuda": "gpu"}.get(platform, platform)) in REFUSED:
        pytest.skip("runs as a scan there, see fused_cases")
    check(lowered(name, platform, recurrent=True), name, platform)


@pytest.mark.parametrize(("steps", "calls"), [(500, 2), (401, 4)])  # 401 is prime: and the rest
def test_a_long_sequence_on_a_tpu_is_a_scan_of_calls(steps, calls):
    text = lowered("lif", "tpu", steps=steps)
    assert text.count("stablehlo.while") == 2  # forward and backward, over equal pieces
    assert text.count(CALLS["tpu"]) == calls


@MOSAIC_RUNS
@pytest.mark.parametrize("name", STREAMING)
def test_a_neuron_is_two_kernels_of_mosaic_on_a_gpu(name):
    if (name, "mosaic") in REFUSED:
        pytest.skip("runs as a scan there, see fused_cases")
    with using("pallas", backend=backends.MOSAIC):
        check(lowered(name, "cuda"), name, "mosaic")
