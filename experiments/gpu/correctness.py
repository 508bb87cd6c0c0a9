"""Whether a layer in kernels computes on the device what the scan computes there: spikes and gradients."""

from typing import Any

import jax
import jax.numpy as jnp

from experiments.gpu.cells import CELLS, both, operands, recurrent, spiking
from experiments.gpu.sheet import Sheet
from experiments.gpu.timing import built

KERNEL, REFERENCE = "pallas", "scan"


def measure(sheet: Sheet) -> None:
    """A row per layer: the fraction of equal spikes, the firing rate, the relative error of each gradient."""
    shape = (12, 3, 10) if sheet.quick else (200, 24, 200)
    cases: dict[str, tuple[Any, tuple[int, ...]]] = {}
    for name in ("TC-LIF",) if sheet.quick else CELLS:
        cases[name] = spiking(name), shape
    cases["LIF, features 5 x 7"] = spiking("LIF"), (*shape[:2], 5, 7)
    for name in ("user's",) if sheet.quick else ("LIF", "TC-LIF", "user's"):
        cases[f"{name}, recurrent"] = recurrent(name), shape
    for name, (layer, given) in cases.items():
        sheet.attempt(name, lambda layer=layer, given=given: compare(layer, given))


def compare(layer: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    """Kernel against scan, matrix products of the fed-back spikes in full float32."""
    given, found = operands(layer, shape), []
    with jax.default_matmul_precision("highest"):
        for kernel in (KERNEL, REFERENCE):
            found.append(built(jax.jit(both(layer, kernel)), *given).call())
    (spikes, gradients), (expected, references) = found
    errors = {}
    flat, _ = jax.tree_util.tree_flatten_with_path(gradients)
    for (path, gradient), reference in zip(flat, jax.tree.leaves(references), strict=True):
        name = "/".join(str(key.key) for key in path if hasattr(key, "key")) or "currents"
        scale = jnp.linalg.norm(reference.ravel())
        errors[name] = float(jnp.linalg.norm((gradient - reference).ravel()) / (scale + 1e-30))
    return {
        "spikes_equal": float((spikes == expected).mean()),
        "rate": float(expected.mean()),
        "gradient_errors": errors,
        "worst_gradient_error": max(errors.values()),
    }
