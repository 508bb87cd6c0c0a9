"""Memory available to a device, required by a program, used by this process."""

import os
import resource
import sys
from typing import Any

from jax.sharding import Mesh


def available(mesh: Mesh) -> int:
    """Bytes that a device of this process may use: what it reports, or its share of half of the machine's memory."""
    device = mesh.devices.flat[0]
    told = device.memory_stats() if device.platform != "cpu" else None
    if told and "bytes_limit" in told:
        return told["bytes_limit"]
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2 // mesh.size


def needed_by(compiled: Any) -> int:
    """Bytes that a compiled program needs on a device: its operands, results and temporaries."""
    stats = compiled.memory_analysis()
    return (
        stats.argument_size_in_bytes
        + stats.output_size_in_bytes
        + stats.temp_size_in_bytes
        - stats.alias_size_in_bytes
    )


def largest_resident() -> float:
    """Largest resident memory of this process so far, in MB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
