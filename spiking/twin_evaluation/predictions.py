"""What a network says of a data set, beside what the neuron did; the part of it that is scored."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.twin_evaluation.given import binary, check_probabilities, numbers, same_shape, simulations
from rate2spike.spiking.twin_evaluation.voltage_scores import moment_matched


@public()
@dataclass(frozen=True, eq=False, repr=False)
class TwinPredictions(Readable):
    """Predictions of a data set, simulations first, time last.

    Parameters
    ----------
    scores : (n_simulations, T) array
        Probability of a spike in each ms, from the network.
    true_spikes : (n_simulations, T) array of 0 and 1
        Spikes of the neuron.
    soma_mv : (n_simulations, T) array, or None, default None
        Somatic voltage according to the network, mV.
    true_soma_mv : (n_simulations, T) array, or None, default None
        What the neuron's was, capped as it was for the training, mV.

    Raises
    ------
    InputError
        For arrays of different shapes, what is not finite, scores below 0 or above 1, and one voltage without the other.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions
    >>> TwinPredictions(np.full((3, 2000), 0.001), np.arange(6000).reshape(3, 2000) % 1000 == 5)
    TwinPredictions(n_simulations=3, duration_ms=2000, n_spikes=6, has_soma=False)
    """

    shown = ("n_simulations", "duration_ms", "n_spikes", "has_soma")

    scores: np.ndarray = field(repr=False)
    true_spikes: np.ndarray = field(repr=False)
    soma_mv: np.ndarray | None = field(default=None, repr=False)
    true_soma_mv: np.ndarray | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if (self.soma_mv is None) != (self.true_soma_mv is None):
            raise InputError("{soma_mv} and true_soma_mv must be given together, or neither", "soma_mv")
        arrays = {"scores": numbers(self.scores, "scores"), "true_spikes": binary(self.true_spikes, "true_spikes")}
        check_probabilities(arrays["scores"])
        if self.soma_mv is not None:
            arrays |= {name: numbers(getattr(self, name), name) for name in ("soma_mv", "true_soma_mv")}
        for name, values in arrays.items():
            same_shape(arrays["scores"], values, "scores", name)
            object.__setattr__(self, name, simulations(values, name))

    @property
    def n_simulations(self) -> int:
        """Number of simulations."""
        return len(self.scores)

    @property
    def duration_ms(self) -> int:
        """Length of each."""
        return self.scores.shape[1]

    @property
    def n_spikes(self) -> int:
        """True spikes of all."""
        return int(np.count_nonzero(self.true_spikes))

    @property
    def has_soma(self) -> bool:
        """Whether there is a voltage."""
        return self.soma_mv is not None


class Soma(NamedTuple):
    """Voltages of the bins that are scored, (n, T'): true, predicted, and predicted with the moments of the truth."""

    true_mv: np.ndarray
    raw_mv: np.ndarray
    matched_mv: np.ndarray


class Scored(NamedTuple):
    """What is scored: the bins after those discarded, of some simulations."""

    scores: np.ndarray  # (n, T')
    spikes: np.ndarray  # (n, T')
    n_spikes: np.ndarray  # (n,) of the whole simulation
    soma: Soma | None

    @classmethod
    def of(cls, predictions: TwinPredictions, discard_ms: int) -> "Scored":
        """All simulations. The moments of the voltage are matched over all bins, as published. Raises InputError."""
        if discard_ms >= predictions.duration_ms:
            raise InputError(
                f"{{discard_ms}} must be below the length of a simulation, {predictions.duration_ms} ms, got {discard_ms}",
                "discard_ms",
            )
        soma = None
        true_mv, soma_mv = predictions.true_soma_mv, predictions.soma_mv
        if true_mv is not None and soma_mv is not None:
            soma = Soma(*(one[:, discard_ms:] for one in (true_mv, soma_mv, moment_matched(true_mv, soma_mv))))
        scores, spikes = predictions.scores[:, discard_ms:], predictions.true_spikes[:, discard_ms:]
        return cls(scores, spikes, predictions.true_spikes.sum(1), soma)

    def kept(self, which: np.ndarray) -> "Scored":
        """Some of the simulations: indices, or a mask."""
        soma = None if self.soma is None else Soma(*(one[which] for one in self.soma))
        return Scored(self.scores[which], self.spikes[which], self.n_spikes[which], soma)

    def has_spikes(self, spikes: tuple[int, int]) -> np.ndarray:
        """(n,) bool: the simulations whose number of spikes is in a range, its ends included."""
        return (self.n_spikes >= spikes[0]) & (self.n_spikes <= spikes[1])

    @property
    def has_auc(self) -> bool:
        """Whether there are spikes, and other bins."""
        return bool(self.spikes.any() and not self.spikes.all())
