"""Chunks make the memory of a gradient small; segments of chunks keep it so however many steps there are."""

import jax
import jax.numpy as jnp
import numpy as np

import spikejax
from chunked_networks import CLASSES, INPUTS, at_rest, bare
from spikejax import Time
from spikejax.dynamics.network import run
from spikejax.networks import MLP
from spikejax.neurons.lif import LIF

# Machine code that is slower and compiled sooner; the buffers are the same.
QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def test_chunks_bound_the_memory():
    x = jax.ShapeDtypeStruct((1024, 8, INPUTS), np.float32)
    kernel = jax.ShapeDtypeStruct((INPUTS, CLASSES), np.float32)
    variables = {"decay": jax.ShapeDtypeStruct((), np.float32), "kernel": kernel}

    def temporary(**options):
        def loss(variables, x):
            return run(bare, variables, x, at_rest(x), Time(**options))[0].mean(1).sum()

        compiled = jax.jit(jax.grad(loss)).lower(variables, x).compile(QUICKLY)
        return compiled.memory_analysis().temp_size_in_bytes

    whole, chunked = temporary(), temporary(chunk=32)
    assert chunked < whole / 5


def test_segments_bound_the_memory_in_the_number_of_steps():
    """Eight times the steps: the states at the borders of chunks make it grow, those of segments hardly."""
    network = MLP((64, 64), 4, LIF(), learn=("decay",))
    variables = jax.eval_shape(network.init, jax.random.key(0), jnp.zeros((1, 1, 1)))

    def temporary(steps, segment):
        def loss(params, constants, x):
            bound = {"params": params, "constants": constants}
            time = Time(chunk=4, segment=segment)
            return spikejax.run(network, bound, x, time=time)[0].sum()

        x = jax.ShapeDtypeStruct((steps, 8, 1), jnp.float32)
        program = jax.jit(jax.grad(loss)).lower(variables["params"], variables["constants"], x)
        outputs = 4 * steps * 8 * 4  # the logits, which are the caller's
        return program.compile(QUICKLY).memory_analysis().temp_size_in_bytes - outputs

    assert temporary(2048, 64) <= 1.5 * temporary(256, 64)
    assert temporary(2048, None) > 2 * temporary(2048, 64)
