"""Schedules: how a learning rate, or a constant of the network, changes during training."""

from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from spikejax.fields import Leaf, option, param, setting, size, spec


class Schedule:
    """A factor of the peak learning rate in the course of training; the base of every schedule.

    Attributes:
      spans: whether it spans the training, so that all factors depend on the number of epochs.
    """

    spans: ClassVar[bool] = False

    def factor(self, steps_per_epoch: int, epochs: int) -> Any:
        """A function of the step, from 0 to 1."""
        raise NotImplementedError


@spec
class Constant(Schedule):
    """The peak learning rate throughout.

    >>> float(Constant().factor(10, 2)(5))
    1.0
    """

    spec_name: ClassVar = "constant"

    def factor(self, steps_per_epoch: int, epochs: int) -> Any:
        return optax.constant_schedule(1.0)


@spec
class Cosine(Schedule):
    """A linear warm-up, then half a cosine down to `end`.

    Reference: Loshchilov, Hutter (2017), SGDR: stochastic gradient descent with warm restarts, without restarts.

    >>> rule = Cosine(warmup=1).factor(10, 3)
    >>> [f"{float(rule(step)):.2f}" for step in (0, 10, 20, 30)]
    ['0.00', '1.00', '0.50', '0.00']
    """

    spec_name: ClassVar = "cosine"
    spans: ClassVar[bool] = True
    warmup: int = size(default=0, low=0, doc="epochs of the linear rise from 0")
    end: float = setting(default=0.0, doc="last factor")

    def check(self) -> None:
        """Raises ValueError for a factor outside [0, 1]."""
        _check_factors(self, "end")

    def factor(self, steps_per_epoch: int, epochs: int) -> Any:
        rise = self.warmup * steps_per_epoch
        total = max(epochs * steps_per_epoch, rise + 1)
        first = 0.0 if rise else 1.0
        return optax.warmup_cosine_decay_schedule(first, 1.0, rise, total, self.end)


@spec
class OneCycle(Schedule):
    """A cosine up from `start`, then one down to `end`.

    Reference: Smith, Topin (2018), Super-convergence: very fast training of neural networks using large learning rates.

    >>> rule = OneCycle(up=0.5).factor(10, 2)
    >>> [f"{float(rule(step)):.2f}" for step in (0, 5, 10, 20)]
    ['0.04', '0.52', '1.00', '0.00']
    """

    spec_name: ClassVar = "one_cycle"
    spans: ClassVar[bool] = True
    up: float = setting(default=0.3, doc="fraction of the training in which it rises")
    start: float = setting(default=1 / 25, doc="first factor")
    end: float = setting(default=1e-4 / 25, doc="last factor")

    def check(self) -> None:
        """Raises ValueError for a fraction or a factor outside (0, 1]."""
        _check_factors(self, "up", "start", "end", above=True)

    def factor(self, steps_per_epoch: int, epochs: int) -> Any:
        total = max(steps_per_epoch * epochs, 4)
        return optax.cosine_onecycle_schedule(
            total, 1.0, self.up, 1 / self.start, self.start / self.end
        )


@spec
class Milestones(Schedule):
    """A linear warm-up, then the rate falls by a factor at each of some epochs.

    >>> rule = Milestones(epochs=(2, 3)).factor(10, 4)
    >>> [f"{float(rule(step)):.2f}" for step in (0, 19, 20, 30)]
    ['1.00', '1.00', '0.10', '0.01']
    """

    spec_name: ClassVar = "milestones"
    epochs: tuple[int, ...] = setting(doc="epochs after which the rate falls")
    decay: float = setting(default=0.1, doc="factor at each milestone")
    warmup: int = size(default=0, low=0, doc="epochs of the linear rise from 0")

    def check(self) -> None:
        """Raises ValueError if the epochs are not ascending integers from 1 on, or the factor is outside [0, 1]."""
        _check_factors(self, "decay")
        epochs = self.epochs
        if not all(isinstance(e, int) and e >= 1 for e in epochs) or list(epochs) != sorted(epochs):
            raise ValueError(f"expected milestones as ascending epochs from 1 on, found {epochs}")

    def factor(self, steps_per_epoch: int, epochs: int) -> Any:
        falls = {epoch * steps_per_epoch: self.decay for epoch in self.epochs}
        rule = optax.piecewise_constant_schedule(1.0, falls)
        rise = self.warmup * steps_per_epoch
        return rule if not rise else lambda step: jnp.minimum(step / rise, 1) * rule(step)


def _check_factors(schedule, *names, above=False):
    for name in names:
        value = getattr(schedule, name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= 1 or (above and value == 0):
            bounds = "(0, 1]" if above else "[0, 1]"
            raise ValueError(
                f"{type(schedule).__name__}.{name} must lie in {bounds}, found {value!r}"
            )


@spec
class Ramp:
    """A constant of the network that changes from one value to another: a surrogate's width, the λ of a masked PSN.

        v(t) = start + (end − start) p     shape="linear"
               start (end / start)^p       shape="exponential"
        p = min(1, t / (epochs steps_per_epoch))

    `name` is that of the variable in the collection "constants", "surrogate_width" for example; it changes in every
    layer that has it.

    >>> rule = Ramp(name="masking", start=0.0, end=1.0, epochs=2).rule(10, 4)
    >>> [float(rule(step)) for step in (0, 10, 20, 40)]
    [0.0, 0.5, 1.0, 1.0]
    """

    spec_name: ClassVar = "ramp"
    name: str = setting(doc="name of the constant")
    start: Leaf = param(doc="first value")
    end: Leaf = param(doc="last value")
    epochs: int | None = size(default=None, doc="length; the whole training if None")
    shape: str = option(default="linear", choices=("linear", "exponential"), doc="how it changes")

    def check(self) -> None:
        """Raises ValueError for an exponential ramp through zero."""
        if self.shape == "exponential" and np.any(self.start * self.end <= 0):
            raise ValueError(
                f"expected an exponential ramp between values of one sign, found {self.start} to {self.end}"
            )

    def rule(self, steps_per_epoch: int, epochs: int) -> Any:
        """The value as a function of the step."""
        length = max((self.epochs or epochs) * steps_per_epoch, 1)

        def value(step: int | Array):
            progress = jnp.minimum(step / length, 1.0)
            if self.shape == "linear":
                return self.start + (self.end - self.start) * progress
            return self.start * (self.end / self.start) ** progress

        return value
