"""Targeted dimensionality reduction: axes of the population that encode task variables (Mante et al. 2013)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown, whole_number
from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.analysis.binning import check_sigma, checked_rates, condition_means, smoothed, trial_rates
from rate2spike.spiking.analysis.trials import Records, WindowS, as_trials

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class TargetedReduction(Readable):
    """Axes of V task variables in the space of N units, and the condition averages on them.

    Attributes
    ----------
    variables : tuple of str
    axes : array (V, N)
        Orthonormal.
    regression_vectors : array (V, N)
        Denoised, where they are longest, before they were made orthogonal.
    peak_index : array (V,) of int
        Time at which each regression vector is longest.
    conditions : tuple of tuples
        Values of the variables.
    projections : array (n_conditions, V, T)
        Of z-scored condition averages on the axes.
    coefficients : array (V, N, T)
        Regression coefficients, before denoising.
    n_components : int
    denoised_variance_ratio : float
        Share of the condition averages' variance that the components kept.
    time_s : array (T,) or None
    """

    shown = ("variables", "n_conditions", "n_units", "n_components", "denoised_variance_ratio", "peak_s")

    variables: tuple[str, ...]
    axes: np.ndarray = field(repr=False)  # (V, N) orthonormal
    regression_vectors: np.ndarray = field(repr=False)  # (V, N) denoised, at peak_s, before they were made orthogonal
    peak_index: np.ndarray = field(repr=False)  # (V,) time at which each regression vector is longest
    conditions: tuple[tuple[float, ...], ...]  # values of the variables
    projections: np.ndarray = field(repr=False)  # (n_conditions, V, T) of z-scored condition averages
    coefficients: np.ndarray = field(repr=False)  # (V, N, T) regression coefficients, before denoising
    n_components: int
    denoised_variance_ratio: float  # share of the condition averages' variance that the components kept
    time_s: np.ndarray | None = field(default=None, repr=False)  # (T,)

    @property
    def n_conditions(self) -> int:
        """Number of conditions."""
        return len(self.conditions)

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return self.axes.shape[1]

    @property
    def peak_s(self) -> tuple[float, ...] | None:
        """Time at which each regression vector is longest; None if the times are not known."""
        return None if self.time_s is None else tuple(np.asarray(self.time_s)[self.peak_index].tolist())

    def to_dataframe(self) -> "DataFrame":
        """One row per condition, axis and time: the condition's values by variable, axis, time_s (or bin), projection."""
        n_times = self.projections.shape[2]
        rows = [(condition, axis) for condition in self.conditions for axis in self.variables]
        columns: dict[str, list] = {
            name: [condition[k] for condition, _ in rows for _ in range(n_times)]
            for k, name in enumerate(self.variables)
        }
        columns["axis"] = [axis for _, axis in rows for _ in range(n_times)]
        time, name = (np.arange(n_times), "bin") if self.time_s is None else (self.time_s, "time_s")
        return dataframe(columns | {name: np.tile(time, len(rows)), "projection": self.projections.ravel()})

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the condition averages on each axis over time; ax: where, in place of a new figure."""
        return draw("spiking.analysis.plots_population:task_axes", self, ax)


@public()
def targeted_reduction(
    records: Records,
    variables: Mapping[str, np.ndarray],
    *,
    n_components: int = 12,
    bin_s: float = 0.01,
    sigma_s: float | None = 0.04,
    window_s: WindowS | None = None,
) -> TargetedReduction:
    """Axes of task variables, from spikes (Mante et al. 2013).

    Parameters
    ----------
    records : list of SpikeRecord
        At least 2 trials of one network and duration, with spikes.
    variables : dict of arrays (n_trials,)
        Name of each task variable and its number in every trial. As in the paper the order matters, since axes are made
        orthogonal one after the other.
    n_components : int, default 12
        Principal components of the condition averages that the coefficients are projected on.
    bin_s : float, default 0.01
        Width of bins, s, a whole number of simulation steps.
    sigma_s : float, default 0.04
        SD of the Gaussian over the condition averages, s; None: they are not smoothed. As in the paper the trials that are
        regressed are not.
    window_s : (start, stop), default None
        Bins whose middle lies within, s; averages are smoothed inside it. None: the whole trial.

    Returns
    -------
    TargetedReduction

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
    >>> found = targeted_reduction(records, {"choice": [1, -1, 1, -1]}, n_components=3)
    >>> found.axes.shape, found.conditions
    ((1, 200), ((-1.0,), (1.0,)))
    """
    trials = as_trials(records, at_least=2)
    rates = trial_rates(trials, bin_s=bin_s, sigma_s=None, window_s=window_s)
    if sigma_s is not None:
        check_sigma(sigma_s, rates.rate_hz.shape[-1], bin_s)
    return targeted_reduction_of_rates(
        rates.rate_hz,
        variables,
        n_components=n_components,
        sigma_bins=None if sigma_s is None else sigma_s / bin_s,
        time_s=rates.time_s,
    )


@public()
@one_blas_thread()
def targeted_reduction_of_rates(
    rates: np.ndarray,
    variables: Mapping[str, np.ndarray],
    *,
    n_components: int = 12,
    sigma_bins: float | None = None,
    time_s: np.ndarray | None = None,
) -> TargetedReduction:
    """Axes of task variables from rates, of a rate network for instance.

    1. z-score each unit over trials and times; 2. regress it at each time on the variables and a constant; 3. average over
    the trials of each condition (combination of values), smooth, z-score, and project the coefficients on the first
    n_components principal components; 4. take each variable's vector where it is longest; 5. make them orthogonal (QR);
    6. project the condition averages. A unit that never changes counts as 0.

    Parameters
    ----------
    rates : array (n_trials, N, T)
    variables : dict of arrays (n_trials,)
        As for `targeted_reduction`.
    n_components : int, default 12
        As for `targeted_reduction`.
    sigma_bins : float, default None
        SD of the Gaussian over the condition averages, in bins; None: they are not smoothed.
    time_s : array (T,), default None
        Time of each bin, s.

    Returns
    -------
    TargetedReduction

    Raises
    ------
    InputError
        For another shape, NaN, and variables that cannot be told apart.

    Examples
    --------
    >>> import numpy as np
    >>> choice = np.array([1, -1] * 10)
    >>> rates = np.random.default_rng(1).random((20, 5, 30)) + choice[:, None, None] * np.arange(5)[:, None]
    >>> targeted_reduction_of_rates(rates, {"choice": choice}, n_components=2).axes.shape
    (1, 5)
    """
    values = checked_rates(rates, "trials")
    names, design = _design(variables, len(values))
    n_components = whole_number(n_components, "n_components", "n_components")
    conditions, index = np.unique(design[:, :-1], axis=0, return_inverse=True)
    averages = _zscored(smoothed(condition_means(values, index.ravel(), len(conditions)), sigma_bins, 1.0))
    denoise, kept = _denoiser(averages, n_components, len(names))

    coefficients = _regressed(_zscored(values), design)[: len(names)]
    denoised = np.einsum("nm,vmt->vnt", denoise, coefficients)
    peak = np.linalg.norm(denoised, axis=1).argmax(1)
    vectors = denoised[np.arange(len(names)), :, peak]
    axes = _orthogonal(vectors)
    return TargetedReduction(
        names,
        axes,
        vectors,
        peak,
        tuple(map(tuple, conditions.tolist())),
        np.einsum("vn,cnt->cvt", axes, averages),
        coefficients,
        n_components,
        kept,
        time_s,
    )


def _design(variables: Mapping[str, np.ndarray], n_trials: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Names, and (n_trials, V + 1) values with a constant last."""
    if not isinstance(variables, Mapping):
        raise InputError(
            f"{{variables}} must be a dict of names and one number per trial, got {shown(variables)}", "variables"
        )
    if not variables:
        raise InputError("at least one task variable is needed")
    columns = []
    for name, given in variables.items():
        try:
            column = np.asarray(given, np.float64)
        except (TypeError, ValueError):
            raise InputError(f"task variable {name!r} must hold numbers") from None
        if column.shape != (n_trials,):
            raise InputError(
                f"task variable {name!r} must have one value per trial, {n_trials}; got shape {column.shape}"
            )
        if not np.isfinite(column).all():
            raise InputError(f"task variable {name!r} holds NaN or infinite values")
        columns.append(column)
    design = np.stack([*columns, np.ones(n_trials)], 1)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise InputError("the task variables cannot be told apart: one is constant or a combination of the others")
    return tuple(variables), design


