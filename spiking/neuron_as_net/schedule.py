"""How learning rate and weights of the losses change while a network is fitted."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import NOT_NEGATIVE, POSITIVE, Range, number, several, whole_number
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.neuron_as_net.heads import DENDRITIC, NEAR_SPIKES, RATE, SOMATIC, SPIKES

_MOST_SCALE = 1e6  # times as many epochs


@public()
@dataclass(frozen=True, eq=False, repr=False)
class Phase(Readable):
    """Epochs of one learning rate and of one weight per loss.

    Parameters
    ----------
    n_epochs : int
        How many.
    learning_rate : float
        Of the optimiser.
    weights : dict of str to float
        By the name of the head; heads that are not named have none.

    Raises
    ------
    InputError
        If a value cannot be used.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.schedule import Phase
    >>> Phase(40, 1e-4, {"spikes": 1.0, "somatic": 0.02})
    Phase(n_epochs=40, learning_rate=0.0001, weights={spikes: 1, somatic: 0.02})
    """

    n_epochs: int
    learning_rate: float
    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        if not isinstance(self.weights, Mapping) or not self.weights:
            raise InputError("{weights} must be a dict with a weight per head, such as {'spikes': 1}", "weights")
        values = dict(
            n_epochs=whole_number(self.n_epochs, "{n_epochs}", "n_epochs"),
            learning_rate=number(self.learning_rate, "{learning_rate}", "learning_rate", POSITIVE),
            weights={
                name: number(weight, f"the weight of {name}", "weights", NOT_NEGATIVE)
                for name, weight in self.weights.items()
            },
        )
        for name, value in values.items():
            object.__setattr__(self, name, value)


@public()
@dataclass(frozen=True, eq=False, repr=False)
class Schedule(Readable):
    """Phases, one after the other.

    Parameters
    ----------
    phases : Phase, or several
        In order.

    Raises
    ------
    InputError
        If there is none.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.schedule import published_schedule
    >>> published_schedule(0.1)
    Schedule(n_epochs=25, n_phases=5)
    >>> published_schedule().at(80).learning_rate
    1e-05
    """

    shown = ("n_epochs", "n_phases")

    phases: tuple[Phase, ...]

    def __post_init__(self) -> None:
        phases = tuple(several(self.phases))
        if not phases or not all(isinstance(one, Phase) for one in phases):
            raise InputError("{phases} must be one or several Phase", "phases")
        object.__setattr__(self, "phases", phases)

    @property
    def n_phases(self) -> int:
        """Number of phases."""
        return len(self.phases)

    @property
    def n_epochs(self) -> int:
        """Epochs of all phases."""
        return sum(phase.n_epochs for phase in self.phases)

    def at(self, epoch: int) -> Phase:
        """The phase of an epoch, counted from 0; after the last epoch the last phase."""
        for phase in self.phases:
            if epoch < phase.n_epochs:
                return phase
            epoch -= phase.n_epochs
        return phase

    def scaled(self, factor: float) -> "Schedule":
        """The same with `factor` times as many epochs; no phase vanishes. Raises InputError."""
        factor = number(factor, "{scale}", "scale", Range(above=0, most=_MOST_SCALE))
        order = np.arange(self.n_phases)
        ends = np.round(np.cumsum([phase.n_epochs for phase in self.phases]) * factor).astype(int)
        # of every phase one epoch at least, and no more epochs in all than that asks for
        ends = np.maximum.accumulate(np.maximum(ends, 1) - order) + order
        total = max(round(self.n_epochs * factor), self.n_phases)
        counts = np.diff(np.minimum(ends, total - order[::-1]), prepend=0)
        counted = zip(counts.tolist(), self.phases, strict=True)
        return Schedule(tuple(Phase(n, phase.learning_rate, phase.weights) for n, phase in counted))

    def times(self, factor: float) -> "Schedule":
        """The same with `factor` times the learning rates. Raises InputError."""
        factor = number(factor, "{factor}", "factor", POSITIVE)
        return Schedule(tuple(replace(phase, learning_rate=factor * phase.learning_rate) for phase in self.phases))

    def weighted(self, **weights: float) -> "Schedule":
        """The same with these weights of losses in every phase, by the name of the head. Raises InputError."""
        return Schedule(tuple(replace(phase, weights={**phase.weights, **weights}) for phase in self.phases))


_PUBLISHED = (  # epochs, learning rate, and weights of spikes, soma, dendrites
    (40, 1e-4, 1.0, 0.0200, 5e-6),
    (40, 3e-5, 2.0, 0.0100, 3e-6),
    (40, 1e-5, 4.0, 0.0100, 1e-6),
    (40, 3e-6, 8.0, 0.0100, 1e-8),
    (90, 1e-6, 9.0, 0.0030, 1e-9),
)


@public()
def published_schedule(scale: float = 1.0) -> Schedule:
    """The schedule of the layer-5 cell's twins (Beniaguev et al. 2021): 250 epochs in five phases.

    Parameters
    ----------
    scale : float, default 1
        Times as many epochs in every phase, 1 at least.

    Returns
    -------
    Schedule

    Raises
    ------
    InputError
        If the scale is not positive.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.schedule import published_schedule
    >>> [phase.learning_rate for phase in published_schedule().phases]
    [0.0001, 3e-05, 1e-05, 3e-06, 1e-06]
    """
    phases = [Phase(n, rate, dict(zip((SPIKES, SOMATIC, DENDRITIC), ws, strict=True))) for n, rate, *ws in _PUBLISHED]
    return Schedule(tuple(phases)).scaled(scale)


def point_schedule(n_epochs: int = 10, learning_rate: float = 1e-2) -> Schedule:
    """Of the integrate-and-fire cell's twin, for 1 000 updates or so: the published weights, a rate that falls to a tenth."""
    weights = {SPIKES: 1.0, SOMATIC: 0.003}
    parts = [(5, 1.0), (3, 0.3), (2, 0.1)]
    return Schedule(tuple(Phase(n, learning_rate * factor, weights) for n, factor in parts)).scaled(n_epochs / 10)


