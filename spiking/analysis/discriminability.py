"""Cross-temporal discriminability: does the code that tells two conditions apart stay the same over time?"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import Range, number, whole_number
from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.readable import Readable, draw
from rate2spike.seeding import Role, generator, resolve_seed
from rate2spike.spiking.analysis.binning import checked_rates, trial_rates
from rate2spike.spiking.analysis.trials import Records, WindowS, as_trials, conditions_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SDS_PER_WINDOW = 5  # of MATLAB's gausswin, which the authors used


@dataclass(frozen=True, eq=False, repr=False)
class CrossTemporalDiscriminability(Readable):
    """Correlation over units of the class difference at one time and at another, from different trials.

    Attributes
    ----------
    correlation : array (T, T)
        [time in half A, time in half B]; NaN where no unit differs.
    classes : tuple
        The two.
    n_splits : int
    seed : int
    time_s : array (T,) or None
    """

    shown = ("classes", "n_times", "mean_diagonal", "mean_correlation", "n_splits", "seed")

    correlation: np.ndarray = field(repr=False)  # (T, T) [time in half A, time in half B]; NaN where no unit differs
    classes: tuple  # the two
    n_splits: int
    seed: int
    time_s: np.ndarray | None = field(default=None, repr=False)  # (T,)

    @property
    def diagonal(self) -> np.ndarray:
        """(T,) discriminability at equal times."""
        return np.diagonal(self.correlation)

    @property
    def n_times(self) -> int:
        """Number of time points T."""
        return len(self.correlation)

    @property
    def mean_diagonal(self) -> float:
        """Mean over equal times; NaN where none is defined."""
        return _mean(self.diagonal)

    @property
    def mean_correlation(self) -> float:
        """Mean over all pairs of times; as high as that of the diagonal where the code stays."""
        return _mean(self.correlation)

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the time x time matrix; ax: where, in place of a new figure."""
        return draw("spiking.analysis.plots_population:discriminability_matrix", self, ax)


@public()
def cross_temporal_discriminability(
    records: Records,
    labels: Iterable[Hashable],
    *,
    seed: int,
    n_splits: int = 20,
    bin_s: float = 0.01,
    gaussian_s: float = 0.05,
    window_s: WindowS | None = None,
) -> CrossTemporalDiscriminability:
    """Discriminability of two classes of trials between all times (Kim & Sejnowski 2021, after Stokes et al. 2013).

    Rates: spikes in bins of bin_s, smoothed by a Gaussian gaussian_s wide (SD a fifth of it, MATLAB's gausswin; centred,
    where the authors' filter delays by half its width). The trials of each class are halved at random; the difference of the
    class means in one half at t1 is correlated over units with that in the other half at t2. Mean over n_splits. A code
    that stays gives high values off the diagonal, one that changes gives them on it only.

    Parameters
    ----------
    records : list of SpikeRecord
        At least 4 trials of one network and duration, with spikes.
    labels : iterable
        The class of each trial: two classes of at least 2 trials each.
    seed : int
        Of the splits into halves.
    n_splits : int, default 20
    bin_s : float, default 0.01
        Width of bins, s, a whole number of simulation steps.
    gaussian_s : float, default 0.05
        Width of the Gaussian, five SDs, s.
    window_s : (start, stop), default None
        Bins whose middle lies within, s; None: the whole trial.

    Returns
    -------
    CrossTemporalDiscriminability

    Raises
    ------
    InputError
        For trials that do not fit together, and for what the window, the bins or the labels do not allow.

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> records = [network.run(np.ones((1, 81)), seed=k, record=("spikes", "rates"), stride=20) for k in range(4)]
    >>> found = cross_temporal_discriminability(records, ["a", "b", "a", "b"], seed=1, n_splits=2)
    >>> found.correlation.shape, found.classes
    ((40, 40), ('a', 'b'))
    """
    trials = as_trials(records, at_least=4)
    for name, width_s in (("bin_s", bin_s), ("gaussian_s", gaussian_s)):
        number(width_s, name, name, Range(infinite=True))
    if bin_s <= trials[0].duration_s and not bin_s <= gaussian_s <= trials[0].duration_s:
        raise InputError(
            f"gaussian_s must be from a bin of {bin_s:g} s to the trial's {trials[0].duration_s:g} s, got {gaussian_s:g}"
        )
    rates = trial_rates(trials, bin_s=bin_s, sigma_s=gaussian_s / SDS_PER_WINDOW, window_s=window_s)
    return discriminability_of_rates(rates.rate_hz, labels, seed=seed, n_splits=n_splits, time_s=rates.time_s)


@public()
@one_blas_thread()
def discriminability_of_rates(
    rates: np.ndarray, labels: Iterable[Hashable], *, seed: int, n_splits: int = 20, time_s: np.ndarray | None = None
) -> CrossTemporalDiscriminability:
    """Cross-temporal discriminability from rates, which may have been made in another way.

    Parameters
    ----------
    rates : array (n_trials, N, T)
    labels, seed, n_splits
        As for `cross_temporal_discriminability`.
    time_s : array (T,), default None
        Time of each point, s.

    Returns
    -------
    CrossTemporalDiscriminability

    Raises
    ------
    InputError
        For another shape, NaN, other than two classes, and fewer than 3 units.

    Examples
    --------
    >>> import numpy as np
    >>> label = np.array([0, 1] * 10)
    >>> rates = np.random.default_rng(1).random((20, 5, 30)) + label[:, None, None] * np.arange(5)[:, None]
    >>> bool(discriminability_of_rates(rates, label, seed=1).mean_diagonal > 0.9)
    True
    """
    values = checked_rates(rates, "trials")
    classes, index = conditions_of(labels, len(values))
    members = [np.flatnonzero(index == k) for k in range(len(classes))]
    if len(classes) != 2 or min(map(len, members)) < 2:
        sizes = ", ".join(f"{name!r}: {len(of)}" for name, of in zip(classes, members, strict=True))
        raise InputError(f"two classes of at least 2 trials each are needed, got {sizes}")
    if values.shape[1] < 3:
        raise InputError(f"a correlation over units needs at least 3 of them, got {values.shape[1]}")
    n_splits = whole_number(n_splits, "n_splits", "n_splits")
    seed = resolve_seed(seed)

    n_times = values.shape[2]
    total, count = np.zeros((n_times, n_times)), np.zeros((n_times, n_times), np.intp)
    for k in range(n_splits):
        correlation = _split_correlation(values, members, generator(seed, Role.ANALYSIS, k))
        defined = np.isfinite(correlation)
        total[defined] += correlation[defined]
        count += defined
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return CrossTemporalDiscriminability(mean, classes, n_splits, seed, time_s)


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")


def _split_correlation(values: np.ndarray, members: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """(T, T) of one random split into halves."""
    shuffled = [rng.permutation(of_class) for of_class in members]
    halves = []
    for half in range(2):
        first, second = (values[order[half::2]].mean(0) for order in shuffled)
        halves.append(_unit_length(first - second))
    return halves[0].T @ halves[1]


def _unit_length(difference: np.ndarray) -> np.ndarray:
    """(N, T) centred over units and of length 1, so that products are Pearson correlations; NaN where all are equal."""
    centred = difference - difference.mean(0)
    norm = np.linalg.norm(centred, axis=0)
    varies = norm > 1e-12 * np.maximum(np.abs(difference).max(0), 1e-300)
    return np.divide(centred, norm, out=np.full(centred.shape, np.nan), where=varies)
