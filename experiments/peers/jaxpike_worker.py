"""jaxpike 0.1.4 as documented: `Sequential`, `unroll`, and the step of `make_step`, an `eqx.filter_jit`.

The option "scan_unroll" sets the steps per iteration of its time loop; the default is 8, chosen on a GPU (on a CPU 1 is
faster). Feedback needs its `Graph`, which runs all layers step by step.

Its neuron multiplies currents by 1 − decay, so the weights are divided by it, the learned parameter is log τ, and the
threshold must be exceeded. It has no batch normalisation.
"""

import itertools
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import jaxpike
import numpy as np
import optax
import workload as common
from worker import Missing, Program, serve


def neuron(decay=common.DECAY):
    surrogate = jaxpike.ATan(2.0)
    return jaxpike.LIF(-1 / math.log(decay), threshold=common.THRESHOLD, surrogate=surrogate)


def dense(kernel, bias, scale):
    made = jaxpike.Dense(*kernel.shape, key=jax.random.key(0), use_bias=bias is not None)
    made = eqx.tree_at(lambda layer: layer.weight, made, jnp.asarray(kernel.T / scale))
    if bias is None:
        return made
    return eqx.tree_at(lambda layer: layer.bias, made, jnp.asarray(bias / scale))


def network(workload, decay=common.DECAY):
    *hidden, last = common.layers(workload)
    scale = np.float32(1 - decay)
    readout = dense(last.kernel, last.bias, np.float32(1))
    if not workload.recurrent:
        made = []
        for weights in hidden:
            made += [dense(weights.kernel, weights.bias, scale), neuron(decay)]
        return jaxpike.Sequential(*made, readout)
    nodes, edges, before = {}, [], "input"
    for i, weights in enumerate(hidden):
        nodes[f"linear_{i}"] = dense(weights.kernel, weights.bias, scale)
        nodes[f"neuron_{i}"] = neuron(decay)
        nodes[f"feedback_{i}"] = dense(weights.feedback, None, scale)
        edges += [(before, f"linear_{i}"), (f"linear_{i}", f"neuron_{i}")]
        edges += [(f"neuron_{i}", f"feedback_{i}"), (f"feedback_{i}", f"neuron_{i}")]
        before = f"neuron_{i}"
    edges.append((before, "readout"))
    return jaxpike.Graph({**nodes, "readout": readout}, edges, "readout")


def parts(model, workload):
    """The network up to each hidden layer."""
    if not workload.recurrent:
        return [jaxpike.Sequential(*model.layers[: 2 * i + 2]) for i in range(len(workload.hidden))]
    names = [f"neuron_{i}" for i in range(len(workload.hidden))]
    return [jaxpike.Graph(model.nodes, model.edges, name) for name in names]


def make_step(options, adam):
    def loss(model, inputs, labels):
        logits, _ = jaxpike.unroll(model, inputs, scan_unroll=options.get("scan_unroll"))
        return jaxpike.cross_entropy(jaxpike.count_logits(logits), labels), None

    return jaxpike.make_step(loss, adam)


def training(workload, options):
    model, adam = network(workload), optax.adam(common.LEARNING_RATE)
    state = adam.init(eqx.filter(model, eqx.is_inexact_array))
    operands = jnp.asarray(common.inputs(workload)), jnp.asarray(common.labels(workload))
    step = make_step(options, adam)

    def take():
        nonlocal model, state
        model, state, value, _ = step(model, state, *operands)
        jax.block_until_ready(eqx.filter((model, state), eqx.is_array))
        return float(value)

    def rates():
        def rate(part):
            return jaxpike.unroll(part, operands[0][:, :32], scan_unroll=1)[0].mean()

        return [float(eqx.filter_jit(rate)(part)) for part in parts(model, workload)]

    def temporary_bytes():
        compiled = step.lower(model, state, *operands).compile().compiled
        return compiled.memory_analysis().temp_size_in_bytes

    return Program(take, rates, temporary_bytes)


def neurons(workload, options):
    model = neuron()
    # The neuron's own scale of currents.
    currents = jnp.asarray(common.inputs(workload)) / (1 - common.DECAY)
    weights = jnp.asarray(common.neuron_weights(workload))

    def run(model, currents):
        return jaxpike.unroll(model, currents, scan_unroll=options.get("scan_unroll"))[0]

    @eqx.filter_jit
    def differentiate(model, currents):
        def value(operands):
            return (run(*operands).sum(0) * weights).sum()

        return eqx.filter_value_and_grad(value)((model, currents))

    def take():
        value, gradients = differentiate(model, currents)
        jax.block_until_ready(eqx.filter(gradients, eqx.is_array))
        return float(value)

    def temporary_bytes():
        compiled = differentiate.lower(model, currents).compile().compiled
        return compiled.memory_analysis().temp_size_in_bytes

    return Program(take, lambda: [float(run(model, currents).mean())], temporary_bytes)


def convolution(workload, options):
    raise Missing("no batch normalisation")


def streaming(workload, options):
    model = network(workload)
    pieces = itertools.cycle(list(jnp.asarray(common.inputs(workload))))
    state, total = model.init_state((workload.batch, workload.sizes[0])), 0.0
    step = eqx.filter_jit(lambda model, state, x: model(state, x))

    def take():
        nonlocal state, total
        state, logits = jax.block_until_ready(step(model, state, next(pieces)))
        total += float(np.abs(np.asarray(logits)).sum())
        return total

    return Program(take)


def grid(workload, options):
    operands = jnp.asarray(common.inputs(workload)), jnp.asarray(common.labels(workload))
    # One optimiser and one step for all, so that it is compiled once.
    adam = optax.adam(common.LEARNING_RATE)
    step = make_step(options, adam)

    def take():
        values = []
        for decay in workload.decays:
            model = network(workload, decay)
            state = adam.init(eqx.filter(model, eqx.is_inexact_array))
            for _ in range(workload.updates):
                model, state, value, _ = step(model, state, *operands)
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
        ("jaxpike", "jax", "equinox", "optax", "numpy"),
        lambda: {"devices": jax.local_device_count()},
    )
