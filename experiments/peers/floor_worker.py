"""The peak matrix-product rate of this machine: chains of them on one device per core, large ones on all threads.

The value of a step is the better rate, in floating-point operations per second.
"""

import os
import time

import jax
import jax.numpy as jnp
from worker import Program, serve

# Rows of a chain on a device and its square's side: a chunk of a hidden layer. Then the side of the large product.
ROWS, SIDE, LENGTH, LARGE = 28 * 256, 256, 8, 2048


def chain(devices):
    """The rows split over the devices, multiplied by one square matrix repeatedly; and its operations."""
    mesh = jax.make_mesh((devices,), ("devices",), axis_types=(jax.sharding.AxisType.Auto,))
    rows = jax.device_put(
        jnp.ones((devices * ROWS, SIDE)), jax.NamedSharding(mesh, jax.P("devices"))
    )
    square = jax.device_put(jnp.eye(SIDE), jax.NamedSharding(mesh, jax.P()))

    @jax.jit
    def multiply(rows, square):
        return jax.lax.fori_loop(0, LENGTH, lambda i, rows: rows @ square, rows)

    return lambda: multiply(rows, square), 2 * LENGTH * devices * ROWS * SIDE**2


def large():
    """One large product, and its operations."""
    square = jnp.ones((LARGE, LARGE))
    multiply = jax.jit(jnp.matmul)
    return lambda: multiply(square, square), 2 * LARGE**3


def products(workload, options):
    del workload, options
    variants = chain(jax.device_count()), large()

    def take():
        rates = []
        for multiply, operations in variants:
            started = time.perf_counter()
            jax.block_until_ready(multiply())
            rates.append(operations / (time.perf_counter() - started))
        return max(rates)

    return Program(take)


if __name__ == "__main__":
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    builders = dict.fromkeys(("training", "convolution", "vgg"), products)
    serve(builders, ("jax",), lambda: {"devices": jax.local_device_count()})
