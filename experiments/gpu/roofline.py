"""What the device can do at most: bandwidth of a copy, rates of matrix products at three precisions."""

import jax
import jax.numpy as jnp

from experiments.gpu.sheet import Sheet
from experiments.gpu.timing import best_and_median, build_all, built, race


def measure(sheet: Sheet) -> None:
    """Rows "copy", in TB/s counting bytes read and written, and "product …", in TFLOP/s."""
    count, size = (2**16, 128) if sheet.quick else (2**28, 8192)
    key = jax.random.key(0)
    # The sum is fused into the copy, which XLA would otherwise leave out.
    flat = jnp.zeros(count)
    a, b = jax.random.normal(key, (2, size, size))
    halves = a.astype(jnp.bfloat16), b.astype(jnp.bfloat16)

    def product(precision):
        return jax.jit(lambda a, b: jnp.matmul(a, b, precision=precision))

    made = build_all(
        sheet,
        {
            "copy": lambda: built(jax.jit(lambda x: x + 1), flat),
            "product, default precision": lambda: built(product(None), a, b),
            "product, float32": lambda: built(product("highest"), a, b),
            "product, bfloat16": lambda: built(product(None), *halves),
        },
    )
    work = {name: 2 * size**3 for name in made} | {"copy": 8 * count}

    def note(name, seconds):
        found = best_and_median(seconds)
        key = "terabytes_per_second" if name == "copy" else "teraflops"
        sheet.note(name, {**found, key: work[name] / found["seconds"] / 1e12})

    race(sheet, {name: program.call for name, program in made.items()}, note)
