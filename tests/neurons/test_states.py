"""States with more than variables of neurons, through layers, chunks and training: keys, counters, buffers, nesting."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from bound import trainer_of
from fast_compilation import fast_jit
from spikejax import Time, training
from spikejax.data import Split
from spikejax.dynamics import network as executor
from spikejax.networks import MLP
from spikejax.networks.core import pure
from spikejax.neurons import make
from spikejax.neurons.lif import LIF
from spikejax.neurons.wrappers import ASGL, Delayed, Noisy, Refractory

STEPS, SAMPLES, INPUTS = 16, 12, 3
NEURONS = {
    "key": make("stochastic_lif"),
    "counter": make("glif", steps=STEPS),
    "buffer": make("sliding_psn"),
    "drawn": make("heterogeneous_lif"),
    "pause": Refractory(neuron=LIF()),
    "all": Refractory(neuron=Noisy(neuron=Delayed(neuron=LIF(), longest=2), deviation=0.3)),
    "mask": ASGL(neuron=LIF()),
}
every_kind = pytest.mark.parametrize("kind", NEURONS)
close = functools.partial(np.testing.assert_allclose, rtol=1e-10, atol=1e-10)
KEYS = {"params": jax.random.key(0), "noise": jax.random.key(1)}


def network_of(kind):
    return MLP((4,), 2, NEURONS[kind], recurrent=(0,))


@every_kind
def test_chunks_and_pieces_equal_the_whole(kind, float64):
    """The key and the counters go on across borders, those of chunks and those between calls."""
    network = network_of(kind)
    x = 12 * np.random.default_rng(0).normal(0.5, 1.0, (STEPS, 2, INPUTS))
    variables = jax.tree.map(lambda leaf: leaf.astype(float), fast_jit(network.init)(KEYS, x[:1]))

    @functools.partial(fast_jit, static_argnums=3)
    def run(variables, x, carry, chunk):
        """With activity, by the executor itself."""
        rngs = {"noise": jax.random.key(5)}
        if carry is None and chunk is not None:
            carry = pure.first_carry(network, variables, x, rngs=rngs)

        def step(variables, x, carry):
            outputs, carry, activity = pure.apply(
                network, variables, x, carry, rngs=rngs, record=True
            )
            return {"logits": outputs, "activity": activity}, carry

        return executor.run(step, variables, x, carry or {}, Time(chunk=chunk))

    expected, last = run(variables, x, None, None)
    chunked = run(variables, x, None, 6)
    first, state = run(variables, x[:9], None, None)
    second, end = run(variables, x[9:], state, None)
    pieces = jax.tree.map(lambda *parts: np.concatenate(parts), first, second), end
    for outputs, state in (chunked, pieces):
        jax.tree.map(close, outputs, expected)
        for found, wanted in zip(jax.tree.leaves(state), jax.tree.leaves(last), strict=True):
            if jnp.issubdtype(found.dtype, jax.dtypes.prng_key):
                found, wanted = jax.random.key_data(found), jax.random.key_data(wanted)
            close(found, wanted)
    assert all(0 < np.mean(spikes != 0) < 1 for spikes in jax.tree.leaves(expected["activity"]))


@pytest.mark.parametrize("kind", ["key", "counter", "drawn", "all"])
def test_an_epoch_of_training(kind):
    """Parameters move and stay finite; the same epoch again is the same, bit by bit."""
    network = network_of(kind)
    draw = np.random.default_rng(1)
    samples = draw.integers(0, 4, (SAMPLES, STEPS, INPUTS)).astype(np.uint8)
    labels = (samples.mean((1, 2)) > 1.5).astype(np.int32)
    trainer = trainer_of(network, optax.adam(1e-2), scale=0.1, chunk=6)
    variables = fast_jit(network.init)(KEYS, jnp.zeros((1, 1, INPUTS)))
    state = training.init(trainer, variables, seed=0)
    epoch = fast_jit(functools.partial(training.train_epoch, trainer, batch_size=6))
    after, metrics = epoch(state, samples=Split(samples, labels))
    assert np.all(np.isfinite(metrics["loss"]))
    for found, start in zip(
        jax.tree.leaves(after.params), jax.tree.leaves(state.params), strict=True
    ):
        assert np.all(np.isfinite(found)) and np.any(found != start)
    again, _ = epoch(state, samples=Split(samples, labels))
    jax.tree.map(np.testing.assert_array_equal, again.params, after.params)


@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_no_gradient_of_a_spike_before_the_first_step(reset):
    """With reset_timing="next" S[−1] = 0 whatever the threshold is (TC-LIF, Eq. 1): by hand, T = 2."""
    decay, threshold, currents = 0.9, 1.0, jnp.array([[0.7], [0.2]])

    def spikes(model):
        return model.sequence(model.init_state(currents[0]), currents)[1].sum()

    model = LIF(decay=decay, threshold=threshold, reset=reset, reset_timing="next")
    found = jax.grad(spikes)(model).threshold
    # Θ' of Triangle at U[0] − θ = −0.3 and U[1] − θ = −0.17; the spike of step 0 resets step 1.
    first, second = 0.7, 0.83
    if reset == "subtract":  # dU[1]/dθ = −S[0] − θ dS[0]/dθ = 0 + θ first
        by_hand = -first + second * (threshold * first - 1)
    else:  # U[1] = decay (U[0] (1 − S[0])) + I[1]
        by_hand = -first + second * (decay * 0.7 * first - 1)
    assert float(found) == pytest.approx(by_hand, rel=1e-5)
