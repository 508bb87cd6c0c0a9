"""Plans: what is chosen fits, and changes nothing but speed and memory."""

import functools

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies

from spikejax.cli.main import main
from spikejax.devices import plan
from spikejax.dynamics.layer import unroll
from spikejax.neurons.lif import LIF
from spikejax.training import gradient as batch_gradient

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
    assert main(["info", "--plan", "smnist", "--neuron", "lif", "--batch-size", "64"]) == 0
    assert capsys.readouterr().out.startswith(
        "smnist lif: 2 devices, 1 micro-batch each, chunks of "
    )
    assert main(["info", "--plan", "digits", "--chunk", "8", "--json"]) == 0
    assert '"chunk": 8' in capsys.readouterr().out


# --- Micro-batches --------------------------------------------------------------------------------

VARIABLES = {"params": {"kernel": np.random.default_rng(0).normal(size=(3, 4))}, "constants": {}}
INPUTS = np.random.default_rng(1).normal(1, 1, (12, 3))
LABELS = np.arange(12)


def objective(variables, inputs, labels, key, changed=None):
    current = inputs @ variables["params"]["kernel"]
    lif = LIF(decay=0.8)
    _, spikes = unroll(
        lif.step, lif.init_state(current), jnp.broadcast_to(current, (5, *current.shape))
    )
    loss = (spikes.sum((0, 2)) * (labels + 1)).mean()
    return loss, ({"accuracy": spikes.mean()}, changed or {})


def gradient(objective=objective, **split):
    operands = VARIABLES, *map(jnp.asarray, (INPUTS, LABELS, np.arange(8))), jax.random.key(0)
    return jax.jit(functools.partial(batch_gradient.gradient_of_batch, objective, **split))(
        *operands
    )


@pytest.mark.parametrize("micro_batches", [2, 4, 8])
def test_micro_batches_change_nothing(micro_batches, float64):
    whole, found = gradient(), gradient(micro_batches=micro_batches)
    assert jnp.abs(whole[1]["kernel"]).max() > 0.1
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), whole, found)


def test_unfit_micro_batches():
    with pytest.raises(ValueError, match="expected a batch of a multiple of 3 samples"):
        gradient(micro_batches=3)
    changing = functools.partial(objective, changed={"batch_stats": {"mean": jnp.zeros(())}})
    with pytest.raises(
        ValueError, match=r"changes \['batch_stats'\], which a batch does as a whole"
    ):
        gradient(changing, micro_batches=2)
    (_, (_, changed)), _ = gradient(changing)
    assert list(changed) == ["batch_stats"]
