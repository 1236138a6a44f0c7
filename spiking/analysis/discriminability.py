"""Cross-temporal discriminability: does the code that tells two conditions apart stay the same over time?"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

import numpy as np

from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.seeding import Role, generator, resolve_seed
from rate2spike.spiking.analysis.binning import checked_rates, trial_rates
from rate2spike.spiking.analysis.trials import Records, WindowS, as_trials, conditions_of

SDS_PER_WINDOW = 5  # of MATLAB's gausswin, which the authors used


@dataclass(frozen=True, eq=False)
class CrossTemporalDiscriminability:
    """Correlation over units of the class difference at one time and at another, from different trials."""

    correlation: np.ndarray = field(repr=False)  # (T, T) [time in half A, time in half B]; NaN where no unit differs
    classes: tuple  # the two
    n_splits: int
    seed: int
    time_s: np.ndarray | None = field(default=None, repr=False)  # (T,)

    @property
    def diagonal(self) -> np.ndarray:
        """(T,) discriminability at equal times."""
        return np.diagonal(self.correlation)


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
    that stays gives high values off the diagonal, one that changes gives them on it only. labels: one per trial, two
    classes of at least 2 trials each. Raises InputError.
    """
    trials = as_trials(records, at_least=4)
    if bin_s <= trials[0].duration_s and not bin_s <= gaussian_s <= trials[0].duration_s:
        raise InputError(
            f"gaussian_s must be from a bin of {bin_s:g} s to the trial's {trials[0].duration_s:g} s, got {gaussian_s:g}"
        )
    rates = trial_rates(trials, bin_s=bin_s, sigma_s=gaussian_s / SDS_PER_WINDOW, window_s=window_s)
    return discriminability_of_rates(rates.rate_hz, labels, seed=seed, n_splits=n_splits, time_s=rates.time_s)


@one_blas_thread()
def discriminability_of_rates(
    rates: np.ndarray, labels: Iterable[Hashable], *, seed: int, n_splits: int = 20, time_s: np.ndarray | None = None
) -> CrossTemporalDiscriminability:
    """The same from rates (n_trials, N, T), which may have been made in another way. Raises InputError."""
    values = checked_rates(rates, "trials")
    classes, index = conditions_of(labels, len(values))
    members = [np.flatnonzero(index == k) for k in range(len(classes))]
    if len(classes) != 2 or min(map(len, members)) < 2:
        sizes = ", ".join(f"{name!r}: {len(of)}" for name, of in zip(classes, members, strict=True))
        raise InputError(f"two classes of at least 2 trials each are needed, got {sizes}")
    if values.shape[1] < 3:
        raise InputError(f"a correlation over units needs at least 3 of them, got {values.shape[1]}")
    if n_splits < 1:
        raise InputError(f"n_splits must be at least 1, got {n_splits}")
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
