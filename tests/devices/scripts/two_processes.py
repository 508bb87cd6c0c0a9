"""One of two processes, or the only one, that train together. Run by `test_devices.py`.

Usage: two_processes.py OUT [HOST:PORT PROCESS]
"""

import json
import sys

import jax

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 2)
jax.config.update("jax_enable_x64", True)

from toy import step_on, sweep_on  # noqa: E402

from spikejax.devices import mesh  # noqa: E402

out, *cluster = sys.argv[1:]
if cluster:
    mesh.start(cluster[0], 2, int(cluster[1]))
    assert len(jax.devices()) == 4 and len(jax.local_devices()) == 2
state, metrics, _ = step_on(mesh.over(), micro_batches=2)
told = []
rows = sweep_on(None, "map", group=4, tell=lambda group, groups, epoch: told.append(group))
params = {name: x.addressable_data(0).tolist() for name, x in state.params.items()}
result = {
    "params": params,
    "loss": float(metrics["loss"].addressable_data(0)),
    "rows": rows,
    "groups": len(set(told)),
}
with open(out, "w") as file:
    json.dump(result, file)
