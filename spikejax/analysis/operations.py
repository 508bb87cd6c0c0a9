"""The operations of a network per sample and time step, layer by layer, and how much of their inputs is spikes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from spikejax.analysis.programs import Site, sites_of

Function = Callable[[Any, Any], Any]


class Operation(NamedTuple):
    """A product with weights, a convolution or a pooling; of a layer with feedback each of its products is one.

    Attributes:
      layer: its name, that of the Flax module without the network's own.
      kind: "product" or "convolution", "fixed" if its factors are no variables, as of images that are resized, or
        "pooling".
      macs: multiply-accumulates per sample and time step, those with zeros of the padding included; 0 for pooling.
      inputs: elements of its input per sample and time step.
      spikes: whether its input is 0 or 1 in all elements, which follows from how it is computed.
      window: of a convolution, or of a pooling with all axes; ().
      rate: fraction of its inputs that are not 0: of spikes, spikes per input and time step. None if not measured.
    """

    layer: str
    kind: str
    macs: float
    inputs: float
    spikes: bool
    window: tuple[int, ...] = ()
    rate: float | None = None


def operations_of(
    function: Function, variables: Any, inputs: Any, *, spikes: bool | None = None
) -> tuple[Operation, ...]:
    """The operations of a network, from tracing it; nothing is computed.

    Counted are products, convolutions and sums over windows (average pooling) of values that depend on the inputs, in
    scans as often as they run. Not counted are means over whole axes and what acts on single elements: biases, batch
    normalisation, which inference folds into the weights, and the neurons' own updates, see `neuron_updates`.

    Args:
      function: `(variables, inputs) -> outputs`, a network in inference.
      variables: its variables, or their shapes (`jax.eval_shape`).
      inputs: `[T, B, *F]`, or a pytree of them, or their shapes.
      spikes: whether the inputs are 0 or 1 in all elements; None looks at them, and of shapes alone assumes that not.

    Raises:
      ValueError: inputs without axes `[T, B]`, or operations that do not run a fixed number of times.

    >>> import jax.numpy as jnp
    >>> def network(weights, x):
    ...     spikes = (x @ weights[0] >= 1).astype(x.dtype)
    ...     return spikes @ weights[1]
    >>> for found in operations_of(network, (jnp.ones((3, 8)), jnp.ones((8, 2))), jnp.full((5, 1, 3), 0.4)):
    ...     print(found.layer, found.macs, found.spikes)
    product_0 24.0 False
    product_1 16.0 True
    """
    per = _samples_and_steps(inputs)
    spikes = _are_spikes(inputs) if spikes is None else spikes
    sites, _ = _abstract(function, variables, inputs, spikes)
    return _named(sites, per)


def measured_operations(
    function: Function, variables: Any, batches: Iterable[Any], *, spikes: bool | None = None
) -> tuple[Operation, ...]:
    """The operations of a network with the rates of their inputs, means over the samples of batches.

    Batches are run one after the other, and only the rates are kept.

    Args:
      function: see `operations_of`.
      variables: its variables.
      batches: inputs `[T, B, *F]` each.
      spikes: whether the inputs are 0 or 1 in all elements; None looks at the first batch.

    Raises:
      ValueError: no batch, a batch that is not 0 or 1 as the first was, or see `operations_of`.

    >>> import jax.numpy as jnp
    >>> def network(weights, x):
    ...     return (x >= 1).astype(x.dtype) @ weights
    >>> batches = [jnp.array([[[0.2, 1.0]]]), jnp.array([[[0.5, 0.5]]])]
    >>> measured_operations(network, jnp.ones((2, 8)), batches)[0].rate
    0.25
    """
    total, sums, found = 0, np.zeros(()), ()
    run = None
    for inputs in batches:
        inputs = jax.tree.map(jnp.asarray, inputs)
        _, samples = _samples_and_steps(inputs)
        if run is None:
            spikes = _are_spikes(inputs) if spikes is None else spikes
            found = operations_of(function, variables, inputs, spikes=spikes)
            run = _fractions(function, spikes)
        if spikes and not _are_spikes(inputs):
            raise ValueError(
                "expected inputs that are 0 or 1 in all batches, as in the first one, found others; give spikes=False"
            )
        sums = sums + samples * np.asarray(run(variables, inputs), np.float64)
        total += samples
    if run is None:
        raise ValueError("expected at least one batch of inputs [T, B, *F], found none")
    return tuple(op._replace(rate=float(x)) for op, x in zip(found, sums / total, strict=True))


def with_rates(
    found: Sequence[Operation], rates: float | Mapping[str, float]
) -> tuple[Operation, ...]:
    """The same operations with given rates of those inputs that are spikes: one for all, or by layer.

    Raises:
      ValueError: a layer that does not exist, or one with spikes as its input whose rate is missing.

    >>> one = Operation("linear", "product", 8.0, 2.0, True)
    >>> with_rates([one], 0.1)[0].rate
    0.1
    """
    if not isinstance(rates, Mapping):
        return tuple(op._replace(rate=rates) if op.spikes else op for op in found)
    needed, known = {op.layer for op in found if op.spikes}, {op.layer for op in found}
    if not needed <= set(rates) <= known:
        raise ValueError(
            f"expected the rates of the inputs of {sorted(needed)}, found those of {sorted(rates)}"
        )
    return tuple(op._replace(rate=rates[op.layer]) if op.layer in rates else op for op in found)


def count_parameters(params: Any) -> int:
    """How many values the arrays of a pytree have, or their shapes.

    >>> count_parameters({"kernel": np.zeros((3, 4)), "bias": np.zeros(4)})
    16
    """
    return sum(int(np.prod(np.shape(leaf))) for leaf in jax.tree.leaves(params))


def _abstract(function, variables, inputs, spikes):
    sites: list[Site] = []

    def run(variables, inputs):
        found, fractions = sites_of(function, variables, inputs, spikes=spikes)
        sites.extend(found)
        return fractions

    return sites, jax.eval_shape(run, variables, inputs)


def _fractions(function, spikes):
    @jax.jit
    def run(variables, inputs) -> Array:
        _, fractions = sites_of(function, variables, inputs, spikes=spikes)
        return jnp.stack(fractions) if fractions else jnp.zeros(0)

    return run


def _samples_and_steps(inputs):
    shapes = [np.shape(x) for x in jax.tree.leaves(inputs)]
    if not shapes or any(len(shape) < 2 for shape in shapes) or len({s[:2] for s in shapes}) > 1:
        raise ValueError(f"expected inputs [T, B, *F], found shapes {shapes}")
    return shapes[0][:2]


def _are_spikes(inputs):
    leaves = jax.tree.leaves(inputs)
    if any(isinstance(x, jax.ShapeDtypeStruct) for x in leaves):
        return False
    return all(bool(((x == 0) | (x == 1)).all()) for x in map(jnp.asarray, leaves))


def _named(sites: Sequence[Site], per) -> tuple[Operation, ...]:
    """Operations by names of their own: the path without the network's name; several of one name are numbered."""
    steps, samples = per
    names = [site.path.partition("/")[2] or site.kind for site in sites]
    several, seen, found = Counter(names), Counter(), []
    for site, name in zip(sites, names, strict=True):
        number = f"_{seen[name]}" if several[name] > 1 or name == site.kind else ""
        seen[name] += 1
        macs, inputs = (value / (steps * samples) for value in (site.macs, site.inputs))
        found.append(Operation(name + number, site.kind, macs, inputs, site.spikes, site.window))
    return tuple(found)
