"""The tree of a cell as a system of nodes: capacitances, leaks, and axial conductances between neighbours.

Every compartment is a node. A section with children at its 1-end has a joint there, a node without membrane, and two half
compartments are between the centres of neighbours, as in NEURON.
"""

from dataclasses import dataclass

import numpy as np

from rate2spike.spiking.detailed_cells.biophysics import CompartmentValues
from rate2spike.spiking.detailed_cells.morphology import Morphology, Section
from rate2spike.spiking.kernels.cable import Tree

_NF_PER_UF_CM2_UM2 = 1e-5
US_PER_S_CM2_UM2 = 1e-2
_MOHM_PER_OHM_CM_UM = 1e-2


@dataclass(frozen=True, eq=False)
class Cable:
    """Nodes in an order in which parents come first, the root's compartment at 0."""

    parent: np.ndarray  # (n,) int32, -1 of the root
    g_axial_us: np.ndarray  # (n,) to the parent
    node_of_compartment: np.ndarray  # (n_compartments,) int32
    area_um2: np.ndarray  # (n,) 0 of joints
    capacitance_nf: np.ndarray  # (n,)
    g_leak_us: np.ndarray  # (n,)
    leak_current_na: np.ndarray  # (n,) leak conductance times its reversal potential

    @property
    def n_nodes(self) -> int:
        """Compartments and joints."""
        return self.parent.size

    def tree(self, dt_ms: float) -> Tree:
        """For the kernel, with steps of dt_ms."""
        c_over_dt = self.capacitance_nf / dt_ms
        diagonal = c_over_dt + self.g_leak_us + self.g_axial_us
        np.add.at(diagonal, self.parent[1:], self.g_axial_us[1:])
        joints = np.flatnonzero(self.area_um2 == 0).astype(np.int32)
        return Tree(self.parent, self.g_axial_us, diagonal, c_over_dt, self.leak_current_na, joints)


def cable_of(morphology: Morphology, values: CompartmentValues) -> Cable:
    """The nodes of a tree whose compartments have these membranes."""
    halves = _half_resistances(morphology, values)
    nodes = _Nodes()
    with_joint = {one.parent for one in morphology.sections if one.parent is not None and one.parent_x == 1}
    first = 0
    for k, section in enumerate(morphology.sections):
        nodes.add_section(section, halves[first : first + section.n_segments], k in with_joint)
        first += section.n_segments
    return _with_membrane(nodes, _areas_um2(morphology), values)


class _Nodes:
    """The nodes so far, section by section."""

    def __init__(self) -> None:
        self.parent: list[int] = []
        self.resistance_mohm: list[float] = []  # to the parent
        self.of_sections: list[list[int]] = []  # nodes of the compartments of each section
        self.ends: list[int] = []  # node at the 1-end of each section: the joint if there is one

    def add(self, parent: int, resistance_mohm: float) -> int:
        """A node; its index."""
        self.parent.append(parent)
        self.resistance_mohm.append(resistance_mohm)
        return len(self.parent) - 1

    def add_section(self, section: Section, halves: np.ndarray, with_joint: bool) -> None:
        """Compartments of a section, whose halves have these resistances, and its joint."""
        before, resistance, compartments = self._attached(section), 0.0, []
        for half in halves:
            before = self.add(before, resistance + half)
            compartments.append(before)
            resistance = half
        self.of_sections.append(compartments)
        self.ends.append(self.add(before, resistance) if with_joint else before)

    def _attached(self, section: Section) -> int:
        """Node that the 0-end of a section is attached to."""
        if section.parent is None:
            return -1
        if section.parent_x == 1:
            return self.ends[section.parent]
        of_parent = self.of_sections[section.parent]
        return of_parent[min(int(section.parent_x * len(of_parent)), len(of_parent) - 1)]


def _half_resistances(morphology: Morphology, values: CompartmentValues) -> np.ndarray:
    """(n_compartments,) from the centre of a compartment to its end, in megaohms."""
    diameters, lengths = _diameters_and_lengths(morphology)
    return _MOHM_PER_OHM_CM_UM * values.ra_ohm_cm * (lengths / 2) / (np.pi * (diameters / 2) ** 2)


def _areas_um2(morphology: Morphology) -> np.ndarray:
    diameters, lengths = _diameters_and_lengths(morphology)
    return np.pi * diameters * lengths


def _diameters_and_lengths(morphology: Morphology) -> tuple[np.ndarray, np.ndarray]:
    diameters = np.concatenate([section.diameters_um for section in morphology.sections])
    lengths = [np.full(one.n_segments, one.length_um / one.n_segments) for one in morphology.sections]
    return diameters, np.concatenate(lengths)


def _with_membrane(nodes: _Nodes, areas_um2: np.ndarray, values: CompartmentValues) -> Cable:
    of_compartment = np.array([node for section in nodes.of_sections for node in section], np.int32)
    area, capacitance, leak, current = (np.zeros(len(nodes.parent)) for _ in range(4))
    area[of_compartment] = areas_um2
    capacitance[of_compartment] = _NF_PER_UF_CM2_UM2 * values.cm_uf_cm2 * areas_um2
    leak[of_compartment] = US_PER_S_CM2_UM2 * values.g_pas_s_cm2 * areas_um2
    current[of_compartment] = leak[of_compartment] * values.e_pas_mv
    axial = 1 / np.array([np.inf, *nodes.resistance_mohm[1:]])
    order, parent = _by_depth(np.array(nodes.parent, np.int32))
    place = np.argsort(order).astype(np.int32)
    return Cable(
        parent, axial[order], place[of_compartment], area[order], capacitance[order], leak[order], current[order]
    )


def _by_depth(parent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes sorted by their distance from the root in nodes, and the parents in that order.

    Neighbours in this order do not wait for each other when the processor eliminates one after the other.
    """
    depth = np.zeros(parent.size, int)
    for node in range(1, parent.size):
        depth[node] = depth[parent[node]] + 1
    order = np.argsort(depth, kind="stable")
    place = np.argsort(order).astype(np.int32)
    return order, np.concatenate([[-1], place[parent[order[1:]]]]).astype(np.int32)
