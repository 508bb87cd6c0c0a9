"""What a training step keeps in memory, from the shapes of its arrays: nothing is computed."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax.extend.core import Var

TRANSIENT = 4  # arrays of the size of the largest: gradients of one layer, and copies that the compiler makes
WEIGHTS = 5  # parameters, their gradient, two moments of the optimiser, the update
OUTPUTS = 4  # outputs, their gradient, and what the loss makes of them


class Footprint(NamedTuple):
    """Bytes of a training step of one model, for a whole sequence and batch.

    The memory of a step that runs the whole sequence at once and recomputes nothing is

        kept + 4 largest + samples + 5 weights

    and that of one in T/K chunks of K steps, in T/S segments of S steps, is

        (kept + 4 largest) K/T + products S/T + state (T/S + S/K) + 4 outputs + samples + 5 weights

    where a segment that is a chunk of its own keeps no products, and has only the states at T/K boundaries.

    The constants were chosen so that estimates are near what programs need that were compiled for a CPU, which tests
    compare.

    Attributes:
      kept: what the backward pass keeps: currents, spikes, states and inputs of all layers at all steps.
      largest: the largest of these arrays that depends on the parameters, and so has a gradient.
      products: the results of matrix products and convolutions that are kept between chunks of a segment.
      state: what is carried from one step to the next.
      outputs: those of the network at all steps.
      samples: the batch, as stored and as the encoder prepares it.
      weights: the parameters.
    """

    kept: float
    largest: float
    products: float
    state: float
    outputs: float
    samples: float
    weights: float

    def shared(self, models: int, parts: int) -> "Footprint":
        """The footprint of some models side by side, of a part of the batch."""
        own = {name: size * models / parts for name, size in self._asdict().items()}
        return Footprint(**own)._replace(weights=self.weights * models)

    def whole(self) -> float:
        """Bytes of a step that recomputes nothing."""
        return self.kept + TRANSIENT * self.largest + self.samples + WEIGHTS * self.weights

    def cut(self, steps: int, chunk: int, segment: int) -> float:
        """Bytes of a step that recomputes chunks.

        >>> sizes = {"kept": 800, "largest": 100, "products": 200, "state": 1}
        >>> footprint = Footprint(**sizes, outputs=0, samples=0, weights=0)
        >>> footprint.whole(), footprint.cut(100, 25, 25), footprint.cut(100, 5, 25)
        (1200, 304.0, 119.0)
        """
        kept = (self.kept + TRANSIENT * self.largest) * chunk / steps
        boundaries = steps / chunk
        if segment > chunk:
            segment = min(segment, steps)
            kept += self.products * segment / steps
            boundaries = steps / segment + segment / chunk
        lasting = OUTPUTS * self.outputs + self.samples + WEIGHTS * self.weights
        return kept + self.state * boundaries + lasting


def footprint_of(
    function: Callable[[Any, Any], Any], params: Any, inputs: Any, samples: Any = ()
) -> Footprint:
    """The footprint of a function over a whole sequence.

    Args:
      function: `(params, inputs) -> (outputs, state)`, differentiable.
      params: shapes and dtypes.
      inputs: shapes and dtypes of a batch, `[T, B, ...]`.
      samples: those of what the inputs are made of.

    >>> import jax.numpy as jnp
    >>> def layer(weights, x):
    ...     spikes = jnp.tanh(x @ weights)
    ...     return spikes, spikes[-1]
    >>> weights, x = jax.ShapeDtypeStruct((3, 5), "float32"), jax.ShapeDtypeStruct((7, 2, 3), "float32")
    >>> footprint_of(layer, weights, x)
    Footprint(kept=728, largest=280, products=280, state=40, outputs=280, samples=0, weights=60)
    """
    outputs, state = jax.eval_shape(function, params, inputs)
    kept = _residuals(function, params, inputs)
    dots = jax.checkpoint(function, policy=jax.checkpoint_policies.dots_saveable)
    return Footprint(
        sum(size for size, _ in kept),
        max((size for size, made in kept if made), default=0),
        sum(size for size, made in _residuals(dots, params, inputs) if made),
        *(sum(map(_size, jax.tree.leaves(tree))) for tree in (state, outputs, samples, params)),
    )


def _residuals(function, params, inputs):
    """Bytes of each array that the backward pass of a function keeps, and whether it depends on the parameters.

    The parameters themselves are there anyway.
    """

    def backward(params, inputs):
        return jax.tree.leaves(jax.vjp(lambda params: function(params, inputs)[0], params)[1])

    jaxpr = jax.make_jaxpr(backward)(params, inputs).jaxpr
    given = jaxpr.invars[: len(jax.tree.leaves(params))]
    made = set(given)
    for eqn in jaxpr.eqns:
        if any(isinstance(v, Var) and v in made for v in eqn.invars):
            made.update(eqn.outvars)
    # One that several operations keep is there once.
    found = dict.fromkeys(v for v in jaxpr.outvars if isinstance(v, Var))
    return [(_size(v.aval), v in made) for v in found if v not in given]


def _size(x):
    return x.size * x.dtype.itemsize
