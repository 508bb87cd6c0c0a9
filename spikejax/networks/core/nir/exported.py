"""From a network to a graph of NIR: `to_nir`."""

import io
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from spikejax import files
from spikejax.extras import require
from spikejax.layers import Dropout, Linear, Norm, Recurrent, Spiking
from spikejax.layers.normalisation.folding import fold
from spikejax.layers.pooling import Flatten, Pool
from spikejax.networks.core.in_order import sequential
from spikejax.networks.core.nir.layout import Layout
from spikejax.networks.core.nir.neurons import BEYOND, node_of
from spikejax.neurons.core.parameters import map_parameters, parameter_bounds, within


def to_nir(
    network: nn.Module,
    variables: Any,
    shape: tuple[int, ...] | None = None,
    *,
    dt: float = 1e-4,
    beyond_nir: str = "refuse",
) -> Any:
    """A network as a graph of NIR, for other tools.

    NIR describes neurons in continuous time; how a step becomes that, and back, is the equation at the top of
    `nir.neurons`: a forward Euler step of length dt, recorded in the graph's metadata. A recurrent layer is a neuron
    with an edge to its weights and one back, whose spikes arrive in the next step. Norms are folded into the weights
    before them, up to rounding; dropout is left out. Images are `[C, H, W]` in NIR.

    NIR has neurons with a leak and a reset to a voltage, nothing else. What it cannot say and what changes no spike
    that another tool would compute, the surrogate, what is learned, and whether a neuron fires at its threshold or only
    above it, is carried as metadata, so that `from_nir` returns the same network.

    Args:
      network: an `MLP`, a VGG network, or `nn.Sequential` of Linear, Conv, norms, Spiking, Recurrent, Pool and Flatten.
      variables: its variables.
      shape: of one step of one sample, `[F]` or `[H, W, C]`; None takes it from the first Linear layer.
      dt: the length of a step in seconds; 1e-4 is what snnTorch and SpikingJelly assume when they read a graph.
      beyond_nir: what to do with a neuron that NIR cannot describe, such as one with a reset by subtraction:
        "refuse", or carry it as "metadata": then only `from_nir` computes what the network does, and other tools read
        a hard reset, or for a neuron that is none of LIF, IF, LI and CubaLIF a threshold without a membrane.

    Returns:
      A `nir.NIRGraph`; `write_nir(path, graph)`, or the package's own `nir.write`, makes a file of it.

    Raises:
      ValueError: what NIR cannot describe; names the layer and what to do.
      ModuleNotFoundError: the package nir is not installed.

    Reference: Pedersen et al. (2024), Neuromorphic intermediate representation: a unified instruction set for
    interoperable brain-inspired computing, Nature Communications 15, 8122.

    >>> import jax, jax.numpy as jnp
    >>> from spikejax import MLP
    >>> from spikejax.neurons.lif import LIF
    >>> network = MLP((8,), 3, LIF(decay=0.75, reset="zero"), recurrent=(0,))
    >>> graph = to_nir(network, network.init(jax.random.key(0), jnp.ones((1, 1, 4))), dt=1e-3)
    >>> sorted(graph.nodes)
    ['input', 'layers_0', 'layers_1', 'layers_1_feedback', 'layers_2', 'output']
    >>> float(graph.nodes["layers_1"].tau[0])
    0.004
    """
    nir = require("nir")
    if beyond_nir not in BEYOND:
        raise ValueError(f"expected beyond_nir as one of {BEYOND}, found {beyond_nir!r}")
    if not dt > 0:
        raise ValueError(f"expected dt as a positive number of seconds, found {dt!r}")
    layers, variables = sequential(network, variables, _shape(shape, network, variables))
    walk = _Walk(nir, Layout(_shape(shape, layers, variables)), float(dt), beyond_nir)
    for number, layer in enumerate(layers.layers):
        name = f"layers_{number}"
        walk.add(name, layer, {key: tree[name] for key, tree in variables.items() if name in tree})
    return walk.graph()


