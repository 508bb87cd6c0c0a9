"""A network with its encoder and how time is cut: from stored samples to outputs over time."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.dynamics import Time
from spikejax.dynamics.network import run
from spikejax.dynamics.steps import Steps, steps_of
from spikejax.objectives.checks import check_returned


class Network(Protocol):
    """A network as pure functions, as `networks.core.pure.functions` makes them from a Flax module."""

    def apply(
        self,
        variables: Any,
        x: Any,
        carry: Any,
        *,
        train: bool,
        rngs: Any,
        record: bool,
        steps: Steps,
    ) -> tuple[Any, Any, Any]:
        """Outputs, carry and activity of `x[K, B, *F]` at these steps."""
        ...

    def first(self, variables: Any, x: Any, *, train: bool, rngs: Any) -> Any:
        """The carry before the first step."""
        ...

    def lasting(self, carry: Any) -> Any:
        """The part of the carry that outlasts a sequence: batch statistics, not the states of neurons."""
        ...


class Outcome(NamedTuple):
    """The results for a batch.

    Attributes:
      outputs: `[T, B, ...]`.
      observed: what `observe` made of the activity, leaves `[T, ...]`.
      changed: the collections that outlast the sequence.
      mask: True where a step is real, `[T, B]`; None if all are.
    """

    outputs: Any
    observed: Any
    changed: Any
    mask: Array | None


class Model(NamedTuple):
    """A network bound to an encoder and to how time is cut."""

    network: Network
    encoder: Any
    time: Time = Time()

    def mask(self, batch: Any) -> Array | None:
        """True where a step of a sample of the batch is real, `[T, B]`; None if all are."""
        return steps_of(jnp.arange(self.encoder.steps_of(batch.inputs)), batch.lengths).real

    def run(
        self,
        variables: Any,
        batch: Any,
        key: Array,
        *,
        train: bool = False,
        observe: Callable[[Any], Any] | None = None,
    ) -> Outcome:
        """Runs the network over the samples of a batch.

        Args:
          variables: of the network.
          batch: has `inputs` and `lengths`, see `data.Split`.
          key: PRNG key for all random numbers.
          train: whether the network is in training.
          observe: what to keep of the activity of a chunk, `{layer: {name: [K, B, *F]}}`; None keeps nothing.

        Raises:
          ValueError: the network does not return one floating-point array `[T, B, ...]`.
        """
        of_encoder, of_noise, of_dropout = jax.random.split(key, 3)
        steps = jnp.arange(self.encoder.steps_of(batch.inputs))
        samples = self.encoder.prepare(batch.inputs)
        rngs = {"noise": of_noise, "dropout": of_dropout}

        def network(variables, steps, carry):
            # Encoded here and not before: samples stored as bytes become floats chunk by chunk.
            x = self.encoder(samples, steps, of_encoder)
            outputs, carry, activity = self.network.apply(
                variables,
                x,
                carry,
                train=train,
                rngs=rngs,
                record=observe is not None,
                steps=steps_of(steps, batch.lengths),
            )
            check_returned(outputs, x)
            return (outputs, None if observe is None else observe(activity)), carry

        carry, time = {}, self.time
        if time.chunk is not None and time.chunk > len(steps):
            # It was chosen for the training samples; others may be shorter.
            time = dataclasses.replace(time, chunk=len(steps), segment=None)
        if time.chunk not in (None, len(steps)):
            one = steps[:1]
            x = self.encoder(samples, one, of_encoder)
            carry = self.network.first(variables, x, train=train, rngs=rngs)
        (outputs, observed), carry = run(network, variables, steps, carry, time)
        return Outcome(outputs, observed, self.network.lasting(carry), self.mask(batch))
