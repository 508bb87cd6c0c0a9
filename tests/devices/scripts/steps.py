"""Steps of training and a sweep of the classifier of `tiny`, on whatever devices there are, in double precision."""

import functools
import re

import jax
import jax.numpy as jnp
import numpy as np

import tiny
from spikejax.devices import mesh as meshes
from spikejax.sweeps import groups
from spikejax.sweeps.groups import Keeping, Placement
from spikejax.sweeps.trials import programs
from spikejax.training import Trainer, init, train_epoch, train_step

BATCH = 16
COLLECTIVES = re.compile(r"all-reduce|all-gather|all-to-all|reduce-scatter|collective")
GRID = {"rate": (0.01, 0.02, 0.04, 0.08), "decay": (0.6, 0.9)}


def samples():
    return jax.tree.map(jnp.asarray, tiny.samples(2 * BATCH))


def step_on(mesh, micro_batches):
    """State and measurements after two steps of training, and the text of the compiled step."""
    trainer = tiny.TRAINER._replace(mesh=mesh, micro_batches=micro_batches)
    state = init(trainer, tiny.variables(), 0)
    batches = [jax.tree.map(lambda x, i=i: x[i::2], samples()) for i in (0, 1)]
    if mesh is not None:
        state, batches = meshes.replicate((state, batches), mesh)
    function = jax.jit(functools.partial(train_step, trainer))
    step = function.lower(state, batches[0]).compile()
    measured = None
    for batch in batches:
        state, measured = step(state, batch)
    return state, measured, step.as_text()


def _trainer(point):
    return Trainer(tiny.objective, tiny.adam(point["rate"]))


def start(point, seed):
    return init(_trainer(point), tiny.variables(seed, point["decay"]), seed)


def epoch(state, point, shared):
    state, measured = train_epoch(_trainer(point), state, shared, batch_size=8)
    return state, jax.tree.map(jnp.mean, measured)


def sweep_on(mesh, mode, group=None, tell=None):
    """The rows of a sweep of sixteen trials."""
    return groups.run(
        *(start, epoch, GRID, (0, 1)),
        epochs=2,
        shared=samples(),
        placement=Placement(mode, mesh, group),
        keeping=Keeping(tell=tell),
    )


def result_of():
    """What two processes, and one alone, must agree on, as JSON values."""
    state, measured, _ = step_on(meshes.over(), micro_batches=2)
    told = []
    rows = sweep_on(None, "map", group=4, tell=lambda group, count, epoch: told.append(group))
    params = {name: x.addressable_data(0).tolist() for name, x in state.params.items()}
    loss = float(measured["loss"].addressable_data(0))
    return {"params": params, "loss": loss, "rows": rows, "groups": len(set(told))}


def sweep_text(mesh, mode):
    """The text of the compiled program that trains sixteen trials for an epoch."""
    made = programs(start, epoch, mode, mesh)
    points = {name: jnp.linspace(0.1, 0.9, 16) for name in GRID}
    group = made.start(points, jnp.arange(16))
    return made.epoch.lower(meshes.replicate(samples(), mesh), group).compile().as_text()


def check_devices(devices, modes):
    """Any number of devices gives what one gives, and they communicate once a step and never in a sweep."""
    *alone, text = step_on(None, micro_batches=1)
    assert not COLLECTIVES.search(text)
    count = len(devices)
    for used, micro_batches in ((count, 1), (count // 2, 2), (1, 4)):
        state, measured, text = step_on(meshes.over(devices[:used]), micro_batches)
        assert_close([state, measured], alone)
        assert len(state.params["out"].devices()) == used
        assert used == 1 or set(COLLECTIVES.findall(text)) == {"all-reduce"}
    for mode in modes:
        assert not COLLECTIVES.search(sweep_text(meshes.over(devices), mode))
        one = sweep_on(meshes.over(devices[:1]), mode)
        assert_close(sweep_on(meshes.over(devices), mode), one)


def assert_close(found, expected):
    """Arrays, keys and numbers of two trees are the same up to the rounding of another order of sums."""
    found, expected = jax.tree.flatten(found), jax.tree.flatten(expected)
    assert found[1] == expected[1]
    for a, b in zip(found[0], expected[0], strict=True):
        if isinstance(a, jax.Array) and jnp.issubdtype(a.dtype, jax.dtypes.prng_key):
            a, b = jax.random.key_data(a), jax.random.key_data(b)
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12, atol=1e-14)
