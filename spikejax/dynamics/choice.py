"""What runs the steps of a layer: `lax.scan`, a fused kernel, or a prefix sum of all steps at once."""

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax

from spikejax.dynamics import parallel
from spikejax.dynamics.kernels.refusal import Refused, fall_back

KERNELS = ("auto", "scan", "parallel", "pallas")
ACCELERATORS = ("gpu", "cuda", "rocm", "tpu")
FEW = 4  # steps at most that XLA compiles without a loop, where an input
LARGE = 2**20  # has at least so many bytes at a step


class Choice(NamedTuple):
    """How the steps of a layer are run.

    Attributes:
      kernel: one of `KERNELS`.
      settings: of a kernel, in place of its own, as pairs; see `using`.
    """

    kernel: str = "auto"
    settings: tuple[tuple[str, Any], ...] = ()


_CHOSEN = contextvars.ContextVar("kernel", default=Choice())


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
def using(kernel: str, **settings: Any) -> Iterator[None]:
    """What layers use that are called inside; to be entered inside a traced function, whose result depends on it.

    Args:
      kernel: one of `KERNELS`.
      **settings: for measurements, how a kernel is made: its `backend`, `block`, or a field of
        `kernels.backends.Settings`.
    """
    own = {**dict(_CHOSEN.get().settings), **settings}
    token = _CHOSEN.set(Choice(check_kernel(kernel), tuple(own.items())))
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def platform() -> str:
    """What is compiled for: "cpu", "gpu" or "tpu"."""
    device = (
        jax.sharding.get_abstract_mesh().abstract_device or jax.config.values["jax_default_device"]
    )
    if device is None:
        return jax.default_backend()
    return device if isinstance(device, str) else device.platform


def chosen(kernel: str, linear: bool = False) -> Choice:
    """What is used for an argument `kernel`: "scan", "parallel" or "pallas"; "auto" leaves it to `using`.

    "parallel" is for a linear step alone; any other runs as with "auto".
    """
    now = _CHOSEN.get()
    wanted = now.kernel if check_kernel(kernel) == "auto" else kernel
    if wanted == "parallel" and not linear:
        wanted = "auto"
    if wanted == "auto" and platform() in ACCELERATORS:
        wanted = "parallel" if linear else "pallas"
    elif wanted == "auto":
        wanted = "scan"
    return now._replace(kernel=wanted)


def in_parallel() -> bool:
    """Whether all steps of a linear step are computed at once here.

    >>> with using("parallel"):
    ...     in_parallel()
    True
    """
    return chosen("auto", linear=True).kernel == "parallel"


def scan(
    body: Callable[..., Any], state: Any, xs: Any, choice: Choice, name: str
) -> tuple[Any, Any]:
    """`lax.scan`, at once or by a kernel if that is wanted; as a scan if no kernel can run it.

    Args:
      body: `(state, x) -> (state, saved)`.
      state: before the first step.
      xs: with leading axis T.
      choice: from `chosen`.
      name: of the step, for a warning.
    """
    steps = {x.shape[0] for x in jax.tree.leaves(xs)}
    if choice.kernel == "scan" or 0 in steps:
        return _by_xla(body, state, xs)
    if choice.kernel == "parallel":
        return parallel.scan(body, state, xs, name)
    # Imported when it is needed: Pallas takes its time, and `backends` asks this module for the platform.
    from spikejax.dynamics.kernels import fused

    try:
        return fused.scan(body, state, xs, name, dict(choice.settings))
    except Refused as refusal:
        reason = str(refusal)
    found = _by_xla(body, state, xs)  # what it cannot run either is an error and no warning
    fall_back(
        f"{name} runs as a scan, not as a fused kernel: {reason}; see docs/kernels.md for what a kernel can run"
    )
    return found


def _by_xla(body, state, xs):
    """`lax.scan`; a few steps of large arrays one after the other, which XLA fuses into passes over memory together.

    Small arrays keep the loop: whatever the length of the pieces of a sequence, their bits are those of the whole.
    """
    arrays = jax.tree.leaves(xs)
    few = all(1 <= x.shape[0] <= FEW for x in arrays)
    large = few and any(x.size // len(x) * x.dtype.itemsize >= LARGE for x in arrays)
    return jax.lax.scan(body, state, xs, unroll=large)
