"""The layer 5 pyramidal cell of the published study, ready to be simulated."""

from rate2spike.calls import public
from rate2spike.checks import choice, shown
from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.biophysics import compartment_values, l5_membranes
from rate2spike.spiking.detailed_cells.cable_cell import CableCell
from rate2spike.spiking.detailed_cells.morphology import Morphology, l5_morphology
from rate2spike.spiking.detailed_cells.segments import segments_of
from rate2spike.spiking.detailed_cells.synapses import GABA_A, L5_EXCITATORY

NEXUS = ("a50", 0.9)  # section and place, 690 um from the soma


@public()
def l5_pyramidal(
    excitatory: str = "NMDA",
    *,
    sk_factor: float = 1.0,
    ih_shift_mv: float = 0.0,
    active_dendrites: bool = True,
    morphology: Morphology | None = None,
) -> CableCell:
    """The thick-tufted layer 5 pyramidal cell (Hay et al. 2011; Shai et al. 2015) with 1278 synapses.

    As Beniaguev, Segev & London (Neuron 2021) simulated it: 639 dendritic segments with eleven channels, an excitatory and an
    inhibitory synapse on each.

    Parameters
    ----------
    excitatory : {"NMDA", "AMPA"}, default "NMDA"
        Excitatory synapses: AMPA and NMDA together, or AMPA alone.
    sk_factor : float, default 1
        Multiplies the channel SK_E2; the variant AMPA_SK has 0.1.
    ih_shift_mv : float, default 0
        Shift of the gate of Ih on soma and dendrites; our solver shifts that of the axon, which hardly counts, too.
    active_dendrites : bool, default True
        False: dendrites have their passive membrane only.
    morphology : Morphology, optional
        Another tree, such as `load_morphology` reads, with the same synapses, and channels by distance from the soma as here;
        it has no nexus.

    Returns
    -------
    CableCell

    Raises
    ------
    InputError
        For another kind of synapse, factors below 0, and what is no Morphology.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
    >>> l5_pyramidal()
    CableCell(name='L5PC NMDA', n_segments=639, n_synapses=1278)
    """
    kind = choice(excitatory, "kind of excitatory synapses", "excitatory", tuple(L5_EXCITATORY))
    if morphology is not None and not isinstance(morphology, Morphology):
        raise InputError(
            f"{{morphology}} must be a Morphology, as load_morphology reads it, got {shown(morphology)}", "morphology"
        )
    tree = l5_morphology() if morphology is None else morphology
    kind_of_tree = "L5PC" if morphology is None else "own tree"
    membranes = l5_membranes(sk_factor=sk_factor, ih_shift_mv=ih_shift_mv, active_dendrites=active_dendrites)
    return CableCell(
        name=f"{kind_of_tree} {kind}" if sk_factor == 1 else f"{kind_of_tree} {kind}_SK",
        morphology=tree,
        membrane=compartment_values(tree, membranes),
        excitatory=L5_EXCITATORY[kind],
        inhibitory=GABA_A,
        segments=segments_of(tree),
        nexus=tree.compartment(*NEXUS) if morphology is None else None,
    )
