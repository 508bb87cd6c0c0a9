"""Plans: what is chosen fits, and changes nothing but speed and memory."""

import json

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
from spikejax.devices.footprint import Footprint
from spikejax.training import Trainer
from spikejax.training.gradient import gradient_of_batch

SIZES = strategies.integers(1, 3000)
STEP = Footprint(
    kept=8e8, largest=1e8, products=2e8, state=1e6, outputs=1e6, samples=1e6, weights=1e5
)


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(
    steps=SIZES,
    batch_size=SIZES,
    features=strategies.lists(SIZES, min_size=1, max_size=4),
    backend=strategies.sampled_from(["cpu", "gpu", "tpu"]),
    devices=strategies.integers(1, 64),
    models=strategies.integers(1, 64),
    memory=strategies.sampled_from([0, 10**6, 10**8, 10**9, 10**11, None]),
    chunk=strategies.none() | SIZES,
)
def test_every_plan_can_be_run(
    steps, batch_size, features, backend, devices, models, memory, chunk
):
    machine = {"backend": backend, "devices": devices, "models": models, "memory": memory}
    chunk = chunk and min(chunk, steps)
    found = plan.choose(steps, batch_size, features, **machine, footprint=STEP, chunk=chunk)
    assert 1 <= found.devices <= devices
    assert batch_size % (found.devices * found.micro_batches) == 0
    assert 1 <= found.chunk <= steps
    assert found.segment % found.chunk == 0 and found.segment >= found.chunk
    assert found.models == models and chunk in (None, found.chunk)
    assert found.recompute is False or found.chunk < steps


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


def accelerator(memory, chunk=None, **options):
    given = {"backend": "gpu", "devices": 1, "memory": memory, "footprint": STEP, **options}
    return plan.choose(784, 256, (64, 10), chunk=chunk, **given)


def test_an_accelerator_is_filled_before_anything_is_recomputed():
    """The whole sequence, then segments, then chunks within segments; each the first that fits."""
    needed = STEP.whole()
    assert accelerator(plan.SLACK * needed) == plan.Plan(1, 1, 784, 784, False)
    short = accelerator(plan.SLACK * needed - 1)
    assert short.recompute and short.chunk == 392
    found = [accelerator(memory) for memory in (7.5e8, 3e8, 1e8, 8e7)]
    chunks = [one.chunk for one in found]
    assert chunks == sorted(chunks, reverse=True) and chunks[0] == 392 and chunks[-1] < 392
    for one, memory in zip(found, (7.5e8, 3e8, 1e8, 8e7), strict=True):
        assert plan.SLACK * plan.needed_by(one, 784, STEP) <= memory
    assert found[0].segment == found[0].chunk
    least = accelerator(1)
    assert least.segment > least.chunk
    every = [accelerator(10**i) for i in range(12)]
    assert plan.needed_by(least, 784, STEP) == min(plan.needed_by(p, 784, STEP) for p in every)


def test_the_products_of_all_steps_are_kept_if_they_fit():
    """Then only the neurons are recomputed."""
    light = STEP._replace(products=1e7)
    found = accelerator(plan.SLACK * light.whole() - 1, footprint=light)
    assert (found.chunk, found.segment, found.recompute) == (392, 784, True)


def test_more_devices_and_fewer_models_fit_more():
    memory = 1.01 * plan.SLACK * STEP.whole()  # the weights are on every device
    assert accelerator(memory, models=2).recompute
    assert not accelerator(memory, models=2, devices=2).recompute
    assert accelerator(memory / 2).recompute and not accelerator(memory / 2, devices=4).recompute


def test_a_given_chunk_is_recomputed_only_if_it_must_be():
    assert accelerator(1e12, chunk=100) == plan.Plan(1, 1, 100, 800, False)
    found = accelerator(4e8, chunk=100)
    assert found.recompute and found.chunk == 100
    assert plan.SLACK * plan.needed_by(found, 784, STEP) <= 4e8


@pytest.mark.parametrize(
    "batch_size, recurrent, multiprocessors, memory, expected",
    [
        (256, True, 132, 1e12, 8),
        (128, True, 132, 1e12, 16),
        (256, True, 66, 1e12, 4),
        (4096, True, 132, 1e12, 1),
        (256, True, 132, 3 * 1.2 * STEP.whole(), 3),
        (256, True, 132, 1, 1),
        # Of 1e8 bytes of 784 steps: 31,888 neurons.
        (256, False, 132, 1e12, 8),
        (256, False, 16, 1e12, 1),
    ],
)
def test_models_side_by_side(batch_size, recurrent, multiprocessors, memory, expected):
    gpu = {"multiprocessors": multiprocessors, "footprint": STEP, "memory": memory}
    assert plan.side_by_side(784, batch_size, recurrent, backend="gpu", **gpu) == expected
    most = plan.side_by_side(784, batch_size, recurrent, backend="tpu", **gpu)
    assert most == min(plan.OTHER_MODELS, max(1, int(memory / (plan.SLACK * STEP.whole()))))


def test_reasons():
    def why(memory, backend="gpu", chunk=None, **options):
        found = accelerator(memory, chunk, backend=backend, **options)
        asked = chunk is not None
        return plan.reason(found, 784, STEP, memory, backend=backend, asked=asked)

    assert (
        why(79e9)
        == "whole sequence: needs about 1.2 GB of the 79.0 GB that a device may use; not recomputed"
    )
    would = "the whole sequence would need about 1.2 GB of the"
    assert (
        why(8e8)
        == f"segments of 392: recomputed, which needs about 608 MB; {would} 800 MB that a device may use"
    )
    assert why(1e6).startswith("chunks of ") and why(1e6).endswith(
        f"; {would} 1 MB that a device may use"
    )
    assert why(8e8, chunk=28).startswith("chunks of 28, as asked: recomputed, which needs about ")
    assert why(8e9, chunk=28).startswith("chunks of 28, as asked: nothing is recomputed; the whole")
    assert why(8e9, chunk=784).startswith(
        "whole sequence, as asked: needs about 1.2 GB of the 8.0 GB that"
    )
    assert why(8e9, "cpu").startswith("chunks of 16: a CPU is faster with chunks that stay in")


def test_info_says_it(capsys):
    assert main(["info", "--plan", "digits", "--neuron", "lif", "--batch-size", "64"]) == 0
    assert capsys.readouterr().out.startswith(
        "digits lif: 2 devices, 1 micro-batch each, chunks of "
    )
    assert main(["info", "--plan", "digits", "--chunk", "8", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert all(found["chunk"] == 8 for found in said.values())
    assert all(found["why"].startswith("chunks of 8, as asked: ") for found in said.values())


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
