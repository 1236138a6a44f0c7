"""Accuracy against complexity: the functional complexity index of a neuron, and the best that networks up to a size reach."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import FRACTION, as_array, number, true_or_false
from rate2spike.errors import InputError
from rate2spike.readable import Readable, dataframe
from rate2spike.spiking.twin_evaluation.given import numbers, same_shape

MIN_CHANGE = 0.02  # of the span of the curve, as published for validation results


@public()
def functional_complexity_index(auc: float) -> float:
    """How hard a neuron is to imitate, from the AUC that one fixed architecture reaches: log10(1000 (1 - AUC)) / 2.

    1 for AUC 0.9, 0 for AUC 0.999; beyond these it goes on, below 0 and above 1. Neurons can be compared only by the same
    architecture and training. Defined by Aizenbud et al. 2024 (bioRxiv 2024.12.17.628883) as log10(1000 (1 - AUC)) divided by
    its value at AUC 0.9.

    Parameters
    ----------
    auc : float
        Area under the ROC, from 0 to 1.

    Returns
    -------
    float
        Higher for a more complex neuron; -inf if the imitation is perfect.

    Raises
    ------
    InputError
        If auc is no number from 0 to 1.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.complexity import functional_complexity_index
    >>> [round(functional_complexity_index(auc), 3) for auc in (0.9, 0.99, 0.999)]
    [1.0, 0.5, 0.0]
    """
    missing = 1 - number(auc, "{auc}", "auc", FRACTION)
    return float(np.log10(1000 * missing) / 2) if missing > 0 else -np.inf


@dataclass(frozen=True, eq=False, repr=False)
class BestSoFar(Readable):
    """The best value that is reached up to each complexity, as points that rise (or fall, if small values are good).

    Attributes
    ----------
    complexity, value : (n,) arrays
        Of each point: up to this complexity, this is the best value.
    row : (n,) int array
        Which of the given rows has that value; its own complexity may be lower.
    error : (n,) array, or None
        Error of that row.
    """

    shown = ("n_points", "complexity", "value")

    complexity: np.ndarray
    value: np.ndarray
    row: np.ndarray
    error: np.ndarray | None = None

    @property
    def n_points(self) -> int:
        """Number of points."""
        return self.row.size

    def to_dataframe(self) -> Any:
        """One row per point: complexity, value, row, and error if it is known."""
        error = {} if self.error is None else {"error": self.error}
        return dataframe({"complexity": self.complexity, "value": self.value, "row": self.row} | error)


@public()
def best_so_far(
    complexity: Any, value: Any, error: Any | None = None, min_change: float = MIN_CHANGE, larger_is_better: bool = True
) -> BestSoFar:
    """The curve of the best value over complexity: running best, thinned to the points where it changes.

    Parameters
    ----------
    complexity : (n,) array
        Of each network: depth, width, history, number of parameters.
    value : (n,) array
        What it reaches, such as AUC; NaN: not known, left out.
    error : (n,) array, or None, default None
        Of each value.
    min_change : float, default 0.02
        A point is drawn if it is better than the last one by more than this share of the whole span; the first and the last
        complexity always are.
    larger_is_better : bool, default True
        False for errors.

    Returns
    -------
    BestSoFar
        Each value with the error of the network that has it.

    Raises
    ------
    InputError
        For arrays of different lengths, and if no value is known.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.complexity import best_so_far
    >>> best_so_far([1, 2, 2, 3], [0.90, 0.95, 0.93, 0.94], error=[0.04, 0.03, 0.02, 0.01]).to_dict()["row"]
    array([0, 1, 1])
    """
    x, found = numbers(complexity, "complexity").astype(float), as_array(value, "value", float)
    same_shape(x, found, "complexity", "value")
    errors = None if error is None else as_array(error, "error", float)
    if errors is not None:
        same_shape(x, errors, "complexity", "error")
    threshold = number(min_change, "{min_change}", "min_change", FRACTION)
    score = found if true_or_false(larger_is_better, "{larger_is_better}", "larger_is_better") else -found
    known = np.flatnonzero(~np.isnan(found))
    if not known.size:
        raise InputError("no {value} is known", "value")
    at, best = _running_best(x, score, known)
    kept = _changes(score[best], threshold)
    best = best[kept]
    return BestSoFar(at[kept], found[best], best, None if errors is None else errors[best])


def _running_best(x: np.ndarray, score: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every complexity once, rising, and the row that is best up to there: of equal ones the least complex, first."""
    at: list[float] = []
    best: list[int] = []
    for row in known[np.lexsort((known, -score[known], x[known]))]:
        if not at or x[row] > at[-1]:
            at.append(float(x[row]))
            best.append(row if not best or score[row] > score[best[-1]] else best[-1])
    return np.array(at), np.array(best)


def _changes(score: np.ndarray, min_change: float) -> np.ndarray:
    """Indices of the first, the last, and what exceeds the one before by more than a share of the span."""
    kept = [0]
    for k in range(1, score.size):
        if score[k] - score[kept[-1]] > min_change * (score[-1] - score[0]) or k == score.size - 1:
            kept.append(k)
    return np.array(kept)
