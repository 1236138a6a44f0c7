"""How irregular spike trains are: interspike intervals, CV, CV2, LV within trials, Fano factor over trials."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown, whole_number
from rate2spike.errors import InputError
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.analysis.binning import median_of, window_counts
from rate2spike.spiking.analysis.trials import Records, WindowS, as_trials, step_window
from rate2spike.spiking.simulator.spike_record import SpikeRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class ISIVariability(Readable):
    """Of each unit's interspike intervals (ISI); NaN where there were too few. A Poisson process has CV, CV2, LV of 1.

    Attributes
    ----------
    cv : array (N,)
        SD over mean of the intervals.
    cv2, lv : array (N,)
        From neighbouring intervals, so that slow changes of the rate count less; LV is the local variation.
    mean_isi_s : array (N,)
        Mean interval, s; NaN without one.
    n_intervals : array (N,) of int
        Over all trials.
    min_intervals : int
        Units with fewer are NaN.
    """

    shown = ("n_units", "n_enough", "median_cv", "median_cv2", "median_lv", "min_intervals")

    cv: np.ndarray = field(repr=False)  # (N,) SD / mean
    cv2: np.ndarray = field(repr=False)  # (N,) from neighbouring intervals: slow changes of the rate count less
    lv: np.ndarray = field(repr=False)  # (N,) local variation, likewise
    mean_isi_s: np.ndarray = field(repr=False)  # (N,) NaN without an interval
    n_intervals: np.ndarray = field(repr=False)  # (N,) over all trials
    min_intervals: int

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return self.cv.size

    @property
    def n_enough(self) -> int:
        """Number of units with enough intervals."""
        return int(np.isfinite(self.cv).sum())

    @property
    def median_cv(self) -> float:
        """Median over units."""
        return median_of(self.cv)

    @property
    def median_cv2(self) -> float:
        """Median over units."""
        return median_of(self.cv2)

    @property
    def median_lv(self) -> float:
        """Median over units."""
        return median_of(self.lv)

    def to_dataframe(self) -> "DataFrame":
        """One row per unit: unit (from 0), cv, cv2, lv, mean_isi_s, n_intervals."""
        names = ("cv", "cv2", "lv", "mean_isi_s", "n_intervals")
        return dataframe({"unit": np.arange(self.n_units)} | {name: getattr(self, name) for name in names})

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the distributions of CV, CV2 and LV over units; ax: where, in place of a new figure."""
        return draw("spiking.analysis.plots_spike_trains:isi_variability_histograms", self, ax)


