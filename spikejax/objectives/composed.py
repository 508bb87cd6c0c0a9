"""What training minimises and what is measured: a model, a loss, regularisers and metrics as two functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.devices.averages import Average
from spikejax.objectives.checks import check_call, check_value
from spikejax.objectives.metrics import Rates, name_of
from spikejax.objectives.model import Model
from spikejax.objectives.reductions import takes_classes

# Names of other values in a history; a metric has another.
RESERVED = ("epoch", "seconds", "gradient_norm", "loss", "regularisation", "firing_rate")


@dataclass(frozen=True, eq=False)
class Objective:
    """A function `(variables, batch, key) -> (value, (measured, changed))` of a network in training.

    The value of a batch that is cut into parts is the mean of the values of its parts, each weighted by its number of
    samples, if each is told the weight per sample of the whole batch: `weight(whole) / samples`.

    Attributes:
      model: the network with its encoder and how time is cut.
      loss: see `losses`.
      regularisers: terms that are added to it.
      metrics: what else is measured.
    """

    model: Model
    loss: Any
    regularisers: Sequence[Any] = ()
    metrics: Sequence[Any] = ()

    def __call__(
        self, variables: Any, batch: Any, key: Array, per_sample: Any = None
    ) -> tuple[Array, tuple[dict[str, Any], Any]]:
        """The value, what is measured and what is changed.

        Args:
          variables: of the network.
          batch: its samples, or a part of them.
          key: PRNG key for all random numbers.
          per_sample: weight per sample of the whole batch, if this is a part of one; None if it is not.
        """
        parts = (self.loss, *self.regularisers, *self.metrics)
        seen = self.model.run(variables, batch, key, train=True, observe=_observer(parts))
        count = float(seen.outputs.shape[1])
        value, weight = _evaluate("loss", self.loss, 0, seen, batch)
        measured = {"loss": Average(value, weight)}
        if per_sample is not None:
            # Parts with few samples that count, or with light ones, have less influence on the loss.
            value = value * (weight / count / jnp.where(per_sample == 0, 1, per_sample))
        if self.regularisers:
            extra = jnp.zeros(())
            for number, part in enumerate(self.regularisers, 1):
                extra += _evaluate("regulariser", part, number, seen, batch)[0]
            measured["regularisation"] = Average(extra, jnp.asarray(count))
            value = value + extra
        measured |= _metrics(self.metrics, 1 + len(self.regularisers), seen, batch)
        return value, (jax.lax.stop_gradient(measured), seen.changed)

    def weight(self, batch: Any) -> Array:
        """The weight of the loss of a batch, from its labels and lengths alone."""
        count = jax.tree.leaves(batch.inputs)[0].shape[0]
        return _weight(self.loss, batch.labels, self.model.mask(batch), count)


def objective(
    model: Model, loss: Any, regularisers: Sequence[Any] = (), metrics: Sequence[Any] = ()
) -> Objective:
    """A function `(variables, batch, key) -> (value, (measured, changed))` of a network in training.

    Args:
      model: the network with its encoder and how time is cut.
      loss: see `losses`.
      regularisers: terms that are added to it, see `regularisers`.
      metrics: what else is measured, see `metrics`.

    Returns:
      The function. What it measures are averages by name, "loss" excluding regularisers, which are
      listed as "regularisation" if there are any; what it changes are the collections of the network that outlast a
      sequence, batch statistics for example.

    Raises:
      ValueError: two metrics of one name, one whose name is taken, or parts that are not called as
        `(outputs, labels, activity, mask)`.
    """
    _check_calls(loss, regularisers, metrics)
    _check_names(metrics)
    return Objective(model, loss, regularisers, metrics)


def measurement(
    model: Model, loss: Any, metrics: Sequence[Any] = ()
) -> Callable[[Any, Any, Array], dict[str, Any]]:
    """A function `(variables, batch, key) -> averages by name` of a network that is not in training."""
    parts = (loss, *metrics)
    _check_calls(loss, (), metrics)
    _check_names(metrics)

    def measured(variables, batch, key):
        seen = model.run(variables, batch, key, observe=_observer(parts))
        averages = {"loss": Average(*_evaluate("loss", loss, 0, seen, batch))}
        return averages | _metrics(metrics, 1, seen, batch)

    return measured


def _check_calls(loss, regularisers, metrics):
    check_call("loss", loss)
    for regulariser in regularisers:
        check_call("regulariser", regulariser)
    for metric in metrics:
        check_call("metric", metric)


def _check_names(metrics):
    names = [name_of(metric) for metric in metrics]
    for metric, name in zip(metrics, names, strict=True):
        if name in RESERVED and not isinstance(metric, Rates):
            raise ValueError(
                f"expected a metric with another name than {', '.join(RESERVED)}, which a history has already, found "
                f"{name}; rename it"
            )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice and twice[0] == Rates.spec_name:
        raise ValueError("firing_rate is measured in any case; leave Rates() out of the metrics")
    if twice:
        raise ValueError(
            f"two measured values are called {twice[0]}; keep one, or wrap the other in a function"
        )


def _metrics(metrics, first, seen, batch):
    return {
        name_of(metric): Average(*_evaluate("metric", metric, i, seen, batch))
        for i, metric in enumerate(metrics, first)
    }


def _evaluate(kind, part, number, seen, batch):
    """The value of a loss, regulariser or metric, and its weight."""
    activity = {} if seen.observed is None else seen.observed[number]
    value = part(seen.outputs, batch.labels, activity, seen.mask)
    check_value(kind, part, value)
    return value, _weight(part, batch.labels, seen.mask, seen.outputs.shape[1])


def _weight(part, labels, mask, count):
    """The weight of a batch of `count` samples; that of a plain function is their number."""
    weigh = getattr(part, "weight", None)
    if labels is None and takes_classes(part):
        weigh = None  # calling it says that labels are missing
    found = None if weigh is None else weigh(labels, mask)
    return jnp.asarray(float(count) if found is None else found)


def _observer(parts):
    """What the parts use of a chunk's activity, in their order; None if none of them uses any."""
    # A function may use everything; the compiler drops what it does not use.
    wanted = [getattr(part, "observe", lambda activity: activity) for part in parts]
    if not any(wanted):
        return None
    return lambda activity: [{} if look is None else look(activity) for look in wanted]
