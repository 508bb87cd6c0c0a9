"""From a graph of NIR to a network: `from_nir`."""

from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from spikejax.extras import require
from spikejax.layers import Conv, Linear, Recurrent, Spiking
from spikejax.layers.pooling import Flatten, Pool
from spikejax.networks.core import pure
from spikejax.networks.core.nir.layout import Layout
from spikejax.networks.core.nir.links import NEURONS, chain
from spikejax.networks.core.nir.neurons import neuron_of

REMEDIES = {
    "Delay": "spikejax delays currents in whole steps by a neuron in `Delayed`; put it there after reading the rest",
    "Scale": "multiply the weights before it by its scale",
    "I": "read it as LI with a long time constant",
    "CubaLI": "write it as LI of LI",
    "Conv1d": "write it as Conv2d of one row",
}


def from_nir(
    graph: Any, *, dt: float | None = None, like: str | None = None
) -> tuple[nn.Sequential, dict[str, Any]]:
    """A graph of NIR as a network, and its variables.

    The network is `nn.Sequential` of Linear, Conv, Spiking, Recurrent, Pool and Flatten, and runs, trains and is saved
    like any other: `spikejax.run(network, variables, x)` with x `[T, B, F]`, or `[T, B, H, W, C]` of images, which are
    `[C, H, W]` in NIR. Neurons are those of one forward Euler step, see the top of `nir.neurons`; a factor of their
    currents that is neither 1 nor 1 − decay is multiplied into the weights before them. Without metadata of this
    library they fire above the threshold, not at it, and are reset to zero, as NIR says.

    Args:
      graph: a `nir.NIRGraph`, or the path of a file.
      dt: the length of a step in seconds; None takes that which the graph records, as those of `to_nir` do.
        SpikingJelly and snnTorch write graphs for 1e-4 and do not record it.
      like: "snntorch", "spikingjelly", "norse" or "spyx" for a graph that this library wrote: its neurons then reset,
        compare and differentiate as that library's do, see `neurons.make`, which NIR does not say. None is what NIR
        says.

    Returns:
      The network and its variables, under the names "layers_0", "layers_1", …

    Raises:
      ValueError: a node that cannot be read, potentials that do not rest at 0, branches, or no dt; names the node and
        what to do.
      ModuleNotFoundError: the package nir is not installed.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax import MLP
    >>> from spikejax.networks.core.nir import to_nir
    >>> from spikejax.neurons.lif import LIF
    >>> network, x = MLP((8,), 3, LIF(decay=0.75, reset="zero"), recurrent=(0,)), jnp.ones((5, 2, 4))
    >>> variables = network.init(jax.random.key(0), x)
    >>> read, same = from_nir(to_nir(network, variables))
    >>> bool((read.apply(same, x) == network.apply(variables, x)).all())
    True
    """
    nir = require("nir")
    graph = nir.read(graph) if isinstance(graph, str | Path) else graph
    dt = _step_of(graph, dt)
    links = chain(graph)
    built = _Built(Layout.of_nir(_input_shape(graph)), dt, like)
    for link in links:
        built.add(link)
    return nn.Sequential(built.layers), built.variables()


