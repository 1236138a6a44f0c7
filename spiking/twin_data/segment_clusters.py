"""Groups of dendritic segments whose voltages go together: K-means on their correlations."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown, whole_number
from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.seeding import Role, generator, resolve_seed
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_data.voltage_covariance import voltage_covariance

N_CLUSTERS = 64  # as published
_N_STARTS, _N_ROUNDS = 10, 100  # of K-means
_LEAST_VARIANCE_MV2 = 1e-12
SAMPLED = dict(n_simulations=8, duration_ms=3000, seed=0)  # what the clusters of a cell are found in


@public()
def segment_clusters(voltages_mv: Any, n_clusters: int = N_CLUSTERS, seed: int = 0) -> np.ndarray:
    """Clusters of segments, from voltages that were recorded in all of them.

    K-means on the rows of the correlation matrix of all segments' voltages (Beniaguev, Segev & London, Neuron 2021: 64
    clusters of the layer-5 cell), the best of 10 starts.

    Parameters
    ----------
    voltages_mv : CellDataset with dendritic voltages, or iterable of (n_segments, T) arrays
        Dendritic voltages of one simulation after the other; one array is one simulation.
    n_clusters : int, default 64
        How many; at most as many as segments.
    seed : int, default 0
        Of the starts.

    Returns
    -------
    (n_segments,) int64 array
        The cluster of every segment, from 0 to n_clusters - 1, in the order of their first segments. None is empty.

    Raises
    ------
    InputError
        For simulations without dendritic voltages, voltages that are no finite matrices of one number of segments, segments
        whose voltage never changes, and more clusters than segments.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.twin_data.segment_clusters import segment_clusters
    >>> time = np.arange(200)
    >>> segment_clusters([np.sin(time), np.cos(time), 2 * np.sin(time) - 60], n_clusters=2)
    array([0, 1, 0])
    """
    n_clusters = whole_number(n_clusters, "{n_clusters}", "n_clusters")
    seed = resolve_seed(seed)
    correlation = _correlations(_matrices(voltages_mv))
    if n_clusters > len(correlation):
        raise InputError(
            f"{{n_clusters}} must be at most the number of segments, {len(correlation)}, got {n_clusters}", "n_clusters"
        )
    return _k_means(correlation, n_clusters, generator(seed, Role.ANALYSIS))


@public()
def clusters_of_cell(
    cell: Any, input_settings: Any, n_clusters: int = N_CLUSTERS, *, dt_ms: float = 0.1, n_threads: int | None = None
) -> np.ndarray:
    """Clusters of a cell's segments, in 8 simulations of 3 s (seed 0) that are made for this.

    They do not depend on the data set that they are used for, nor on the number of threads.

    Parameters
    ----------
    cell : CableCell, or another cell with segments whose `run` records dendrites
        The cell.
    input_settings : RandomInput
        Its input in these simulations, whatever its duration.
    n_clusters : int, default 64
    dt_ms : float, default 0.1
        Time step.
    n_threads : int, optional
        Threads. Default: one per usable core.

    Returns
    -------
    (n_segments,) int64 array
        As `segment_clusters` gives it.

    Raises
    ------
    InputError
        For a cell without segments, or with fewer than clusters.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
    >>> from rate2spike.spiking.twin_data.ball_and_stick_input import BallAndStickInput
    >>> from rate2spike.spiking.twin_data.segment_clusters import clusters_of_cell
    >>> clusters_of_cell(ball_and_stick(), BallAndStickInput(), n_clusters=2, dt_ms=0.025)
    array([0, 0, 0, 0, 1, 1, 1, 1])
    """
    n_clusters = whole_number(n_clusters, "{n_clusters}", "n_clusters")
    if cell.segments is None or cell.segments.n_segments < n_clusters:
        n = 0 if cell.segments is None else cell.segments.n_segments
        raise InputError(f"{{n_clusters}} {n_clusters}: {cell.name} has {n} dendritic segments", "cell", "n_clusters")
    given = replace(input_settings, duration_ms=SAMPLED["duration_ms"])
    events = [given.draw(cell, SAMPLED["seed"], k).events for k in range(SAMPLED["n_simulations"])]
    recordings = cell.run(events, dt_ms=dt_ms, with_dendrites=True, n_threads=n_threads)
    return segment_clusters([one.v_dendrites_mv for one in recordings], n_clusters, SAMPLED["seed"])


def _matrices(voltages_mv: Any) -> Iterator[np.ndarray]:
    """(n_segments, T) float64 voltages of each simulation. Raises InputError."""
    if isinstance(voltages_mv, CellDataset):
        several: Iterable[Any] = (_recorded(one) for one in voltages_mv)
    elif isinstance(voltages_mv, Iterable):
        several = list(voltages_mv)
        several = [np.array(several)] if several and all(np.ndim(one) == 1 for one in several) else several
    else:
        raise InputError(
            f"{{voltages_mv}} must be a data set or matrices (n_segments, T), got {shown(voltages_mv)}", "voltages_mv"
        )
    n_segments = None
    for one in several:
        v = np.asarray(one)
        if v.ndim != 2 or not v.size or v.dtype.kind not in "iuf" or not np.isfinite(v).all():
            raise InputError(
                f"{{voltages_mv}} must be matrices (n_segments, T) of finite numbers, got {shown(one)}", "voltages_mv"
            )
        n_segments = n_segments or len(v)
        if len(v) != n_segments:
            raise InputError(f"{{voltages_mv}} must all be of {n_segments} segments, got {len(v)}", "voltages_mv")
        yield v.astype(np.float64)
    if n_segments is None:
        raise InputError("{voltages_mv} must hold one simulation at least, got none", "voltages_mv")


def _recorded(simulation: CellSimulation) -> np.ndarray:
    v = simulation.recording.v_dendrites_mv
    if v is None:
        raise InputError(
            "the data set has no dendritic voltages: simulate it with {with_dendrites}", "voltages_mv", "with_dendrites"
        )
    return v


def _correlations(matrices: Iterable[np.ndarray]) -> np.ndarray:
    """(n_segments, n_segments), over all simulations together; one of them in memory at a time. Raises InputError."""
    covariance = voltage_covariance(matrices).covariance_mv2
    variance = np.diagonal(covariance)
    if not (variance > _LEAST_VARIANCE_MV2).all():
        silent = int(np.argmin(variance))
        raise InputError(f"{{voltages_mv}} of segment {silent} do not change: no correlation is known", "voltages_mv")
    return covariance / np.sqrt(np.outer(variance, variance))


@one_blas_thread()
def _k_means(rows: np.ndarray, n_clusters: int, rng: np.random.Generator) -> np.ndarray:
    """The cluster of each row, of the start after which rows are nearest to the centres of their clusters."""
    from scipy.cluster.vq import ClusterError, kmeans2  # a tenth of a second, which no other command needs

    best, least = np.arange(len(rows)), np.inf
    for _ in range(_N_STARTS):
        try:
            centres, cluster = kmeans2(
                rows, _spread(rows, n_clusters, rng), iter=_N_ROUNDS, minit="matrix", missing="raise"
            )
        except ClusterError:  # one became empty
            continue
        error = ((rows - centres[cluster]) ** 2).sum()
        if error < least:
            best, least = cluster, error
    if least == np.inf:
        raise InputError(f"the voltages do not fall into {{n_clusters}} {n_clusters} different clusters", "n_clusters")
    _, first, of_row = np.unique(best, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[of_row].astype(np.int64)


def _spread(rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n rows far from each other: the farther a row is from those chosen, the likelier it is the next (k-means++)."""
    chosen = [int(rng.integers(len(rows)))]
    squared = np.full(len(rows), np.inf)
    while len(chosen) < n:
        squared = np.minimum(squared, ((rows - rows[chosen[-1]]) ** 2).sum(1))
        if not squared.sum() > 0:
            raise InputError(f"the voltages do not fall into {{n_clusters}} {n} different clusters", "n_clusters")
        chosen.append(int(rng.choice(len(rows), p=squared / squared.sum())))
    return rows[chosen]
