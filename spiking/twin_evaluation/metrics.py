"""The published numbers of one choice of simulations, under their published names; and further ones."""

import numpy as np

from rate2spike.spiking.twin_evaluation.predictions import Scored
from rate2spike.spiking.twin_evaluation.roc import roc_of
from rate2spike.spiking.twin_evaluation.spike_agreement import bits_per_spike
from rate2spike.spiking.twin_evaluation.voltage_scores import voltage_scores

FALSE_POSITIVE_RATES = (0.0001, 0.0005, 0.001, 0.0015, 0.002, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.1)
AUC = "AUC"
SOMA = ("soma_explained_variance_percent", "soma_RMSE", "soma_MAE")  # of the prediction with matched moments
RAW_SOMA = tuple(f"raw_{name}" for name in SOMA)  # of the prediction as it is
NAN = float("nan")


def tp_key(fpr: float) -> str:
    """Of the true positive rate at a false positive rate."""
    return f"TP @ {fpr:.4f} FP"


def partial_auc_key(fpr: float) -> str:
    """Of the mean true positive rate below a false positive rate."""
    return f"AUC @ {fpr:.4f} FP"


def published_metrics(scored: Scored) -> dict[str, float]:
    """AUC, true positives and partial AUC at each rate, and the voltage, if any. NaN: what is not defined here."""
    keys = [AUC, *map(tp_key, FALSE_POSITIVE_RATES), *map(partial_auc_key, FALSE_POSITIVE_RATES)]
    found = dict.fromkeys(keys, NAN)
    if scored.has_auc:
        curve = roc_of(scored.spikes, scored.scores).simplified()
        found[AUC] = curve.auc
        found |= {tp_key(fpr): curve.tpr_at(fpr) for fpr in FALSE_POSITIVE_RATES}
        found |= {partial_auc_key(fpr): curve.partial_auc(fpr) for fpr in FALSE_POSITIVE_RATES}
    if scored.soma is not None:
        found |= _of_voltage(scored.soma.true_mv, scored.soma.matched_mv, SOMA)
    return found


def further_metrics(scored: Scored) -> dict[str, float]:
    """Numbers of simulations and spikes, D', average precision, bits per spike; the voltage as it is predicted."""
    found = {"n_simulations": float(len(scored.spikes)), "n_spikes": float(np.count_nonzero(scored.spikes))}
    found |= dict.fromkeys(("D_prime", "average_precision", "bits_per_spike"), NAN)
    if scored.has_auc:
        curve = roc_of(scored.spikes, scored.scores)
        found |= {"D_prime": curve.d_prime, "average_precision": curve.precision_recall().area}
        found["bits_per_spike"] = bits_per_spike(scored.spikes, scored.scores)
    if scored.soma is not None:
        found |= _of_voltage(scored.soma.true_mv, scored.soma.raw_mv, RAW_SOMA)
    return found


def _of_voltage(true_mv: np.ndarray, predicted_mv: np.ndarray, keys: tuple[str, ...]) -> dict[str, float]:
    if not true_mv.size or true_mv.min() == true_mv.max():
        return dict.fromkeys(keys, NAN)
    scores = voltage_scores(true_mv, predicted_mv)
    return dict(zip(keys, (scores.explained_variance_percent, scores.rmse_mv, scores.mae_mv), strict=True))
