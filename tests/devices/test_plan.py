"""Plans: what is chosen fits, and changes nothing but speed and memory."""

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import strategies

import tiny
from spikejax.cli.commands import main
from spikejax.data import Split
from spikejax.devices import plan
from spikejax.devices.averages import Average
from spikejax.training import Trainer
from spikejax.training.gradient import gradient_of_batch

SIZES = strategies.integers(1, 3000)


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(
    steps=SIZES,
    batch_size=SIZES,
    features=strategies.lists(SIZES, min_size=1, max_size=4),
    backend=strategies.sampled_from(["cpu", "gpu", "tpu"]),
    devices=strategies.integers(1, 64),
    models=strategies.integers(1, 64),
)
def test_every_plan_can_be_run(steps, batch_size, features, backend, devices, models):
    machine = {"backend": backend, "devices": devices, "models": models}
    found = plan.choose(steps, batch_size, features, **machine)
    assert 1 <= found.devices <= devices
    assert batch_size % (found.devices * found.micro_batches) == 0
    assert 1 <= found.chunk <= steps
    assert found.segment % found.chunk == 0 and found.segment >= found.chunk


def test_a_given_chunk_stays():
    assert plan.choose(784, 256, (64, 10), backend="cpu", devices=2, chunk=28).chunk == 28
    with pytest.raises(ValueError, match="expected sizes of at least 1, found steps=0"):
        plan.choose(0, 256, (64, 10), backend="cpu", devices=2)


def test_longer_sequences_keep_their_layout():
    """What is chosen for one length is chosen for eight times as many steps: memory does not grow with T."""
    short, long = (
        plan.choose(steps, 256, (64, 256, 256, 10), backend="cpu", devices=2)
        for steps in (784, 8 * 784)
    )
    assert short == long


def test_info_says_it(capsys):
    assert main(["info", "--plan", "digits", "--neuron", "lif", "--batch-size", "64"]) == 0
    assert capsys.readouterr().out.startswith(
        "digits lif: 2 devices, 1 micro-batch each, chunks of "
    )
    assert main(["info", "--plan", "digits", "--chunk", "8", "--json"]) == 0
    assert '"chunk": 8' in capsys.readouterr().out


# --- Micro-batches --------------------------------------------------------------------------------


def gradient(batch, objective=tiny.objective, **split):
    trainer = Trainer(objective, optax.sgd(1.0), **split)
    return jax.jit(
        lambda variables: gradient_of_batch(trainer, variables, batch, jax.random.key(0))
    )(tiny.variables())


@pytest.mark.parametrize("micro_batches", [2, 8])
def test_micro_batches_change_nothing(micro_batches, float64):
    batch = jax.tree.map(jnp.asarray, tiny.samples(16))
    whole, found = gradient(batch), gradient(batch, micro_batches=micro_batches)
    assert jnp.abs(whole[1]["hidden"]).max() > 0.1
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), whole, found)


def weighted(variables, batch, key):
    """A loss of which samples with a label of −1 are no part, as class weights and masks make them."""
    weights = jnp.where(batch.labels < 0, 0.0, 1.0 + batch.labels)
    errors = (batch.inputs @ variables["params"]["hidden"]).sum(-1) ** 2
    total = weights.sum()
    value = (weights * errors).sum() / jnp.where(total == 0, 1, total)
    return value, ({"loss": Average(value, total), "largest": errors.max()}, {})


def test_parts_weigh_as_the_objective_says(float64):
    """Ignored samples are spread unevenly, one part has none that counts; the result is that of the whole batch."""
    inputs = jnp.asarray(tiny.samples(16).inputs)
    labels = jnp.array([-1] * 4 + [0, 1, 2, -1] + [2] * 4 + [-1, -1, 0, 1])
    batch = Split(inputs, labels)
    whole = gradient(batch, weighted)
    for micro_batches in (2, 4):
        found = gradient(batch, weighted, micro_batches=micro_batches)
        np.testing.assert_allclose(found[0]["loss"], whole[0]["loss"], rtol=1e-12)
        np.testing.assert_allclose(found[1]["hidden"], whole[1]["hidden"], rtol=1e-12)


def test_a_batch_that_cannot_be_cut():
    with pytest.raises(ValueError, match="expected a batch of a multiple of 3 samples"):
        gradient(tiny.samples(16), micro_batches=3)
