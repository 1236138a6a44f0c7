"""The evaluation of a network that imitates a neuron: predictions of a data set in, all scores out."""

from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import Range, number, shown
from rate2spike.errors import InputError
from rate2spike.seeding import Role, generator
from rate2spike.spiking.twin_evaluation.bootstrap import Interval, intervals
from rate2spike.spiking.twin_evaluation.cross_correlation import CrossCorrelation, cross_correlation
from rate2spike.spiking.twin_evaluation.evaluation_options import EvaluationOptions
from rate2spike.spiking.twin_evaluation.given import check_both_kinds
from rate2spike.spiking.twin_evaluation.metrics import Scorer
from rate2spike.spiking.twin_evaluation.predictions import Scored, TwinPredictions
from rate2spike.spiking.twin_evaluation.result import Metrics, OperatingPoint, TwinEvaluation
from rate2spike.spiking.twin_evaluation.roc import Roc, roc_of
from rate2spike.spiking.twin_evaluation.spike_agreement import spike_agreement

_SUBSETS, _SAMPLES = 1, 2  # keys of the draws
_ANY_END = Range(infinite=True)  # a threshold may be below all scores, or above
_N_PAIRS = 20_000  # of voltages, for figures


@public(settings=EvaluationOptions)
def evaluate_twin(predictions: TwinPredictions, threshold: float | None = None, **settings: Any) -> TwinEvaluation:
    """Score predictions of a data set as published (Beniaguev, Segev & London 2021), with intervals.

    Parameters
    ----------
    predictions : TwinPredictions
        What the network says, and what the neuron did.
    threshold : float, or None, default None
        Score above which a spike is predicted, from `operating_threshold` of validation data. None: the one that fits these
        data best, as the published code has it.

    Returns
    -------
    TwinEvaluation
        Metrics by range of spike counts, on random subsets, with bootstrap intervals over simulations; ROC, predicted spikes.

    Raises
    ------
    InputError
        If there are no predictions, or AUC is undefined for the range of most interest: no spikes, or nothing else.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.twin_evaluation.evaluate import evaluate_twin
    >>> from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions
    >>> rng = np.random.default_rng(0)
    >>> spikes = rng.random((20, 3000)) < 0.002
    >>> scores = 1 / (1 + np.exp(6 - rng.normal(size=spikes.shape) - 3 * spikes))
    >>> found = evaluate_twin(TwinPredictions(scores, spikes), n_resamples=200)
    >>> round(found.auc, 3), [round(end, 3) for end in found.auc_interval]
    (0.987, [0.982, 0.991])
    >>> list(found.results)[2], round(found.headline["TP @ 0.0020 FP"], 3)
    ('starting_at_500ms_spikes_in_[0,24]_range', 0.5)
    """
    options = EvaluationOptions(**settings)
    scored = Scored.of(_checked(predictions), options.discard_ms)
    headline, curve = _headline(scored, options)
    scorer, n = Scorer.of(scored), len(scored.spikes)
    return TwinEvaluation(
        options,
        n,
        _by_range(scorer, np.ones(n, bool), options),
        {options.key(one): scorer.further(scored.has_spikes(one)) for one in options.ranges},
        _intervals(scored, options),
        tuple(_by_range(scorer, np.isin(np.arange(n), chosen), options) for chosen in random_subsets(n, options)),
        curve.simplified(),
        _operating_point(headline, curve, threshold, options),
        _voltage_pairs(headline, options.seed),
    )


@public(settings=EvaluationOptions)
def operating_threshold(predictions: TwinPredictions, **settings: Any) -> float:
    """The threshold at which predictions have the false positive rate of the settings: to be chosen on validation data.

    Parameters
    ----------
    predictions : TwinPredictions
        Of validation data.

    Returns
    -------
    float
        For `evaluate_twin(test, threshold)`: a spike is predicted where the score is above it.

    Raises
    ------
    InputError
        As `evaluate_twin`.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.twin_evaluation.evaluate import operating_threshold
    >>> from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions
    >>> scores = np.linspace(0, 1, 10_000)[None]
    >>> round(operating_threshold(TwinPredictions(scores, scores == 1), discard_ms=0), 4)
    0.9979
    """
    options = EvaluationOptions(**settings)
    _, curve = _headline(Scored.of(_checked(predictions), options.discard_ms), options)
    return curve.threshold_at(options.operating_fpr)


