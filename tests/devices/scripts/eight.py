"""Eight virtual CPU devices do what one does. Run by `test_processes.py`."""

import jax

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 8)
jax.config.update("jax_enable_x64", True)

from steps import check_devices  # noqa: E402

assert len(jax.devices()) == 8
check_devices(jax.devices(), ("map", "vmap"))
print("eight devices do what one does")
