"""What membranes are made of: passive constants and channel densities per region, and the rules along the apical tree.

Of the layer 5 pyramidal cell of Hay et al. 2011 in the variant of Shai et al. 2015, and of a ball with a passive stick.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import NOT_NEGATIVE, number, true_or_false
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.detailed_cells.channels import channels
from rate2spike.spiking.detailed_cells.morphology import APICAL, AXON, BASAL, DENDRITE, SOMA, Morphology

# density (S/cm2) of the path from the 0-end of the apical tree, and of that tree's longest path (um)
DensityRule = Callable[[np.ndarray, float], np.ndarray]

HOT_ZONE_UM = (685.0, 885.0)
CHANNEL_NAMES = tuple(channel.name for channel in channels())
_DECIMALS = 10  # densities are assigned rounded


@dataclass(frozen=True, eq=False)
class Membrane:
    """Of one region of a cell.

    Parameters
    ----------
    cm_uf_cm2, ra_ohm_cm, g_pas_s_cm2, e_pas_mv : float
        Capacitance, axial resistivity, conductance and reversal of the leak.
    density_s_cm2 : dict of str to float or DensityRule
        Peak conductance of each channel that is there.
    calcium_decay_ms, calcium_gamma : float
        Of the calcium pool; a membrane without calcium channels and SK_E2 has none.
    ih_shift_mv : float
        Shift of the gate of Ih.
    """

    cm_uf_cm2: float
    ra_ohm_cm: float
    g_pas_s_cm2: float
    e_pas_mv: float
    density_s_cm2: Mapping[str, float | DensityRule] = field(default_factory=lambda: MappingProxyType({}))
    calcium_decay_ms: float = np.nan
    calcium_gamma: float = np.nan
    ih_shift_mv: float = 0.0


@dataclass(frozen=True, eq=False, repr=False)
class CompartmentValues(Readable):
    """The membrane of each of n compartments, in the order of the morphology; arrays are (n,).

    calcium_decay_ms and calcium_gamma are NaN where there is no pool; density_s_cm2 has every channel, 0 where it is not.
    """

    cm_uf_cm2: np.ndarray
    ra_ohm_cm: np.ndarray
    g_pas_s_cm2: np.ndarray
    e_pas_mv: np.ndarray
    calcium_decay_ms: np.ndarray
    calcium_gamma: np.ndarray
    ih_shift_mv: np.ndarray
    density_s_cm2: Mapping[str, np.ndarray]


def ih_density(distance_um: np.ndarray, longest_um: float) -> np.ndarray:
    """Ih along the apical tree: it grows exponentially, up to 0.65 of the longest path."""
    share = np.minimum(np.asarray(distance_um) / longest_um, 0.65)
    return 1e-4 * (-0.8696 + 2.0870 * np.exp(3.6161 * share))


def low_voltage_calcium_density(distance_um: np.ndarray, _longest_um: float) -> np.ndarray:
    """Ca_LVAst along the apical tree: a hundred times denser in the hot zone."""
    first_um, last_um = HOT_ZONE_UM
    is_hot = (np.asarray(distance_um) > first_um) & (np.asarray(distance_um) < last_um)
    return np.where(is_hot, 0.2271264, 0.002271264)


_SOMATIC = {
    "NaTs2_t": 0.998912,
    "SKv3_1": 0.338029,
    "SK_E2": 0.09965,
    "Im": 0.000008,
    "Ih": 0.000075,
    "Ca_HVA": 0.000644,
    "Ca_LVAst": 0.000557,
}
_AXONAL = {
    "NaTa_t": 3.89618,
    "Nap_Et2": 0.005834,
    "K_Tst": 0.077274,
    "K_Pst": 0.188851,
    "SKv3_1": 0.473799,
    "SK_E2": 0.000047,
    "Im": 0.013322,
    "Ih": 0.00005,
    "Ca_HVA": 0.000222,
    "Ca_LVAst": 0.000813,
}
_APICAL: Mapping[str, float | DensityRule] = {
    "NaTs2_t": 0.021489,
    "SKv3_1": 0.001808,
    "SK_E2": 0.000002,
    "Im": 0.00099,
    "Ih": ih_density,
    "Ca_HVA": 0.000701,
    "Ca_LVAst": low_voltage_calcium_density,
}
_L5 = {
    SOMA: Membrane(1, 100, 3e-5, -90, _SOMATIC, 294.679571, 0.000509),
    AXON: Membrane(1, 100, 3e-5, -90, _AXONAL, 277.300774, 0.000525),
    APICAL: Membrane(2, 100, 6e-5, -90, _APICAL, 35.725651, 0.000637),
    BASAL: Membrane(2, 100, 6e-5, -90, {"Ih": 0.00005}),
}


@public()
def l5_membranes(
    *, sk_factor: float = 1.0, ih_shift_mv: float = 0.0, active_dendrites: bool = True
) -> dict[str, Membrane]:
    """Membranes of the layer 5 pyramidal cell, by the kind of section.

    Parameters
    ----------
    sk_factor : float, default 1
        Multiplies SK_E2 on soma, axon and apical dendrites; the published variant AMPA_SK has 0.1.
    ih_shift_mv : float, default 0
        Shift of the gate of Ih on soma and dendrites.
    active_dendrites : bool, default True
        False: dendrites have their passive membrane only.

    Returns
    -------
    dict of str to Membrane

    Raises
    ------
    InputError
        For a factor below 0, and what is no number.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.biophysics import l5_membranes
    >>> l5_membranes(sk_factor=0.1)["soma"].density_s_cm2["SK_E2"]
    0.009965000000000002
    """
    sk_factor = number(sk_factor, "{sk_factor}", "sk_factor", NOT_NEGATIVE)
    ih_shift_mv = number(ih_shift_mv, "{ih_shift_mv}", "ih_shift_mv")
    is_active = true_or_false(active_dendrites, "{active_dendrites}", "active_dendrites")
    membranes = {}
    for kind, membrane in _L5.items():
        density = {
            name: value * sk_factor if name == "SK_E2" and not callable(value) else value
            for name, value in membrane.density_s_cm2.items()
        }
        membranes[kind] = replace(membrane, density_s_cm2=density, ih_shift_mv=0.0 if kind == AXON else ih_shift_mv)
        if not is_active and kind in (APICAL, BASAL):
            membranes[kind] = replace(_L5[kind], density_s_cm2={}, calcium_decay_ms=np.nan, calcium_gamma=np.nan)
    return membranes


@public()
def ball_and_stick_membranes(*, density_factor: float = 1.0, sk_factor: float = 0.0) -> dict[str, Membrane]:
    """Membranes of a ball with all channels, the axonal ones included, and of a passive stick.

    Parameters
    ----------
    density_factor : float, default 1
        Multiplies the density of every channel.
    sk_factor : float, default 0
        Multiplies SK_E2 beside that; the published simulations have 0.

    Returns
    -------
    dict of str to Membrane

    Raises
    ------
    InputError
        For factors below 0.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.biophysics import ball_and_stick_membranes
    >>> ball_and_stick_membranes()["dendrite"].g_pas_s_cm2
    5e-05
    """
    density_factor = number(density_factor, "{density_factor}", "density_factor", NOT_NEGATIVE)
    sk_factor = number(sk_factor, "{sk_factor}", "sk_factor", NOT_NEGATIVE)
    axonal = {name: _AXONAL[name] for name in ("NaTa_t", "Nap_Et2", "K_Tst", "K_Pst")}
    density = {name: value * density_factor for name, value in (_SOMATIC | axonal).items()}
    density["SK_E2"] *= sk_factor
    return {SOMA: Membrane(1, 150, 3e-5, -85, density, 294.679571, 0.000509), DENDRITE: Membrane(1, 150, 5e-5, -85)}


def compartment_values(morphology: Morphology, membranes: Mapping[str, Membrane]) -> CompartmentValues:
    """The membrane of each compartment of a tree. Raises InputError if a kind of section has none.

    Rules of distance give each segment the value at its centre, the last one of a section that at its distal end: so the
    published cell was assembled, place by place along a section, its two ends included.
    """
    missing = {section.kind for section in morphology.sections} - membranes.keys()
    if missing:
        raise InputError(f"sections of kind {sorted(missing)[0]} have no membrane", "membranes")
    kinds = [morphology.sections[k].kind for k in morphology.section_of_compartment]
    density = {name: np.zeros(len(kinds)) for name in CHANNEL_NAMES}
    distance_um, longest_um = _assignment_distances(morphology)
    for kind in dict.fromkeys(kinds):
        here = np.array(kinds) == kind
        for name, value in membranes[kind].density_s_cm2.items():
            there = value(distance_um[here], longest_um) if callable(value) else value
            density[name][here] = np.round(there, _DECIMALS)
    plain = ("cm_uf_cm2", "ra_ohm_cm", "g_pas_s_cm2", "e_pas_mv", "calcium_decay_ms", "calcium_gamma", "ih_shift_mv")
    arrays = {name: np.array([getattr(membranes[kind], name) for kind in kinds], float) for name in plain}
    return CompartmentValues(**arrays, density_s_cm2=density)


def _assignment_distances(morphology: Morphology) -> tuple[np.ndarray, float]:
    """Path (um) from the 0-end of the apical tree to where each compartment's value is taken, and to its farthest end."""
    starts = morphology.start_distances_um
    apical = [k for k, section in enumerate(morphology.sections) if section.kind == APICAL]
    origin_um = starts[apical[0]] if apical else 0.0
    distances = []
    for start, section in zip(starts, morphology.sections, strict=True):
        places = section.centres
        places[-1] = 1.0
        distances.append(start - origin_um + places * section.length_um)
    longest_um = max((starts[k] - origin_um + morphology.sections[k].length_um for k in apical), default=1.0)
    return np.concatenate(distances), float(longest_um)
