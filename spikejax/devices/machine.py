"""The machine that programs are planned for."""

from typing import NamedTuple

import jax

from spikejax.devices import mesh
from spikejax.devices.memory import available

MULTIPROCESSORS = 132  # of an H100 or H200


class Machine(NamedTuple):
    """The devices of a machine.

    Attributes:
      backend: "cpu", "gpu" or "tpu".
      devices: how many there are, those of other processes too.
      memory: bytes that one of them may use.
      multiprocessors: of one of them, if it is a GPU.
    """

    backend: str
    devices: int
    memory: int
    multiprocessors: int = MULTIPROCESSORS


def this() -> Machine:
    """The machine that this process runs on; a GPU that does not say how many multiprocessors it has is an H100."""
    local = jax.local_devices()
    try:
        cores = local[0].core_count
    except AttributeError:
        cores = MULTIPROCESSORS
    return Machine(jax.default_backend(), jax.device_count(), available(mesh.over(local)), cores)