def write_nir(path: str | Path, graph: Any) -> Path:
    """Writes a graph of NIR as a file, completely or not at all, see `files.write`."""
    nir, content = require("nir"), io.BytesIO()
    nir.write(content, graph)
    return files.write(path, lambda file: file.write(content.getvalue()), content.tell())


class _Walk:
    """The graph as far as the layers have been seen."""

    def __init__(self, nir, layout, dt, beyond):
        self.nir, self.layout, self.dt, self.beyond = nir, layout, dt, beyond
        self.nodes = {"input": nir.Input(input_type=np.array(layout.nir))}
        self.edges, self.last, self.weights = [], "input", None

    def add(self, name, layer, variables):
        if isinstance(layer, Dropout | nn.Dropout):
            return
        if isinstance(layer, Norm):
            self._normalise(name, layer, variables)
            return
        self.weights = None
        if isinstance(layer, nn.Conv):
            self.weights = layer, variables["params"]
            self._append(name, *self._conv(name, *self.weights))
        elif isinstance(layer, nn.Dense | Linear):
            self.weights = layer, variables["params"]
            self._append(name, *self._dense(name, *self.weights))
        elif isinstance(layer, Spiking | Recurrent):
            neuron = _with_values(layer.neuron, variables)
            options = name, self.beyond
            self._append(name, node_of(neuron, layer.learn, self.layout, self.dt, *options))
            if isinstance(layer, Recurrent):
                self._feed_back(name, variables["params"])
        elif isinstance(layer, Pool):
            self._append(name, self._pool(layer), self._after(layer))
        elif isinstance(layer, Flatten):
            self._flatten(name)
        else:
            raise ValueError(
                f"{name}: expected Linear, Conv, a norm, Spiking, Recurrent, Pool or Flatten, found "
                f"{layer!r}; NIR has no node for it"
            )

    def graph(self):
        if self.layout.images is not None:
            raise ValueError(
                f"{self.last}: the outputs are flattened images, whose channels come first in NIR and last here; end "
                "with a Linear layer"
            )
        self.nodes["output"] = self.nir.Output(output_type=np.array(self.layout.nir))
        self.edges.append((self.last, "output"))
        facts = {"dt": self.dt, "discretisation": "forward Euler"}
        return self.nir.NIRGraph(nodes=self.nodes, edges=self.edges, metadata=facts)

    def _append(self, name, node, layout=None):
        self.nodes[name] = node
        self.edges.append((self.last, name))
        self.before, self.last = self.layout, name
        self.layout = self.layout if layout is None else layout

    def _dense(self, name, layer, params):
        if len(self.layout.shape) != 1:
            raise ValueError(
                f"{name}: expected a vector before Linear, found images {list(self.layout.shape)}; put Flatten before"
            )
        weight = self.layout.outward(params["kernel"]).T
        after, bias = Layout((len(weight),)), params.get("bias")
        if bias is None:
            return self.nir.Linear(weight=weight), after
        return self.nir.Affine(weight=weight, bias=np.asarray(bias)), after

    def _conv(self, name, layer, params):
        if len(layer.kernel_size) != 2 or len(self.layout.shape) != 3:
            raise ValueError(
                f"{name}: expected a convolution of images [H, W, C] in two dimensions"
            )
        kernel = np.asarray(params["kernel"])
        if kernel.shape[0] != kernel.shape[1]:
            raise ValueError(
                f"{name}: expected a square window, from which the package nir computes shapes, found "
                f"{list(kernel.shape[:2])}; fill its kernel up with zeros to a square"
            )
        bias = params.get("bias")
        node = self.nir.Conv2d(
            input_shape=self.layout.shape[:2],
            weight=kernel.transpose(3, 2, 0, 1),
            stride=_pair(layer.strides or 1),
            padding=_padding(name, layer),
            dilation=_pair(layer.kernel_dilation or 1),
            groups=layer.feature_group_count,
            bias=np.zeros(kernel.shape[-1], kernel.dtype) if bias is None else np.asarray(bias),
        )
        return node, self._after(layer)

    def _after(self, layer):
        """The layout of what a layer makes of one step."""
        x = jax.ShapeDtypeStruct((1, 1, *self.layout.shape), jnp.float32)
        made, _ = jax.eval_shape(layer.init_with_output, jax.random.key(0), x)
        return Layout(made.shape[2:])

    def _normalise(self, name, norm, variables):
        if self.weights is None:
            raise ValueError(
                f"{name}: expected a norm right behind a convolution or a Linear layer, into whose weights it is "
                f"folded, found {self.last} before it; NIR has no node for it"
            )
        layer, params = self.weights
        kernel, bias = fold(norm, variables, params["kernel"], params.get("bias"))
        self.weights = layer, {"kernel": kernel, "bias": bias}
        after, self.layout = self.layout, self.before
        made = self._conv if isinstance(layer, nn.Conv) else self._dense
        self.nodes[self.last], _ = made(self.last, *self.weights)
        self.layout = after

    def _feed_back(self, name, params):
        weight = self.layout.outward(self.layout.outward(params["kernel"]), axis=1).T
        bias = self.layout.outward(params["bias"])
        self.nodes[f"{name}_feedback"] = self.nir.Affine(weight=weight, bias=bias)
        self.edges += [(name, f"{name}_feedback"), (f"{name}_feedback", name)]

    def _pool(self, layer):
        kind = self.nir.AvgPool2d if layer.kind == "average" else self.nir.SumPool2d
        strides = layer.window if layer.strides is None else layer.strides
        sizes = {"kernel_size": layer.window, "stride": strides, "padding": layer.padding}
        return kind(**{name: np.array(size) for name, size in sizes.items()})

    def _flatten(self, name):
        shape = np.array(self.layout.nir)
        node = self.nir.Flatten(input_type={"input": shape}, start_dim=0, end_dim=-1)
        self._append(name, node, self.layout.flat())


