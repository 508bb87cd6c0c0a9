"""spikejax as a job trains: `train.train_step` laid out by `plan.choose`, a device a core, the samples stored whole.

Options: "plain" is one scan over all steps a layer, nothing recomputed, on one device; "neuron" another neuron for a
row of neurons alone, "tc_lif"; "loop" trains a grid's networks one after the other, "anew" compiles each of them, as
separate trainings do. Binary inputs are stored as
bytes, as a data set is.
"""

import functools
import itertools
import os

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import workload as common
from worker import Program, serve

from spikejax.devices import mesh
from spikejax.devices.plan import Plan, choose
from spikejax.dynamics import network as execute
from spikejax.layers import Spiking
from spikejax.networks import MLP
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.objectives.model import bind
from spikejax.surrogate import ATan
from spikejax.sweeps import groups as sweep
from spikejax.training import train

NEURONS = {
    "lif": (
        LIF(decay=common.DECAY, threshold=common.THRESHOLD, surrogate=ATan(2.0)),
        ("decay",),
    ),
    "tc_lif": (TCLIF(surrogate=ATan(2.0)), ("c1", "c2")),
}


def layout(workload, features, options):
    if options.get("plain"):
        return Plan(1, 1, workload.steps, workload.steps)
    return choose(
        workload.steps,
        workload.batch,
        features,
        backend=jax.default_backend(),
        devices=jax.device_count(),
    )


def network(workload, decay=common.DECAY):
    neuron = LIF(decay=decay, threshold=common.THRESHOLD, surrogate=ATan(2.0))
    recurrent = tuple(range(len(workload.hidden))) if workload.recurrent else ()
    return MLP(workload.hidden, workload.classes, neuron, ("decay",), recurrent)


def variables(workload, model):
    """The network's variables with the common weights."""
    made = jax.jit(model.init)(jax.random.key(0), jnp.zeros((0, 1, workload.sizes[0])))
    names = [*(f"linear_{i}" for i in range(len(workload.hidden))), "readout"]
    for i, (name, weights) in enumerate(zip(names, common.layers(workload), strict=True)):
        layer = made["params"][name]
        layer["kernel"], layer["bias"] = jnp.asarray(weights.kernel), jnp.asarray(weights.bias)
        if weights.feedback is not None:
            fed_back = made["params"][f"neuron_{i}"]
            fed_back["kernel"] = jnp.asarray(weights.feedback)
            fed_back["bias"] = jnp.zeros_like(layer["bias"])
    return made


def samples(workload):
    """`[B, T, ...]`."""
    stored = common.inputs(workload).swapaxes(0, 1)
    return stored if workload.density is None else stored.astype(np.uint8)


def learner(objective, initial, stored, labels, plan, rates):
    """A training step on the whole batch."""
    optimizer = optax.adam(common.LEARNING_RATE)
    devices = mesh.over(jax.devices()[: plan.devices])
    state = train.init(initial, optimizer, 0)
    order = jnp.arange(len(labels))[None]
    state, *operands = mesh.replicate((state, stored, labels, order), devices)
    split = {"micro_batches": plan.micro_batches, "mesh": devices}
    step = jax.jit(
        functools.partial(train.train_step, objective, optimizer, **split), donate_argnums=0
    )
    compiled = step.lower(state, *operands).compile()

    def take():
        nonlocal state
        state, measured = jax.block_until_ready(compiled(state, *operands))
        return float(measured["loss"])

    return Program(
        take,
        lambda: rates(state.variables),
        # A program tells what it needs on one of its devices.
        lambda: compiled.memory_analysis().temp_size_in_bytes * plan.devices,
    )


def training(workload, options):
    plan = layout(workload, (*workload.hidden, workload.classes), options)
    chunk, segment = (None, None) if options.get("plain") else (plan.chunk, plan.segment)
    model = network(workload)
    classifier = bind(model, 1.0, chunk=chunk, segment=segment)
    stored, labels = samples(workload), common.labels(workload)

    def rates(trained):
        alone = jax.device_put(trained, jax.devices()[0])
        measured = jax.jit(classifier.measure)(alone, stored[:32], labels[:32])
        return [float(rate) for rate in measured["firing_rate"].values()]

    initial = variables(workload, model)
    return learner(classifier.objective, initial, stored, labels, plan, rates)


class Block(nn.Module):
    """Convolution and batch normalisation over all steps at once, then neurons."""

    channels: int
    axis: str | None  # over which devices share a batch, whose statistics are those of all of it

    @nn.compact
    def __call__(self, inputs):
        currents = nn.Conv(self.channels, (3, 3))(inputs)
        normalised = nn.BatchNorm(use_running_average=False, axis_name=self.axis)(currents)
        neuron, learn = NEURONS["lif"]
        return Spiking(neuron, learn)(normalised)[0]


