"""The LSTM, a baseline without spikes."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array

from spikejax.layers import Linear, carried
from spikejax.networks.core.sizes import check_size, classes_of


class LSTM(nn.Module):
    """One layer of LSTM units, then a Linear read-out of each step.

    Attributes:
      units: LSTM units.
      classes: number of outputs; None, in a config, means the classes of the data set.

    Reference: Hochreiter, Schmidhuber (1997), Long short-term memory; the baseline of TC-LIF (AAAI 2024), Table 1: 128
    units over pixels, 66,560 parameters without the read-out.

    >>> import jax, jax.numpy as jnp
    >>> network = LSTM(units=128, classes=10)
    >>> variables = network.init(jax.random.key(0), jnp.zeros((1, 1, 1)))
    >>> sum(x.size for x in jax.tree.leaves(variables["params"]["lstm"]))
    66560
    """

    units: int = 128
    classes: int | None = None

    @nn.compact
    def __call__(self, x: Array, step_mask: Array | None = None) -> Array:
        """Maps inputs `[T, B, F]` to outputs `[T, B, C]`, logits of each step.

        Where a sequence has ended, `step_mask[T, B]` being False, a sample's state stays.
        """
        classes = classes_of(self)
        check_size("units", self.units)
        x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(float)
        dtype = x.dtype
        if jnp.finfo(dtype).bits < 32:
            x = x.astype(jnp.float32)  # the cell sums over time
        cell = nn.OptimizedLSTMCell(self.units, dtype=x.dtype, name="lstm")

        def first():
            # Made from the input, so that it has the input's sharding.
            zeros = jnp.zeros_like(x.sum(0)[..., :1])
            return (jnp.broadcast_to(zeros, (*zeros.shape[:-1], self.units)),) * 2

        def step(cell, state, given):
            x, real = given
            after, hidden = cell(state, x)
            if real is not None:
                after = jax.tree.map(lambda a, b: jnp.where(real[:, None], a, b), after, state)
            return after, hidden

        state, keep = carried(self, "units", first)
        layer = nn.scan(step, variable_broadcast="params", split_rngs={"params": False})
        state, hidden = layer(cell, state, (x, step_mask))
        keep(state)
        return Linear(classes, name="readout")(hidden.astype(dtype))
