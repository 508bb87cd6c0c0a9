"""spikejax as it trains: `train_step` laid out by the plan, one device per core, the samples stored whole.

Options: "plain" is the whole sequence at once, nothing recomputed, on one device, "kernel" how its layers are run, a
scan over all steps unless given; "neuron" another neuron for a
row of neurons alone, "tc_lif"; "loop" trains a grid's networks one after the other, "anew" compiles each of them, as
separate trainings do. Binary inputs are stored as bytes, as a data set is.
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

from spikejax.data import Split
from spikejax.devices import mesh
from spikejax.devices.plan import Plan, choose, sharing
from spikejax.dynamics import Time
from spikejax.inputs import Sequence
from spikejax.inputs.batches import place
from spikejax.layers import Conv, Spiking
from spikejax.networks import MLP
from spikejax.networks.core import pure
from spikejax.networks.core.running import run
from spikejax.networks.vgg import VGGSNN
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.objectives import Accuracy, MeanCrossEntropy, Rates, SummedCrossEntropy
from spikejax.objectives.composed import measurement, objective
from spikejax.objectives.model import Model
from spikejax.surrogate import ATan
from spikejax.sweeps import groups
from spikejax.training import Trainer, init, train_step

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


def variables(workload, module):
    """The network's variables with the common weights."""
    example = jnp.zeros((1, 1, workload.sizes[0]))
    made = jax.jit(pure.Functions(module).init)(jax.random.key(0), example)
    names = [*(f"linear_{i}" for i in range(len(workload.hidden))), "readout"]
    for i, (name, weights) in enumerate(zip(names, common.layers(workload), strict=True)):
        layer = made["params"][name]
        layer["kernel"], layer["bias"] = jnp.asarray(weights.kernel), jnp.asarray(weights.bias)
        if weights.feedback is not None:
            fed_back = made["params"][f"neuron_{i}"]
            fed_back["kernel"] = jnp.asarray(weights.feedback)
            fed_back["bias"] = jnp.zeros_like(layer["bias"])
    return made


def batch_of(workload):
    """Samples `[B, T, ...]` and their labels."""
    stored = common.inputs(workload).swapaxes(0, 1)
    stored = stored if workload.density is None else stored.astype(np.uint8)
    return Split(stored, common.labels(workload))


def learner(minimised, initial, batch, plan, rates, statistics=False):
    """A training step on the whole batch."""
    devices = mesh.over(jax.devices()[: plan.devices])
    optimiser = optax.adam(common.LEARNING_RATE)
    trainer = Trainer(minimised, optimiser, (), {}, plan.micro_batches, devices, statistics)
    state, batch = mesh.replicate(init(trainer, initial, 0), devices), place(batch, devices)
    step = jax.jit(functools.partial(train_step, trainer), donate_argnums=0)
    compiled = step.lower(state, batch).compile()

    def take():
        nonlocal state
        state, measured = jax.block_until_ready(compiled(state, batch))
        return float(measured["loss"])

    return Program(
        take,
        lambda: rates(jax.device_put(state.variables, jax.devices()[0])),
        # A program reports what it needs on one of its devices.
        lambda: compiled.memory_analysis().temp_size_in_bytes * plan.devices,
    )


def training(workload, options):
    plan = layout(workload, (*workload.hidden, workload.classes), options)
    if options.get("plain"):
        time = Time(kernel=options.get("kernel", "scan"))
    else:
        time = Time(plan.chunk, plan.segment)
    module, batch = network(workload), batch_of(workload)
    model = Model(pure.Functions(module), Sequence(), time)
    measured = measurement(model, SummedCrossEntropy(), (Rates(),))

    def rates(trained):
        few = jax.tree.map(lambda x: x[:32], batch)
        found = jax.jit(measured)(trained, few, jax.random.key(0))["firing_rate"].value
        return [float(rate) for rate in found.values()]

    minimised = objective(model, SummedCrossEntropy(), (), (Accuracy(),))
    return learner(minimised, variables(workload, module), batch, plan, rates)


class Block(nn.Module):
    """Convolution and batch normalisation over all steps at once, then neurons."""

    channels: int

    @nn.compact
    def __call__(self, x):
        x = nn.BatchNorm(use_running_average=False)(Conv(self.channels, (3, 3))(x))
        neuron, learn = NEURONS["lif"]
        return Spiking(neuron, learn)(x)


def toward_one_spike(outputs, labels, activity, mask):
    return ((outputs.sum(0) - 1) ** 2).mean()


def at_once(workload):
    """The plan of a run with convolutions: all devices share the batch, and process all steps at once."""
    steps = workload.steps
    return Plan(sharing(workload.batch, jax.device_count()), 1, steps, steps)


