"""How a run is laid out on this machine: the plan of a config, whatever its network."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.data import Split
from spikejax.devices import machine, plan
from spikejax.devices.footprint import Footprint, footprint_of
from spikejax.devices.machine import Machine
from spikejax.devices.plan import CPU_ROWS, Plan
from spikejax.dynamics import Time, in_parallel
from spikejax.dynamics.choice import chosen, using
from spikejax.dynamics.kernels.refusal import KernelFallback
from spikejax.dynamics.steps import steps_of
from spikejax.networks.core import pure
from spikejax.runs.config import Config


def example_of(config: Config, train: Split) -> Array:
    """Inputs of the shape that the network receives, of one sample."""
    one = jax.tree.map(lambda x: jax.ShapeDtypeStruct((1, *x.shape[1:]), x.dtype), train.inputs)
    encoder: Any = config.encoder
    found = jax.eval_shape(
        lambda samples: encoder(
            encoder.prepare(samples), jnp.arange(encoder.steps_of(samples)), jax.random.key(0)
        ),
        one,
    )
    return jnp.zeros(found.shape, found.dtype)


def time_of(config: Config, chosen: Plan) -> Time:
    """How a plan cuts time."""
    segment = chosen.segment if chosen.recompute else None
    return Time(chosen.chunk, segment, chosen.recompute, config.truncate, config.kernel)


def step_footprint(config: Config, train: Split) -> Footprint:
    """The footprint of a training step of the config's network, from the shapes of its arrays."""
    return footprint_of(*_step(config, train))


def run_as(config: Config, train: Split) -> list[str]:
    """How the layers of a training step run over time here, in words, and one line per layer that is a scan instead."""
    with using(config.kernel):
        at_once = ["neurons without a reset run all steps at once"] if in_parallel() else []
        if chosen("auto").kernel == "scan":
            asked = "as asked" if config.kernel == "scan" else "there is no accelerator"
            return [f"layers run as scans: {asked}", *at_once]
        function, params, x, _ = _step(config, train)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", KernelFallback)
            jax.eval_shape(lambda params, x: jax.vjp(function, params, x)[0], params, x)
        from spikejax.dynamics.kernels import backends  # Pallas takes its time

        backend = backends.current().name
    said = [str(x.message) for x in caught if issubclass(x.category, KernelFallback)]
    return [f"layers run as fused kernels, by {backend}", *at_once, *dict.fromkeys(said)]


def _step(config, train):
    """A training step's forward pass, the shapes of its parameters and inputs, and those of samples."""
    network, one = pure.Functions(config.network), example_of(config, train)
    x = jax.ShapeDtypeStruct((len(one), config.batch_size, *one.shape[2:]), one.dtype)
    made = jax.eval_shape(network.init, jax.random.key(0), one)
    own = {"train": True, "rngs": {name: jax.random.key(0) for name in ("noise", "dropout")}}
    lengths = None if train.lengths is None else jnp.full(config.batch_size, len(one))
    batch = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct((config.batch_size, *x.shape[1:]), x.dtype), train.inputs
    )
    encoder: Any = config.encoder
    samples = batch, jax.eval_shape(encoder.prepare, batch)

    def function(params, x):
        fixed = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), made)
        steps = steps_of(jnp.arange(len(one)), lengths)
        options = {**own, "record": False, "steps": steps}
        outputs, carry, _ = network.apply({**fixed, "params": params}, x, {}, **options)
        return outputs, carry

    return function, made.get("params", {}), x, samples


def plan_of(
    config: Config,
    facts: pure.Facts,
    train: Split,
    *,
    devices: int | None = None,
    models: Callable[[int | None], int] | None = None,
    memory: int | None = None,
) -> Plan:
    """How a training step is laid out on this machine.

    Args:
      config: what is trained, complete.
      facts: of the network.
      train: training samples.
      devices: most devices that share a batch; None is all, of all processes.
      models: `(most) -> models`, how many of the most models that fill a device are trained side by side; the most are
        None on a CPU, which is never filled. One if not given.
      memory: bytes that a device may use; None is what the device reports, see `memory.available`.

    Raises:
      ValueError: a chunk that a layer of the network does not allow, or a batch that the devices of several processes
        cannot share.
    """
    host = _machine(train, memory)
    steps, reasons = len(example_of(config, train)), facts.whole_sequence
    # On a CPU the gradient of a convolution is slow inside a loop over chunks.
    convolves, chunk = facts.convolves and host.backend == "cpu", config.chunk
    if reasons and isinstance(chunk, int) and chunk < steps:
        layer, why = next(iter(reasons.items()))
        raise ValueError(
            f"expected the whole sequence at once, chunk=None, for {layer} ({why}), found a chunk of {chunk} steps"
        )
    whole = chunk is None or bool(reasons) or (convolves and chunk == "auto")
    if isinstance(chunk, int) and chunk > steps:
        raise ValueError(f"expected a chunk from 1 to T={steps} steps, found {chunk}")
    footprint = None if host.backend == "cpu" else step_footprint(config, train)
    chosen = plan.choose(
        steps,
        config.batch_size,
        facts.widths,
        backend=host.backend,
        devices=devices or host.devices,
        models=1 if models is None else models(_most(config, facts, steps, footprint, host)),
        chunk=steps if whole else None if chunk == "auto" else chunk,
        footprint=footprint,
        memory=host.memory,
    )
    if convolves:
        # A sample has a row per pixel, so a few are enough for a device.
        shared = plan.sharing(config.batch_size, devices or host.devices)
        chosen = chosen._replace(devices=shared, micro_batches=1)
    if facts.changes:
        chosen = chosen._replace(micro_batches=1)
    if devices is None and jax.process_count() > 1 and chosen.devices < host.devices:
        raise ValueError(
            f"expected a batch of a multiple of the {host.devices} devices of {jax.process_count()} processes, "
            f"on CPUs at least {CPU_ROWS} samples each, found {config.batch_size}"
        )
    return chosen


def explain(config: Config, train: Split, chosen: Plan) -> str:
    """Why a plan was chosen, in words."""
    host = _machine(train, None)
    return plan.reason(
        chosen,
        len(example_of(config, train)),
        step_footprint(config, train),
        host.memory,
        backend=host.backend,
        asked=config.chunk != "auto",
    )


def _most(config, facts, steps, footprint, host):
    """The most models that a device should train side by side; None if that is not known."""
    if footprint is None:
        return None
    return plan.side_by_side(
        steps,
        config.batch_size,
        facts.recurs,
        backend=host.backend,
        multiprocessors=host.multiprocessors,
        footprint=footprint,
        memory=host.memory,
    )


def _machine(train, memory) -> Machine:
    """This machine, with the memory that the training samples leave."""
    host = machine.this()
    data = sum(math.prod(x.shape) * x.dtype.itemsize for x in jax.tree.leaves(train))
    return host._replace(memory=(memory or host.memory) - data)
