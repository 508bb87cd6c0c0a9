"""Integer LIF: it sends how many spikes it would have fired, which at inference become binary spikes."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.fields import Leaf, param, size
from spikejax.neurons.core.contract import Neuron, neuron
from spikejax.neurons.core.resets import detach_option, reset


class ILIFState(NamedTuple):
    """Variables of `ILIF`, after the reset."""

    membrane: Array


@neuron(
    ILIFState, spiking=False, compared="", drive=1.5, like={"spikingjelly": {"detach_reset": False}}
)
class ILIF(Neuron):
    """LIF whose output is an integer: how often the membrane potential holds the threshold, at most D times; I-LIF.

        H[t] = decay U[t−1] + I[t]
        C[t] = round(clip(H[t] / threshold, 0, D))
        U[t] = H[t] − threshold C[t]

    with D = `levels`; halves are rounded to even. The gradient of C is that of H[t]/threshold where it lies in [0, D],
    and 0 outside. It is trained with counts; at inference `binary` turns each step into D steps of binary spikes of
    equal sum, so that a synapse without bias adds weights and multiplies nothing.

    Deviations: the authors' code has no gradient through the reset (detach_reset=True), SpikingJelly's class has it by
    default.

    Reference: Luo, Yao, Chou, Xu, Li (2024), Integer-valued training and spike-driven inference spiking neural network
    for high-performance and energy-efficient object detection (ECCV), and its released code.

    >>> import jax.numpy as jnp
    >>> neuron, currents = ILIF(levels=4), jnp.array([[2.8], [0.1], [9.0]])
    >>> _, counts = neuron.sequence(neuron.init_state(currents[0]), currents)
    >>> counts.ravel()
    Array([3., 0., 4.], dtype=float32)
    """

    levels: int = size(default=4, doc="D, the largest count")
    decay: Leaf = param(
        default=0.25,
        low=0,
        high=1,
        unit="per step",
        doc="fraction of the membrane potential kept per step",
    )
    threshold: Leaf = param(
        default=1.0, low=0.01, doc="membrane potential for each spike that is counted"
    )
    detach_reset: bool = detach_option(True)

    def binary(self, counts: Array) -> Array:
        """Binary spikes `[T D, B, *F]` of counts `[T, B, *F]`: of the D steps for each, the first C[t] have a spike.

        >>> import jax.numpy as jnp
        >>> ILIF(levels=3).binary(jnp.array([[2.0], [0.0]])).ravel()
        Array([1., 1., 0., 0., 0., 0.], dtype=float32)
        """
        slots = jnp.arange(self.levels, dtype=counts.dtype)
        slots = slots.reshape(-1, *[1] * (counts.ndim - 1))
        spikes = (slots < counts[:, None]).astype(counts.dtype)
        return spikes.reshape(-1, *counts.shape[1:])

    def step(self, state: ILIFState, current: Array) -> tuple[ILIFState, Array]:
        before = self.decay * state.membrane + current
        held = before / self.threshold
        # Comparisons, not jnp.round, which kernels for GPUs lack; a half is rounded to the even neighbour.
        reached = [
            held >= k - 0.5 if k % 2 == 0 else held > k - 0.5 for k in range(1, self.levels + 1)
        ]
        whole = sum(level.astype(held.dtype) for level in reached)
        inside = (held >= 0) & (held <= self.levels)
        # The added term is 0, with the gradient of the quotient.
        counts = whole + jnp.where(inside, held - jax.lax.stop_gradient(held), 0)
        after = reset(before, counts, self.threshold, "subtract", self.detach_reset)
        return ILIFState(after), counts
