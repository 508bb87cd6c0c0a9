"""Which of `lax.scan` and a fused kernel runs the steps of a layer."""

import contextlib
import contextvars
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import jax

KERNELS = ("auto", "scan", "pallas")
_CHOSEN = contextvars.ContextVar("kernel", default="auto")


def check_kernel(kernel: str) -> str:
    """The choice of a kernel, if it is one.

    Raises:
      ValueError: it is not.
    """
    if kernel not in KERNELS:
        raise ValueError(
            f"expected kernel to be one of {', '.join(map(repr, KERNELS))}, found {kernel!r}"
        )
    return kernel


@contextlib.contextmanager
def using(kernel: str) -> Iterator[None]:
    """What layers use that are called inside; to be entered inside a traced function, whose result depends on it."""
    token = _CHOSEN.set(check_kernel(kernel))
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def platform() -> str:
    """What is compiled for: "cpu", "gpu" or "tpu"."""
    device = jax.sharding.get_abstract_mesh().abstract_device
    return jax.default_backend() if device is None else device.platform


def chosen(kernel: str | None) -> str:
    """What is used for an argument `kernel`: "scan" or "pallas"."""
    wanted = _CHOSEN.get() if kernel is None else check_kernel(kernel)
    if wanted == "auto":
        return "scan" if platform() == "cpu" else "pallas"
    return wanted


def scan(body: Callable[..., Any], state: Any, xs: Any, kernel: str, name: str) -> tuple[Any, Any]:
    """`lax.scan`, by a kernel if one is wanted and can run it.

    Args:
      body: `(state, x) -> (state, saved)`.
      state: before the first step.
      xs: with leading axis T.
      kernel: "scan" or "pallas".
      name: of the step, for a warning.
    """
    steps = {x.shape[0] for x in jax.tree.leaves(xs)}
    if kernel == "scan" or 0 in steps:
        return jax.lax.scan(body, state, xs)
    # Pallas takes long to import, and a CPU does not need it.
    from spikejax.dynamics.kernels import fused
    from spikejax.dynamics.kernels.refusal import KernelFallback, Refused

    try:
        return fused.scan(body, state, xs, name)
    except Refused as refusal:
        warnings.warn(
            f"{name} runs as a scan, not as a fused kernel: {refusal}", KernelFallback, stacklevel=2
        )
    return jax.lax.scan(body, state, xs)
