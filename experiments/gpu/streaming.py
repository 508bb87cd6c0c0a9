"""Latency of a stream: one time step of LIF 1-64-256-256-10 with the state carried, one sample."""

import itertools
import time

import jax
import jax.numpy as jnp
import numpy as np

from experiments.gpu.cells import CELLS, kernels
from experiments.gpu.sheet import Sheet
from spikejax import MLP, Time, run
from spikejax.networks.core import pure


def measure(sheet: Sheet) -> None:
    """Rows "kernel" and "scan", with microseconds of a step, from the input to the logits."""
    hidden, repeats = ((8, 8), 20) if sheet.quick else ((64, 256, 256), 1000)
    cell = CELLS["LIF"][0]
    module = MLP(hidden, 10, cell, ("decay",))
    inputs = np.random.default_rng(0).random((100, 1, 1, 1), np.float32)
    given = jax.jit(module.init)(jax.random.key(0), jnp.zeros((1, 1, 1)))
    given = {name: given[name] for name in ("params", "constants")}

    def stream(kernel):
        step = jax.jit(
            lambda given, x, carry: run(module, given, x, carry, time=Time(kernel=kernel)),
            donate_argnums=2,
        )
        carry, taken = pure.first_carry(module, given, jnp.asarray(inputs[0])), []
        for x in itertools.islice(itertools.cycle(inputs), repeats + 20):
            started = time.perf_counter()
            outputs, carry = step(given, jnp.asarray(x), carry)
            np.asarray(outputs)
            taken.append(1e6 * (time.perf_counter() - started))
        low, median, high = np.percentile(taken[20:], (25, 50, 75))
        return {
            "microseconds_median": float(median),
            "microseconds_low": float(low),
            "microseconds_high": float(high),
            "microseconds": min(taken[20:]),
        }

    for kernel, shown in kernels(sheet.quick).items():
        sheet.attempt(shown, lambda kernel=kernel: stream(kernel))
