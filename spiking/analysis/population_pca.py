"""Principal components of population activity, and how alike a rate network's and its spiking network's are."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import subspace_angles
from scipy.spatial import procrustes

from rate2spike.calls import public
from rate2spike.checks import number, shown, whole_number
from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.analysis.binning import checked_rates, condition_means, trial_rates
from rate2spike.spiking.analysis.trials import Records, WindowS, as_trials, conditions_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class PopulationPCA(Readable):
    """Principal components of N units over conditions and time, all of them, by falling variance.

    Attributes
    ----------
    conditions : tuple
        Their names.
    explained_variance_ratio : array (n_components,)
        Sums to 1.
    components : array (n_components, N)
        Orthonormal.
    mean : array (N,)
        Over conditions and time, taken off first.
    trajectories : array (n_conditions, n_components, T)
        Projections, in units of the rates.
    time_s : array (T,) or None
    """

    shown = ("conditions", "n_units", "n_times", "first_three_ratios", "n_for_90_percent")

    conditions: tuple
    explained_variance_ratio: np.ndarray = field(repr=False)  # (n_components,) sums to 1
    components: np.ndarray = field(repr=False)  # (n_components, N) orthonormal
    mean: np.ndarray = field(repr=False)  # (N,) over conditions and time, taken off first
    trajectories: np.ndarray = field(repr=False)  # (n_conditions, n_components, T) projections, in units of the rates
    time_s: np.ndarray | None = field(default=None, repr=False)  # (T,)

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return self.components.shape[1]

    @property
    def n_times(self) -> int:
        """Number of time points T."""
        return self.trajectories.shape[2]

    @property
    def first_three_ratios(self) -> tuple[float, ...]:
        """Shares of the variance of the first three components."""
        return tuple(self.explained_variance_ratio[:3].tolist())

    @property
    def n_for_90_percent(self) -> int:
        """Smallest number of components that hold 90 % of the variance."""
        return self.n_components_for(0.9)

    def to_dataframe(self) -> "DataFrame":
        """One row per component: component (from 1), explained_variance_ratio, cumulative_ratio."""
        ratio = self.explained_variance_ratio
        component = np.arange(1, ratio.size + 1)
        return dataframe(
            {"component": component, "explained_variance_ratio": ratio, "cumulative_ratio": np.cumsum(ratio)}
        )

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the first three components over time, a line per condition; ax: where, in place of a new figure."""
        return draw("spiking.analysis.plots_population:trajectories", self, ax)

    def n_components_for(self, share: float) -> int:
        """Smallest number of components that hold this share of the variance. Raises InputError outside (0, 1]."""
        share = number(share, "the share of the variance", "share")
        if not 0 < share <= 1:
            raise InputError(f"the share of the variance must be above 0 and at most 1, got {share:g}")
        # rounding may leave the sum of all a little below 1
        cumulative = np.cumsum(self.explained_variance_ratio)
        return int(np.searchsorted(cumulative, min(share, cumulative[-1])) + 1)


@dataclass(frozen=True, eq=False, repr=False)
class PopulationSimilarity(Readable):
    """How alike the first k components of two populations are.

    Attributes
    ----------
    n_components : int
        k.
    canonical_correlations : array (k,)
        Of the trajectories; 1: equal up to a linear map.
    procrustes_disparity : float
        0: the trajectories are equal up to shift, rotation and scale; at most 1.
    principal_angles_rad : array (k,) or None
        Between the components' subspaces, rad; None for other numbers of units.
    """

    n_components: int
    canonical_correlations: np.ndarray  # (k,) of the trajectories; 1: equal up to a linear map
    procrustes_disparity: float  # 0: the trajectories are equal up to shift, rotation and scale; at most 1
    principal_angles_rad: np.ndarray | None  # (k,) between the components' subspaces; None for other numbers of units

    def summary(self) -> dict[str, Any]:
        """With the numbers themselves."""
        return {name: v.tolist() if isinstance(v, np.ndarray) else v for name, v in super().summary().items()}


@public()
def population_pca(
    records: Records,
    labels: Iterable[Hashable] | None = None,
    *,
    bin_s: float = 0.005,
    sigma_s: float | None = 0.02,
    window_s: WindowS | None = None,
    source: str = "spikes",
) -> PopulationPCA:
    """PCA of the mean rates of each condition, from records (Kim, Li & Sejnowski 2019, Fig S2).

    Parameters
    ----------
    records : SpikeRecord or a list of them
        One per trial, of one network and duration, with spikes.
    labels : iterable, default None
        The condition of each trial; None: all are of one condition.
    bin_s : float, default 0.005
        Width of bins, s; 5 ms are the steps of the rate network.
    sigma_s : float, default 0.02
        SD of the Gaussian that smooths the spike counts, s; None: they are not smoothed.
    window_s : (start, stop), default None
        Bins whose middle lies within, s; None: the whole trial.
    source : str, default 'spikes'
        'spikes', or 'rates': the recorded filtered spike trains, for which no spikes need be recorded.

    Returns
    -------
    PopulationPCA

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
    >>> population_pca(records, source="rates").components.shape
    (80, 200)
    """
    trials = as_trials(records, spikes=source == "spikes")
    conditions, index = conditions_of(labels, len(trials))
    rates = trial_rates(trials, bin_s=bin_s, sigma_s=sigma_s, window_s=window_s, source=source)
    return pca_of_rates(condition_means(rates.rate_hz, index, len(conditions)), conditions, rates.time_s)


