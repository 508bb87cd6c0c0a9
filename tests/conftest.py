"""One set-up for all tests: two CPU devices and a compilation cache."""

import os
from pathlib import Path

import chex
import jax
import pytest

# Compiling takes most of the time of this suite; the cache makes the second run short.
CACHE = Path(__file__).parent.parent / ".cache" / "jax"
# Commands in processes of their own keep what they compile apart from the user's.
os.environ["XDG_CACHE_HOME"] = str(CACHE.parent / "user")
jax.config.update("jax_compilation_cache_dir", str(CACHE))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 2)

# Linux lists here what a process has mapped. Each compiled program adds three maps or more.
MAPS = Path("/proc/self/maps")


@pytest.fixture(autouse=True, scope="module")
def programs():
    """Drops compiled programs after a module, long before the 65,530 maps at which XLA crashes."""
    yield
    if MAPS.exists() and MAPS.read_bytes().count(b"\n") > 30_000:
        jax.clear_caches()


@pytest.fixture(autouse=True)
def traces():
    """`chex.assert_max_traces` counts from zero in each test."""
    chex.clear_trace_counter()


@pytest.fixture
def float64():
    """Runs a test in double precision."""
    with jax.enable_x64(True):
        yield
