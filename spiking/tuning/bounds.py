"""What biology fixes, as a least and a largest value of every weight: Dale's signs, missing connections, a largest weight."""

from dataclasses import dataclass

import numpy as np

from rate2spike.errors import InputError
from rate2spike.trained_model import TrainedModel


@dataclass(frozen=True, eq=False)
class Bounds:
    """Of the weights of a spiking network, which are a model's divided by its scaling factor."""

    scaling_factor: float
    most_w: float  # of the model
    most_w_out: float  # of the model
    low: np.ndarray  # (N, N) [source, target], of the network
    high: np.ndarray

    @property
    def free(self) -> np.ndarray:
        """(N, N) bool: connections that may change."""
        return self.low < self.high

    @property
    def most_out(self) -> float:
        """The largest output weight of the network."""
        return self.most_w_out / self.scaling_factor


def bounds_of(
    model: TrainedModel, scaling_factor: float, largest_weight: float = 1.0, *, silent: bool = False
) -> Bounds:
    """Bounds of the network that is made of a model; largest_weight: as a multiple of the largest weight now.

    The connections are those of the trained weights; silent: and those that the network was drawn with, and training has
    silenced. Raises InputError where nothing is left to change.
    """
    signs, mask = model.sign_matrix, model.connection_mask
    if np.count_nonzero(signs) != np.count_nonzero(np.diag(signs)) or not np.isin(mask, (0, 1)).all():
        raise InputError("tuning needs signs (m) on the diagonal alone, and a mask of connections (som_m) of 0 and 1")
    most_w, most_w_out = (largest_weight * float(np.abs(w).max(initial=0)) for w in (model.effective_w(), model.w_out))
    if not most_w or not (model.connection_mask != 0).any():
        raise InputError("no connection may change: the recurrent weights are all 0, or their mask allows none")
    if not most_w_out:
        raise InputError("the output weights are all 0, and none may be larger than the largest of them")
    is_used = model.effective_w() != 0
    is_there = (is_used | (model.effective_w(initial=True) != 0) if silent else is_used).T
    sign = np.sign(np.diag(model.sign_matrix)).astype(float)[:, None]  # of the source
    may_be_negative, may_be_positive = (sign < 0, sign > 0) if model.has_dale else (sign == sign, sign == sign)
    most = most_w / scaling_factor
    return Bounds(
        scaling_factor, most_w, most_w_out, -most * may_be_negative * is_there, most * may_be_positive * is_there
    )
