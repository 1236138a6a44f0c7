"""The three layer-5 cells of the published study: synapses, their input, and how strong one potassium channel is."""

from collections.abc import Mapping
from dataclasses import dataclass

from rate2spike.readable import Readable
from rate2spike.spiking.twin_data.random_input import RandomInput


@dataclass(frozen=True, repr=False)
class L5Variant(Readable):
    """One of them.

    Parameters
    ----------
    name : str
        NMDA, AMPA or AMPA_SK.
    excitatory : str
        Kind of the excitatory synapses, NMDA (with AMPA) or AMPA.
    sk_factor : float
        What the conductance of SK_E2 is multiplied with.
    input : RandomInput
        With which the cell fires about once per second.

    Examples
    --------
    >>> from rate2spike.spiking.twin_data.l5_variants import L5_VARIANTS
    >>> L5_VARIANTS["AMPA"].input.apical_excitation_per_100ms
    (0.0, 2000.0)
    """

    name: str
    excitatory: str
    sk_factor: float
    input: RandomInput


def _ampa(name: str, sk_factor: float, excess: tuple[float, float]) -> L5Variant:
    strong = RandomInput(
        excitation_per_100ms=(0, 1900), apical_excitation_per_100ms=(0, 2000), inhibition_excess_per_100ms=excess
    )
    return L5Variant(name, "AMPA", sk_factor, strong)


L5_VARIANTS: Mapping[str, L5Variant] = {
    "NMDA": L5Variant("NMDA", "NMDA", 1.0, RandomInput()),
    "AMPA": _ampa("AMPA", 1.0, (-1650, 150)),
    "AMPA_SK": _ampa("AMPA_SK", 0.1, (-1500, 300)),
}
