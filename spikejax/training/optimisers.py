"""Optimisers as specs: their parameters are leaves, so a sweep can vary them inside one program."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import optax

from spikejax.fields import Leaf, fields_of, option, param, part, spec
from spikejax.training.schedules import OneCycle, Schedule


class Optimiser:
    """The base of every optimiser.

    Attributes:
      learning_rate: peak learning rate.
      schedule: of the learning rate.
    """

    learning_rate: Leaf
    schedule: Schedule

    def transformation(self, steps_per_epoch: int, epochs: int) -> optax.GradientTransformation:
        """The Optax transformation for a training of so many epochs."""
        raise NotImplementedError


def _rate(optimiser, steps_per_epoch, epochs):
    for name in fields_of(optimiser):
        value = getattr(optimiser, name)
        if value is not None and jnp.shape(value):
            raise ValueError(
                f"expected {type(optimiser).__name__}.{name} as one number, found an array of shape "
                f"{jnp.shape(value)}; sweep it to train with several"
            )
    factor = optimiser.schedule.factor(steps_per_epoch, epochs)
    return lambda step: optimiser.learning_rate * factor(step)


def _clipped(optimiser, rule):
    """A rule after clipping the gradient's global norm, if there is a bound."""
    clip = optimiser.clip
    return rule if clip is None else optax.chain(optax.clip_by_global_norm(clip), rule)


def _decayed(which):
    """What weight decay acts on: weight matrices, or all parameters."""
    return None if which == "all" else lambda params: jax.tree.map(lambda x: x.ndim >= 2, params)


@spec
class Adam(Optimiser):
    """Adam, with decoupled weight decay if it is not 0: then it is `AdamW`.

    Reference: Kingma, Ba (2015), Adam: a method for stochastic optimization.

    >>> import jax.numpy as jnp
    >>> from spikejax.training.schedules import Constant
    >>> rule = Adam(learning_rate=0.1, schedule=Constant()).transformation(10, 1)
    >>> updates, _ = rule.update(jnp.ones(2), rule.init(jnp.zeros(2)), jnp.zeros(2))
    >>> [f"{update:.3f}" for update in updates.tolist()]
    ['-0.100', '-0.100']
    """

    spec_name: ClassVar = "adam"
    learning_rate: Leaf = param(default=1e-3, low=0, doc="peak learning rate")
    schedule: Schedule = part(default=OneCycle(), of="schedule", doc="of the learning rate")
    b1: Leaf = param(default=0.9, low=0, high=1, doc="decay of the mean of the gradient")
    b2: Leaf = param(default=0.999, low=0, high=1, doc="decay of the mean of its square")
    weight_decay: Leaf = param(
        default=0.0,
        low=0,
        doc="fraction of the parameters subtracted per step, times the learning rate",
    )
    decayed: str = option(
        default="matrices", choices=("matrices", "all"), doc="what the weight decay acts on"
    )
    clip: Leaf = param(
        default=None, low=0, doc="largest global norm of the gradient; no limit if None"
    )

    def transformation(self, steps_per_epoch: int, epochs: int) -> optax.GradientTransformation:
        rule = optax.adamw(
            _rate(self, steps_per_epoch, epochs),
            b1=self.b1,
            b2=self.b2,
            weight_decay=self.weight_decay,
            mask=_decayed(self.decayed),
        )
        return _clipped(self, rule)


@spec
class AdamW(Adam):
    """Adam with decoupled weight decay: the same rule as `Adam`, whose weight decay is 0 unless given.

    The default of 1e-4 is Optax's; PyTorch has 1e-2. Both decay all parameters, here only the weight matrices unless
    `decayed="all"`, so that a neuron's learned parameters and the biases are left alone.

    Reference: Loshchilov, Hutter (2019), Decoupled weight decay regularization.

    >>> import jax.numpy as jnp
    >>> from spikejax.training.schedules import Constant
    >>> rule = AdamW(learning_rate=0.1, schedule=Constant(), weight_decay=0.5).transformation(10, 1)
    >>> weights = jnp.ones((1, 2))
    >>> rule.update(0 * weights, rule.init(weights), weights)[0]
    Array([[-0.05, -0.05]], dtype=float32)
    """

    spec_name: ClassVar = "adamw"
    weight_decay: Leaf = param(
        default=1e-4,
        low=0,
        doc="fraction of the parameters subtracted per step, times the learning rate",
    )


@spec
class SGD(Optimiser):
    """Stochastic gradient descent with momentum; its weight decay is added to the gradient, as in PyTorch.

    Reference: Sutskever et al. (2013), On the importance of initialization and momentum in deep learning.

    >>> import jax.numpy as jnp
    >>> from spikejax.training.schedules import Constant
    >>> rule = SGD(learning_rate=0.5, momentum=0.0, schedule=Constant()).transformation(10, 1)
    >>> rule.update(jnp.ones(2), rule.init(jnp.zeros(2)), jnp.zeros(2))[0]
    Array([-0.5, -0.5], dtype=float32)
    """

    spec_name: ClassVar = "sgd"
    learning_rate: Leaf = param(default=0.1, low=0, doc="peak learning rate")
    schedule: Schedule = part(default=OneCycle(), of="schedule", doc="of the learning rate")
    momentum: Leaf = param(default=0.9, low=0, high=1, doc="decay of the accumulated gradient")
    nesterov: bool = option(default=False, choices=(False, True), doc="Nesterov momentum")
    weight_decay: Leaf = param(default=0.0, low=0, doc="factor of the parameters in the gradient")
    decayed: str = option(
        default="all", choices=("matrices", "all"), doc="what the weight decay acts on"
    )
    clip: Leaf = param(
        default=None, low=0, doc="largest global norm of the gradient; no limit if None"
    )

    def transformation(self, steps_per_epoch: int, epochs: int) -> optax.GradientTransformation:
        rate = _rate(self, steps_per_epoch, epochs)
        decay = optax.add_decayed_weights(self.weight_decay, _decayed(self.decayed))
        return _clipped(self, optax.chain(decay, optax.sgd(rate, self.momentum, self.nesterov)))
