"""Whether predicted spikes are true ones, some milliseconds aside, and what the scores say about spikes, in bits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import xlog1py, xlogy

from rate2spike.calls import public
from rate2spike.checks import whole_number
from rate2spike.readable import Readable
from rate2spike.spiking.twin_evaluation.given import (
    binary,
    check_both_kinds,
    check_probabilities,
    same_shape,
    simulations,
    spikes_and_scores,
)

_CERTAINTY = 1e-7  # scores of 0 and 1 are taken for this and its complement, as in Keras' cross-entropy


@dataclass(frozen=True, eq=False, repr=False)
class SpikeAgreement(Readable):
    """Predicted and true spikes that lie close to each other.

    Attributes
    ----------
    tolerance_ms : int
        How far apart two spikes may be and still agree.
    precision : float
        Share of the predicted spikes with a true one that close; NaN if none is predicted.
    recall : float
        Share of the true spikes with a predicted one that close; NaN if there is none.
    n_true, n_predicted : int
        Numbers of spikes (bins).
    """

    tolerance_ms: int
    precision: float
    recall: float
    n_true: int
    n_predicted: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both != 0 else 0.0


@public()
def spike_agreement(true_spikes: Any, predicted_spikes: Any, tolerance_ms: int = 10) -> SpikeAgreement:
    """Precision and recall of predicted spikes, with a tolerance.

    Parameters
    ----------
    true_spikes : (n_simulations, T) array of 0 and 1, or (T,)
        Spikes of the neuron, per ms.
    predicted_spikes : array of the same shape
        Where the network's score is above its threshold.
    tolerance_ms : int, default 10
        How far apart two spikes may be and still agree; 0: in the same bin.

    Returns
    -------
    SpikeAgreement
        Precision and recall.

    Raises
    ------
    InputError
        For other values and shapes.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.spike_agreement import spike_agreement
    >>> spike_agreement([0, 1, 0, 0, 0, 0, 1], [0, 0, 1, 0, 0, 0, 0], tolerance_ms=1)
    SpikeAgreement(tolerance_ms=1, precision=1, recall=0.5, n_true=2, n_predicted=1)
    """
    truth, prediction = binary(true_spikes, "true_spikes"), binary(predicted_spikes, "predicted_spikes")
    same_shape(truth, prediction, "true_spikes", "predicted_spikes")
    truth, prediction = simulations(truth, "true_spikes"), simulations(prediction, "predicted_spikes")
    reach = whole_number(tolerance_ms, "{tolerance_ms}", "tolerance_ms", least=0)
    precision, recall = _share_near(prediction, truth, reach), _share_near(truth, prediction, reach)
    return SpikeAgreement(reach, precision, recall, int(truth.sum()), int(prediction.sum()))


@public()
def bits_per_spike(spikes: Any, scores: Any) -> float:
    """Information that scores give about spikes: log-likelihood above that of the mean rate, in bits per spike.

    A score of 0 or 1 counts as 1e-7 from it, so that no single bin decides.

    Parameters
    ----------
    spikes : array of 0 and 1, of any shape
        Whether there is a spike in each bin.
    scores : array of the same shape
        Its probability according to the network.

    Returns
    -------
    float
        0 for the mean rate; negative for what is worse.

    Raises
    ------
    InputError
        If there are no spikes, or only spikes; for scores that are no probabilities, and arrays of two shapes.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.spike_agreement import bits_per_spike
    >>> round(bits_per_spike([0, 0, 0, 1], [0.25, 0.25, 0.25, 0.25]), 6), round(bits_per_spike([0, 0, 0, 1], [0, 0, 0, 1]), 4)
    (0.0, 3.2451)
    """
    spikes, scores = spikes_and_scores(spikes, scores)
    n_spikes = int(np.count_nonzero(spikes))
    check_both_kinds(n_spikes, spikes.size, "bits per spike are")
    check_probabilities(scores)
    probability = np.clip(scores.astype(float), _CERTAINTY, 1 - _CERTAINTY)
    found = np.log(probability[spikes]).sum() + np.log1p(-probability[~spikes]).sum()
    rate = n_spikes / spikes.size
    of_mean_rate = xlogy(n_spikes, rate) + xlog1py(spikes.size - n_spikes, -rate)
    return float((found - of_mean_rate) / n_spikes / np.log(2))


def _share_near(own: np.ndarray, other: np.ndarray, reach: int) -> float:
    """Share of the own spikes with another within `reach` bins; NaN if there are none."""
    return float(_near(other, reach)[own].mean()) if own.any() else float("nan")


def _near(spikes: np.ndarray, reach: int) -> np.ndarray:
    """(n_simulations, T) bool: whether a spike lies within `reach` bins."""
    so_far = np.pad(np.cumsum(spikes, axis=1), ((0, 0), (reach + 1, reach)), mode="edge")
    so_far[:, : reach + 1] = 0
    return so_far[:, 2 * reach + 1 :] > so_far[:, : spikes.shape[1]]
