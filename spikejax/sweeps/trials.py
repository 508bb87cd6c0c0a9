"""Vectorise one trial over many: side by side by `vmap`, or one after the other by `lax.map`, in one program."""

import functools
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.sharding import Mesh

from spikejax.devices.mesh import share_trials

Mode = Literal["vmap", "map", "loop"]
Init = Callable[[dict[str, Array], Array], Any]
TrainEpoch = Callable[[Any, dict[str, Array], Any], tuple[Any, dict[str, Array]]]


class Epoch(NamedTuple):
    """An epoch of a trial in steps, so that it can be run as one program or step by step.

    Attributes:
      steps: how many.
      begin: `(state, point, shared) -> context`.
      step: `(state, point, shared, context, number) -> (state, measured)`.
      end: `(state, point, shared, measured) -> metrics`, of the measured values of all steps, `[steps]`.
    """

    steps: int
    begin: Callable[..., Any]
    step: Callable[..., tuple[Any, Any]]
    end: Callable[..., dict[str, Array]]

    def __call__(self, state: Any, point: Any, shared: Any) -> tuple[Any, dict[str, Array]]:
        """The epoch as one program."""
        context = self.begin(state, point, shared)

        def body(state, number):
            return self.step(state, point, shared, context, number)

        state, measured = jax.lax.scan(body, state, jnp.arange(self.steps))
        return state, self.end(state, point, shared, measured)


class Trial(NamedTuple):
    """What a group's program carries of each trial."""

    point: dict[str, Array]
    state: Any
    alive: Array  # False once a value was not finite


class Programs(NamedTuple):
    """How a group of trials is started and trained for an epoch.

    Attributes:
      start: `(points, seeds) -> group`, for values `[trials]` by name and seeds `[trials]`.
      epoch: `(shared, group) -> (group, metrics)`; the buffers of the group are donated.
    """

    start: Callable[..., Trial]
    epoch: Callable[..., tuple[Trial, dict[str, Array]]]


def default_mode() -> Mode:
    """How trials are run on a device of this backend: one after the other on CPUs, side by side elsewhere."""
    return "map" if jax.default_backend() == "cpu" else "vmap"


def programs(init: Init, train_epoch: TrainEpoch, mode: Mode, mesh: Mesh) -> Programs:
    """The two jitted programs of a sweep, not yet compiled.

    Args:
      init: see `groups.run`.
      train_epoch: see `groups.run`.
      mode: "vmap" or "map".
      mesh: devices that share the trials.
    """
    begin = share_trials(_each(starting(init), mode), mesh)
    train = share_trials(_each(_epoch(train_epoch), mode), mesh)

    # The names are those of the programs in JAX's logs, profiles and compilation cache.
    def start_group(points, seeds):
        return begin(None, (points, seeds))

    def train_group(shared, group):
        return train(shared, group)

    return Programs(jax.jit(start_group), jax.jit(train_group, donate_argnums=1))


def _each(function, mode):
    """`(shared, trials) -> trials` from `(shared, trial) -> trial`."""
    if mode == "vmap":
        return jax.vmap(function, in_axes=(None, 0))
    return lambda shared, trials: jax.lax.map(lambda trial: function(shared, trial), trials)


def starting(init: Init) -> Callable[[Any, Any], Trial]:
    """`(None, (point, seed)) -> trial`."""

    def start(_, given):
        point, seed = given
        return Trial(point, init(point, seed), jnp.bool_(True))

    return start


def _epoch(train_epoch):
    def epoch(shared, trial):
        return kept(trial, *train_epoch(trial.state, trial.point, shared))

    return epoch


def kept(trial: Trial, state: Any, metrics: Any) -> tuple[Trial, Any]:
    """A trial after an epoch; unchanged and no longer alive if something is not finite."""
    alive = trial.alive & _finite(state) & _finite(metrics)

    def keep(new, old):
        return jnp.where(alive, new, old)

    return Trial(trial.point, jax.tree.map(keep, state, trial.state), alive), metrics


def _finite(tree):
    numbers = (x for x in jax.tree.leaves(tree) if jnp.issubdtype(x.dtype, jnp.floating))
    return functools.reduce(jnp.logical_and, (jnp.isfinite(x).all() for x in numbers), True)
