"""How far back each part of a network looks, from its architecture: the rows of a drawing of it."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture
    from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture

MOST_ROWS = 7  # layers that are drawn one by one
_TIME_CONSTANTS = 3  # after which a leaky sum counts as forgotten


class SketchRow(NamedTuple):
    """One row: what it is, and how many ms before the output its parts begin to count (0: at that time alone)."""

    label: str
    reach_ms: tuple[float, ...]
    is_layer: bool = True


def sketch_rows(architecture: Any) -> list[SketchRow]:
    """The rows of an architecture from input to outputs."""
    outputs = ", ".join(
        f"{head.name} ({head.n_outputs})" if head.n_outputs > 1 else head.name for head in architecture.heads
    )
    inner = _memory_rows(architecture) if architecture.kind == "ELM" else _convolution_rows(architecture)
    n_ms = max(reach for row in inner for reach in row.reach_ms)
    return [
        SketchRow(f"{architecture.n_synapses} synapses", (n_ms,), False),
        *inner[1:],
        SketchRow(f"outputs: {outputs}", (0.0,), False),
    ]


def _convolution_rows(architecture: "ConvolutionalArchitecture") -> list[SketchRow]:
    """Input, and all layers or, of a deep network, the first and the last ones."""
    steps = np.array(architecture.filter_lengths_ms) - 1
    reach = [float(steps[k:].sum()) for k in range(architecture.depth + 1)]  # of the input of each layer
    layers = [
        SketchRow(f"{k + 1}: {width} {activation}, filters of {length} ms", (reach[k + 1],))
        for k, (width, activation, length) in enumerate(
            zip(architecture.widths, architecture.activations, architecture.filter_lengths_ms, strict=True)
        )
    ]
    if len(layers) > MOST_ROWS:
        n_first, n_last = MOST_ROWS // 2, MOST_ROWS - MOST_ROWS // 2 - 1
        left_out = layers[n_first:-n_last]
        layers[n_first:-n_last] = [SketchRow(f"... {len(left_out)} more layers ...", left_out[0].reach_ms)]
    return [SketchRow("input", (reach[0],), False), *layers]


def _memory_rows(architecture: "ElmArchitecture") -> list[SketchRow]:
    """Input, branches and memory units, each as far back as it remembers."""
    branches = float(_TIME_CONSTANTS * architecture.tau_branch_ms)
    memory = _TIME_CONSTANTS * architecture.time_constants_ms()
    picked = np.unique(np.linspace(0, memory.size - 1, min(memory.size, 9)).astype(int))
    taus = f"{architecture.least_tau_ms:g} to {architecture.most_tau_ms:g}"
    return [
        SketchRow("input", (float(memory.max()),), False),
        SketchRow(f"{architecture.n_branches} branches of {architecture.n_per_branch} synapses", (branches,)),
        SketchRow(f"one hidden layer of {architecture.hidden} relu", (0.0,)),
        SketchRow(f"{architecture.n_memory} memory units, {taus} ms", tuple(memory[picked][::-1].tolist())),
    ]
