"""What decides the numbers of an evaluation, in one record; how it is executed, in another. Light: flags follow from it."""

from dataclasses import dataclass

from rate2spike.checks import whole_number
from rate2spike.errors import InputError
from rate2spike.machine.memory import check_memory
from rate2spike.options import check_options, option
from rate2spike.seeding import SEED_LIMIT

MOST_TRIALS = 10**18  # what memory holds is asked of the machine
_BYTES_PER_TRIAL = 2000  # futures and results


@dataclass(frozen=True, kw_only=True)
class EvaluationOptions:
    """What decides the numbers of an evaluation, besides network and task. Raises InputError."""

    n_trials: int = option(100, "fresh trials", what="number of trials", most=MOST_TRIALS)
    seed: int | None = option(
        None, "seed of every random draw", least=0, most=SEED_LIMIT - 1, default_text="drawn and printed"
    )
    frozen_noise: bool = option(False, "the same noise in every trial")

    def __post_init__(self) -> None:
        check_options(self)
        check_n_trials(self.n_trials)


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How trials are executed: no number depends on it. Raises InputError."""

    n_threads: int | None = option(None, "threads", what="number of threads", default_text="all cores")

    def __post_init__(self) -> None:
        check_options(self)


def check_n_trials(n_trials: int, field: str = "n_trials") -> None:
    """Raise InputError for a number of trials that is none, or too large for the memory."""
    whole_number(n_trials, "number of trials", field, most=MOST_TRIALS)
    try:
        check_memory(n_trials * _BYTES_PER_TRIAL, f"keeping the results of {n_trials} trials", "ask for fewer")
    except InputError as error:
        raise InputError(str(error), field) from None
