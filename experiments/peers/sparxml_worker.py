"""sparxml 0.1.1 (`import sparx`) as documented: Flax layers over `[T, B, ...]`, trained with Optax under `jax.jit`.

A synapse is one product over all steps; each layer of neurons is a scan with its default of one step per iteration.
Streaming carries the collection "state" from call to call.

Its neuron, spike at the threshold, soft reset and feedback are those of the workload. Its learned decay is the sigmoid
of a parameter, one per neuron (a channel for images) instead of one per layer, so a step of Adam changes it less. Its
trainer requires one version of JAX, which is not the one of the other libraries.
"""

import itertools
import math

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import sparx
import workload as common
from worker import Program, serve


def neuron(decay=common.DECAY):
    tau = -1 / math.log(decay)
    return sparx.nn.LIF(
        tau=tau, threshold=common.THRESHOLD, surrogate=sparx.surrogate.ATan(2.0), learn_tau=True
    )


def constant(array):
    return lambda key, shape, dtype: jnp.asarray(array, dtype).reshape(shape)


def dense(weights):
    kernel, bias, _ = weights
    return nn.Dense(bias.size, kernel_init=constant(kernel), bias_init=constant(bias))


def network(workload, decay=common.DECAY):
    made = []
    for weights in common.layers(workload)[:-1]:
        cells = neuron(decay)
        if weights.feedback is not None:
            cells = sparx.nn.Recurrent(cells, kernel_init=constant(weights.feedback))
        made += [dense(weights), cells]
    return nn.Sequential([*made, dense(common.layers(workload)[-1])])


class Block(nn.Module):
    """Convolution and batch normalisation over all steps at once, then neurons."""

    features: int

    @nn.compact
    def __call__(self, inputs):
        currents = nn.Conv(self.features, (3, 3))(inputs)
        return neuron()(nn.BatchNorm(use_running_average=False, momentum=0.9)(currents))


def make_step(model, adam, loss_of):
    """A step of Adam: `(params, statistics, state of Adam, inputs, ...)` to those and the loss before it."""

    @jax.jit
    def step(params, statistics, state, inputs, *targets):
        def loss(params):
            outputs, changed = model.apply(
                {"params": params, **statistics}, inputs, mutable=["batch_stats"]
            )
            return loss_of(outputs, *targets), changed

        (value, changed), gradients = jax.value_and_grad(loss, has_aux=True)(params)
        updates, state = adam.update(gradients, state)
        return optax.apply_updates(params, updates), changed, state, value

    return step


def first(model, adam, inputs):
    """The parameters, the statistics of batch normalisation and the state of Adam before the first step."""
    variables = model.init(jax.random.key(0), inputs[:1])
    params = variables.pop("params")
    return params, variables, adam.init(params)


def learner(model, loss_of, operands) -> Program:
    adam = optax.adam(common.LEARNING_RATE)
    step, held = make_step(model, adam, loss_of), first(model, adam, operands[0])

    def take():
        nonlocal held
        *held, value = jax.block_until_ready(step(*held, *operands))
        return float(value)

    def rates():
        params, statistics, _ = held
        collections = ["spike_rates", "batch_stats"]
        seen = model.apply({"params": params, **statistics}, operands[0], mutable=collections)[1]
        return [float(rate.mean()) for rate in jax.tree.leaves(seen["spike_rates"])]

    def temporary_bytes():
        compiled = step.lower(*held, *operands).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    return Program(take, rates, temporary_bytes)


def cross_entropy(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits.sum(0), labels).mean()


def operands_of(workload):
    return jnp.asarray(common.inputs(workload)), jnp.asarray(common.labels(workload))


def training(workload, options):
    return learner(network(workload), cross_entropy, operands_of(workload))


def convolution(workload, options):
    inputs = jnp.asarray(common.inputs(workload))
    model = Block(workload.sizes[-1])
    return learner(model, lambda spikes: ((spikes.sum(0) - 1) ** 2).mean(), (inputs,))


def neurons(workload, options):
    model = neuron()
    currents = jnp.asarray(common.inputs(workload))
    weights = jnp.asarray(common.neuron_weights(workload))
    variables = model.init(jax.random.key(0), currents[:1])

    @jax.jit
    def differentiate(variables, currents):
        def value(variables, currents):
            return (model.apply(variables, currents).sum(0) * weights).sum()

        return jax.value_and_grad(value, argnums=(0, 1))(variables, currents)

    def take():
        return float(jax.block_until_ready(differentiate(variables, currents))[0])

    def temporary_bytes():
        compiled = differentiate.lower(variables, currents).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    return Program(take, lambda: [float(model.apply(variables, currents).mean())], temporary_bytes)


def streaming(workload, options):
    model = network(workload)
    inputs = jnp.asarray(common.inputs(workload))
    variables = model.init(jax.random.key(0), inputs[:1])
    pieces = itertools.cycle(list(inputs[:, None]))

    @jax.jit
    def step(variables, carried, x):
        return model.apply({**variables, **carried}, x, mutable=["state"])

    carried, total = {}, 0.0

    def take():
        nonlocal carried, total
        logits, carried = jax.block_until_ready(step(variables, carried, next(pieces)))
        total += float(np.abs(np.asarray(logits)).sum())
        return total

    return Program(take)


def with_decay(params, decay):
    """The parameters of a feed-forward network with another decay."""
    start = math.log(decay / (1 - decay))
    return {
        name: {key: jnp.full_like(x, start) if key == "decay" else x for key, x in layer.items()}
        for name, layer in params.items()
    }


def grid(workload, options):
    operands, adam = operands_of(workload), optax.adam(common.LEARNING_RATE)
    model = network(workload)
    # The decay is a parameter, so one compiled step and one initialisation serve all.
    step, (params, *rest) = make_step(model, adam, cross_entropy), first(model, adam, operands[0])

    def take():
        values = []
        for decay in workload.decays:
            held = [with_decay(params, decay), *rest]
            for _ in range(workload.updates):
                *held, value = step(*held, *operands)
            values.append(float(value))
        return float(np.mean(values))

    return Program(take)


BUILDERS = {
    "training": training,
    "neuron": neurons,
    "convolution": convolution,
    "streaming": streaming,
    "grid": grid,
}

if __name__ == "__main__":
    serve(
        BUILDERS,
        ("sparxml", "jax", "flax", "optax", "numpy"),
        lambda: {"devices": jax.local_device_count()},
    )
