"""Random input of ball-and-stick cells: each element of a matrix drawn by itself, now and then multiplied for a while."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import FRACTION, NOT_NEGATIVE
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable
from rate2spike.seeding import Role, generator
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.twin_data.drawn_input import DrawnInput
from rate2spike.spiking.twin_data.labels import near_spikes, spike_rate_per_ms
from rate2spike.spiking.twin_data.value_ranges import numbers_of

_CHUNK, _ELEMENTS = 0, 1  # what is drawn: ranges that a chunk shares; all else
_N_INTERVALS, _INTERVAL_MS = (6, 23), (16, 255)  # of modulation; last values included
_FACTORS = {0.0: 0.4, 0.3: 0.1, 0.5: 0.1, 2.0: 0.1, 3.0: 0.1, 4.0: 0.1, 5.0: 0.1}  # with their probabilities
_SOMA_MOST_MV, _DENDRITE_MOST_MV = -62.0, 0.0  # voltages are judged as they would be stored there


def _range_of_ranges(default: tuple[float, ...], what: str, field: str, allowed: Any) -> Any:
    text = f"{what}: its least value is drawn from the first two numbers, its largest from the others"
    return option(default, text, what=what, check=numbers_of(what, field, 4, allowed))


@public()
@dataclass(frozen=True, repr=False)
class BallAndStickInput(Readable):
    """Settings of the input of ball-and-stick cells, as in the published tutorial; defaults as there.

    A chunk of simulations shares ranges, of which each simulation draws the largest weight M and the sparsity s of its
    excitatory and its inhibitory events. Every synapse has in every millisecond an event with probability 1 - s, its
    weight U(0, 1) M rounded to half precision. In some simulations the weights of some segments are multiplied by a common
    factor for a while, several times. Simulations outside the published bounds are refused, and drawn anew with other
    ranges, which leaves the distribution of what is kept as if they were deleted.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.twin_data.ball_and_stick_input import BallAndStickInput
    >>> BallAndStickInput(duration_ms=2048)
    BallAndStickInput(duration_ms=2048)
    """

    duration_ms: int = option(8192, "length of a simulation, ms", what="duration", most=10**7)
    excitation: tuple[float, ...] = _range_of_ranges(
        (2.0, 4.5, 5.0, 7.0), "largest excitatory weight", "excitation", NOT_NEGATIVE
    )
    inhibition: tuple[float, ...] = _range_of_ranges(
        (2.0, 3.5, 4.0, 7.0), "largest inhibitory weight", "inhibition", NOT_NEGATIVE
    )
    excitation_sparsity: tuple[float, ...] = _range_of_ranges(
        (0.92, 0.95, 0.97, 0.98), "share of milliseconds without an excitatory event", "excitation_sparsity", FRACTION
    )
    inhibition_sparsity: tuple[float, ...] = _range_of_ranges(
        (0.93, 0.96, 0.97, 0.99), "share of milliseconds without an inhibitory event", "inhibition_sparsity", FRACTION
    )
    modulation: float = option(0.4, "share of simulations whose input is modulated", allowed=FRACTION)
    chunk_size: int = option(28, "simulations that share ranges", what="chunk size")
    filtered: bool = option(True, "refuse simulations whose rates or voltages are outside the published bounds")

    def __post_init__(self) -> None:
        check_options(self)

    def summary(self) -> dict[str, Any]:
        """The length, and every other setting that is not the default."""
        return {"duration_ms": self.duration_ms} | not_default(self)

    @public()
    def draw(self, cell: Any, seed: int, simulation: int, attempt: int = 0) -> DrawnInput:
        """Input of one simulation.

        Parameters
        ----------
        cell : a cell, or anything with n_synapses and n_excitatory
            Half of its synapses are excitatory, one of each kind per segment.
        seed : int
            Of all simulations.
        simulation : int
            Number of this one: each has its own draws, in whatever order they are made.
        attempt : int, default 0
            How many inputs of this simulation were refused before.

        Returns
        -------
        DrawnInput
            The events with their weights; drawn are the largest weights, sparsities and the number of modulations.

        Raises
        ------
        InputError
            For a call that does not fit.

        Examples
        --------
        >>> from types import SimpleNamespace
        >>> from rate2spike.spiking.twin_data.ball_and_stick_input import BallAndStickInput
        >>> eight_segments = SimpleNamespace(n_synapses=16, n_excitatory=8)
        >>> BallAndStickInput().draw(eight_segments, seed=0, simulation=0).events.n_synapses
        16
        """
        chunk = generator(seed, Role.SYNAPTIC_INPUT, _CHUNK, simulation // self.chunk_size, attempt)
        rng = generator(seed, Role.SYNAPTIC_INPUT, _ELEMENTS, simulation, attempt)
        all_ranges = (self.excitation, self.inhibition, self.excitation_sparsity, self.inhibition_sparsity)
        shared = [(chunk.uniform(a, b), chunk.uniform(c, d)) for a, b, c, d in all_ranges]
        most_e, most_i, sparsity_e, sparsity_i = (rng.uniform(min(one), max(one)) for one in shared)
        n_inhibitory = cell.n_synapses - cell.n_excitatory
        x = np.concatenate(
            [
                self._elements(rng, cell.n_excitatory, most_e, sparsity_e),
                self._elements(rng, n_inhibitory, most_i, sparsity_i),
            ]
        )
        n_modulations = _modulate(rng, x, cell.n_excitatory) if rng.random() < self.modulation else 0
        drawn = {
            "largest_excitation": most_e,
            "largest_inhibition": most_i,
            "excitation_sparsity": sparsity_e,
            "inhibition_sparsity": sparsity_i,
            "n_modulations": n_modulations,
        }
        return DrawnInput(SynapticEvents.from_dense(x.astype(np.float16)), drawn)

    def accepts(self, recording: CellRecording) -> bool:
        """Whether a simulation is kept."""
        return not self.filtered or is_within_bounds(recording)

    def _elements(self, rng: np.random.Generator, n: int, most: float, sparsity: float) -> np.ndarray:
        """(n, duration_ms) weights, most of them 0."""
        happens = rng.random((n, self.duration_ms)) >= sparsity
        x = np.zeros(happens.shape)
        x[happens] = rng.random(np.count_nonzero(happens)) * most
        return x


def is_within_bounds(recording: CellRecording) -> bool:
    """Whether rate, nearness to spikes and voltages are within the published bounds, the dendrites' if they were recorded."""
    soma_mv = np.minimum(recording.v_soma_mv, _SOMA_MOST_MV)
    rate_hz = 1000 * spike_rate_per_ms(recording)
    bounds = [
        (recording.rate_hz, 0.4, 20),
        (near_spikes(recording).mean(), 0, 0.75),
        (soma_mv.mean(), -85, -70),
        (soma_mv.std(), 1, 12),
        (rate_hz.mean(), 0, 20),
        (rate_hz.std(), 1, 30),
    ]
    if recording.v_dendrites_mv is not None:
        dendrites_mv = np.minimum(recording.v_dendrites_mv.astype(np.float32), _DENDRITE_MOST_MV)
        bounds += [(dendrites_mv.mean(), -85, -5), (dendrites_mv.std(), 1, 30)]
    return all(low <= value <= high for value, low, high in bounds)


def _modulate(rng: np.random.Generator, x: np.ndarray, n_excitatory: int) -> int:
    """Multiply weights x (n_synapses, T) in place; returns how many intervals there are."""
    n_intervals = int(rng.integers(*_N_INTERVALS, endpoint=True))
    for _ in range(n_intervals):
        length = min(int(rng.integers(*_INTERVAL_MS, endpoint=True)), x.shape[1])
        start = int(rng.integers(x.shape[1] - length, endpoint=True))
        factor = rng.choice(list(_FACTORS), p=list(_FACTORS.values()))
        for first, end in ((0, n_excitatory), (n_excitatory, x.shape[0])):
            n_rows = int(rng.integers(1, max(end - first, 2)))  # never all
            rows = first + rng.permutation(end - first)[:n_rows]
            x[rows, start : start + length] *= factor
    return n_intervals
