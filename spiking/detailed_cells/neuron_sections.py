"""A cable cell built in NEURON: sections, mechanisms, point processes."""

from typing import Any

import numpy as np

from rate2spike.spiking.detailed_cells.cable_cell import CableCell
from rate2spike.spiking.detailed_cells.channels import CALCIUM_OUTSIDE_MM, CALCIUM_START_MM, CELSIUS, REVERSAL_MV
from rate2spike.spiking.detailed_cells.synapses import MAGNESIUM_MM, Receptor

_PREFIX = "r2s_"  # of the mechanisms, so that those of a user can be loaded beside them
_POOL = f"{_PREFIX}CalciumPool"


class NeuronSections:
    """A cell in NEURON, from `build` until `delete`.

    Attributes
    ----------
    compartments : list of NEURON segments
        In the order of the morphology.
    receptors : list of lists of point processes
        Of each synapse, excitatory ones first.
    """

    def __init__(self, h: Any):
        self._h = h
        self.sections: list[Any] = []
        self.compartments: list[Any] = []
        self.receptors: list[list[Any]] = []

    def build(self, cell: CableCell) -> None:
        """Put the cell there; what was made until an error `delete` takes away."""
        h = self._h
        for known in cell.morphology.sections:
            self.sections.append(h.Section(name=known.name))
        self._connect(cell)
        self.compartments = [segment for section in self.sections for segment in section]
        self._insert_mechanisms(cell)
        self._set_membranes(cell)
        h.celsius, h.cai0_ca_ion, h.cao0_ca_ion = CELSIUS, CALCIUM_START_MM, CALCIUM_OUTSIDE_MM
        dendrites = [self.compartments[k] for k in np.flatnonzero(cell.morphology.is_dendrite)]
        self.receptors = [[self._receptor(one, place) for one in cell.excitatory] for place in dendrites]
        self.receptors += [[self._receptor(cell.inhibitory, place)] for place in dendrites]

    def delete(self) -> None:
        """Take the cell out of NEURON, where every simulation is of all cells there."""
        self.receptors, self.compartments = [], []
        for section in self.sections:
            self._h.delete_section(sec=section)
        self.sections = []

    def _connect(self, cell: CableCell) -> None:
        for section, known in zip(self.sections, cell.morphology.sections, strict=True):
            section.nseg, section.L = known.n_segments, known.length_um
            for segment, diameter_um in zip(section, known.diameters_um, strict=True):
                segment.diam = diameter_um
            if known.parent is not None:
                section.connect(self.sections[known.parent](known.parent_x), 0)

    def _insert_mechanisms(self, cell: CableCell) -> None:
        """Where any compartment of a section has them; of another one their density is 0."""
        values, of_section = cell.membrane, cell.morphology.section_of_compartment
        has_pool = np.isfinite(values.calcium_gamma)
        for k, section in enumerate(self.sections):
            here = of_section == k
            section.Ra = float(values.ra_ohm_cm[here][0])
            names = [_PREFIX + name for name, density in values.density_s_cm2.items() if density[here].any()]
            for name in ["pas", *names, *[_POOL] * int(has_pool[here].any())]:
                section.insert(name)
            for ion in ("k", "na"):
                if self._h.ismembrane(f"{ion}_ion", sec=section):
                    setattr(section, f"e{ion}", REVERSAL_MV[ion])

    def _set_membranes(self, cell: CableCell) -> None:
        values = cell.membrane
        for k, segment in enumerate(self.compartments):
            segment.cm = float(values.cm_uf_cm2[k])
            segment.pas.g, segment.pas.e = float(values.g_pas_s_cm2[k]), float(values.e_pas_mv[k])
            for name, density in values.density_s_cm2.items():
                if density[k] > 0:
                    getattr(segment, _PREFIX + name).gbar = float(density[k])
            if values.density_s_cm2["Ih"][k] > 0:
                segment.r2s_Ih.shift = float(values.ih_shift_mv[k])
            if np.isfinite(values.calcium_gamma[k]):
                pool = getattr(segment, _POOL)
                pool.gamma, pool.decay = float(values.calcium_gamma[k]), float(values.calcium_decay_ms[k])

    def _receptor(self, receptor: Receptor, place: Any) -> Any:
        process = self._h.r2s_Receptor(place)
        process.gmax, process.e = receptor.gmax_us, receptor.reversal_mv
        process.rise, process.decay = receptor.tau_rise_ms, receptor.tau_decay_ms
        if receptor.block_per_mv is not None:
            process.slope, process.mg = receptor.block_per_mv, MAGNESIUM_MM
        return process
