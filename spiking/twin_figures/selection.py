"""What figures show of many simulations: which ones, which piece of time. Chosen by rule from a seed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.seeding import Role, generator
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.shards import CellDataset

Window = tuple[int, int]  # first ms, and the one after the last
Simulations = CellDataset | Sequence[CellSimulation]

_SIMULATIONS, _ZOOM, _ANY = 1, 2, 3  # keys of the draws
_MOST_READ = 300  # simulations that are looked at to find some of the right number of spikes
# published windows of a simulation of 6 s, all about its middle: 2900 to 3100 ms, ..., 500 to 5500 ms
WIDTHS_MS = (200, 400, 600, 800, 1200, 5000)
_ZOOM_SHARE, _LEAST_ZOOM_MS = 0.2, 100


def chosen_rows(n_spikes: Any, n: int, spikes: tuple[int, int], seed: int) -> np.ndarray:
    """Up to n indices of simulations, in random order, whose numbers of spikes are in a range or, if too few, nearest."""
    counts = np.asarray(n_spikes)
    order = generator(seed, Role.FIGURE, _SIMULATIONS).permutation(counts.size)
    outside = np.array([_outside(count, spikes) for count in counts[order].tolist()])
    return order[np.argsort(outside, kind="stable")][:n]


def chosen_simulations(dataset: Simulations, n: int, spikes: tuple[int, int], seed: int) -> list[CellSimulation]:
    """Up to n simulations, chosen as `chosen_rows` does; no more than needed are read. Raises InputError if there is none."""
    if not len(dataset):
        raise InputError("there are no simulations to draw: {dataset} is empty", "dataset")
    found: list[tuple[int, int, int]] = []  # how far outside, place in the order, index
    for place, k in enumerate(generator(seed, Role.FIGURE, _SIMULATIONS).permutation(len(dataset))[:_MOST_READ]):
        found.append((_outside(dataset[int(k)].n_spikes, spikes), place, int(k)))
        if sum(outside == 0 for outside, *_ in found) == n:
            break
    return [dataset[k] for _, _, k in sorted(found)[:n]]


def any_simulations(n_simulations: int, most: int, seed: int) -> list[int]:
    """Rising indices of up to `most` simulations, at random."""
    if n_simulations <= most:
        return list(range(n_simulations))
    drawn = generator(seed, Role.FIGURE, _ANY).choice(n_simulations, most, replace=False)
    return np.sort(drawn).tolist()


def middle_windows(duration_ms: int) -> list[Window]:
    """Six windows about the middle of a simulation, fewer of a short one: none is longer than it, none stands twice."""
    windows = []
    for width in WIDTHS_MS:
        start = max(0, duration_ms // 2 - width // 2)
        window = start, min(duration_ms, start + width)
        if window not in windows:
            windows.append(window)
    return windows


def zoom_window(spike_ms: Any, duration_ms: int, seed: int, row: int) -> Window:
    """A fifth of a simulation, at a random place about one of its spikes; without spikes anywhere."""
    rng = generator(seed, Role.FIGURE, _ZOOM, row)
    width = min(duration_ms, max(_LEAST_ZOOM_MS, int(_ZOOM_SHARE * duration_ms)))
    spikes = np.asarray(spike_ms)
    about_ms = rng.choice(spikes) if spikes.size else rng.uniform(0, duration_ms)
    start = int(np.clip(about_ms - rng.uniform(0.25, 0.75) * width, 0, duration_ms - width))
    return start, start + width


def _outside(count: int, spikes: tuple[int, int]) -> int:
    """How many spikes too few or too many."""
    return max(spikes[0] - count, count - spikes[1], 0)
