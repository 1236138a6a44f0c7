"""Events counted per recording, time bin and channel; no cell is stored in which nothing happened."""

import numpy as np

from rate2spike.io.datasets.shd import SENSOR, SHDRecordings

N_CHANNELS = SENSOR.width


def bin_edges_s(n_steps: int, window_s: float, legacy_bins: bool) -> np.ndarray:
    """Edges of the bins, s: T as published, else T + 1."""
    return np.linspace(0, window_s, n_steps if legacy_bins else n_steps + 1)


def time_bins(times_s: np.ndarray, edges_s: np.ndarray, n_steps: int) -> np.ndarray:
    """Bin of each time: as many as there are edges up to it, if these are T, else one less; T for what is too late."""
    return np.searchsorted(edges_s, times_s, side="right") - (len(edges_s) - n_steps)


def counted(recordings: SHDRecordings, edges_s: np.ndarray, n_steps: int) -> dict[str, np.ndarray]:
    """Cells (bin * 700 + channel) and counts of all recordings, one after the other, and how many events were too late."""
    cells, counts, n_dropped = [], [], 0
    for index in range(len(recordings)):
        times_s, units = recordings.times_and_units(index)
        bins = time_bins(times_s, edges_s, n_steps)
        inside = bins < n_steps
        n_dropped += int(np.count_nonzero(~inside))
        cell, count = np.unique((bins * N_CHANNELS + units)[inside].astype(np.uint32), return_counts=True)
        cells.append(cell)
        counts.append(count.astype(np.min_scalar_type(count.max(initial=0))))
    starts = np.concatenate([[0], np.cumsum([one.size for one in cells])]).astype(np.int64)
    return {
        "starts": starts,
        "cells": np.concatenate(cells),
        "counts": np.concatenate(counts),
        "n_dropped": np.array(n_dropped),
    }
