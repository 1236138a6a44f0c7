"""Targeted dimensionality reduction: axes of the population that encode task variables (Mante et al. 2013)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.spiking.analysis.binning import check_sigma, checked_rates, condition_means, smoothed, trial_rates
from rate2spike.spiking.analysis.trials import Records, WindowS, as_trials


@dataclass(frozen=True, eq=False)
class TargetedReduction:
    """Axes of V task variables in the space of N units, and the condition averages on them."""

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


def targeted_reduction(
    records: Records,
    variables: Mapping[str, np.ndarray],
    *,
    n_components: int = 12,
    bin_s: float = 0.01,
    sigma_s: float | None = 0.04,
    window_s: WindowS | None = None,
) -> TargetedReduction:
    """Axes of task variables from spikes in bins of bin_s.

    variables: {name: one number per trial}; as in the paper the order matters, since axes are made orthogonal one after
    the other. sigma_s: SD of the Gaussian over the condition averages; as in the paper the trials that are regressed are not
    smoothed. window_s: bins whose middle lies within; averages are smoothed inside it. Raises InputError.
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


@one_blas_thread()
def targeted_reduction_of_rates(
    rates: np.ndarray,
    variables: Mapping[str, np.ndarray],
    *,
    n_components: int = 12,
    sigma_bins: float | None = None,
    time_s: np.ndarray | None = None,
) -> TargetedReduction:
    """Axes of task variables from rates (n_trials, N, T), of a rate network for instance.

    1. z-score each unit over trials and times; 2. regress it at each time on the variables and a constant; 3. average over
    the trials of each condition (combination of values), smooth, z-score, and project the coefficients on the first
    n_components principal components; 4. take each variable's vector where it is longest; 5. make them orthogonal (QR);
    6. project the condition averages. A unit that never changes counts as 0. Raises InputError.
    """
    values = checked_rates(rates, "trials")
    names, design = _design(variables, len(values))
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
