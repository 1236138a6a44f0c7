"""What decides the numbers of a λ search, in one record; how it is executed, in another.

To add an option: a field here, and what it does in `shared_trials.py`. Flags, `--help`, checks, the MATLAB bridge, the
sidecar and the record in the model file follow from the field.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from rate2spike.checks import POSITIVE, shown
from rate2spike.errors import InputError
from rate2spike.options import not_default, option
from rate2spike.rate.task import Task
from rate2spike.seeding import SEED_LIMIT
from rate2spike.spiking.scoring.network_options import NETWORK_FIELDS, NetworkOptions
from rate2spike.spiking.scoring.options import MOST_TRIALS, Execution, check_n_trials

HISTORIC_FACTORS = tuple(range(20, 76, 5))
STRATEGIES = ("grid", "adaptive")
DEVICES = ("cpu", "cuda")

# Sidecars of the first version hold these and no others: further ones are written where they are not the default alone, so
# that either version reads what the other has left.
_ALWAYS_WRITTEN = (
    "task",
    "n_trials",
    "seed",
    "scaling_factors",
    "initial_weights",
    "task_options",
    "strategy",
    "resolution",
    "device",
)
_IN_THE_FILE_ALREADY = (
    "task",
    "task_options",
    "n_trials",
    "seed",
    "scaling_factors",
    "strategy",
)  # of a searched model
_MAY_DIFFER = ("scaling_factors", "resolution")  # between searches that share finished values


@dataclass(frozen=True, kw_only=True)
class SearchOptions(NetworkOptions):
    """What decides the numbers of a search; finished values are only reused under equal ones. Raises InputError."""

    task: str | Task | None = None  # None: the file's
    task_options: dict[str, Any] = field(default_factory=dict)
    scaling_factors: tuple[float, ...] = HISTORIC_FACTORS
    strategy: str = option(
        "grid",
        "all factors get all trials, or from coarse to fine, for a quarter of the trials of the fine grid",
        choices=STRATEGIES,
    )
    resolution: float = option(1.0, "fine step of the adaptive strategy", allowed=POSITIVE)
    n_trials: int = option(100, "trials per factor", what="number of trials", most=MOST_TRIALS)
    seed: int | None = option(
        None, "seed of every random draw", least=0, most=SEED_LIMIT - 1, default_text="drawn and printed"
    )
    frozen_noise: bool = option(False, "the same noise in every trial")
    device: str = option("cpu", "what computes; cuda is an NVIDIA GPU", choices=DEVICES)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "scaling_factors", checked_factors(self.scaling_factors))
        if not isinstance(self.task_options, Mapping | None):
            raise InputError(f"task options must be values by name, got {shown(self.task_options)}", "task_options")
        object.__setattr__(self, "task_options", dict(self.task_options or {}))

    def check(self) -> None:
        """Raise InputError for what no file can be searched with on this machine."""
        self.check_machine()
        if isinstance(self.task, str):
            from rate2spike.rate import tasks

            tasks.get(self.task)

    def check_machine(self) -> None:
        """The same of a search whose task is known, which may be a user's own and have any name."""
        check_n_trials(self.n_trials)
        if self.device == "cuda":
            from rate2spike.spiking.simulator.simulate_cuda import check_cuda

            check_cuda()

    def as_settings(self) -> dict[str, Any]:
        """Plain values for the sidecar."""
        given = {name: value for name, value in not_default(self).items() if name not in _ALWAYS_WRITTEN}
        return {name: getattr(self, name) for name in _ALWAYS_WRITTEN} | given

    def as_record(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is neither the default nor in the file of a searched model already: of the network, and the rest."""
        given = {name: value for name, value in not_default(self).items() if name not in _IN_THE_FILE_ALREADY}
        if not self.shuffle:
            given.pop("shuffle_seed", None)
        elif self.shuffle_seed is None:
            given["shuffle_seed"] = self.seed
        of_network = {name: value for name, value in given.items() if name in NETWORK_FIELDS}
        return of_network, {name: value for name, value in given.items() if name not in NETWORK_FIELDS}

    def differences(self, other: "SearchOptions") -> list[str]:
        """In words, what does not agree of that which decides a factor's numbers."""
        names = [item.name for item in fields(self) if item.name not in _MAY_DIFFER]
        pairs = [(name, getattr(self, name), getattr(other, name)) for name in names]
        return [f"{name} {there!r} there, {here!r} here" for name, there, here in pairs if there != here]


@dataclass(frozen=True, kw_only=True)
class SharedExecution(Execution):
    """How work on the models of a folder is executed and shared out. Raises InputError."""

    work: ClassVar[str]  # in words, such as "a search"
    n_workers: int | None = option(None, "processes that work on one model each", what="number of workers")
    scheduler: str | None = option(None, "address of a Dask cluster that does the work", metavar="TCP")
    shard: str | None = option(None, "work on the I-th of N parts of the folder's models", metavar="I/N")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.is_shared_out and self.n_threads is not None:
            raise InputError(
                f"{{n_threads}} is for {self.work} in one process: a worker uses one thread",
                "n_threads",
                "n_workers",
                "scheduler",
            )

    @property
    def is_shared_out(self) -> bool:
        """Whether processes or a cluster work, and not this process."""
        return self.n_workers is not None or self.scheduler is not None


@dataclass(frozen=True, kw_only=True)
class SearchExecution(SharedExecution):
    """How a search is executed: its numbers do not depend on it. Raises InputError."""

    work = "a search"
    force: bool = option(False, "search again what is finished")
    reclaim: bool = option(False, "take over claims left by processes that died")
    run: str | None = None  # name of a run over many workers: a worker takes over what another of the same run left


def checked_factors(scaling_factors: Any) -> tuple[float, ...]:
    """Distinct positive factors, in the order given; a number alone is one. Raises InputError."""
    given = scaling_factors.ravel().tolist() if isinstance(scaling_factors, np.ndarray) else scaling_factors
    is_several = isinstance(given, Iterable) and not isinstance(given, str | bytes)
    factors = tuple(dict.fromkeys(_factor(one) for one in (given if is_several else [given])))
    if not factors:
        raise InputError("give at least one scaling factor", "scaling_factors")
    return factors


def _factor(value: Any) -> float:
    from rate2spike.spiking.simulator.mapped_network import check_scaling_factor

    if isinstance(value, str):
        raise InputError(f"scaling factors are numbers, got {value!r}", "scaling_factors")
    try:
        return check_scaling_factor(float(value))
    except InputError as error:
        raise InputError(str(error.args[0]), "scaling_factors") from None
    except (TypeError, ValueError):
        raise InputError(f"scaling factors are numbers, got {shown(value)}", "scaling_factors") from None
