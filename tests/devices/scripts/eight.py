"""Eight virtual CPU devices do what one does. Run by `test_devices.py`."""

import re

import jax

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 8)
jax.config.update("jax_enable_x64", True)

from toy import assert_same, step_on, sweep_on, sweep_text  # noqa: E402

from spikejax.devices import mesh  # noqa: E402

COLLECTIVES = re.compile(r"all-reduce|all-gather|all-to-all|reduce-scatter|collective")

assert len(jax.devices()) == 8
*alone, text = step_on(None, micro_batches=1)
assert not COLLECTIVES.search(text)
for count, micro_batches in ((8, 1), (4, 2), (1, 4)):
    state, metrics, text = step_on(mesh.over(jax.devices()[:count]), micro_batches)
    assert_same([state, metrics], alone)
    assert len(state.params["out"].devices()) == count
    assert (count == 1) or set(COLLECTIVES.findall(text)) == {"all-reduce"}

for lanes in ("map", "vmap"):
    assert not COLLECTIVES.search(sweep_text(mesh.over(), lanes))
    assert_same(sweep_on(mesh.over(), lanes), sweep_on(mesh.over(jax.devices()[:1]), lanes))
print("eight devices do what one does")
