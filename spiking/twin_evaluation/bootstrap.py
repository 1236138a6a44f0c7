"""Intervals of the scores by resampling whole simulations: bins of one simulation are not independent.

A sample is how often each simulation is in it, a row of weights. Every score is a sum over simulations or over pairs of
them, so that a thousand samples cost one product of matrices and no second look at the bins.
"""

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.spiking.twin_evaluation.metrics import AUC, RAW_SOMA, SOMA, tp_key
from rate2spike.spiking.twin_evaluation.predictions import Scored
from rate2spike.spiking.twin_evaluation.voltage_sums import VoltageSums, ratio

Interval = tuple[float, float]
_N_THRESHOLDS = 512  # around the false positive rate that is asked for
_AROUND = 8.0  # so far below and above it, as a factor


@one_blas_thread()
def intervals(
    scored: Scored, n_resamples: int, confidence: float, fpr: float, rng: np.random.Generator
) -> dict[str, Interval]:
    """Bootstrap intervals (percentiles) of AUC, true positives at `fpr` and the voltage's scores; NaN if not defined."""
    n = len(scored.spikes)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=n_resamples).astype(float) if n else np.empty((n_resamples, 0))
    draws = {AUC: np.full(n_resamples, np.nan), tp_key(fpr): np.full(n_resamples, np.nan)}
    if scored.has_auc:
        draws = {
            AUC: auc_of_samples(weights, scored.spikes, scored.scores),
            tp_key(fpr): tpr_of_samples(weights, scored.spikes, scored.scores, fpr),
        }
    if scored.soma is not None:
        true_mv, raw_mv, matched_mv = scored.soma
        for keys, predicted_mv in ((SOMA, matched_mv), (RAW_SOMA, raw_mv)):
            draws |= dict(zip(keys, VoltageSums.of(true_mv, predicted_mv).scores(weights), strict=True))
    return {name: _percentiles(values, confidence) for name, values in draws.items()}


def auc_of_samples(weights: np.ndarray, spikes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """AUC of each sample, exactly: the share of pairs of a bin with and one without a spike that are in the right order.

    weights: (n_samples, n). spikes, scores: (n, T). Returns (n_samples,); NaN for samples without spikes.
    """
    n = len(spikes)
    owner = np.repeat(np.arange(n), np.count_nonzero(spikes, axis=1))
    of_spikes = scores[spikes]  # in the order of `owner`
    won = np.empty((n, n))  # [simulation of the spike, simulation of the other bin] pairs in the right order, ties half
    for k in range(n):
        others = np.sort(scores[k][~spikes[k]])
        below = np.searchsorted(others, of_spikes, "left") + np.searchsorted(others, of_spikes, "right")
        won[:, k] = np.bincount(owner, below / 2, n)
    n_spikes = np.count_nonzero(spikes, axis=1)
    n_pairs = (weights @ n_spikes) * (weights @ (spikes.shape[1] - n_spikes))
    return ratio(((weights @ won) * weights).sum(1), n_pairs)


def tpr_of_samples(weights: np.ndarray, spikes: np.ndarray, scores: np.ndarray, fpr: float) -> np.ndarray:
    """True positive rate of each sample at its own threshold for a false positive rate, interpolated.

    weights: (n_samples, n). spikes, scores: (n, T). Returns (n_samples,); NaN for samples without spikes.
    """
    thresholds = _thresholds_around(scores[~spikes], fpr)
    spikes_above, others_above = (_n_above(scores, chosen, thresholds) for chosen in (spikes, ~spikes))
    n_spikes = np.count_nonzero(spikes, axis=1)
    hits = ratio(weights @ spikes_above, (weights @ n_spikes)[:, None])
    alarms = ratio(weights @ others_above, (weights @ (spikes.shape[1] - n_spikes))[:, None])
    return np.array([np.interp(fpr, alarm, hit) for alarm, hit in zip(alarms, hits, strict=True)])


def _thresholds_around(scores: np.ndarray, fpr: float) -> np.ndarray:
    """Falling scores of bins without a spike, denser the higher they are, on both sides of a false positive rate."""
    falling = np.sort(scores)[::-1]
    low, high = (min(max(fpr * factor * falling.size, 1), falling.size) for factor in (1 / _AROUND, _AROUND))
    ranks = np.unique(np.rint(np.geomspace(low, high, _N_THRESHOLDS)).astype(int))
    return np.concatenate([[np.inf], np.unique(falling[ranks - 1])[::-1]])


def _n_above(scores: np.ndarray, chosen: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """(n, n_thresholds) how many of the chosen scores of each simulation are at least each threshold."""
    sorted_rows = [np.sort(row[which]) for row, which in zip(scores, chosen, strict=True)]
    return np.array([row.size - np.searchsorted(row, thresholds, "left") for row in sorted_rows])


def _percentiles(draws: np.ndarray, confidence: float) -> Interval:
    known = draws[~np.isnan(draws)]
    if not known.size:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
