"""Many runs of the recurrent dendrite over a grid of its settings: the 6 710 published ones, on all cores."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown
from rate2spike.errors import InputError, nearest
from rate2spike.machine.memory import check_memory
from rate2spike.machine.thread_pool import executor_of
from rate2spike.progress import OnProgress, following
from rate2spike.spiking.cascade.given import params_given
from rate2spike.spiking.cascade.recurrent_dendrite_params import RecurrentDendriteParams
from rate2spike.spiking.cascade.recurrent_dendrite_stages import LinearStages
from rate2spike.spiking.cascade.recurrent_dendrite_sweep_result import RESULTS, SWEPT, RecurrentDendriteSweep
from rate2spike.spiking.kernels.recurrent_dendrite import largest_with_sigmoid

PUBLISHED_GRID: Mapping[str, tuple[float, ...]] = {
    "peak": tuple(k / 20 for k in range(61)),
    "half_activation": tuple((14 + k) / 10 for k in range(10)),
    "gain": (3.0,),
    "sensitivity": tuple((20 + k) / 100 for k in range(11)),
    "pulse_height": (2.0,),
    "soma_threshold": (1.0,),
}
_OF_STAGES = [SWEPT.index(name) for name in ("peak", "pulse_height", "soma_threshold")]
_OF_NONLINEARITY = [SWEPT.index(name) for name in ("half_activation", "sensitivity", "gain")]
_RUNS_PER_UNIT = 128  # so that a unit takes some milliseconds, and its linear stages little of them
_BYTES_PER_RUN = 8 * 2 * (2 * len(SWEPT) + len(RESULTS))


@public()
def sweep_recurrent_dendrite(
    grid: Mapping[str, Sequence[float]] | None = None,
    params: RecurrentDendriteParams | None = None,
    *,
    n_threads: int | None = None,
    progress: bool | OnProgress | None = None,
) -> RecurrentDendriteSweep:
    """Run the recurrent dendrite with every combination of settings, and keep the largest values of each run.

    Runs that differ in the nonlinearity alone share their linear stages. The numbers do not depend on the threads, and are
    those of `simulate_recurrent_dendrite`.

    Parameters
    ----------
    grid : dict of str to sequence of float, optional
        Values of peak, half_activation, gain, sensitivity, pulse_height and soma_threshold; of those left out, the
        published ones.
        Default: the published grid, 61 x 10 x 1 x 11 x 1 x 1 values, 6 710 runs.
    params : RecurrentDendriteParams, optional
        What all runs have in common; the six settings of the grid in it are not used.
    n_threads : int, optional
        Threads. Default: one per core that this process may use.
    progress : bool or callable, optional
        True or False; or a function that is called as progress(n_done, n_total, text). Default: a bar where somebody watches.

    Returns
    -------
    RecurrentDendriteSweep
        Settings and results of all runs; `run(k)` gives the signals of one.

    Raises
    ------
    InputError
        For settings that do not exist, and values that cannot be used.

    Examples
    --------
    >>> sweep = sweep_recurrent_dendrite({"peak": (1.0, 2.0), "half_activation": (1.9,), "sensitivity": (0.3,)})
    >>> sweep.n_runs, sweep.column("max_dendrite").round(4).tolist()
    (2, [0.2273, 0.8811])
    """
    params = params_given(params, RecurrentDendriteParams)
    settings = _rows(_checked_grid(grid, params))
    results = np.empty((len(settings), len(RESULTS)))

    def work(rows: np.ndarray) -> int:
        results[rows] = _results(params, settings[rows])
        return rows.size

    units = list(_units(settings))
    with executor_of(n_threads, None) as pool, following(progress, "sweeping", len(settings)) as advance:
        for n_done in pool.map(work, units):
            advance("", n_done)
    return RecurrentDendriteSweep(params, settings, results)


def _checked_grid(grid: Any, params: RecurrentDendriteParams) -> list[tuple[float, ...]]:
    """Values of each swept setting, in order. Raises InputError."""
    if not (grid is None or isinstance(grid, Mapping)):
        raise InputError(f"{{grid}} must be values by setting, got {shown(grid)}", "grid")
    for name in grid or ():
        if name not in SWEPT:
            raise InputError(
                f"{{grid}}: no setting {name!r}{nearest(name, SWEPT)}; it takes {', '.join(SWEPT)}", "grid"
            )
    return [_checked_values((grid or {}).get(name, PUBLISHED_GRID[name]), name, params) for name in SWEPT]


def _checked_values(values: Any, name: str, params: RecurrentDendriteParams) -> tuple[float, ...]:
    if isinstance(values, str) or np.ndim(values) > 1 or not np.size(values):
        raise InputError(f"{{grid}}: {name} must be one or more numbers, got {shown(values)}", "grid")
    return tuple(getattr(replace(params, **{name: one}), name) for one in np.atleast_1d(values))


def _rows(values: list[tuple[float, ...]]) -> np.ndarray:
    """(n_runs, 6) all combinations, the last setting changing fastest. Raises InputError if they are too many."""
    n_runs = math.prod(map(len, values))
    check_memory(float(_BYTES_PER_RUN) * n_runs, f"a table of {n_runs} runs", "take fewer", "grid")
    return np.stack(np.meshgrid(*values, indexing="ij"), axis=-1).reshape(n_runs, len(values))


def _units(settings: np.ndarray) -> Iterator[np.ndarray]:
    """Rows that share their linear stages, not too many at a time."""
    _, group = np.unique(settings[:, _OF_STAGES], axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(group.ravel()))[:-1]):
        yield from np.split(rows, range(_RUNS_PER_UNIT, rows.size, _RUNS_PER_UNIT))


def _results(params: RecurrentDendriteParams, settings: np.ndarray) -> np.ndarray:
    """(n, 8) results of runs that share their linear stages."""
    first = replace(params, **dict(zip(SWEPT, settings[0].tolist(), strict=True)))
    stages = LinearStages.of(first)
    common = (*_largest(stages.dendrite, stages.time_ms), *_largest(stages.soma, stages.time_ms), stages.spikes_ms.size)
    first_ms = stages.spikes_ms[0] if stages.spikes_ms.size else np.nan
    nonlinear = [
        largest_with_sigmoid(stages.dendrite, stages.sodium, *one) for one in settings[:, _OF_NONLINEARITY].tolist()
    ]
    return np.array([(value, stages.time_ms[place], *common, first_ms) for place, value in nonlinear])


def _largest(values: np.ndarray, time_ms: np.ndarray) -> tuple[float, float]:
    """The first largest of values, and when it is reached."""
    place = int(values.argmax())
    return float(values[place]), float(time_ms[place])
