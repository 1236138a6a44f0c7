"""Random bombardment of a cell as published: totals per tree, held for a while, smoothed; independent events."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import ANY, FRACTION, NOT_NEGATIVE
from rate2spike.errors import InputError
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable
from rate2spike.seeding import Role, generator, key64
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.kernels.random_events import draw_events, smoothed
from rate2spike.spiking.twin_data.drawn_input import DrawnInput
from rate2spike.spiking.twin_data.synapse_sites import SynapseSites, sites_of
from rate2spike.spiking.twin_data.value_ranges import durations_of, range_of

_PER_MS = 0.01  # from spikes per 100 ms
_FLOOR = 1e-4  # of inhibition that would be negative, as published, per 100 ms
_WINDOW_SIGMAS = 7  # length of the smoothing window
PUBLISHED, LEVEL = "published", "level"
_HOLDS_MS = (25, 30, 35, 40, 45, 55, 60, 65, 70, 75, 80, 85, 90, 100, 150, 200, 300, 450)
_SIGMAS_MS = (25, 30, 35, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600)


def _total(default: Any, what: str, field: str, lowest: Any = NOT_NEGATIVE, **known: Any) -> Any:
    return option(default, f"{what}, from and to", what=what, check=range_of(what, field, lowest), **known)


@public()
@dataclass(frozen=True, repr=False)
class RandomInput(Readable):
    """Settings of random input as Beniaguev et al. 2021 give it; defaults: their layer-5 cell with NMDA.

    For a simulation one hold time and one smoothing width are drawn, each an option with jitter. Every tree draws, for each
    hold time, how many excitatory spikes per 100 ms its synapses receive together, and how many more inhibitory ones.
    Longer segments get more of them. Each rate is multiplied by noise of its own, all are smoothed by a Gaussian window of
    7 sigma, and in every millisecond an event is drawn from the rate r: with probability r (1 - exp(-1/r)), which is that
    of a uniform number below one from an exponential distribution of mean r, as published.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
    >>> from rate2spike.spiking.twin_data.random_input import POINT_INPUT
    >>> given = POINT_INPUT.draw(IntegrateAndFire(), seed=0, simulation=3)
    >>> given.events, given.drawn
    (SynapticEvents(n_events=1964, n_synapses=100, duration_ms=6000), {'hold_ms': 47, 'sigma_ms': 76})
    """

    duration_ms: int = option(6000, "length of a simulation, ms", what="duration", most=10**7)
    excitation_per_100ms: tuple[float, float] = _total(
        (0.0, 800.0), "excitatory spikes of the basal (or only) tree per 100 ms", "excitation_per_100ms"
    )
    inhibition_excess_per_100ms: tuple[float, float] = _total(
        (-600.0, 200.0), "its inhibitory spikes beyond the excitatory ones", "inhibition_excess_per_100ms", ANY
    )
    apical_excitation_per_100ms: tuple[float, float] | None = _total(
        None, "the same of the apical tree", "apical_excitation_per_100ms", default_text="as of the basal one"
    )
    apical_inhibition_excess_per_100ms: tuple[float, float] | None = _total(
        None,
        "inhibitory spikes of the apical tree beyond its excitatory ones",
        "apical_inhibition_excess_per_100ms",
        ANY,
        default_text="as of the basal one",
    )
    hold_ms: tuple[int, ...] = option(
        _HOLDS_MS, "times for which rates are held, ms", what="hold time", check=durations_of("hold time", "hold_ms")
    )
    sigma_ms: tuple[int, ...] = option(
        _SIGMAS_MS, "smoothing widths, ms", what="smoothing width", check=durations_of("smoothing width", "sigma_ms")
    )
    jitter_ms: int = option(20, "whole ms below which both are changed at random", what="jitter", least=0, most=10**6)
    noise: float = option(0.5, "noise of each synapse's rate: a factor from 1 - noise to 1 + noise", allowed=FRACTION)
    edges: str = option(
        PUBLISHED,
        "rates at both ends of a simulation: halved by smoothing, as published, or as high as elsewhere",
        choices=(PUBLISHED, LEVEL),
    )

    def __post_init__(self) -> None:
        check_options(self)
        for name in ("hold_ms", "sigma_ms"):
            least = min(getattr(self, name)) - max(self.jitter_ms - 1, 0)
            if least < 1:
                raise InputError(
                    f"{{jitter_ms}} of {self.jitter_ms} makes the shortest {{{name}}}, {min(getattr(self, name))}, "
                    f"{least} ms: choose a smaller one",
                    "jitter_ms",
                    name,
                )

    def summary(self) -> dict[str, Any]:
        """Every setting that is not the default."""
        return not_default(self)

    @public()
    def draw(self, cell: Any, seed: int, simulation: int, attempt: int = 0) -> DrawnInput:
        """Input of one simulation.

        Parameters
        ----------
        cell : IntegrateAndFire, or another cell
            Whose synapses receive it; or the SynapseSites of one.
        seed : int
            Of all simulations.
        simulation : int
            Number of this one: each has its own draws, in whatever order they are made.
        attempt : int, default 0
            How many inputs of this simulation were refused before.

        Returns
        -------
        DrawnInput
            The events, with hold_ms and sigma_ms as drawn.

        Raises
        ------
        InputError
            For a cell whose segments do not have one excitatory and one inhibitory synapse each.

        Examples
        --------
        >>> from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
        >>> from rate2spike.spiking.twin_data.random_input import POINT_INPUT
        >>> POINT_INPUT.draw(IntegrateAndFire(), seed=0, simulation=0).events.n_synapses
        100
        """
        sites = cell if isinstance(cell, SynapseSites) else sites_of(cell)
        return self._drawn(sites, np.ones(self.duration_ms), seed, simulation, attempt)

    def _drawn(self, sites: SynapseSites, factor: np.ndarray, seed: int, simulation: int, attempt: int) -> DrawnInput:
        """Input of synapses at these sites, all of whose rates are multiplied by a factor (T,) of each millisecond."""
        rng = generator(seed, Role.SYNAPTIC_INPUT, simulation, attempt)
        hold, sigma = (_jittered(rng, options, self.jitter_ms) for options in (self.hold_ms, self.sigma_ms))
        totals = self._totals(rng, sites.n_trees, math.ceil(self.duration_ms / hold))
        group = sites.tree + sites.n_trees * sites.is_inhibitory
        noise = rng.uniform(1 - self.noise, 1 + self.noise, (sites.n_synapses, totals.shape[1]))
        held = sites.share[:, None] * totals[group] * noise
        window = _sums_of_window(sigma)
        gain = self._gain(hold, window) * factor
        ceiling = smoothed(totals, hold, window, self.duration_ms) * gain
        key = key64(seed, Role.SYNAPTIC_EVENTS, simulation, attempt)
        most = sites.share * (1 + self.noise) * (1 + 1e-9)  # rounding must not lift a rate above its ceiling
        time_ms, synapse = draw_events(key, held, hold, window, gain, ceiling, group, most)
        events = SynapticEvents(sites.n_synapses, self.duration_ms, time_ms, synapse)
        return DrawnInput(events, {"hold_ms": hold, "sigma_ms": sigma})

    def accepts(self, _recording: CellRecording) -> bool:
        """Whether a simulation is kept: each is."""
        return True

    def _totals(self, rng: np.random.Generator, n_trees: int, n_intervals: int) -> np.ndarray:
        """(2 n_trees, n_intervals) spikes per ms: the excitatory ones of each tree, then the inhibitory ones."""
        excitation, inhibition = [], []
        for is_apical in (False, True)[:n_trees]:
            total, excess = self._ranges(is_apical)
            e = rng.uniform(*total, n_intervals)
            low = np.maximum(0, e + excess[0])
            i = low + (e + excess[1] - low) * rng.random(n_intervals)
            excitation.append(e)
            inhibition.append(np.where(i < 0, _FLOOR, i))
        return np.array(excitation + inhibition) * _PER_MS

    def _ranges(self, is_apical: bool) -> tuple[tuple[float, float], tuple[float, float]]:
        total, excess = self.excitation_per_100ms, self.inhibition_excess_per_100ms
        if is_apical:
            return self.apical_excitation_per_100ms or total, self.apical_inhibition_excess_per_100ms or excess
        return total, excess

    def _gain(self, hold: int, window: np.ndarray) -> np.ndarray:
        """(T,) what smoothed rates are multiplied with: 1, or what makes up for the part of the window outside."""
        if self.edges == PUBLISHED:
            return np.ones(self.duration_ms)
        return 1 / smoothed(np.ones((1, math.ceil(self.duration_ms / hold))), hold, window, self.duration_ms)[0]


def _jittered(rng: np.random.Generator, options: tuple[int, ...], jitter_ms: int) -> int:
    return int(rng.choice(options)) + int(2 * jitter_ms * rng.random() - jitter_ms)


def _sums_of_window(sigma_ms: int) -> np.ndarray:
    """Sums of the first 0, 1, ... taps of a Gaussian window, all of them together 1."""
    half = _WINDOW_SIGMAS * sigma_ms / 2
    window = np.exp(-0.5 * (np.arange(_WINDOW_SIGMAS * sigma_ms + 1) - half) ** 2 / sigma_ms**2)
    sums = np.concatenate([[0.0], np.cumsum(window)])
    return sums / sums[-1]


POINT_INPUT = RandomInput(  # of the integrate-and-fire cell
    excitation_per_100ms=(0, 50),
    inhibition_excess_per_100ms=(-50, -15),
    hold_ms=(25, 30, 35, 40, 50, 60, 70, 80, 90, 100),
    sigma_ms=(40, 60, 80, 100),
)
