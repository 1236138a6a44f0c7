"""How well a voltage is foretold: errors and explained variance, as it is and with mean and SD matched to the truth."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.twin_evaluation.given import numbers, same_shape


@dataclass(frozen=True, eq=False, repr=False)
class VoltageScores(Readable):
    """Errors of one prediction.

    Attributes
    ----------
    rmse_mv, mae_mv : float
        Root of the mean square, and mean absolute value, of the error.
    explained_variance_percent : float
        100 (1 - Var(error) / Var(truth)): a constant offset costs nothing, and what is worse than the mean is below 0.
    """

    rmse_mv: float
    mae_mv: float
    explained_variance_percent: float


@public()
def voltage_scores(true_mv: Any, predicted_mv: Any) -> VoltageScores:
    """Scores of a predicted voltage over all bins together.

    Parameters
    ----------
    true_mv : array, of any shape
        What the neuron did, mV.
    predicted_mv : array of the same shape
        What the network says, mV.

    Returns
    -------
    VoltageScores
        RMSE, MAE and explained variance.

    Raises
    ------
    InputError
        For other than finite numbers, arrays of two shapes, and a true voltage that is constant: its explained variance is
        undefined.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.voltage_scores import voltage_scores
    >>> voltage_scores([-70, -60, -65, -75], [-69, -60, -66, -76])
    VoltageScores(rmse_mv=0.866, mae_mv=0.75, explained_variance_percent=97.8)
    """
    truth, prediction = _checked(true_mv, predicted_mv)
    error = truth - prediction
    explained = 1 - error.var() / truth.var()
    return VoltageScores(float(np.sqrt(np.mean(error**2))), float(np.abs(error).mean()), float(100 * explained))


@public()
def moment_matched(true_mv: Any, predicted_mv: Any) -> np.ndarray:
    """The prediction with the mean and the SD of the truth, as the published evaluation has it before it scores.

    On these data its explained variance is 100 (2 r - 1), r being the correlation with the truth, whatever the prediction's
    offset and gain: what it tells is the shape. Report it together with the scores of the prediction as it is.

    Parameters
    ----------
    true_mv : array, of any shape
        What the neuron did, mV.
    predicted_mv : array of the same shape
        What the network says, in any unit.

    Returns
    -------
    float64 array of the same shape
        mV. Of a constant prediction, which has no shape, the mean of the truth.

    Raises
    ------
    InputError
        As `voltage_scores`.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.twin_evaluation.voltage_scores import moment_matched
    >>> moment_matched(np.array([-70.0, -60.0, -80.0]), np.array([0.0, 1.0, -1.0]))
    array([-70., -60., -80.])
    """
    truth, prediction = _checked(true_mv, predicted_mv)
    spread = prediction.std()
    gain = truth.std() / spread if spread > 0 else 0.0
    return (prediction - prediction.mean()) * gain + truth.mean()


def _checked(true_mv: Any, predicted_mv: Any) -> tuple[np.ndarray, np.ndarray]:
    truth, prediction = numbers(true_mv, "true_mv"), numbers(predicted_mv, "predicted_mv")
    same_shape(truth, prediction, "true_mv", "predicted_mv")
    if truth.min() == truth.max():
        raise InputError("explained variance is undefined: {true_mv} is constant", "true_mv")
    return truth.astype(float), prediction.astype(float)
