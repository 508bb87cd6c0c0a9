"""A graph of NIR as its nodes in order, each neuron with the weights of its feedback."""

from typing import Any, NamedTuple

from spikejax.extras import require

NEURONS = ("LIF", "IF", "LI", "CubaLIF", "Threshold")
WEIGHTS = ("Affine", "Linear")


class Link(NamedTuple):
    """A node of a chain.

    Attributes:
      name: in the graph.
      node: the node.
      feedback: name and node of the weights through which its spikes come back; None without.
    """

    name: str
    node: Any
    feedback: tuple[str, Any] | None


def chain(graph: Any) -> list[Link]:
    """The nodes from the input to the output, these two left out.

    Graphs inside the graph are opened: their nodes are called "inner.node".

    Raises:
      ValueError: a graph with branches, several inputs or outputs, or feedback other than from a neuron to itself.
    """
    nodes, edges = _opened(graph)
    nodes, edges = _without_ports(nodes, edges)
    name = _only(nodes, edges, "Input")
    links, loops = [], _loops(nodes, edges)
    seen = {name}
    while True:
        after = [b for a, b in edges if a == name and b != loops.get(name)]
        if type(nodes[name]).__name__ == "Output" and not after:
            break
        if len(after) != 1:
            raise _branched(name, after, "sends to")
        (name,) = after
        before = [a for a, b in edges if b == name and a != loops.get(name)]
        if len(before) != 1 or name in seen:
            raise _branched(name, before, "receives from")
        seen.add(name)
        back = loops.get(name)
        links.append(Link(name, nodes[name], None if back is None else (back, nodes[back])))
    if left := set(nodes) - seen - set(loops.values()):
        raise ValueError(
            f"expected every node between the input and the output, found {', '.join(sorted(left))} apart; remove them"
        )
    return links[:-1]


def _opened(graph, prefix=""):
    """The nodes and edges of a graph, those of graphs inside it included."""
    nir = require("nir")
    nodes, edges, ports = {}, [], {}
    for name, node in graph.nodes.items():
        if not isinstance(node, nir.NIRGraph):
            nodes[prefix + name] = node
            continue
        inner, between = _opened(node, f"{prefix}{name}.")
        own = {key: f"{prefix}{name}.{key}" for key in node.nodes}
        ports[name] = [
            _only({own[key]: node.nodes[key] for key in own}, between, kind)
            for kind in ("Output", "Input")
        ]
        nodes |= inner
        edges += between
    for a, b in graph.edges:
        first, second = ports.get(a, (prefix + a,))[0], ports.get(b, (prefix + b,))[-1]
        if (first, second) not in edges:
            edges.append((first, second))
    return nodes, edges


def _without_ports(nodes, edges):
    """Without the inputs and outputs of graphs that were inside: what comes in goes on."""
    for name, node in list(nodes.items()):
        before, after = [a for a, b in edges if b == name], [b for a, b in edges if a == name]
        if type(node).__name__ in ("Input", "Output") and before and after:
            edges = [edge for edge in edges if name not in edge]
            edges += [(a, b) for a in before for b in after if (a, b) not in edges]
            nodes = {key: value for key, value in nodes.items() if key != name}
    return nodes, edges


def _loops(nodes, edges):
    """By neuron, the weights that receive its spikes and send to it alone."""
    found = {}
    for a, b in edges:
        if type(nodes[a]).__name__ in NEURONS and type(nodes[b]).__name__ in WEIGHTS:
            alone = [x for x, y in edges if y == b] == [a] and [y for x, y in edges if x == b] == [
                a
            ]
            if alone:
                found[a] = b
    return found


def _only(nodes, edges, kind):
    """The one input or output of a graph."""
    side = 1 if kind == "Input" else 0
    used = {edge[side] for edge in edges}
    found = [n for n, node in nodes.items() if type(node).__name__ == kind and n not in used]
    if len(found) != 1:
        raise ValueError(
            f"expected one {kind} node, found {', '.join(found) or 'none'}; export a network with one {kind.lower()}"
        )
    return found[0]


def _branched(name, others, what):
    return ValueError(
        f"{name}: expected nodes in a row, with feedback only from a neuron through Affine or Linear weights to "
        f"itself, found that it {what} {', '.join(others) or 'none'}; a network with branches is a Flax module of your "
        "own, into which you copy the weights"
    )
