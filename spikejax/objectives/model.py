"""A network that classifies sequences, bound to the executor and the loss: the functions that training calls."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax.sharding import Mesh

from spikejax.devices.mesh import share_batch
from spikejax.dynamics import network as execute
from spikejax.inputs import encode
from spikejax.objectives import losses, metrics


class Classifier(NamedTuple):
    """A network as functions of variables and stored samples `[B, T, F]`.

    Attributes:
      network: the Linen network.
      objective: what `train` wants, with the metric "accuracy".
      measure: `(variables, samples, labels[B])` to "test_loss", "test_accuracy" and "firing_rate" by layer.
      spikes: jitted, `(variables, samples)` to the spikes `[T, B, F]` of each hidden layer, by name.
    """

    network: Any
    objective: Callable[..., Any]
    measure: Callable[..., Any]
    spikes: Callable[..., Any]


def bind(
    network: Any,
    scale: float,
    *,
    chunk: int | None = None,
    segment: int | None = None,
    truncate: bool = False,
    mesh: Mesh | None = None,
) -> Classifier:
    """Binds a network to direct current from samples, logits summed over time and cross-entropy.

    Args:
      network: a Linen network of this library.
      scale: samples are divided by it.
      chunk: see `execute.run`.
      segment: see `execute.run`.
      truncate: see `execute.run`.
      mesh: devices over which `measure` splits batches that they divide; None is one device.

    Neurons that draw get the key of the training step; measured they always get the same one.

    Reference: TC-LIF (AAAI 2024), released code: the read-out is the sum of the logits of all steps.
    """

    def run(apply, variables, samples, key):
        apply = functools.partial(apply, rngs={"noise": key})

        def scaled(variables, x, state):
            # Here and not before: samples of a byte each become floats chunk by chunk.
            return apply(variables, encode.floats(x, scale), state)

        split = {"chunk": chunk, "segment": segment, "truncate": truncate}
        return execute.run(scaled, variables, encode.steps_first(samples), **split)[0]

    def recorded(save):
        def apply(variables, x, state, rngs):
            (logits, state), sown = network.apply(
                variables, x, state, rngs=rngs, mutable=["activity"]
            )
            saved = {layer: save(values["spikes"][0]) for layer, values in sown["activity"].items()}
            return (logits, saved), state

        return apply

    def objective(variables, samples, labels, key):
        logits = run(network.apply, variables, samples, key)
        measured = {"accuracy": metrics.accuracy(logits, labels)}
        return losses.summed_cross_entropy(logits, labels), (measured, {})

    def means(variables, batch, key):
        samples, labels = batch
        logits, rates = run(recorded(metrics.firing_rate), variables, samples, key)
        return {
            "test_loss": losses.summed_cross_entropy(logits, labels),
            "test_accuracy": metrics.accuracy(logits, labels),
            "firing_rate": {layer: rate.mean() for layer, rate in rates.items()},
        }

    def measure(variables, samples, labels):
        function = means
        if mesh is not None and labels.shape[0] % mesh.size == 0:
            function = share_batch(means, mesh)
        return function(variables, (samples, labels), jax.random.key(0))

    @jax.jit
    def spikes(variables, samples):
        return run(recorded(lambda spikes: spikes), variables, samples, jax.random.key(0))[1]

    return Classifier(network, objective, measure, spikes)
