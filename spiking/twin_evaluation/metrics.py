"""The published numbers of any choice of simulations, under their published names; and further ones."""

from typing import NamedTuple

import numpy as np

from rate2spike.spiking.twin_evaluation.predictions import Scored
from rate2spike.spiking.twin_evaluation.ranked_scores import RankedScores
from rate2spike.spiking.twin_evaluation.spike_agreement import bits_per_spike
from rate2spike.spiking.twin_evaluation.voltage_sums import VoltageSums

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


class Scorer(NamedTuple):
    """A data set, made ready for the metrics of many choices of its simulations: masks (n_simulations,)."""

    scored: Scored
    ranked: RankedScores
    matched: VoltageSums | None
    raw: VoltageSums | None

    @classmethod
    def of(cls, scored: Scored) -> "Scorer":
        """Sort the scores, and sum up the voltages, if there are any."""
        ranked = RankedScores.of(scored.spikes, scored.scores)
        if scored.soma is None:
            return cls(scored, ranked, None, None)
        true_mv, raw_mv, matched_mv = scored.soma
        return cls(scored, ranked, VoltageSums.of(true_mv, matched_mv), VoltageSums.of(true_mv, raw_mv))

    def published(self, which: np.ndarray) -> dict[str, float]:
        """AUC, true positives and partial AUC at each rate, and the voltage, if any. NaN: not defined for these."""
        keys = [AUC, *map(tp_key, FALSE_POSITIVE_RATES), *map(partial_auc_key, FALSE_POSITIVE_RATES)]
        found = dict.fromkeys(keys, NAN)
        curve = self.ranked.roc(which, only_corners=True)
        if curve is not None:
            found[AUC] = curve.auc
            found |= {tp_key(fpr): curve.tpr_at(fpr) for fpr in FALSE_POSITIVE_RATES}
            found |= {partial_auc_key(fpr): curve.partial_auc(fpr) for fpr in FALSE_POSITIVE_RATES}
        return found | _of_voltage(self.matched, which, SOMA)

    def further(self, which: np.ndarray) -> dict[str, float]:
        """Numbers of simulations and spikes, D', average precision, bits per spike; the voltage as it is predicted."""
        spikes = self.scored.spikes[which]
        found = {"n_simulations": float(len(spikes)), "n_spikes": float(np.count_nonzero(spikes))}
        found |= dict.fromkeys(("D_prime", "average_precision", "bits_per_spike"), NAN)
        curve = self.ranked.roc(which)
        if curve is not None:
            found |= {"D_prime": curve.d_prime, "average_precision": curve.precision_recall().area}
            found["bits_per_spike"] = bits_per_spike(spikes, self.scored.scores[which])
        return found | _of_voltage(self.raw, which, RAW_SOMA)


def _of_voltage(sums: VoltageSums | None, which: np.ndarray, keys: tuple[str, ...]) -> dict[str, float]:
    if sums is None:
        return {}
    return {name: float(values[0]) for name, values in zip(keys, sums.scores(which[None]), strict=True)}