@public()
@one_blas_thread()
def pca_of_rates(
    rates: np.ndarray, conditions: Iterable[Hashable] | None = None, time_s: np.ndarray | None = None
) -> PopulationPCA:
    """PCA of rates, of a rate network for instance; units are centred, not scaled.

    Parameters
    ----------
    rates : array (n_conditions, N, T)
    conditions : iterable, default None
        Their names; None: numbers from 0.
    time_s : array (T,), default None
        Time of each point, s.

    Returns
    -------
    PopulationPCA

    Raises
    ------
    InputError
        For another shape, NaN, and rates that do not vary.

    Examples
    --------
    >>> import numpy as np
    >>> pca_of_rates(np.random.default_rng(1).random((2, 5, 30))).explained_variance_ratio.size
    5
    """
    values = checked_rates(rates, "conditions")
    n_conditions, n_units, n_times = values.shape
    names = tuple(range(n_conditions)) if conditions is None else tuple(conditions)
    if len(names) != n_conditions:
        raise InputError(f"there must be one name per condition: {n_conditions} conditions, {len(names)} names")
    if time_s is not None and np.shape(time_s) != (n_times,):
        raise InputError(f"time_s must have shape ({n_times},), got {np.shape(time_s)}")
    samples = values.transpose(0, 2, 1).reshape(-1, n_units)
    mean = samples.mean(0)
    scores, singular, components = _svd(samples - mean)
    variance = singular**2
    trajectories = (scores * singular).reshape(n_conditions, n_times, -1).transpose(0, 2, 1)
    return PopulationPCA(names, variance / variance.sum(), components, mean, trajectories, time_s)


@public()
@one_blas_thread()
def compare_populations(one: PopulationPCA, other: PopulationPCA, n_components: int = 3) -> PopulationSimilarity:
    """Compare the trajectories, and where both have as many units also the subspaces, of the first components.

    Parameters
    ----------
    one, other : PopulationPCA
        With the same conditions and time points; units need not correspond, except for the angles.
    n_components : int, default 3
        Components that are compared.

    Returns
    -------
    PopulationSimilarity

    Raises
    ------
    InputError
        For other conditions or time points, and for more components than there are.

    Examples
    --------
    >>> import numpy as np
    >>> population = pca_of_rates(np.random.default_rng(1).random((2, 5, 30)))
    >>> round(compare_populations(population, population).procrustes_disparity, 6)
    0.0
    """
    wrong = [population for population in (one, other) if not isinstance(population, PopulationPCA)]
    if wrong:
        raise InputError(f"two PopulationPCA are compared, got {shown(wrong[0])}")
    n_components = whole_number(n_components, "n_components", "n_components")
    if one.conditions != other.conditions:
        raise InputError(f"the conditions differ: {one.conditions} and {other.conditions}")
    times = [population.trajectories.shape[2] for population in (one, other)]
    if times[0] != times[1]:
        raise InputError(f"the numbers of time points differ: {times[0]} and {times[1]} (bin_s, window_s)")
    most = min(len(one.components), len(other.components))
    if not 1 <= n_components <= most:
        raise InputError(f"n_components must be from 1 to {most}, got {n_components}")
    if any(population.explained_variance_ratio[n_components - 1] < 1e-12 for population in (one, other)):
        raise InputError(f"n_components of {n_components} is more than the rank of the rates")
    first, second = (_samples(population, n_components) for population in (one, other))
    correlations = np.linalg.svd(np.linalg.qr(first)[0].T @ np.linalg.qr(second)[0], compute_uv=False)
    angles = None
    if one.components.shape[1] == other.components.shape[1]:
        angles = subspace_angles(one.components[:n_components].T, other.components[:n_components].T)[::-1]
    return PopulationSimilarity(n_components, np.clip(correlations, 0, 1), float(procrustes(first, second)[2]), angles)


def _svd(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, singular values and components; the largest weight of each component is positive."""
    scores, singular, components = np.linalg.svd(centred, full_matrices=False)
    if not singular[0] > 1e-12 * max(np.abs(centred).max(), 1):
        raise InputError("the rates do not vary: there are no principal components")
    # the sign is arbitrary; fixed, so that equal data give equal figures
    sign = np.sign(components[np.arange(len(components)), np.abs(components).argmax(1)])
    sign[sign == 0] = 1
    return scores * sign, singular, components * sign[:, None]


def _samples(population: PopulationPCA, n_components: int) -> np.ndarray:
    """(n_conditions T, k) centred projections."""
    return population.trajectories[:, :n_components].transpose(0, 2, 1).reshape(-1, n_components)
