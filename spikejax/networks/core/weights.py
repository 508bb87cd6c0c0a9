"""Variables of a network in one file of named arrays: safetensors or NumPy's npz."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from spikejax import files
from spikejax.extras import require

FORMATS = (".safetensors", ".npz")


def write_weights(path: str | Path, variables: Mapping[str, Any]) -> Path:
    """Writes the variables of a network; an array is named by its path, "params/linear_0/kernel".

    Args:
      path: the file; its ending, .safetensors or .npz, is its format.
      variables: as `module.init` or `spikejax.load` return them.

    Raises:
      ValueError: another ending, or an array of a type that NumPy does not have, bfloat16 for example.
      ModuleNotFoundError: the package safetensors is needed and not installed.

    >>> import tempfile, jax.numpy as jnp
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_weights(f"{folder}/w.npz", {"params": {"readout": {"bias": jnp.ones(2)}}})
    ...     read_weights(path)
    {'params': {'readout': {'bias': Array([1., 1.], dtype=float32)}}}
    """
    path = _checked(path)
    arrays = dict(_flat(variables))
    if strange := [name for name, array in arrays.items() if array.dtype.kind not in "biuf"]:
        raise ValueError(
            f"expected arrays of NumPy's types, found {arrays[strange[0]].dtype} in {strange[0]}; cast it to float32"
        )
    if path.suffix == ".npz":
        return files.write_arrays(path, arrays)
    content = require("safetensors.numpy").save(arrays)
    return files.write(path, lambda file: file.write(content), len(content))


def read_weights(path: str | Path) -> dict[str, Any]:
    """The variables that `write_weights` wrote, or other named arrays whose names are paths.

    Raises:
      ValueError: a file that is neither safetensors nor npz.
      ModuleNotFoundError: see `write_weights`.
    """
    path = _checked(path)
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as found:
            arrays = dict(found)
    else:
        arrays = require("safetensors.numpy").load_file(path)
    tree: dict[str, Any] = {}
    for name in sorted(arrays):
        *parents, last = name.split("/")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = jnp.asarray(arrays[name])
    return tree


def _checked(path):
    path = Path(path)
    if path.suffix not in FORMATS:
        raise ValueError(f"expected a file that ends in one of {', '.join(FORMATS)}, found {path}")
    return path


def _flat(tree, prefix=""):
    """The arrays of nested dictionaries with their paths."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}/")
        else:
            # In memory as its axes are: safetensors takes the bytes as they lie.
            yield f"{prefix}{name}", np.ascontiguousarray(value).reshape(np.shape(value))
