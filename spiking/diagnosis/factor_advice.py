"""Would another scaling factor help?

Measured, not guessed from the activity: a short search, and the best of it beside the present factor on fresh trials.
"""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from scipy.stats import binomtest

from rate2spike.progress import OnProgress
from rate2spike.readable import Readable
from rate2spike.spiking.diagnosis.subject import Subject
from rate2spike.spiking.scoring.evaluate import score_fresh
from rate2spike.spiking.scoring.options import EvaluationOptions
from rate2spike.spiking.scoring.result import Evaluation
from rate2spike.spiking.search.grid import search_factors
from rate2spike.spiking.search.options import HISTORIC_FACTORS, SearchOptions
from rate2spike.trained_model import TrainedModel

STEP = 1.25  # from one factor near the present one to the next
N_STEPS = 4  # to either side
SEARCH_TRIALS = 20  # of each factor tried
FRESH_TRIALS = 100  # of the present factor and of the best other one
SURE = 0.01  # the other one is advised if chance alone would make it look so much better less often than this


@dataclass(frozen=True, eq=False, repr=False)
class FactorAdvice(Readable):
    """The present factor and the best other one, on the same fresh stimuli.

    Attributes
    ----------
    here, other : Evaluation
        Of the present scaling factor, and of the best other one.
    tried : tuple of float
        Factors searched, sorted.
    p_value : float
        Chance of at least such a gain if both were equally good.
    helps : bool
        Whether the other factor is surely better.
    """

    here: Evaluation
    other: Evaluation
    tried: tuple[float, ...]

    def summary(self) -> dict[str, Any]:
        """Both factors with their accuracies."""
        return {
            "factor": self.here.scaling_factor,
            "accuracy": self.here.accuracy,
            "other_factor": self.other.scaling_factor,
            "other_accuracy": self.other.accuracy,
            "helps": self.helps,
            "p_value": self.p_value,
        }

    @property
    def p_value(self) -> float:
        """Chance of at least such a gain if both were equally good: sign test over the trials that only one solves."""
        gained = int((self.other.correct & ~self.here.correct).sum())
        lost = int((self.here.correct & ~self.other.correct).sum())
        return float(binomtest(gained, gained + lost, alternative="greater").pvalue) if gained + lost else 1.0

    @property
    def helps(self) -> bool:
        """Whether the other factor is surely better."""
        return self.p_value < SURE

    def in_words(self) -> str:
        """What to do about the factor, with the measured accuracies."""
        here, other = self.here.scaling_factor, self.other.scaling_factor
        if self.helps:
            verb = "raise" if other > here else "lower"
            return (
                f"scaling factor: {verb} it from {here:g} to {other:g}: accuracy {self.other.accuracy:.2f} instead of "
                f"{self.here.accuracy:.2f} on {self.here.n_trials} fresh trials; a search may find a still better one"
            )
        return (
            f"scaling factor: none of the {len(self.tried)} tried from {self.tried[0]:g} to {self.tried[-1]:g} is "
            f"surely better: {other:g} solves {self.other.accuracy:.2f} of {self.here.n_trials} fresh trials, {here:g} "
            f"solves {self.here.accuracy:.2f}"
        )


def factor_advice(subject: Subject, pool: Executor, progress: bool | OnProgress | None = False) -> FactorAdvice:
    """Search the neighbours of a factor, the historic grid and the model's own factor, and compare the best with `factor`.

    The fresh trials are others than the searched ones, so that a factor that was merely lucky in the search is not advised.
    """
    factor, seed = subject.network.scaling_factor, subject.seed
    tried = _factors_to_try(subject.model, factor)
    search = SearchOptions(
        scaling_factors=tried, n_trials=SEARCH_TRIALS, seed=seed, initial_weights=subject.initial_weights
    )
    found = search_factors(subject.model, subject.task, search, executor=pool, progress=progress, network_at=subject.at)
    best = [result.scaling_factor for result in found.factors if result.n_correct == found.best.n_correct]
    # of equals the middle one: farthest from where accuracy falls
    fresh = EvaluationOptions(n_trials=FRESH_TRIALS, seed=seed)
    here, other = (
        score_fresh(network, subject.task, fresh, executor=pool, progress=progress)
        for network in (subject.network, subject.at(best[len(best) // 2]))
    )
    return FactorAdvice(here, other, tried)


def _factors_to_try(model: TrainedModel, factor: float) -> tuple[float, ...]:
    near = [float(f"{factor * STEP**k:.3g}") for k in range(-N_STEPS, N_STEPS + 1)]
    known = [] if model.scaling_factor is None else [model.scaling_factor]
    return tuple(sorted({float(one) for one in (*near, *HISTORIC_FACTORS, *known) if one > 0} - {factor}))
