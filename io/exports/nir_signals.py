"""What flows along the edges of a NIR graph: every node's input as linear maps of inputs, spikes and filtered signals.

Subgraphs are opened, and Linear, Affine, Scale and Flatten nodes multiplied out, so that what is left is between nodes with a
state: LIF, CubaLIF (spikes) and LI, CubaLI (filters). Names of nodes mean nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread

if TYPE_CHECKING:
    import nir

CONSTANT = ""  # the origin of what biases give; no node is called so
NEURONS, FILTERS = ("LIF", "CubaLIF"), ("LI", "CubaLI")
_LINEAR = ("Linear", "Affine", "Scale", "Flatten", "Output")
Signal = dict[str, np.ndarray]  # origin -> (size, size of the origin), of CONSTANT (size, 1)


@dataclass(frozen=True)
class FlatGraph:
    """Nodes by name, and what leads into each."""

    nodes: dict[str, "nir.NIRNode"]
    sources: dict[str, list[str]]

    def kind(self, name: str) -> str:
        """Class of a node; the inputs and outputs of subgraphs merely pass on, as Flatten does."""
        kind = type(self.nodes[name]).__name__
        return "Flatten" if kind in ("Input", "Output") and "." in name else kind

    def of_kind(self, *kinds: str) -> list[str]:
        """Names of the nodes of these classes."""
        return [name for name in self.nodes if self.kind(name) in kinds]

    def arriving(self, name: str) -> Signal:
        """What the edges bring to a node, added up."""
        return self._sum(name, (name,))

    def size(self, name: str) -> int:
        """Number of units of a node; one whose constants are all single numbers has as many as arrive."""
        return self._size(name, ())

    def constant(self, name: str, field: str) -> np.ndarray:
        """(size,) float64 values of a node's constant. Raises InputError for another number of values."""
        size, values = self.size(name), np.ravel(np.asarray(getattr(self.nodes[name], field), dtype=np.float64))
        if values.size not in (1, size) or np.isnan(values).any():
            raise InputError(f"{field} of node {name!r} must hold {size} numbers, one per unit")
        return np.broadcast_to(values, size).copy()

    def _size(self, name: str, seen: tuple[str, ...]) -> int:
        node, kind = self.nodes[name], self.kind(name)
        if kind == "Input":
            return int(np.prod(next(iter(node.input_type.values()))))
        if kind in ("Linear", "Affine"):
            return _weight(name, node).shape[0]
        if kind == "Scale":
            return int(np.size(node.scale))
        sizes = [
            np.size(value) for field, value in vars(node).items() if isinstance(value, np.ndarray | np.number | float)
        ]
        if kind in NEURONS + FILTERS and max(sizes, default=1) > 1:
            return max(sizes)
        before = [source for source in self.sources[name] if source not in seen]
        return max((self._size(source, (*seen, name)) for source in before), default=1)

    def _leaving(self, name: str, path: tuple[str, ...]) -> Signal:
        node, kind = self.nodes[name], self.kind(name)
        if kind in ("Input", *NEURONS, *FILTERS):
            return {name: np.eye(self.size(name))}
        if kind not in _LINEAR:
            raise InputError(f"node {name!r} is a {kind}, which no spiking network of this package has")
        if name in path:
            raise InputError(f"node {name!r} is part of a loop without a neuron")
        arriving = self._sum(name, (*path, name))
        if kind in ("Linear", "Affine"):
            weight = _weight(name, node)
            with one_blas_thread():
                arriving = {origin: weight @ value for origin, value in arriving.items()}
            if kind == "Affine":
                bias = np.ravel(np.asarray(node.bias, dtype=np.float64))[:, None]
                arriving[CONSTANT] = arriving.get(CONSTANT, 0) + bias
        elif kind == "Scale":
            scale = np.ravel(np.asarray(node.scale, dtype=np.float64))[:, None]
            arriving = {origin: scale * value for origin, value in arriving.items()}
        return arriving

    def _sum(self, name: str, path: tuple[str, ...]) -> Signal:
        total: Signal = {}
        for source in self.sources[name]:
            for origin, value in self._leaving(source, path).items():
                if origin in total and total[origin].shape != value.shape:
                    raise InputError(f"what arrives at node {name!r} differs in size")
                total[origin] = total[origin] + value if origin in total else value
        return total


def flat(graph: "nir.NIRGraph") -> FlatGraph:
    """The graph with its subgraphs opened; their nodes are called `subgraph.node`. Raises InputError."""
    nodes, edges = _opened(graph, "")
    sources: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in dict.fromkeys(edges):
        if source not in nodes or target not in nodes:
            raise InputError(f"an edge leads from {source!r} to {target!r}, and one of these nodes does not exist")
        sources[target].append(source)
    return FlatGraph(nodes, sources)


def _opened(graph: "nir.NIRGraph", prefix: str) -> tuple[dict[str, "nir.NIRNode"], list[tuple[str, str]]]:
    nodes, inner_edges, doors = {}, [], {}
    for name, node in graph.nodes.items():
        full = prefix + name.replace(".", "_")  # a dot tells what lies in a subgraph
        if not hasattr(node, "nodes"):
            nodes[full] = node
            continue
        inside, edges = _opened(node, f"{full}.")
        nodes |= inside
        inner_edges += edges
        kinds = {part: type(one).__name__ for part, one in inside.items() if part.count(".") == full.count(".") + 1}
        doors[full] = (
            [p for p, kind in kinds.items() if kind == "Input"],
            [p for p, kind in kinds.items() if kind == "Output"],
        )
    edges = []
    for source, target in graph.edges:
        source, target = (prefix + end.replace(".", "_") for end in (source, target))
        edges += [(a, b) for a in doors.get(source, ((), [source]))[1] for b in doors.get(target, ([target], ()))[0]]
    return nodes, inner_edges + edges


def _weight(name: str, node: "nir.Linear") -> np.ndarray:
    weight = np.asarray(node.weight, dtype=np.float64)
    if weight.ndim != 2 or not np.isfinite(weight).all():
        raise InputError(f"the weights of node {name!r} must be a matrix of finite numbers")
    return weight
