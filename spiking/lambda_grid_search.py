"""λ grid search: which scaling factor makes the spiking network solve the task most often.

Touches no file (`search_files` does). Also runs as a script with the historic name:
`python spiking/lambda_grid_search.py MODEL_OR_DIR`.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import numpy as np

from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import TrainedModel
from rate2spike.rate.task import Task
from rate2spike.seeding import Role, resolve_seed
from rate2spike.spiking.evaluate import BlockResult, Scored, checked_task, executor_of, submit_trials
from rate2spike.spiking.network import SpikingNetwork, check_scaling_factor
from rate2spike.spiking.params import NeuronParams

HISTORIC_FACTORS = tuple(range(20, 76, 5))


@dataclass(frozen=True)
class FactorResult(Scored):
    """One scaling factor on n_trials trials."""

    scaling_factor: float
    n_correct: int
    n_trials: int
    mean_rate_hz: float


@dataclass(frozen=True)
class SearchResult:
    """Results in the order of the factors searched."""

    task: str
    seed: int
    n_trials: int
    factors: tuple[FactorResult, ...] = field(repr=False)

    @property
    def best(self) -> FactorResult:
        """The first factor with the highest accuracy."""
        return max(self.factors, key=lambda result: result.n_correct)

    @property
    def best_factor(self) -> float:
        """Scaling factor of `best`."""
        return self.best.scaling_factor

    @property
    def best_accuracy(self) -> float:
        """Accuracy of `best` on the search trials; an unbiased value comes from `evaluate`."""
        return self.best.accuracy

    @property
    def scaling_factors(self) -> np.ndarray:
        """(n,) factors."""
        return np.array([result.scaling_factor for result in self.factors])

    @property
    def accuracies(self) -> np.ndarray:
        """(n,) accuracies."""
        return np.array([result.accuracy for result in self.factors])

    @property
    def intervals(self) -> np.ndarray:
        """(n, 2) confidence intervals."""
        return np.array([result.interval for result in self.factors])


def grid_search(
    model: TrainedModel, task: Task | str, scaling_factors: Iterable[float] = HISTORIC_FACTORS, n_trials: int = 100,
    seed: int | None = None, *, downsample: int = 1, initial_weights: bool = False, params: NeuronParams | None = None,
    n_threads: int | None = None, executor: Executor | None = None,
    finished: Mapping[float, FactorResult] | None = None, on_factor: Callable[[FactorResult], None] | None = None,
) -> SearchResult:  # fmt: skip
    """Score every scaling factor on the same n_trials stimuli, drawn from `seed`, with fresh noise per factor.

    `finished` results are taken over, not computed again; on_factor is called with each new one, in order. The result
    does not depend on threads or executor. Raises InputError.
    """
    factors = checked_factors(scaling_factors)
    seed = resolve_seed(seed)
    finished = finished or {}
    networks = {
        factor: SpikingNetwork.from_model(
            model, factor, downsample=downsample, initial_weights=initial_weights, params=params
        )
        for factor in factors
    }
    task = checked_task(task, networks[factors[0]], n_trials)
    results = dict(finished)
    with executor_of(n_threads, executor) as pool:
        pending = {
            factor: submit_trials(pool, network, task, seed, Role.SEARCH, n_trials)
            for factor, network in networks.items()
            if factor not in finished
        }
        for factor, futures in pending.items():
            results[factor] = _combined(factor, [future.result() for future in futures])
            if on_factor:
                on_factor(results[factor])
    return SearchResult(task.name, seed, n_trials, tuple(results[factor] for factor in factors))


def with_search_result(model: TrainedModel, result: SearchResult) -> TrainedModel:
    """The model with its scaling factor set."""
    return replace(
        model,
        scaling_factor=result.best_factor,
        scaling_factors=result.scaling_factors,
        scaling_accuracies=result.accuracies,
    )


def checked_factors(scaling_factors: Iterable[float]) -> tuple[float, ...]:
    """Distinct positive factors, in the order given. Raises InputError."""
    factors = tuple(dict.fromkeys(check_scaling_factor(float(factor)) for factor in scaling_factors))
    if not factors:
        raise InputError("give at least one scaling factor (--scaling-factors)")
    return factors


def _combined(factor: float, blocks: list[BlockResult]) -> FactorResult:
    correct = np.concatenate([block.correct for block in blocks])
    rates = np.concatenate([block.firing_rate_hz for block in blocks])
    return FactorResult(factor, int(correct.sum()), correct.size, float(rates.mean()))


if __name__ == "__main__":
    import sys

    from rate2spike.cli.main import main

    sys.exit(main(["search", *sys.argv[1:]]))
