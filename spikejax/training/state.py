"""What stays fixed while a network trains, `Trainer`, and what changes, `TrainState`."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jax.sharding import Mesh

# (variables, batch, key) -> (loss, (measured, changed)): measured are scalars or `Average`s by name, changed are the
# collections of variables that a step changes, batch statistics for example.
Objective = Callable[[Any, Any, Array], tuple[Array, tuple[dict[str, Any], Any]]]


class Trainer(NamedTuple):
    """What stays fixed while a network trains.

    Attributes:
      objective: `(variables, batch, key) -> (loss, (measured, changed))`, minimised over `variables["params"]`.
      optimiser: an Optax transformation.
      augment: functions `(batch, key) -> batch`, applied to each batch in turn.
      scheduled: by name of a constant, its value at a step: `(step) -> value`.
      micro_batches: parts of a device's share of a batch, differentiated one after the other.
      mesh: devices that share each batch; None is one device.
      statistics: whether the objective changes collections: then it needs the batch as a whole.
      average: decay per step of an exponential moving average of the parameters; None keeps none.
      bounds: by path, "neuron_0/decay" for example, the lower and upper bound of a parameter.
    """

    objective: Objective
    optimiser: optax.GradientTransformation
    augment: tuple[Callable[[Any, Array], Any], ...] = ()
    scheduled: dict[str, Callable[[Array], Any]] = {}
    micro_batches: int = 1
    mesh: Mesh | None = None
    statistics: bool = False
    average: Any = None
    bounds: dict[str, tuple[float, float]] = {}


class TrainState(NamedTuple):
    """All that training carries from step to step, and all that a checkpoint holds."""

    params: Any  # learned variables
    constants: Any  # variables that are not learned, though a schedule may change them
    carried: Any  # the other collections of variables, by name: batch statistics for example
    opt_state: Any
    key: Array  # from which the order of every epoch and the key of every step are derived
    step: Array  # steps taken, int32
    average: Any  # moving average of params, or None

    @property
    def variables(self) -> dict[str, Any]:
        """The variables as they are trained."""
        fixed = {"constants": self.constants} if self.constants else {}
        return {"params": self.params, **fixed, **self.carried}

    @property
    def measured(self) -> dict[str, Any]:
        """The variables to measure and to use: with the moving average of the parameters, if there is one."""
        if self.average is None:
            return self.variables
        return {**self.variables, "params": self.average}


def init(trainer: Trainer, variables: dict[str, Any], seed: int | Array) -> TrainState:
    """The state before the first step.

    Args:
      trainer: what trains.
      variables: collections of variables; "params" is learned, "constants" is not, the rest is carried. They are
        copied, since training donates its own.
      seed: of the order of samples and of all random numbers in training.

    Raises:
      ValueError: a scheduled constant that no layer has.
    """
    variables = jax.tree.map(jnp.array, dict(variables))
    params, constants = variables.pop("params", {}), variables.pop("constants", {})
    known = sorted({path[-1] for path in paths(constants)})
    unknown = sorted(set(trainer.scheduled) - set(known))
    if unknown:
        raise ValueError(
            f"expected to schedule constants of {known}, found {', '.join(unknown)}; a learned parameter is not one"
        )
    average = None if trainer.average is None else jax.tree.map(jnp.array, params)
    return TrainState(
        params,
        with_schedules(trainer, constants, jnp.int32(0)),
        variables,
        trainer.optimiser.init(params),
        jax.random.key(seed),
        jnp.int32(0),
        average,
    )


def with_schedules(trainer: Trainer, constants: Any, step: Array) -> Any:
    """The constants at a step."""
    if not trainer.scheduled:
        return constants

    def at(path, leaf):
        rule = trainer.scheduled.get(_names(path)[-1])
        return leaf if rule is None else jnp.full_like(leaf, rule(step))

    return jax.tree_util.tree_map_with_path(at, constants)


def within_bounds(trainer: Trainer, params: Any) -> Any:
    """The parameters, clipped to their bounds."""

    def hold(path, leaf):
        bounds = trainer.bounds.get("/".join(_names(path)))
        return leaf if bounds is None else jnp.clip(leaf, *bounds)

    return jax.tree_util.tree_map_with_path(hold, params) if trainer.bounds else params


def paths(tree: Any) -> list[tuple[str, ...]]:
    """The path of each leaf of nested dictionaries."""
    return [_names(path) for path, _ in jax.tree_util.tree_flatten_with_path(tree)[0]]


def _names(path):
    return tuple(str(getattr(key, "key", getattr(key, "name", key))) for key in path)
