"""The device and the software that a record is from."""

import os
import subprocess
from importlib import metadata
from typing import Any

import jax

PACKAGES = ("torch", "triton", "spikingjelly", "spyx", "jax-cuda13-plugin", "jax-cuda12-plugin")


def facts() -> dict[str, Any]:
    """The card, its driver and memory as the system names them, and the versions of what is installed besides.

    A copy of the source tree without its history takes its commit from the environment variable SPIKEJAX_COMMIT.
    """
    device = jax.devices()[0]
    memory = (device.memory_stats() or {}).get("bytes_limit")
    commit = os.environ.get("SPIKEJAX_COMMIT")
    return {
        **({"commit": commit} if commit else {}),
        "card": device.device_kind,
        "platform": device.platform,
        "driver": _driver(),
        "memory_limit_mb": memory and memory / 2**20,
        "installed": {name: x for name in PACKAGES if (x := _version(name)) is not None},
    }


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _driver():
    """ "NVIDIA H100 80GB HBM3, 580.159.04, 81559 MiB" for example; None without NVIDIA's tool."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else None
