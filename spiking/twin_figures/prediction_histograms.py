"""How predicted probabilities and errors of the voltage are distributed."""

from dataclasses import dataclass, field

import numpy as np

from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.twin_evaluation.predictions import Scored, TwinPredictions

_LEAST = 1e-6  # probabilities below are counted in the first bin
_PER_DECADE = 10
_RESIDUAL_MV, _N_RESIDUAL_BINS = 20.0, 300  # as published


@dataclass(frozen=True, eq=False, repr=False)
class Shares(Readable):
    """Shares of several kinds of values in bins; what is outside counts in the outermost ones.

    Attributes
    ----------
    edges : (n + 1,) array
        Of the bins.
    share : dict of str to (n,) array
        Of all values of a kind; they add up to 1.
    """

    shown = ("n_bins",)

    edges: np.ndarray = field(repr=False)
    share: dict[str, np.ndarray] = field(repr=False)

    @property
    def n_bins(self) -> int:
        """Number of bins n."""
        return self.edges.size - 1


def probability_shares(predictions: TwinPredictions, discard_ms: int = 0) -> Shares:
    """Predicted probabilities of bins 'with a spike' and 'without', in bins of equal ratio. Raises InputError."""
    scored = Scored.of(predictions, discard_ms)
    n_bins = round(-np.log10(_LEAST) * _PER_DECADE)
    kinds = {"with a spike": scored.scores[scored.spikes], "without": scored.scores[~scored.spikes]}
    return _shares(np.logspace(np.log10(_LEAST), 0, n_bins + 1), kinds)


def voltage_errors(predictions: TwinPredictions, discard_ms: int = 0) -> tuple[Shares, np.ndarray]:
    """Predicted minus true voltage, in 300 bins over 20 mV both ways, and mean and SD. Raises InputError without voltage."""
    scored = Scored.of(predictions, discard_ms)
    if scored.soma is None:
        raise InputError("the {predictions} hold no voltage", "predictions")
    error = scored.soma.raw_mv.astype(float) - scored.soma.true_mv
    edges = np.linspace(-_RESIDUAL_MV, _RESIDUAL_MV, _N_RESIDUAL_BINS + 1)
    return _shares(edges, {"error": error.ravel()}), np.array([error.mean(), error.std()])


def _shares(edges: np.ndarray, kinds: dict[str, np.ndarray]) -> Shares:
    counts = {name: np.histogram(np.clip(one, edges[0], edges[-1]), edges)[0] for name, one in kinds.items()}
    return Shares(edges, {name: one / max(one.sum(), 1) for name, one in counts.items()})