def convolution(workload, options):
    plan, block = at_once(workload), Block(workload.sizes[-1])
    model, batch = Model(pure.Functions(block), Sequence()), batch_of(workload)

    def rates(trained):
        return [float(model.run(trained, batch, jax.random.key(0), train=True).outputs.mean())]

    example = jnp.zeros((1, 1, *workload.sizes[:3]))
    initial = jax.jit(model.network.init)(jax.random.key(0), example)
    return learner(objective(model, toward_one_spike), initial, batch, plan, rates, True)


def vgg(workload, options):
    *image, width, classes = workload.sizes
    values = {"decay": common.VGG_DECAY, "threshold": common.THRESHOLD, "surrogate": ATan(2.0)}
    neuron = LIF(**values, reset="zero", detach_reset=True)
    module, batch = VGGSNN(classes, neuron, width, learn=()), batch_of(workload)
    model = Model(pure.Functions(module), Sequence())
    initial = jax.jit(model.network.init)(jax.random.key(0), jnp.zeros((1, 1, *image)))
    kernels, readout = common.vgg_weights(workload)
    for i, kernel in enumerate(kernels):
        initial["params"][f"Conv_{i}"]["kernel"] = jnp.asarray(kernel)
    initial["params"]["Dense_0"]["kernel"] = jnp.asarray(readout.kernel)
    measured = jax.jit(objective(model, MeanCrossEntropy(), (), (Rates(),)))

    def rates(trained):
        found = measured(trained, batch, jax.random.key(0))[1][0]["firing_rate"].value
        return [float(rate) for rate in found.values()]

    plan = at_once(workload)
    return learner(objective(model, MeanCrossEntropy()), initial, batch, plan, rates, True)


def neuron(workload, options):
    cell, learn = NEURONS[options.get("neuron", "lif")]
    plan = layout(workload, workload.sizes, options)
    layer = Spiking(cell, learn)
    devices = mesh.over(jax.devices()[: plan.devices])
    shared, split = jax.P(), jax.P(None, mesh.AXIS)
    currents = jax.device_put(common.inputs(workload), jax.NamedSharding(devices, split))
    weights = common.neuron_weights(workload)
    weights = jax.device_put(weights, jax.NamedSharding(devices, jax.P(mesh.AXIS)))
    example = jnp.zeros((1, *currents.shape[1:]))
    given = mesh.replicate(jax.jit(layer.init)(jax.random.key(0), example), devices)

    def value(given, currents, weights):
        time = Time() if options.get("plain") else Time(plan.chunk, plan.segment)
        spikes, _ = run(layer, given, currents, time=time)
        return (spikes.sum(0) * weights).sum(), spikes.mean()

    def local(given, currents, weights):
        function = jax.value_and_grad(value, argnums=(0, 1), has_aux=True)
        (total, rate), (of_parameters, of_currents) = function(given, currents, weights)
        total, of_parameters = jax.lax.psum((total, of_parameters), mesh.AXIS)
        return total, jax.lax.pmean(rate, mesh.AXIS), of_parameters, of_currents

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
    module = network(workload)
    given, total = variables(workload, module), 0.0
    currents = jnp.asarray(common.inputs(workload))
    pieces = itertools.cycle(list(currents[:, None]))
    carry = pure.first_carry(module, given, currents)
    step = jax.jit(lambda given, x, carry: run(module, given, x, carry), donate_argnums=2)

    def take():
        nonlocal carry, total
        logits, carry = jax.block_until_ready(step(given, next(pieces), carry))
        total += float(np.abs(np.asarray(logits)).sum())
        return total

    return Program(take)


def grid(workload, options):
    """All networks in one program, a trial's epoch all of its updates; or one after the other."""
    batch = jax.tree.map(jnp.asarray, batch_of(workload))
    model = Model(pure.Functions(network(workload)), Sequence())
    trainer = Trainer(objective(model, SummedCrossEntropy()), optax.adam(common.LEARNING_RATE))

    def start(point, seed):
        return init(trainer, variables(workload, network(workload, point["decay"])), seed)

    def train_epoch(state, point, shared):
        def body(state, _):
            return train_step(trainer, state, shared)

        state, measured = jax.lax.scan(body, state, length=workload.updates)
        return state, {"loss": measured["loss"][-1]}

    def take():
        points = {"decay": workload.decays}
        rows = groups.run(start, train_epoch, points, (0,), epochs=1, shared=batch)
        return float(np.mean([row["loss"] for row in rows]))

    def take_in_turn():
        update = functools.partial(train_step, trainer)
        begin, step, last = jax.jit(start), jax.jit(update, donate_argnums=0), []
        for decay in workload.decays:
            if options.get("anew"):
                begin, step = (jax.jit(functools.partial(f)) for f in (start, update))
            state = begin({"decay": decay}, 0)
            for _ in range(workload.updates):
                state, measured = step(state, batch)
            last.append(float(measured["loss"]))
        return float(np.mean(last))

    return Program(take_in_turn if options.get("loop") or options.get("anew") else take)


BUILDERS = {
    "training": training,
    "neuron": neuron,
    "convolution": convolution,
    "vgg": vgg,
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