@dataclass(frozen=True, eq=False, repr=False)
class FanoFactor(Readable):
    """Variance over mean of each unit's spike counts over trials.

    Attributes
    ----------
    fano : array (N,)
        NaN for a unit without spikes.
    mean_count, count_variance : array (N,)
        Mean and unbiased variance over trials.
    window_s : (start, stop)
        In which spikes were counted, s.
    n_trials : int
    """

    shown = ("n_units", "median_fano", "window_s", "n_trials")

    fano: np.ndarray = field(repr=False)  # (N,) NaN for a unit without spikes
    mean_count: np.ndarray = field(repr=False)  # (N,)
    count_variance: np.ndarray = field(repr=False)  # (N,) unbiased
    window_s: WindowS
    n_trials: int

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return self.fano.size

    @property
    def median_fano(self) -> float:
        """Median over the units that fire."""
        return median_of(self.fano)

    def to_dataframe(self) -> "DataFrame":
        """One row per unit: unit (from 0), fano, mean_count, count_variance."""
        names = ("fano", "mean_count", "count_variance")
        return dataframe({"unit": np.arange(self.n_units)} | {name: getattr(self, name) for name in names})

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw variance over mean of the counts, a dot per unit; ax: where, in place of a new figure."""
        return draw("spiking.analysis.plots_spike_trains:fano_scatter", self, ax)


@public()
def interspike_intervals_s(record: SpikeRecord, unit: int) -> np.ndarray:
    """Intervals between a unit's spikes.

    Parameters
    ----------
    record : SpikeRecord
        One trial, with spikes.
    unit : int
        From 0 to N - 1.

    Returns
    -------
    array (n_spikes - 1,)
        In s.

    Raises
    ------
    InputError
        For a record without spikes, and for a unit that there is not.

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> records = [network.run(np.ones((1, 81)), seed=k, record=("spikes", "rates"), stride=20) for k in range(4)]
    >>> bool((interspike_intervals_s(records[0], unit=int(records[0].firing_rate_hz.argmax())) > 0.002).all())
    True
    """
    if not isinstance(record, SpikeRecord):
        raise InputError(f"{{record}} must be a SpikeRecord, got {shown(record)}", "record")
    return np.diff(record.spike_times_s(unit))


@public()
def isi_variability(records: Records, *, window_s: WindowS | None = None, min_intervals: int = 10) -> ISIVariability:
    """CV, CV2 and LV of every unit, from the intervals of all trials; none spans two trials.

    CV = SD / mean of the intervals (population SD). CV2: mean of 2 |I' - I| / (I' + I) over neighbours I, I' (Holt et al.
    1996). LV: mean of 3 ((I' - I) / (I' + I))² (Shinomoto et al. 2003). Rates that differ between the trials raise the CV:
    give trials of one condition.

    Parameters
    ----------
    records : SpikeRecord or a list of them
        One per trial, of one network and duration, with spikes.
    window_s : (start, stop), default None
        Part of the trial, s; None: the whole trial.
    min_intervals : int, default 10
        Units with fewer intervals, over all trials, are NaN; at least 2.

    Returns
    -------
    ISIVariability

    Raises
    ------
    InputError
        For trials that do not fit together, and for a window or a number that they do not allow.

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> records = [network.run(np.ones((1, 81)), seed=k, record=("spikes", "rates"), stride=20) for k in range(4)]
    >>> isi_variability(records, min_intervals=5).cv.shape
    (200,)
    """
    trials = as_trials(records)
    min_intervals = whole_number(min_intervals, "min_intervals", "min_intervals", least=2)
    found = [_intervals(trial, *step_window(trial, window_s)) for trial in trials]
    unit, interval = (np.concatenate(parts) for parts in zip(*found, strict=True))
    # neighbours are of one unit and one trial
    trial_of = np.repeat(np.arange(len(found)), [units.size for units, _ in found])
    neighbours = (unit[1:] == unit[:-1]) & (trial_of[1:] == trial_of[:-1])
    first, second, owner = interval[:-1][neighbours], interval[1:][neighbours], unit[1:][neighbours]
    contrast = np.abs(second - first) / (second + first)

    n_units = trials[0].n_units
    mean = _mean_per_unit(unit, interval, n_units, 1)
    variance = _mean_per_unit(unit, (interval - mean[unit]) ** 2, n_units, min_intervals)
    return ISIVariability(
        np.sqrt(variance) / mean,
        _mean_per_unit(owner, 2 * contrast, n_units, min_intervals - 1),
        _mean_per_unit(owner, 3 * contrast**2, n_units, min_intervals - 1),
        mean * trials[0].dt_s,
        np.bincount(unit, minlength=n_units),
        min_intervals,
    )


@public()
def fano_factor(records: Records, *, window_s: WindowS | None = None) -> FanoFactor:
    """Fano factor of every unit: unbiased variance over mean of its spike counts in the window (Kim & Sejnowski 2021).

    Give trials of one condition: differences between conditions would count as variability.

    Parameters
    ----------
    records : list of SpikeRecord
        At least 2 trials of one network and duration, with spikes.
    window_s : (start, stop), default None
        Part of the trial, s; None: the whole trial.

    Returns
    -------
    FanoFactor

    Raises
    ------
    InputError
        For trials that do not fit together, and for a window or a number that they do not allow.

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> records = [network.run(np.ones((1, 81)), seed=k, record=("spikes", "rates"), stride=20) for k in range(4)]
    >>> fano_factor(records, window_s=(0.1, 0.4)).n_trials
    4
    """
    trials = as_trials(records, at_least=2)
    counts = window_counts(trials, window_s)
    mean, variance = counts.mean(0), counts.var(0, ddof=1)
    fano = np.divide(variance, mean, out=np.full(mean.size, np.nan), where=mean > 0)
    start, stop = step_window(trials[0], window_s)
    return FanoFactor(fano, mean, variance, (start * trials[0].dt_s, stop * trials[0].dt_s), len(trials))


def _intervals(trial: SpikeRecord, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit and length in steps of all intervals between spikes in the window, in order of units, then time."""
    assert trial.events is not None
    events = trial.events[(trial.events[:, 1] >= start) & (trial.events[:, 1] < stop)].astype(np.int64)
    unit, step = events[np.argsort(events[:, 0], kind="stable")].T
    same = unit[1:] == unit[:-1]
    return unit[1:][same], np.diff(step)[same]


def _mean_per_unit(unit: np.ndarray, values: np.ndarray, n_units: int, at_least: int) -> np.ndarray:
    """(N,) mean of the values of each unit, NaN where there are fewer than at_least."""
    count = np.bincount(unit, minlength=n_units)
    total = np.bincount(unit, weights=values, minlength=n_units)
    return np.divide(total, count, out=np.full(n_units, np.nan), where=count >= at_least)
