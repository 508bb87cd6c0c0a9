"""A small spiking classifier, one step of its training and a sweep of it, on whatever devices there are."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from spikejax.devices import mesh as meshes
from spikejax.dynamics.layer import unroll
from spikejax.neurons.lif import LIF
from spikejax.objectives.losses import summed_cross_entropy
from spikejax.objectives.metrics import accuracy
from spikejax.sweeps import groups as sweep
from spikejax.sweeps.trials import programs as lane_programs
from spikejax.training import train

FEATURES, HIDDEN, CLASSES, STEPS, BATCH = 5, 16, 3, 6, 16
GRID = {"rate": (0.01, 0.02, 0.04, 0.08), "decay": (0.6, 0.9)}


def samples():
    draw = np.random.default_rng(0)
    labels = np.arange(2 * BATCH) % CLASSES
    inputs = np.eye(CLASSES, FEATURES)[labels] + draw.normal(0, 0.2, (len(labels), FEATURES))
    return jnp.asarray(inputs), jnp.asarray(labels)


def variables(seed=0, decay=0.8):
    first, second = jax.random.split(jax.random.key(seed))
    params = {
        "hidden": jax.random.normal(first, (FEATURES, HIDDEN)),
        "out": jax.random.normal(second, (HIDDEN, CLASSES)),
    }
    return {"params": params, "constants": {"decay": jnp.asarray(decay)}}


def objective(variables, inputs, labels, key):
    params = variables["params"]
    lif = LIF(decay=variables["constants"]["decay"])
    current = inputs @ params["hidden"]
    currents = jnp.broadcast_to(current, (STEPS, *current.shape))
    _, spikes = unroll(lif.step, lif.init_state(current), currents)
    logits = spikes @ params["out"]
    return summed_cross_entropy(logits, labels), ({"accuracy": accuracy(logits, labels)}, {})


def step_on(mesh, micro_batches):
    """State and metrics after two steps of training, and the text of the compiled step."""
    optimizer = train.adam(0.05, 10)
    state, inputs, labels = train.init(variables(), optimizer, 0), *samples()
    order = jnp.arange(2 * BATCH).reshape(2, BATCH)
    if mesh is not None:
        state, inputs, labels, order = meshes.replicate((state, inputs, labels, order), mesh)
    function = functools.partial(
        train.train_step, objective, optimizer, micro_batches=micro_batches, mesh=mesh
    )
    step = jax.jit(function).lower(state, inputs, labels, order).compile()
    for _ in range(2):
        state, metrics = step(state, inputs, labels, order)
    return state, metrics, step.as_text()


def init(point, seed):
    return train.init(variables(seed, point["decay"]), train.adam(point["rate"], 10), seed)


def train_epoch(state, point, shared):
    optimizer = train.adam(point["rate"], 10)
    state, metrics = train.train_epoch(objective, optimizer, state, *shared, batch_size=8)
    return state, jax.tree.map(jnp.mean, metrics)


def sweep_on(mesh, lanes, **options):
    """The rows of a sweep of sixteen lanes."""
    options = {"epochs": 2, "shared": samples(), "mesh": mesh, "lanes": lanes} | options
    return sweep.run(init, train_epoch, GRID, (0, 1), **options)


def sweep_text(mesh, lanes):
    """The text of the compiled program that trains sixteen lanes for an epoch."""
    start, epoch = lane_programs(init, train_epoch, lanes, mesh)
    points = {name: jnp.linspace(0.1, 0.9, 16) for name in GRID}
    group = start(None, (points, jnp.arange(16)))
    return epoch.lower(meshes.replicate(samples(), mesh), group).compile().as_text()


def assert_same(found, expected):
    """Arrays, keys and numbers of two trees are the same up to the rounding of another order of sums."""
    found, expected = jax.tree.flatten(found), jax.tree.flatten(expected)
    assert found[1] == expected[1]
    for a, b in zip(found[0], expected[0], strict=True):
        if isinstance(a, jax.Array) and jnp.issubdtype(a.dtype, jax.dtypes.prng_key):
            a, b = jax.random.key_data(a), jax.random.key_data(b)
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12, atol=1e-14)