def ball_and_stick_schedule(n_epochs: int = 100, learning_rate: float = 3e-4) -> Schedule:
    """Of ball-and-stick twins: a slow start, a fall in the last quarter, and weights that move towards the spikes."""
    n_warm, n_cool = max(1, min(40, round(0.1 * n_epochs))), max(1, round(0.25 * n_epochs))

    def factor(k: int) -> float:
        if k < n_warm:
            return float(np.linspace(0.001, 0.6, n_warm)[k])
        n_left = n_epochs - k
        return 1.0 if n_left > n_cool else float(np.linspace(0.0005, 0.5, n_cool)[n_left - 1])

    return Schedule(
        tuple(Phase(1, learning_rate * factor(k), _stick_weights((k / n_warm - 2.5) / 1.5)) for k in range(n_epochs))
    )


def short_ball_and_stick_schedule(n_epochs: int = 100, learning_rate: float = 3e-3) -> Schedule:
    """Of ball-and-stick twins that are ELM neurons, fitted within an hour: ten times the published learning rate at its most.

    It rises for a twentieth of the epochs, and falls along half a cosine to a hundredth. The weights are the published ones,
    and move, as published, from a quarter of the epochs to two fifths.
    """
    shares = _done(n_epochs)
    return Schedule(
        tuple(Phase(1, learning_rate * _cosine(done), _stick_weights((done - 0.25) / 0.15)) for done in shares)
    )


def cosine_schedule(n_epochs: int, learning_rate: float, weights: Mapping[str, float]) -> Schedule:
    """For short fits: the learning rate rises for a twentieth of the epochs, and falls along half a cosine to a hundredth."""
    return Schedule(tuple(Phase(1, learning_rate * _cosine(done), weights) for done in _done(n_epochs)))


def _done(n_epochs: int) -> list[float]:
    """How much of a fit is done in the middle of each epoch."""
    return [(k + 0.5) / n_epochs for k in range(n_epochs)]


def _cosine(done: float) -> float:
    return done / 0.05 if done < 0.05 else 0.01 + 0.99 * (1 + math.cos(math.pi * (done - 0.05) / 0.95)) / 2


def long_ball_and_stick_schedule(n_epochs: int = 10, learning_rate: float = 1e-3) -> Schedule:
    """Of their further fit on long windows: half a cosine down to 0, the last weights, and ten times that of the rate."""
    return falling_schedule(n_epochs, learning_rate, _stick_weights(1) | {RATE: 30.0})


def falling_schedule(n_epochs: int, learning_rate: float, weights: Mapping[str, float]) -> Schedule:
    """For a second fit: the learning rate falls along half a cosine to 0."""
    rates = [learning_rate * (1 + math.cos(math.pi * done)) / 2 for done in _done(n_epochs)]
    return Schedule(tuple(Phase(1, rate, weights) for rate in rates))


def _stick_weights(moved: float) -> dict[str, float]:
    """Weights of the losses of ball-and-stick twins: the first ones up to 0, the last ones from 1 on."""
    names = (SPIKES, SOMATIC, NEAR_SPIKES, RATE, DENDRITIC)
    first, last = np.array([2, 0.7, 1.8, 3, 6]), np.array([24, 0.15, 0.25, 3, 0.6])
    return dict(zip(names, (first + np.clip(moved, 0, 1) * (last - first)).tolist(), strict=True))


def described(schedule: Schedule) -> list[dict[str, Any]]:
    """Phases as plain values, as a checkpoint holds them."""
    return [
        {"n_epochs": phase.n_epochs, "learning_rate": phase.learning_rate, "weights": dict(phase.weights)}
        for phase in schedule.phases
    ]
