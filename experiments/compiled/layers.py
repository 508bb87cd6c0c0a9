"""A layer of each neuron of the registry: whether it is compiled as fused kernels, and what they need."""

import re
import time
import warnings
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from experiments.compiled import registers
from experiments.compiled.program_text import count_fused
from experiments.compiled.targets import Target, as_there
from spikejax.dynamics import Feedback, feedback, unroll
from spikejax.dynamics.kernels.refusal import KernelFallback
from spikejax.neurons import NEURONS, make
from spikejax.neurons.core.contract import start
from spikejax.neurons.core.parameters import initialise

RECURRENT = ("lif", "tc_lif")
QUICK = ("lif", "pinsky_rinzel")


class Shape(NamedTuple):
    """The currents of a layer."""

    steps: int
    batch: int
    features: int


FULL = Shape(784, 256, 200)


class Layer(NamedTuple):
    """A layer of neurons."""

    neuron: str
    recurrent: bool = False

    def __str__(self) -> str:
        return f"{self.neuron}, recurrent" if self.recurrent else self.neuron


def layers(quick: bool) -> list[Layer]:
    """Every neuron that runs step by step, and two of them with feedback."""
    if quick:
        return [Layer(name) for name in QUICK]
    streaming = [Layer(name) for name in NEURONS if make(name).streams]
    return streaming + [Layer(name, True) for name in RECURRENT]


def program(layer: Layer, devices: Mesh, shape: Shape = FULL) -> tuple[Any, tuple]:
    """The jitted gradient of a layer by its parameters, currents and feedback weights; and its operands' shapes."""
    steps, batch, features = shape
    neuron = initialise(make(layer.neuron), jax.random.key(0), (features,))

    def loss(neuron, currents, matrix, weights, key):
        step, state = neuron.step, start(neuron, currents[0], key)
        if layer.recurrent:
            step = feedback(step, lambda spikes: spikes @ matrix)
            state = Feedback(state, jnp.zeros_like(currents[0]))
        return (weights * unroll(step, state, currents)[1]).sum()

    whole = NamedSharding(devices, PartitionSpec())
    key = jax.eval_shape(lambda: jax.random.key(0))
    currents = jnp.broadcast_to(jnp.float32(0), (steps, batch, features))
    matrix = jnp.zeros((features, features))
    operands = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=whole),
        (neuron, currents, matrix, currents, key),
    )
    return jax.jit(jax.grad(loss, (0, 1, 2) if layer.recurrent else (0, 1))), operands


def lower(
    layer: Layer, target: Target, devices: Mesh, shape: Shape = FULL
) -> tuple[jax.stages.Lowered, list[str]]:
    """The program that the target's compiler would receive, and why it is a scan if it is one."""
    function, operands = program(layer, devices, shape)
    with warnings.catch_warnings(record=True) as caught, as_there(target):
        warnings.simplefilter("always", KernelFallback)
        lowered = function.trace(*operands).lower(lowering_platforms=(target.platform,))
    said = [str(x.message) for x in caught if issubclass(x.category, KernelFallback)]
    return lowered, [text.partition(": ")[2].partition(";")[0] for text in said]


def measure(layer: Layer, target: Target, devices: Mesh) -> dict[str, Any]:
    """A row of the record: a layer is compiled for a target, unless it does not compile."""
    lowered, said = lower(layer, target, devices)
    row = {"compiled_for": target.words, "kernels": not said}
    if said:
        row["reason"] = said[0]
    started = time.perf_counter()
    try:
        with registers.logged() as log:
            compiled = lowered.compile()
    except jax.errors.JaxRuntimeError as error:
        return {**row, "error": re.sub(r"\s+", " ", str(error))[:300]}
    row["compile_seconds"] = time.perf_counter() - started
    memory: Any = compiled.memory_analysis()
    row["temp_mb"] = memory.temp_size_in_bytes / 2**20
    row["fused_kernels"] = count_fused(compiled.as_text() or "")
    return {**row, **registers.usage(log[0])}


def summary(rows: dict[Layer, dict], target: Target) -> dict[str, Any]:
    """How many of the registry's neurons run as kernels, and why others do not; of layers without feedback."""
    own = {layer.neuron: row for layer, row in rows.items() if not layer.recurrent}
    return {
        "compiled_for": target.words,
        "neurons": len(own),
        "as_kernels": sum(row["kernels"] and "error" not in row for row in own.values()),
        "as_scan": {name: row["reason"] for name, row in own.items() if not row["kernels"]},
        "failed": {str(layer): row["error"] for layer, row in rows.items() if "error" in row},
    }
