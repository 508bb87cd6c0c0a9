"""One set-up for all tests: two CPU devices and a compilation cache."""

import os
from pathlib import Path

import jax
import pytest

# Compiling takes most of the time of this suite; the cache makes the second run short.
CACHE = Path(__file__).parent.parent / ".cache" / "jax"
jax.config.update("jax_compilation_cache_dir", str(CACHE))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 2)


@pytest.fixture
def float64():
    """Runs a test in double precision."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def real_data() -> Path:
    """The folder with the real data files; skips where it is not there."""
    folder = os.environ.get("SPIKEJAX_DATA_DIR", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("real data not present: SPIKEJAX_DATA_DIR names no folder")
    return Path(folder)
