"""The derivative of a loss with respect to the current of each neuron at each step."""

import inspect
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array

from spikejax.layers.delayed_recurrent import DelayedRecurrent
from spikejax.layers.spiking import Recurrent, Spiking

NEURONS = (Spiking, Recurrent, DelayedRecurrent)


def current_gradients(loss: Callable[..., Array], *operands: Any) -> dict[str, Array]:
    """∂L/∂I[t] for every layer of neurons of a network, `[T, B, *F]`, in the order in which they run.

    The gradient of a weight w from i to j is Σ_t ∂L/∂I_j[t] s_i[t], so these are what a network learns by. For
    neurons whose current is added to their potential, LIF for example, ∂L/∂I[t] = ∂L/∂U[t]; for those with a dendrite
    it is the derivative with respect to the dendrite's potential.

    Args:
      loss: function of the operands, which runs a network on whole sequences and returns a scalar.
      *operands: of the loss.

    Raises:
      ValueError: there is no such layer, one is called twice, or the network runs in chunks.

    >>> import spikejax
    >>> from spikejax import MLP
    >>> from spikejax.neurons.lif import LIF
    >>> network, x = MLP((4,), 2, LIF()), jnp.ones((7, 3, 1))
    >>> variables = network.init(jax.random.key(0), x)
    >>> def loss(x):
    ...     return spikejax.run(network, variables, x)[0].sum()
    >>> {name: found.shape for name, found in current_gradients(loss, x).items()}
    {'neuron_0': (7, 3, 4)}
    """
    shapes: dict[str, Any] = {}

    def seen(name, currents):
        if name in shapes:
            raise ValueError(
                f"expected each layer of neurons to run once, found {name} twice; run whole sequences, "
                "without chunks, through layers of their own"
            )
        shapes[name] = jax.ShapeDtypeStruct(currents.shape, currents.dtype)
        return currents

    with nn.intercept_methods(_of_currents(seen)):
        jax.eval_shape(lambda *own: loss(*own), *operands)
    if not shapes:
        raise ValueError(
            "expected a network with layers of neurons, Spiking, Recurrent or DelayedRecurrent, found none"
        )

    def perturbed(added, *operands):
        def more(name, currents):
            if name not in added or added[name].shape != currents.shape:
                raise ValueError(
                    f"expected the currents of {name} for whole sequences, found shape {currents.shape}; run without "
                    "chunks"
                )
            return currents + added[name]

        with nn.intercept_methods(_of_currents(more)):
            return loss(*operands)

    zeros = {name: jnp.zeros(x.shape, x.dtype) for name, x in shapes.items()}
    found = jax.jit(jax.grad(perturbed))(zeros, *operands)
    return {name: found[name] for name in shapes}


def _of_currents(change):
    """A Flax interceptor that passes the currents of each layer of neurons, with its path, through a function."""

    def intercept(call, args, kwargs, context):
        module = context.module
        if context.method_name != "__call__" or not isinstance(module, NEURONS):
            return call(*args, **kwargs)
        given = inspect.signature(module.__call__).bind(*args, **kwargs).arguments
        currents = change("/".join(module.path), given.pop("currents"))
        return call(currents, **given)

    return intercept
