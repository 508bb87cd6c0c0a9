"""Eight trainings side by side on sequential MNIST, TC-LIF 1-40-200-64-10, as many epochs as the time allows.

One program per epoch (`sweeps.trials`), the learning rate in one cycle over all epochs, Adam, the norm of the gradient
clipped at 1, batch 256. The test accuracy that counts is that of the last epoch; nothing was selected by it.
"""

import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.gpu import trials
from experiments.gpu.cells import kernels
from experiments.gpu.sheet import Sheet
from experiments.gpu.timing import compiled
from spikejax import data
from spikejax.data import Split
from spikejax.devices import mesh as meshes
from spikejax.networks.core import pure
from spikejax.objectives import Accuracy, SummedCrossEntropy
from spikejax.objectives.composed import measurement
from spikejax.sweeps.trials import programs
from spikejax.training import evaluate, init, train_epoch

# Peak learning rate, first β1 and β2, seed.
SETTINGS = (
    (2e-3, -0.5, 0.5, 0),
    (2e-3, -0.5, 0.5, 1),
    (2e-3, -0.8, 0.4, 0),
    (2e-3, -0.8, 0.4, 1),
    (2e-3, -0.2, 0.4, 0),
    (1e-3, -0.8, 0.4, 0),
    (1e-3, -0.4, 0.4, 0),
    (4e-3, -0.8, 0.4, 0),
)
MOST_EPOCHS, TESTED = 200, 6  # every sixth epoch is tested, besides the first and the last
RISE, FIRST, LAST = 0.15, 0.1, 0.01  # of the learning rate's cycle
MARGIN = 10.0  # seconds that are left at the end


def one_cycle(progress: Any) -> jax.Array:
    """Factor of the peak learning rate: up in a straight line, down along half a cosine.

    >>> [f"{float(one_cycle(progress)):.2f}" for progress in (0, 0.15, 1)]
    ['0.10', '1.00', '0.01']
    """
    up = FIRST + (1 - FIRST) * progress / RISE
    along = (progress - RISE) / (1 - RISE)
    down = LAST + (1 - LAST) * 0.5 * (1 + jnp.cos(jnp.pi * along))
    return jnp.where(progress < RISE, up, down)


def measure(sheet: Sheet) -> None:
    """A row per setting with the accuracies, and "all" with seconds per epoch."""
    quick = sheet.quick
    settings = SETTINGS[:2] if quick else SETTINGS
    dataset = data.load("digits" if quick else "smnist", sheet.data_dir)
    batch_size = 16 if quick else trials.BATCH
    few = (slice(64), slice(12)) if quick else (slice(None), slice(None))

    def placed(split):
        return Split(jnp.asarray(split.inputs[few]), jnp.asarray(split.labels[few[0]]))

    splits = placed(dataset.train), placed(dataset.test)
    sheet.note("all", {"data": dataset.name, "sha256": dataset.checksum})
    sheet.attempt("all", lambda: _train(sheet, splits, dataset.scale, settings, batch_size))


def _train(sheet, splits, scale, settings, batch_size) -> dict[str, Any]:
    steps, kernel = splits[0].count // batch_size, next(iter(kernels(sheet.quick)))

    def trainer(point):
        def rate(step):
            return point["learning_rate"] * one_cycle(step / (point["epochs"] * steps))

        module = trials.network(sheet.quick, point["beta1"], point["beta2"])
        return trials.trainer(module, kernel, optax.adam(rate), scale)

    def begin(point, seed):
        module = trials.network(sheet.quick, point["beta1"], point["beta2"])
        variables = pure.Functions(module).init(jax.random.key(seed), jnp.zeros((1, 1, 1)))
        return init(trainer(point), variables, seed)

    def epoch(state, point, samples):
        state, measured = train_epoch(trainer(point), state, samples, batch_size)
        return state, {name: x.mean() for name, x in measured.items()}

    model = trials.model(trials.network(sheet.quick), kernel, scale)
    measured = measurement(model, SummedCrossEntropy(), (Accuracy(),))

    @jax.jit
    def test(states, samples):
        def of_one(variables):
            key = jax.random.key(0)
            return evaluate(measured, variables, samples, 400, key)["accuracy"]

        return jax.vmap(of_one)(states.variables)

    device = meshes.over(jax.devices()[:1])
    run = programs(begin, epoch, "vmap", device)
    samples, tested = meshes.replicate(splits, device)
    seeds = jnp.asarray([setting[3] for setting in settings])

    def group(epochs):
        columns = np.asarray([setting[:3] for setting in settings], np.float32).T
        names: list[str] = ["learning_rate", "beta1", "beta2"]
        points: dict[str, Any] = dict(zip(names, columns, strict=True))
        points["epochs"] = np.full(len(settings), epochs, np.float32)
        return run.start(points, seeds)

    program, facts = compiled(run.epoch, samples, group(1))
    of_test, _ = compiled(test, group(1).state, tested)
    # One epoch and one test tell how many there is time for.
    times = [time.perf_counter()]
    trained, _ = jax.block_until_ready(program(samples, group(MOST_EPOCHS)))
    times.append(time.perf_counter())
    np.asarray(of_test(trained.state, tested))
    times.append(time.perf_counter())
    of_epoch, of_testing = np.diff(times)
    fitting = int((sheet.left() - MARGIN - 2 * of_testing) / (of_epoch + of_testing / TESTED))
    epochs = 3 if sheet.quick else max(2, min(MOST_EPOCHS, fitting))
    sheet.note("all", {**facts, "epochs": epochs, "models": len(settings)})
    return _all_epochs(sheet, settings, epochs, group(epochs), (program, of_test, samples, tested))


def _all_epochs(sheet, settings, epochs, trained, functions):
    program, test, samples, tested = functions
    names = [f"rate {rate:g}, β1 {b1:g}, β2 {b2:g}, seed {seed}" for rate, b1, b2, seed in settings]
    history: dict[str, list] = {name: [] for name in names}
    spent = []
    for number in range(1, epochs + 1):
        started = time.perf_counter()
        trained, metrics = jax.block_until_ready(program(samples, trained))
        spent.append(time.perf_counter() - started)
        if number in (1, epochs) or number % TESTED == 0:
            accuracies = np.asarray(test(trained.state, tested))
            losses, alive = np.asarray(metrics["loss"]), np.asarray(trained.alive)
            for i, name in enumerate(names):
                loss = float(losses[i]) if alive[i] else None
                point = {"epoch": number, "test_accuracy": float(accuracies[i]), "loss": loss}
                history[name].append({**point, "diverged": not alive[i]})
                last = {"test_accuracy": float(accuracies[i])} if number == epochs else {}
                sheet.note(name, {**last, "history": history[name]})
            sheet.note("all", {"epochs_done": number, "seconds_per_epoch": min(spent)})
    return {"seconds_per_epoch": min(spent), "seconds_per_epoch_median": float(np.median(spent))}