def _zscored(values: np.ndarray) -> np.ndarray:
    """(trials or conditions, N, T) with mean 0 and SD 1 per unit."""
    mean, sd = values.mean((0, 2), keepdims=True), values.std((0, 2), keepdims=True)
    # a constant unit is 0, up to rounding
    varies = sd > 1e-12 * np.maximum(np.abs(mean), 1e-300)
    return np.divide(values - mean, sd, out=np.zeros_like(values), where=varies)


def _regressed(values: np.ndarray, design: np.ndarray) -> np.ndarray:
    """(V + 1, N, T) least-squares coefficients of each unit at each time."""
    n_trials, n_units, n_times = values.shape
    return np.linalg.lstsq(design, values.reshape(n_trials, -1))[0].reshape(-1, n_units, n_times)


def _denoiser(averages: np.ndarray, n_components: int, n_variables: int) -> tuple[np.ndarray, float]:
    """(N, N) projection on the first principal components of the condition averages, and their share of the variance."""
    n_units = averages.shape[1]
    samples = averages.transpose(0, 2, 1).reshape(-1, n_units)  # centred by the z-scoring
    _, singular, components = np.linalg.svd(samples, full_matrices=False)
    rank = int((singular > 1e-10 * max(singular[0], 1e-300)).sum())
    if not n_variables <= n_components <= rank:
        raise InputError(
            f"n_components must be from {n_variables} (the task variables) to {rank} (the rank of the condition averages), "
            f"got {n_components}"
        )
    first = components[:n_components]
    return first.T @ first, float((singular[:n_components] ** 2).sum() / (singular**2).sum())


def _orthogonal(vectors: np.ndarray) -> np.ndarray:
    """(V, N) orthonormal axes, in order; each points to where its variable grows."""
    axes, triangle = np.linalg.qr(vectors.T)
    diagonal = np.diag(triangle)
    if (np.abs(diagonal) <= 1e-10 * np.abs(diagonal).max()).any():
        raise InputError(
            "the regression vectors are not independent: one variable is not encoded, or as another one is"
        )
    return (axes * np.sign(diagonal)).T