def _shape(shape, network, variables):
    """The shape of one step of one sample, as given or that of the first weights."""
    if shape is not None:
        return tuple(int(size) for size in shape)
    first = "layers_0" if isinstance(network, nn.Sequential) else "linear_0"
    kernel = variables["params"].get(first, {}).get("kernel", np.zeros(()))
    if np.ndim(kernel) != 2:
        raise ValueError(
            "expected shape, that of one step of one sample, found None, and no Linear layer first that would tell it; "
            "give shape=(H, W, C) for images"
        )
    return (len(kernel),)


def _with_values(neuron, variables):
    """The neuron of a layer with the values of its variables; learned ones within their bounds, as the layer has it."""
    params, constants = variables.get("params", {}), variables.get("constants", {})
    bounds = parameter_bounds(neuron)

    def value(name, leaf, shape):
        if name in constants:
            return constants[name]
        return within(params[name], *bounds[name]) if name in params else leaf

    return map_parameters(value, neuron)


def _pair(size):
    return (int(size),) * 2 if np.ndim(size) == 0 else tuple(int(x) for x in size)


def _padding(name, layer):
    padding = layer.padding
    if padding == "VALID":
        return (0, 0)
    if padding == "SAME" and set(_pair(layer.strides or 1)) == {1}:
        return "same"
    sizes = () if isinstance(padding, str) else (padding,) * 2 if np.ndim(padding) == 0 else padding
    pairs = [_pair(size) for size in sizes]
    if len(pairs) != 2 or any(low != high for low, high in pairs):
        raise ValueError(
            f"{name}: expected as many zeros before as after, found padding={padding!r} with strides {layer.strides}; "
            "give numbers, padding=1 for a window of 3x3"
        )
    return tuple(low for low, _ in pairs)
