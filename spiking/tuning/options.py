"""What decides the numbers of a tuning, in one record; how it is executed, in another."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rate2spike.checks import FRACTION, POSITIVE, shown
from rate2spike.errors import InputError
from rate2spike.options import check_options, option
from rate2spike.rate.task import Task
from rate2spike.seeding import SEED_LIMIT, resolve_seed
from rate2spike.spiking.scoring.options import MOST_TRIALS, check_n_trials
from rate2spike.spiking.scoring.result import GOOD_ACCURACY
from rate2spike.spiking.search.options import HISTORIC_FACTORS, SharedExecution, checked_factors


@dataclass(frozen=True, kw_only=True)
class TuningOptions:
    """What decides the numbers of a tuning, besides the model. Raises InputError."""

    task: str | Task | None = None  # None: the file's
    task_options: dict[str, Any] = field(default_factory=dict)
    scaling_factors: tuple[float, ...] = HISTORIC_FACTORS
    scaling_factor: float | None = option(
        None, "of the tuned network", allowed=POSITIVE, default_text="the model's, or the best of a search"
    )
    accuracy: float = option(GOOD_ACCURACY, "share of trials to reach", allowed=FRACTION)
    largest_weight: float = option(
        1.0, "bound of all weights, in multiples of the largest recurrent or output weight before", allowed=POSITIVE
    )
    n_rounds: int = option(16, "rounds of gradient descent at most", what="number of rounds", least=0)
    keep_silent: bool = option(False, "never use connections that training has silenced, not even in late rounds")
    n_updates: int = option(100, "updates of a round", what="number of updates")
    n_trials: int = option(500, "fresh trials before and after", what="number of trials", most=MOST_TRIALS)
    search_trials: int = option(100, "trials per factor of the searches before and after", most=MOST_TRIALS)
    seed: int | None = option(
        None, "seed of every random draw", least=0, most=SEED_LIMIT - 1, default_text="drawn and printed"
    )

    def __post_init__(self) -> None:
        check_options(self)
        check_n_trials(self.n_trials)
        if self.largest_weight < 1:
            raise InputError(
                f"{{largest_weight}} must be at least 1, got {shown(self.largest_weight)}", "largest_weight"
            )
        check_n_trials(self.search_trials, "search_trials")
        object.__setattr__(self, "scaling_factors", checked_factors(self.scaling_factors))
        if not isinstance(self.task_options, Mapping | None):
            raise InputError(f"task options must be values by name, got {shown(self.task_options)}", "task_options")
        object.__setattr__(self, "task_options", dict(self.task_options or {}))

    def resolved(self) -> "TuningOptions":
        """With a seed."""
        return replace(self, seed=resolve_seed(self.seed))


@dataclass(frozen=True, kw_only=True)
class TuningExecution(SharedExecution):
    """How a tuning is executed: its numbers do not depend on it. Raises InputError."""

    work = "a tuning"
    force: bool = option(False, "tune again what is tuned, from its untuned weights")