def random_subsets(n_simulations: int, options: EvaluationOptions) -> list[np.ndarray]:
    """Indices of the simulations of each random subset, rising, none twice: at least one, as many as fit the share."""
    size = max(1, int(options.subset_share * n_simulations))
    draws = [generator(options.seed, Role.ANALYSIS, _SUBSETS, k) for k in range(options.n_subsets)]
    return [np.sort(rng.choice(n_simulations, size, replace=False)) for rng in draws]


def _checked(predictions: TwinPredictions) -> TwinPredictions:
    if not isinstance(predictions, TwinPredictions):
        raise InputError(f"{{predictions}} must be TwinPredictions(...), got {shown(predictions)}", "predictions")
    return predictions


def _headline(scored: Scored, options: EvaluationOptions) -> tuple[Scored, Roc]:
    """The simulations of most interest, and their ROC. Raises InputError."""
    fewest, most = options.headline_range
    kept = scored.kept(scored.has_spikes((fewest, most)))
    if not len(kept.spikes):
        raise InputError(
            f"AUC is undefined: none of {len(scored.spikes)} simulations has {fewest} to {most} spikes "
            "({headline}, {spike_ranges})",
            "headline",
            "spike_ranges",
        )
    where = f"AUC of the {len(kept.spikes)} simulations with {fewest} to {most} spikes is"
    check_both_kinds(int(np.count_nonzero(kept.spikes)), kept.spikes.size, where)
    return kept, roc_of(kept.spikes, kept.scores)


def _by_range(scorer: Scorer, which: np.ndarray, options: EvaluationOptions) -> dict[str, Metrics]:
    """The published metrics of each range, of the simulations of a mask."""
    return {options.key(one): scorer.published(which & scorer.scored.has_spikes(one)) for one in options.ranges}


def _intervals(scored: Scored, options: EvaluationOptions) -> dict[str, dict[str, Interval]]:
    if not options.n_resamples:
        return {}
    how = options.n_resamples, options.confidence, options.operating_fpr
    rngs = {one: generator(options.seed, Role.ANALYSIS, _SAMPLES, *one) for one in options.ranges}
    return {options.key(one): intervals(scored.kept(scored.has_spikes(one)), *how, rng) for one, rng in rngs.items()}


def _operating_point(scored: Scored, curve: Roc, threshold: float | None, options: EvaluationOptions) -> OperatingPoint:
    is_given = threshold is not None
    at = (
        number(threshold, "{threshold}", "threshold", _ANY_END)
        if is_given
        else curve.threshold_at(options.operating_fpr)
    )
    predicted = scored.scores > at
    return OperatingPoint(
        at,
        is_given,
        float(predicted[~scored.spikes].mean()),
        float(predicted[scored.spikes].mean()),
        spike_agreement(scored.spikes, predicted, options.tolerance_ms),
        _cross_correlation(scored.spikes, predicted, options.reach_ms),
    )


def _cross_correlation(spikes: np.ndarray, predicted: np.ndarray, reach_ms: int) -> CrossCorrelation | None:
    try:
        return cross_correlation(spikes, predicted, reach_ms)
    except InputError:  # nothing is near a true spike
        return None


def _voltage_pairs(scored: Scored, seed: int) -> np.ndarray | None:
    if scored.soma is None:
        return None
    true_mv, _, matched_mv = scored.soma
    chosen = generator(seed, Role.FIGURE).choice(true_mv.size, min(_N_PAIRS, true_mv.size), replace=False)
    return np.stack([true_mv.ravel()[chosen], matched_mv.ravel()[chosen]]).astype(np.float32)
