"""Trials in turn from Python, step by step, spread over the devices; each step is compiled once.

For programs that XLA runs slowly inside its own loops: the gradient of a convolution on a CPU.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.sharding import Mesh

from spikejax.sweeps.trials import Epoch, Init, Programs, TrainEpoch, kept, starting


def in_turn(init: Init, train_epoch: TrainEpoch, mesh: Mesh) -> Programs:
    """As `trials.programs`, without a loop on the device.

    Args:
      init: see `groups.run`.
      train_epoch: see `groups.run`; an `Epoch` is run step by step.
      mesh: devices that share the trials.
    """
    devices = list(mesh.devices.flat)
    start_one = jax.jit(starting(init), static_argnums=0)
    train_one = _one(train_epoch)
    copies: dict[Any, Any] = {}

    def start(points, seeds):
        trials = []
        for number in range(len(seeds)):
            given = {name: values[number] for name, values in points.items()}, seeds[number]
            given = jax.device_put(given, devices[number % len(devices)])
            trials.append(start_one(None, given))
        return _stacked(trials, devices[0])

    def epoch(shared, group):
        if not copies:
            copies.update({d: jax.device_put(_whole(shared), d) for d in devices})
        trials, metrics = [], []
        # Each device works on its own trial: one trial per device runs at a time.
        for first in range(0, len(group.alive), len(devices)):
            numbers = range(first, min(first + len(devices), len(group.alive)))
            chosen = [
                (jax.device_put(jax.tree.map(lambda x, n=n: x[n], group), device), copies[device])
                for n, device in zip(numbers, devices, strict=False)
            ]
            for trial, found in train_one(chosen):
                trials.append(trial)
                metrics.append(found)
        return _stacked(trials, devices[0]), _stacked(metrics, devices[0])

    return Programs(start, epoch)


def _one(train_epoch):
    """An epoch of some trials, each on its own device, their steps taken alternately."""
    if not isinstance(train_epoch, Epoch):
        train_epoch = _whole_epoch(train_epoch)
    begin, step = jax.jit(train_epoch.begin), jax.jit(train_epoch.step)

    @jax.jit
    def end(trial, state, shared, measured):
        stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *measured)
        return kept(trial, state, train_epoch.end(state, trial.point, shared, stacked))

    def run(chosen):
        contexts = [begin(trial.state, trial.point, shared) for trial, shared in chosen]
        states, measured = [trial.state for trial, _ in chosen], [[] for _ in chosen]
        for number in range(train_epoch.steps):
            for i, (trial, shared) in enumerate(chosen):
                states[i], found = step(states[i], trial.point, shared, contexts[i], number)
                measured[i].append(found)
            jax.block_until_ready(measured[-1][-1])  # at most one step ahead
        return [
            end(trial, state, shared, found)
            for (trial, shared), state, found in zip(chosen, states, measured, strict=True)
        ]

    return run


def _whole_epoch(train_epoch):
    """A function of a whole epoch as an `Epoch` with a single step."""

    def step(state, point, shared, context, number):
        del context, number
        return train_epoch(state, point, shared)

    def end(state, point, shared, measured):
        del state, point, shared
        return jax.tree.map(lambda x: x[0], measured)

    return Epoch(1, lambda state, point, shared: None, step, end)


def _stacked(trees, device):
    def stack(*leaves):
        return jnp.stack([jax.device_put(leaf, device) for leaf in leaves])

    return jax.tree.map(stack, *trees)


def _whole(tree):
    """Arrays that are replicated on several devices, as one copy."""
    return jax.tree.map(lambda x: x.addressable_data(0) if isinstance(x, Array) else x, tree)
