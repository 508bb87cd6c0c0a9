"""One of two processes that train together. Run by `test_processes.py`.

Usage: two_processes.py OUT HOST:PORT PROCESS
"""

import json
import sys

import jax

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 2)
jax.config.update("jax_enable_x64", True)

from steps import result_of  # noqa: E402

from spikejax.devices import processes  # noqa: E402

out, coordinator, process = sys.argv[1:]
processes.start(coordinator, 2, int(process))
assert len(jax.devices()) == 4 and len(jax.local_devices()) == 2
with open(out, "w") as file:
    json.dump(result_of(), file)
