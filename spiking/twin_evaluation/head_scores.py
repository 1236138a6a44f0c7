"""Scores of any output of a network, one simulation after the other: of numbers their errors, of probabilities the ROC."""

from dataclasses import dataclass, field

import numpy as np

from rate2spike.errors import InputError
from rate2spike.spiking.twin_evaluation.metrics import AUC, NAN, tp_key
from rate2spike.spiking.twin_evaluation.roc import OPERATING_FPR, roc_of

EXPLAINED, RMSE, MAE = "explained_variance_percent", "rmse", "mae"


@dataclass(eq=False)
class ErrorSums:
    """Sums that give explained variance, RMSE and MAE of all that was added, in the unit of what was added."""

    n: int = 0
    _moments: np.ndarray = field(default_factory=lambda: np.zeros(5))  # error, |error|, error^2, truth, truth^2
    _origin: float | None = None  # near the mean of the truth, so that its square does not swallow its variance

    def add(self, truth: np.ndarray, predicted: np.ndarray) -> None:
        """Arrays of one shape."""
        true = np.asarray(truth, float).ravel()
        error = true - np.asarray(predicted, float).ravel()
        self._origin = float(true.mean()) if self._origin is None else self._origin
        true = true - self._origin
        self._moments += [error.sum(), np.abs(error).sum(), (error**2).sum(), true.sum(), (true**2).sum()]
        self.n += true.size

    def scores(self) -> dict[str, float]:
        """Explained variance (percent), RMSE, MAE; NaN where the truth is constant. Raises InputError without predictions."""
        if not self.n:
            raise InputError("there are no predictions to score", "predictions")
        error, absolute, squared, true, true_squared = self._moments / self.n
        variance = true_squared - true**2
        explained = 100 * (1 - (squared - error**2) / variance) if variance > 0 else NAN
        return {EXPLAINED: float(explained), RMSE: float(np.sqrt(squared)), MAE: float(absolute)}


@dataclass(eq=False)
class DetectionSums:
    """Probabilities and truth of all that was added; AUC, and true positives at a false positive rate."""

    _truths: list[np.ndarray] = field(default_factory=list)
    _scores: list[np.ndarray] = field(default_factory=list)

    def add(self, truth: np.ndarray, predicted: np.ndarray) -> None:
        """Arrays of one shape; truth: of 0 and 1."""
        self._truths.append(np.asarray(truth).ravel() > 0)
        self._scores.append(np.asarray(predicted, np.float32).ravel())

    def scores(self, fpr: float = OPERATING_FPR) -> dict[str, float]:
        """AUC and true positive rate; NaN if there are no positives, or nothing else."""
        if not self._truths:
            raise InputError("there are no predictions to score", "predictions")
        truth, scores = np.concatenate(self._truths), np.concatenate(self._scores)
        if truth.all() or not truth.any():
            return {AUC: NAN, tp_key(fpr): NAN}
        curve = roc_of(truth, scores)
        return {AUC: curve.auc, tp_key(fpr): curve.tpr_at(fpr)}
