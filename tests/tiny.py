"""A spiking classifier of a few neurons and all that trains it: for tests of training, devices and sweeps."""

import jax
import jax.numpy as jnp
import numpy as np

from spikejax.data import Split
from spikejax.devices.averages import Average
from spikejax.dynamics import unroll
from spikejax.inputs import InMemory
from spikejax.neurons.lif import LIF
from spikejax.objectives import Accuracy, SummedCrossEntropy
from spikejax.training import Adam, Hooks, Trainer, fit, init
from spikejax.training.step import evaluate

SAMPLES, FEATURES, HIDDEN, CLASSES, STEPS = 34, 5, 16, 3, 6
BATCH = 8  # four steps per epoch, two samples left out
EPOCH = SAMPLES // BATCH


def samples(count=SAMPLES):
    """Three prototypes with noise."""
    draw = np.random.default_rng(0)
    labels = np.arange(count) % CLASSES
    inputs = np.eye(CLASSES, FEATURES)[labels] + draw.normal(0, 0.2, (count, FEATURES))
    return Split(inputs.astype(np.float32), labels.astype(np.int32))


def variables(seed=0, decay=0.8):
    first, second = jax.random.split(jax.random.key(seed))
    params = {
        "hidden": 0.5 * jax.random.normal(first, (FEATURES, HIDDEN)),
        "out": 0.5 * jax.random.normal(second, (HIDDEN, CLASSES)),
    }
    return {"params": params, "constants": {"decay": jnp.asarray(decay, float)}}


def classify(variables, inputs):
    """Logits `[T, B, C]` of a spiking perceptron that sees the same input at each step."""
    params = variables["params"]
    lif = LIF(decay=variables["constants"]["decay"])
    current = inputs @ params["hidden"]
    currents = jnp.broadcast_to(current, (STEPS, *current.shape))
    _, spikes = unroll(lif.step, lif.init_state(current), currents)
    return spikes @ params["out"]


def objective(variables, batch, key):
    logits = classify(variables, batch.inputs)
    measured = {"accuracy": Accuracy()(logits, batch.labels, {}, None)}
    return SummedCrossEntropy()(logits, batch.labels, {}, None), (measured, {})


def measure(variables, batch, key):
    logits = classify(variables, batch.inputs)
    value = Accuracy()(logits, batch.labels, {}, None)
    return {"test_accuracy": Average(value, float(len(batch.labels)))}


@jax.jit
def _measured(variables):
    data = jax.tree.map(jnp.asarray, samples())
    return evaluate(measure, variables, data, batch_size=20, key=jax.random.key(0))


def measured(variables):
    return jax.tree.map(float, _measured(variables))


def adam(rate=0.05, **options):
    return Adam(learning_rate=rate, **options).transformation(EPOCH, 4)


TRAINER = Trainer(objective, adam())


def fresh(seed=0, trainer=TRAINER):
    return init(trainer, variables(), seed)


def train(state, epochs, *, trainer=TRAINER, batches=None, save=None, callbacks=(), **options):
    """`fit` of the classifier."""
    batches = InMemory(samples(), BATCH) if batches is None else batches
    hooks = Hooks(measured, save, callbacks)
    return fit(trainer, state, batches, epochs, hooks=hooks, **{"progress": False} | options)


def assert_same(one, other):
    """Two trees are the same bit for bit."""
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        assert _bits(a) == _bits(b)


def _bits(x):
    if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        x = jax.random.key_data(x)
    return np.asarray(x).tobytes()


def without_seconds(history):
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in history]
