"""Seconds until a training step is there: tracing and compiling, in a process that has compiled nothing like it."""

import functools

import jax
import jax.numpy as jnp
import optax

from experiments.gpu import trials
from experiments.gpu.cells import CELLS, kernels
from experiments.gpu.sheet import Sheet
from experiments.gpu.timing import compiled
from spikejax import MLP
from spikejax.networks.core import pure
from spikejax.training import init, train_step


def measure(sheet: Sheet) -> None:
    """Rows "feed-forward LIF, kernel", … with "lower_seconds", "compile_seconds" and "temp_mb"."""
    quick = sheet.quick
    lif, _ = CELLS["LIF"]
    networks = {
        "feed-forward LIF": MLP((8, 8) if quick else (64, 256, 256), 10, lif, ("decay",)),
        "recurrent TC-LIF": trials.network(quick),
    }
    if quick:
        del networks["recurrent TC-LIF"]
    batch = trials.generated(quick)
    for kernel, shown in kernels(quick).items():
        for name, module in networks.items():

            def build(module=module, kernel=kernel):
                made = trials.trainer(module, kernel, optax.adam(1e-3))
                variables = jax.jit(pure.Functions(module).init)(
                    jax.random.key(0), jnp.zeros((1, 1, 1))
                )
                step = jax.jit(functools.partial(train_step, made))
                return compiled(step, init(made, variables, 0), batch)[1]

            sheet.attempt(f"{name}, {shown}", build)
