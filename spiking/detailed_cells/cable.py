"""The tree of a cell as a system of nodes: capacitances, leaks, and axial conductances between neighbours.

Every compartment is a node. A section with children at its 1-end has a joint there, a node without membrane, and two half
compartments are between the centres of neighbours, as in NEURON.
"""

from dataclasses import dataclass

import numpy as np

from rate2spike.spiking.detailed_cells.morphology import Morphology
from rate2spike.spiking.kernels.cable import Tree

_NF_PER_UF_CM2_UM2 = 1e-5
_US_PER_S_CM2_UM2 = 1e-2
_MOHM_PER_OHM_CM_UM = 1e-2


@dataclass(frozen=True)
class Passive:
    """Passive constants of a membrane and of what is inside."""

    cm_uf_cm2: float
    ra_ohm_cm: float
    g_pas_s_cm2: float
    e_pas_mv: float


@dataclass(frozen=True)
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
        return Tree(self.parent, self.g_axial_us, diagonal, c_over_dt, self.leak_current_na)


def cable_of(morphology: Morphology, passive: dict[str, Passive]) -> Cable:
    """The nodes of a tree, with the constants of each kind of section."""
    parent, resistance, ends = [], [], []  # of nodes; where children of a section's 1-end are attached
    node_of_compartment: list[int] = []
    first_compartment = 0
    has_children = {
        section.parent for section in morphology.sections if section.parent is not None and section.parent_x == 1
    }
    first_of_section = []
    for k, section in enumerate(morphology.sections):
        first_of_section.append(first_compartment)
        first_compartment += section.n_segments
        ra = passive[section.kind].ra_ohm_cm
        halves = [
            _MOHM_PER_OHM_CM_UM * ra * section.length_um / (2 * section.n_segments) / (np.pi * (d / 2) ** 2)
            for d in section.diameters_um
        ]
        before, half_before = _attached(section, morphology, node_of_compartment, first_of_section, ends)
        for half in halves:
            parent.append(before)
            resistance.append(half_before + half)
            before, half_before = len(parent) - 1, half
            node_of_compartment.append(before)
        if k in has_children:
            parent.append(before)
            resistance.append(half_before)
            before = len(parent) - 1
        ends.append(before)
    return _with_membrane(morphology, passive, np.array(parent, np.int32), np.array(resistance), node_of_compartment)


def _attached(section, morphology, node_of_compartment, first_of_section, ends) -> tuple[int, float]:
    """Node that the 0-end of a section is attached to, and the resistance in between."""
    if section.parent is None:
        return -1, 0.0
    if section.parent_x == 1:
        return ends[section.parent], 0.0
    of_parent = morphology.sections[section.parent]
    place = min(int(section.parent_x * of_parent.n_segments), of_parent.n_segments - 1)
    return node_of_compartment[first_of_section[section.parent] + place], 0.0


def _with_membrane(morphology, passive, parent, resistance, node_of_compartment) -> Cable:
    sections = [morphology.sections[k] for k in morphology.section_of_compartment]
    constants = [passive[section.kind] for section in sections]
    diameters = np.concatenate([section.diameters_um for section in morphology.sections])
    lengths = np.array([section.length_um / section.n_segments for section in sections])
    nodes = np.array(node_of_compartment, np.int32)
    area, capacitance, leak, current = (np.zeros(parent.size) for _ in range(4))
    area[nodes] = np.pi * diameters * lengths
    capacitance[nodes] = [_NF_PER_UF_CM2_UM2 * one.cm_uf_cm2 for one in constants] * area[nodes]
    leak[nodes] = [_US_PER_S_CM2_UM2 * one.g_pas_s_cm2 for one in constants] * area[nodes]
    current[nodes] = leak[nodes] * [one.e_pas_mv for one in constants]
    resistance[0] = np.inf
    return Cable(parent, 1 / resistance, nodes, area, capacitance, leak, current)
