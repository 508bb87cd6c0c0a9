"""Spyx 1.0.0 as documented: `spyx.nn.Sequential`, `spyx.nn.run`, and the step of `spyx.optimize`, an `nnx.jit`.

Its neuron spikes by the membrane potential of the previous step, so each layer adds a delay of one step, and needs the
threshold to be exceeded; its clipped decay is learned. The surrogate is `axn.custom` with the common curve, whose cost
is that of its own arctangent. `RLIF` has no bias in its feedback. Batch normalisation fails inside `run`, so the block
of convolution and normalisation runs before it, over all steps at once.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import spyx
import workload as common
from flax import nnx
from worker import Program, serve

CURVE = spyx.axn.custom(lambda x: 1 / (1 + (jnp.pi * x) ** 2))


def neuron(shape, decay=common.DECAY, kind=spyx.nn.LIF):
    return kind(shape, beta=decay, threshold=common.THRESHOLD, activation=CURVE, rngs=nnx.Rngs(0))


def network(workload, decay=common.DECAY):
    made = []
    for weights in common.layers(workload):
        linear = nnx.Linear(*weights.kernel.shape, rngs=nnx.Rngs(0))
        linear.kernel[...], linear.bias[...] = (
            jnp.asarray(weights.kernel),
            jnp.asarray(weights.bias),
        )
        made.append(linear)
        shape = weights.bias.shape
        if weights.feedback is not None:
            recurrent = neuron(shape, decay, spyx.nn.RLIF)
            recurrent.recurrent_w[...] = jnp.asarray(weights.feedback)
            made.append(recurrent)
        elif len(made) < 2 * len(workload.hidden):
            made.append(neuron(shape, decay))
    return spyx.nn.Sequential(*made)


def loss(model, inputs, labels):
    logits, _ = spyx.nn.run(model, inputs)
    return optax.softmax_cross_entropy_with_integer_labels(logits.sum(0), labels).mean()


def program(step, model, optimizer, operands, rates):
    """A training step as `spyx.optimize` builds it: it changes the model and the optimiser in place."""

    def take():
        value = step(model, optimizer, *operands)
        jax.block_until_ready((nnx.state(model), nnx.state(optimizer)))
        return float(value)

    def temporary_bytes():
        compiled = step.lower(model, optimizer, *operands).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    return Program(take, rates, temporary_bytes)


def training(workload, options):
    model = network(workload)
    optimizer = nnx.Optimizer(model, optax.adam(common.LEARNING_RATE), wrt=nnx.Param)
    operands = jnp.asarray(common.inputs(workload)), jnp.asarray(common.labels(workload))

    def rates():
        some = operands[0][:, :32]
        ends = range(2, len(model.layers), 2)
        parts = [spyx.nn.Sequential(*model.layers[:end]) for end in ends]
        return [float(nnx.jit(lambda m, x: spyx.nn.run(m, x)[0].mean())(m, some)) for m in parts]

    return program(spyx.optimize.make_train_step(loss), model, optimizer, operands, rates)


def neurons(workload, options):
    model = neuron(workload.sizes)
    currents = jnp.asarray(common.inputs(workload))
    weights = jnp.asarray(common.neuron_weights(workload))

    @nnx.jit
    def differentiate(model, currents):
        def value(model, currents):
            return (spyx.nn.run(model, currents)[0].sum(0) * weights).sum()

        return nnx.value_and_grad(value, argnums=(0, 1))(model, currents)

    def take():
        return float(jax.block_until_ready(differentiate(model, currents))[0])

    def temporary_bytes():
        compiled = differentiate.lower(model, currents).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    return Program(take, lambda: [float(spyx.nn.run(model, currents)[0].mean())], temporary_bytes)


class Block(nnx.Module):
    """Convolution and batch normalisation over all steps at once, then neurons."""

    def __init__(self, workload):
        height, width, inward, outward = workload.sizes
        self.convolution = nnx.Conv(inward, outward, (3, 3), rngs=nnx.Rngs(0))
        self.normalisation = nnx.BatchNorm(outward, rngs=nnx.Rngs(0))
        self.neuron = neuron((height, width, outward))

    def __call__(self, inputs):
        return spyx.nn.run(self.neuron, self.normalisation(self.convolution(inputs)))[0]


def convolution(workload, options):
    model = Block(workload)
    optimizer = nnx.Optimizer(model, optax.adam(common.LEARNING_RATE), wrt=nnx.Param)
    inputs = jnp.asarray(common.inputs(workload))

    def count_loss(model, inputs):
        return ((model(inputs).sum(0) - 1) ** 2).mean()

    step = spyx.optimize.make_train_step(count_loss)
    return program(step, model, optimizer, (inputs,), lambda: [float(model(inputs).mean())])


def streaming(workload, options):
    model = network(workload)
    pieces = itertools.cycle(list(jnp.asarray(common.inputs(workload))))
    state = model.initial_state(workload.batch)
    # The model's structure is traversed once, as Flax advises for small steps.
    step = nnx.cached_partial(nnx.jit(lambda model, x, state: model(x, state)), model)

    total = 0.0

    def take():
        nonlocal state, total
        logits, state = jax.block_until_ready(step(next(pieces), state))
        total += float(np.abs(np.asarray(logits)).sum())
        return total

    return Program(take)


def grid(workload, options):
    operands = jnp.asarray(common.inputs(workload)), jnp.asarray(common.labels(workload))
    # One optimiser and one step for all, so that it is compiled once.
    adam, step = optax.adam(common.LEARNING_RATE), spyx.optimize.make_train_step(loss)

    def take():
        values = []
        for decay in workload.decays:
            model = network(workload, decay)
            optimizer = nnx.Optimizer(model, adam, wrt=nnx.Param)
            for _ in range(workload.updates):
                value = step(model, optimizer, *operands)
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
        ("spyx", "jax", "flax", "optax", "numpy"),
        lambda: {"devices": jax.local_device_count()},
    )