class _Built:
    """The layers as far as the nodes have been seen, and their weights."""

    def __init__(self, layout, dt, like):
        self.layout, self.dt, self.like = layout, dt, like
        self.layers: list[Any] = []
        self.weights: dict[str, dict[str, np.ndarray]] = {}
        self.neurons: dict[str, Any] = {}

    def variables(self):
        """The variables of the layers: weights of the graph, and what the neurons make of their parameters."""
        found: dict[str, Any] = {"params": {}}
        for name, own in self.neurons.items():
            for collection, values in own.items():
                found.setdefault(collection, {})[name] = dict(values)
        for name, weights in self.weights.items():
            own = {key: jnp.asarray(value) for key, value in weights.items()}
            found["params"][name] = {**found["params"].get(name, {}), **own}
        return found

    def add(self, link):
        kind = type(link.node).__name__
        if kind in ("Affine", "Linear"):
            self._dense(link)
        elif kind == "Conv2d":
            self._conv(link)
        elif kind in ("AvgPool2d", "SumPool2d"):
            self._pool(link)
        elif kind == "Flatten":
            self._flatten(link)
        elif kind in NEURONS:
            self._neurons(link)
        else:
            remedy = REMEDIES.get(kind, "spikejax has no layer for it")
            raise ValueError(f"{link.name}: found a node {kind}, which cannot be read; {remedy}")

    def _append(self, link, layer, **weights):
        x = jax.ShapeDtypeStruct((1, 1, *self.layout.shape), jnp.float32)
        try:
            made, _ = jax.eval_shape(layer.init_with_output, jax.random.key(0), x)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{link.name}: it does not fit what comes before it, {error}"
            ) from error
        name = f"layers_{len(self.layers)}"
        if weights:
            self.weights[name] = weights
        if isinstance(layer, Spiking | Recurrent):
            x = jnp.zeros((1, 1, *self.layout.shape))
            self.neurons[name] = pure.Functions(layer).init(jax.random.key(0), x)
        self.layers.append(layer)
        return Layout(made.shape[2:])

    def _dense(self, link):
        weight = np.asarray(link.node.weight)
        if weight.ndim != 2 or self.layout.shape != weight.shape[1:]:
            raise ValueError(
                f"{link.name}: expected weights [outputs, {self.layout.nir}] for what comes before it, found "
                f"{list(weight.shape)}; images need a Flatten node first"
            )
        kernel = self.layout.inward(weight.T)
        bias = _bias(link.node)
        self.layout = self._append(link, Linear(len(weight)), kernel=kernel, bias=bias)

    def _conv(self, link):
        node, weight = link.node, np.asarray(link.node.weight)
        self._needs_images(link)
        padding = _text(node.padding)
        if isinstance(padding, str):
            padding = padding.upper()
        else:
            padding = [(size, size) for size in _pair(padding)]
        bias = {} if node.bias is None else {"bias": np.asarray(node.bias)}
        layer = Conv(
            len(weight),
            weight.shape[2:],
            _pair(node.stride),
            padding=padding,
            kernel_dilation=_pair(node.dilation),
            feature_group_count=int(node.groups),
            use_bias=bool(bias),
        )
        kernel = weight.transpose(2, 3, 1, 0)
        self.layout = self._append(link, layer, kernel=kernel, **bias)

    def _pool(self, link):
        self._needs_images(link)
        node = link.node
        sizes: Any = _pair(node.kernel_size), _pair(node.stride), _pair(node.padding)
        kind = "average" if type(node).__name__ == "AvgPool2d" else "sum"
        self.layout = self._append(link, Pool(*sizes, kind=kind))

    def _flatten(self, link):
        start, end = int(link.node.start_dim), int(link.node.end_dim)
        last = len(self.layout.shape) - 1
        if start not in (0, -last - 1) or end not in (-1, last):
            raise ValueError(
                f"{link.name}: expected a Flatten of all axes, start_dim=0 and end_dim=-1, found {start} and {end}"
            )
        if last:
            self._append(link, Flatten())
        self.layout = self.layout.flat()

    def _neurons(self, link):
        found = neuron_of(link.node, self.layout, self.dt, link.name, self.like)
        if np.any(found.gain != 1):
            self._scale(link.name, found.gain)
        layout = self.layout
        if link.feedback is None:
            self._append(link, Spiking(found.neuron, found.learn))
            return
        name, node = link.feedback
        weight = np.asarray(node.weight)
        if len(layout.shape) != 1 or weight.shape != layout.shape * 2:
            raise ValueError(
                f"{name}: expected feedback from and to the {layout.nir} neurons of {link.name}, found weights "
                f"{list(weight.shape)}; only layers of vectors have feedback"
            )
        kernel = layout.inward(layout.inward(weight.T), axis=1) * found.gain
        weights = {"kernel": kernel, "bias": layout.inward(_bias(node)) * found.gain}
        self._append(link, Recurrent(found.neuron, found.learn), **weights)

    def _scale(self, name, gain):
        weights = self.weights.get(f"layers_{len(self.layers) - 1}", {})
        recurrent = bool(self.layers) and isinstance(self.layers[-1], Recurrent)
        if not weights or recurrent or (np.ndim(gain) and len(self.layout.shape) > 1):
            raise ValueError(
                f"{name}: expected currents with the factor 1 or 1 − decay, r = τ/dt or 1, found "
                f"{np.ravel(gain)[:3]}, and no weights before it that could hold it; set r so, or give the dt of the "
                "graph"
            )
        for key, value in weights.items():
            weights[key] = np.asarray(value * gain, value.dtype)

    def _needs_images(self, link):
        if len(self.layout.shape) != 3:
            raise ValueError(
                f"{link.name}: expected images [C, H, W] before it, found {list(self.layout.nir)}; give the Input node "
                "that shape"
            )


def _step_of(graph, dt):
    """The length of a step, as given or as the graph records it."""
    recorded = graph.metadata.get("dt")
    if dt is None and recorded is None:
        raise ValueError(
            "expected dt, the length of a step in seconds, which the graph does not record; give dt=1e-4 for a graph "
            "of snnTorch or SpikingJelly"
        )
    dt = float(recorded if dt is None else dt)
    if not dt > 0 or (recorded is not None and not np.isclose(dt, float(recorded), rtol=1e-6)):
        raise ValueError(
            f"expected dt as a positive number of seconds, and as the graph records it, {recorded}, found {dt}; leave "
            "it out"
        )
    return dt


def _input_shape(graph):
    nodes = [node for node in graph.nodes.values() if type(node).__name__ == "Input"]
    shape = nodes[0].input_type["input"]
    if len(shape) not in (1, 3):
        raise ValueError(
            f"expected inputs [F] or [C, H, W], found {list(shape)}; a graph has no axes of steps and samples"
        )
    return shape


def _bias(node):
    """The bias of Affine, and zeros for Linear."""
    weight = np.asarray(node.weight)
    if type(node).__name__ == "Affine":
        return np.asarray(node.bias)
    return np.zeros(len(weight), weight.dtype)


def _text(value):
    value = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    return value.decode() if isinstance(value, bytes) else value


def _pair(size):
    return (int(size),) * 2 if np.ndim(size) == 0 else tuple(int(x) for x in size)
