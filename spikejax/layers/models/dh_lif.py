"""DH-LIF: neurons whose inputs arrive on dendritic branches, each with a time constant of its own."""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array

from spikejax.layers.linear import synapse, uniform_fan_in
from spikejax.layers.state import carried
from spikejax.layers.stepping import SPIKES, check_currents, check_flag, check_names, stepwise
from spikejax.neurons.core.checks import widened
from spikejax.neurons.core.initialisers import Uniform
from spikejax.surrogate import MultiGaussian, Surrogate, spike


class DHLIFState(NamedTuple):
    """Variables of `DHLIF`; the membrane potential before the reset, which comes with the next step."""

    branches: Array  # [B, F, D]
    membrane: Array
    spikes: Array


class DHLIF(nn.Module):
    """LIF neurons with D dendritic branches, each of which filters its own part of the inputs.

        C_d[t] = β_d C_d[t−1] + (1 − β_d) (W_d x[t] + R_d S[t−1] + b_d)      d = 1, …, D
        U[t] = α U[t−1] + (1 − α) Σ_d C_d[t] − threshold S[t−1]
        S[t] = Θ(U[t] − threshold), above the threshold only

    with the logistic function σ, α = σ(membrane_logit) for each neuron and β_d = σ(branch_logit) for each branch, both
    learned. R is there only with `recurrent=True`. Every neuron divides its inputs, its layer's own spikes included, at
    random among its branches, in equal parts: an input reaches one branch of a neuron by one weight, so there are as
    many weights as without branches. The division, "branch" in the collection "constants", is drawn with the weights
    and is not learned.

    Attributes:
      features: neurons F.
      branches: branches D of a neuron.
      recurrent: whether the spikes of the layer are fed back.
      threshold: membrane potential at which a neuron fires.
      surrogate: surrogate gradient of the spikes.
      membrane_logit: initialiser `(key, shape, dtype) -> array` of the logits of the membrane's decays, `[F]`.
      branch_logit: initialiser of the logits of the branches' decays, `[F, D]`.
      dtype: of the products with W and R, see `Linear`.
      record: names of variables of the state ("branches", "membrane") that are stored, as in `Spiking`.

    Deviations: the equations are those of the released code; the publication's own could not be compared. The authors
    initialise membrane and spikes with uniform random values, and the current of a single branch too; we with 0. For
    spoken digits they draw the logits of the branches from 2 to 6 in place of 0 to 4. The toolkit NEAT leaves out the
    factor 1 − α.

    Reference: Zheng et al. (2024), Temporal dendritic heterogeneity incorporated with spiking neural networks for
    learning multi-timescale dynamics; its released code.

    >>> import jax, jax.numpy as jnp
    >>> layer = DHLIF(features=4, branches=2, recurrent=True)
    >>> spikes, variables = layer.init_with_output(jax.random.key(0), jnp.ones((5, 3, 6)))
    >>> spikes.shape, jax.tree.map(jnp.shape, variables["params"])
    ((5, 3, 4), {'bias': (4, 2), 'branch_logit': (4, 2), 'kernel': (10, 4), 'membrane_logit': (4,)})
    >>> variables["constants"]["branch"].sum(0)  # of ten inputs, five reach branch 0 and five branch 1
    Array([5, 5, 5, 5], dtype=int32)
    """

    features: int
    branches: int = 4
    recurrent: bool = False
    threshold: Any = 1.0
    surrogate: Surrogate = MultiGaussian()
    membrane_logit: Any = Uniform(0.0, 4.0)
    branch_logit: Any = Uniform(0.0, 4.0)
    dtype: Any = None
    record: tuple[str, ...] = ()

    @nn.compact
    def __call__(self, x: Array, step_mask: Array | None = None) -> Array:
        """Runs the layer over inputs `[T, B, I]`; returns spikes `[T, B, F]`.

        Raises:
          ValueError: inputs of another shape, an unknown name in `record`, features or branches
            that are no whole number from 1 on, a `recurrent` that is neither True nor False.
        """
        for name, value in (("features", self.features), ("branches", self.branches)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"expected {name} as a whole number of at least 1, found {value!r}"
                )
        check_flag("recurrent", self.recurrent)
        x = jnp.asarray(x)
        x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(float)
        check_currents(x, step_mask, "inputs")
        check_names("record", self.record)
        if x.ndim != 3:
            raise ValueError(
                f"expected inputs [T, B, I], found shape {x.shape}; flatten the features, x.reshape(*x.shape[:2], -1)"
            )
        inputs, shape = x.shape[-1], (self.features, self.branches)
        weights, bias = self._synapses(inputs + self.features * self.recurrent)

        def onto(values, weights):
            return synapse(values, weights, self.dtype).reshape(*values.shape[:-1], *shape)

        currents = widened(onto(x, weights[:inputs]) + bias.astype(x.dtype))
        logit = self.param("membrane_logit", self.membrane_logit, shape[:1], currents.dtype)
        decay = jax.nn.sigmoid(logit)
        logits = self.param("branch_logit", self.branch_logit, shape, currents.dtype)
        branch_decay = jax.nn.sigmoid(logits)

        def dh_lif(state, current):
            if self.recurrent:
                current = current + onto(state.spikes, weights[inputs:])
            branches = branch_decay * state.branches + (1 - branch_decay) * current
            membrane = decay * state.membrane + (1 - decay) * branches.sum(-1)
            membrane = membrane - self.threshold * state.spikes
            spikes = spike(membrane - self.threshold, self.surrogate, True)
            return DHLIFState(branches, membrane, spikes), spikes.astype(x.dtype)

        def first():
            # The sum has the shape and sharding of one step even if T = 0.
            zeros = jnp.zeros_like(currents.sum(0))
            return DHLIFState(zeros, zeros.sum(-1), zeros.sum(-1))

        carry = carried(self, "neuron", first)
        by_sample = jax.tree.map(lambda _: 0, carry[0])
        return stepwise(self, dh_lif, carry, (currents, step_mask), lambda: by_sample, SPIKES)

    def _synapses(self, fan_in):
        """W and R as one matrix `[fan_in, F·D]` with zeros where an input does not reach a branch, and b `[F, D]`."""
        size = -(-fan_in // self.branches)  # inputs of a branch; some lack one
        init = uniform_fan_in(size * self.branches)
        kernel = self.param("kernel", init, (fan_in, self.features))
        bias = self.param("bias", init, (self.features, self.branches))

        def divide():
            def of_neuron(key):
                return jax.random.permutation(key, size * self.branches)[:fan_in] // size

            keys = jax.random.split(self.make_rng("params"), self.features)
            return jax.vmap(of_neuron, out_axes=1)(keys)

        branch: Any = self.variable("constants", "branch", divide)
        reached = branch.value[..., None] == jnp.arange(self.branches)
        return jnp.where(reached, kernel[..., None], 0).reshape(fan_in, -1), bias
