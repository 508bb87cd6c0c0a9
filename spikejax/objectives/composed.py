"""What training minimises and what is measured: a model, a loss, regularisers and metrics as two functions."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.devices.averages import Average
from spikejax.objectives.metrics import name_of
from spikejax.objectives.model import Model

Objective = Callable[[Any, Any, Array], tuple[Array, tuple[dict[str, Any], Any]]]


def objective(
    model: Model, loss: Any, regularisers: Sequence[Any] = (), metrics: Sequence[Any] = ()
) -> Objective:
    """A function `(variables, batch, key) -> (loss, (measured, changed))` of a network in training.

    Args:
      model: the network with its encoder and how time is cut.
      loss: see `losses`.
      regularisers: terms that are added to it, see `regularisers`.
      metrics: what else is measured, see `metrics`.

    Returns:
      The function. What it measures are averages by name, "loss" excluding regularisers, which are
      listed as "regularisation" if there are any; what it changes are the collections of the network that outlast a
      sequence, batch statistics for example.
    """
    parts = (loss, *regularisers, *metrics)
    _check_names(metrics)

    def minimised(variables, batch, key):
        seen = model.run(variables, batch, key, train=True, observe=_observer(parts))
        value, weight = _evaluate(loss, 0, seen, batch)
        measured = {"loss": Average(value, weight)}
        if regularisers:
            terms = (_evaluate(r, i, seen, batch)[0] for i, r in enumerate(regularisers, 1))
            extra = sum(terms, jnp.zeros(()))
            measured["regularisation"] = Average(extra, weight)
            value = value + extra
        first = 1 + len(regularisers)
        measured |= _metrics(metrics, first, seen, batch)
        return value, (jax.lax.stop_gradient(measured), seen.changed)

    return minimised


def measurement(
    model: Model, loss: Any, metrics: Sequence[Any] = ()
) -> Callable[[Any, Any, Array], dict[str, Any]]:
    """A function `(variables, batch, key) -> averages by name` of a network that is not in training."""
    parts = (loss, *metrics)
    _check_names(metrics)

    def measured(variables, batch, key):
        seen = model.run(variables, batch, key, observe=_observer(parts))
        averages = {"loss": Average(*_evaluate(loss, 0, seen, batch))}
        return averages | _metrics(metrics, 1, seen, batch)

    return measured


def _check_names(metrics):
    names = ["loss", "regularisation", *map(name_of, metrics)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"two measured values are called {twice[0]}; keep one, or wrap the other in a function"
        )


def _metrics(metrics, first, seen, batch):
    return {
        name_of(metric): Average(*_evaluate(metric, i, seen, batch))
        for i, metric in enumerate(metrics, first)
    }


def _evaluate(part, number, seen, batch):
    """The value of a loss, regulariser or metric, and its weight."""
    activity = {} if seen.observed is None else seen.observed[number]
    value = part(seen.outputs, batch.labels, activity, seen.mask)
    weigh = getattr(part, "weight", None)
    count = float(seen.outputs.shape[1])
    weight = jnp.asarray(count) if weigh is None else weigh(batch.labels, seen.mask)
    return value, weight


def _observer(parts):
    """What the parts use of a chunk's activity, in their order; None if none of them uses any."""
    # A function may use everything; the compiler drops what it does not use.
    wanted = [getattr(part, "observe", lambda activity: activity) for part in parts]
    if not any(wanted):
        return None
    return lambda activity: [{} if look is None else look(activity) for look in wanted]