def convolution(workload, options):
    # A plan is for products, whose rows want company; images are shared by all devices.
    count = max(n for n in range(1, jax.device_count() + 1) if workload.batch % n == 0)
    plan = Plan(count, 1, workload.steps, workload.steps)
    stored = common.inputs(workload).swapaxes(0, 1)

    def run(axis, given, stored):
        block = Block(workload.sizes[-1], axis)
        return block.apply(given, stored.swapaxes(0, 1), mutable=["batch_stats"])

    def objective(given, stored, labels, key):
        spikes, changed = run(mesh.AXIS, given, stored)
        loss = ((spikes.sum(0) - 1) ** 2).mean()
        return loss, ({"accuracy": jnp.zeros(())}, changed)

    def rates(trained):
        alone = jax.device_put(trained, jax.devices()[0])
        return [float(run(None, alone, stored)[0].mean())]

    example = jnp.zeros((1, 1, *workload.sizes[:3]))
    initial = jax.jit(Block(workload.sizes[-1], None).init)(jax.random.key(0), example)
    return learner(objective, initial, stored, common.labels(workload), plan, rates)


def neuron(workload, options):
    cell, learn = NEURONS[options.get("neuron", "lif")]
    plan = layout(workload, workload.sizes, options)
    layer = Spiking(cell, learn)
    devices = mesh.over(jax.devices()[: plan.devices])
    shared, split = jax.P(), jax.P(None, mesh.AXIS)
    currents = jax.device_put(common.inputs(workload), jax.NamedSharding(devices, split))
    weights = jax.device_put(
        common.neuron_weights(workload), jax.NamedSharding(devices, jax.P(mesh.AXIS))
    )
    given = mesh.replicate(
        jax.jit(layer.init)(jax.random.key(0), jnp.zeros((0, *currents.shape[1:]))), devices
    )

    def value(given, currents, weights):
        time = {} if options.get("plain") else {"chunk": plan.chunk, "segment": plan.segment}
        spikes, _ = execute.run(layer.apply, given, currents, **time)
        return (spikes.sum(0) * weights).sum(), spikes.mean()

    def local(given, currents, weights):
        function = jax.value_and_grad(value, argnums=(0, 1), has_aux=True)
        (total, rate), (of_numbers, of_currents) = function(given, currents, weights)
        total, of_numbers = jax.lax.psum((total, of_numbers), mesh.AXIS)
        return total, jax.lax.pmean(rate, mesh.AXIS), of_numbers, of_currents

    differentiate = jax.jit(
        jax.shard_map(
            local,
            mesh=devices,
            in_specs=(shared, split, jax.P(mesh.AXIS)),
            out_specs=(shared, shared, shared, split),
            check_vma=False,
        )
    )
    compiled = differentiate.lower(given, currents, weights).compile()

    def take():
        return float(jax.block_until_ready(compiled(given, currents, weights))[0])

    return Program(
        take,
        lambda: [float(compiled(given, currents, weights)[1])],
        lambda: compiled.memory_analysis().temp_size_in_bytes * plan.devices,
    )


def streaming(workload, options):
    model = network(workload)
    given, total = variables(workload, model), 0.0
    pieces = itertools.cycle(list(jnp.asarray(common.inputs(workload))[:, None]))
    _, state = model.apply(given, jnp.asarray(common.inputs(workload))[:0])
    step = jax.jit(model.apply, donate_argnums=2)

    def take():
        nonlocal state, total
        logits, state = jax.block_until_ready(step(given, next(pieces), state))
        total += float(np.abs(np.asarray(logits)).sum())
        return total

    return Program(take)


def grid(workload, options):
    """All networks in one program, `sweep.run`, a lane's epoch all of its updates; or one after the other."""
    stored, labels = jnp.asarray(samples(workload)), jnp.asarray(common.labels(workload))
    optimizer = optax.adam(common.LEARNING_RATE)
    order = jnp.arange(workload.batch)[None]
    objective = bind(network(workload), 1.0).objective

    def init(point, seed):
        given = variables(workload, network(workload, point["decay"]))
        return train.init(given, optimizer, seed)

    def update(state, shared):
        return train.train_step(objective, optimizer, state, *shared, order)

    def train_epoch(state, point, shared):
        def body(state, _):
            return update(state, shared)

        state, measured = jax.lax.scan(body, state, length=workload.updates)
        return state, {"loss": measured["loss"][-1]}

    def take():
        points = {"decay": workload.decays}
        rows = sweep.run(init, train_epoch, points, (0,), epochs=1, shared=(stored, labels))
        return float(np.mean([row["loss"] for row in rows]))

    def take_in_turn():
        start, step, last = jax.jit(init), jax.jit(update, donate_argnums=0), []
        for decay in workload.decays:
            if options.get("anew"):
                start, step = (jax.jit(functools.partial(f)) for f in (init, update))
            state = start({"decay": decay}, 0)
            for _ in range(workload.updates):
                state, measured = step(state, (stored, labels))
            last.append(float(measured["loss"]))
        return float(np.mean(last))

    return Program(take_in_turn if options.get("loop") or options.get("anew") else take)


BUILDERS = {
    "training": training,
    "neuron": neuron,
    "convolution": convolution,
    "streaming": streaming,
    "grid": grid,
}

if __name__ == "__main__":
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    serve(
        BUILDERS,
        ("spikejax", "jax", "flax", "optax", "numpy"),
        lambda: {"devices": jax.local_device_count()},
    )
