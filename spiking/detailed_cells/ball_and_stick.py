"""A ball with a stick: a soma with all channels and one passive dendrite."""

from rate2spike.calls import public
from rate2spike.checks import choice
from rate2spike.spiking.detailed_cells.biophysics import ball_and_stick_membranes, compartment_values
from rate2spike.spiking.detailed_cells.cable_cell import CableCell, SpikeRule
from rate2spike.spiking.detailed_cells.morphology import ball_and_stick_morphology
from rate2spike.spiking.detailed_cells.segments import segments_of
from rate2spike.spiking.detailed_cells.synapses import GABA_A_STICK, STICK_EXCITATORY

_SHAPES = {"NMDA_cable": (2048.0, 1.0, "NMDA_human"), "AMPA_point": (128.0, 4.0, "AMPA")}  # length, diameter, synapses


@public()
def ball_and_stick(
    kind: str = "NMDA_cable",
    *,
    n_segments: int = 8,
    excitatory: str | None = None,
    density_factor: float = 1.0,
    sk_factor: float = 0.0,
) -> CableCell:
    """A neuron with one passive dendrite and the channels of Hay et al. 2011 in its soma.

    Simulate it with steps of 0.025 ms, as it was published. A dendrite of 8 segments, of which each is 0.44 space constants
    long in the cable, is another model than one of 64.

    Parameters
    ----------
    kind : {"NMDA_cable", "AMPA_point"}, default "NMDA_cable"
        A dendrite of 2048 um x 1 um with AMPA and NMDA synapses, or of 128 um x 4 um with AMPA synapses.
    n_segments : int, default 8
        Of the dendrite.
    excitatory : {"NMDA_human", "NMDA_rodent", "AMPA"} or None, default None
        None: those of the kind.
    density_factor : float, default 1
        Multiplies the density of every channel.
    sk_factor : float, default 0
        Multiplies SK_E2 beside that.

    Returns
    -------
    CableCell

    Raises
    ------
    InputError
        For another kind of cell or synapse, and factors below 0.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
    >>> ball_and_stick("AMPA_point")
    CableCell(name='ball and stick AMPA_point', n_segments=8, n_synapses=16)
    """
    kind = choice(kind, "kind of ball and stick", "kind", tuple(_SHAPES))
    length_um, diameter_um, synapses = _SHAPES[kind]
    if excitatory is not None:
        synapses = choice(excitatory, "kind of excitatory synapses", "excitatory", tuple(STICK_EXCITATORY))
    morphology = ball_and_stick_morphology(n_segments, length_um, diameter_um)
    membranes = ball_and_stick_membranes(density_factor=density_factor, sk_factor=sk_factor)
    return CableCell(
        name=f"ball and stick {kind}",
        morphology=morphology,
        membrane=compartment_values(morphology, membranes),
        excitatory=STICK_EXCITATORY[synapses],
        inhibitory=GABA_A_STICK,
        segments=segments_of(morphology),
        v_start_mv=-85.0,
        spikes=SpikeRule(threshold_mv=0.0, per_ms=40),
    )
