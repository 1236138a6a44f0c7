"""λ search: which scaling factor makes the spiking network solve the task most often.

Touches no file (`files` does).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from rate2spike.errors import InputError, nearest
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.machine.thread_pool import executor_of
from rate2spike.rate.noise_free import rate_trajectory
from rate2spike.rate.task import Task, Trial
from rate2spike.seeding import Role, resolve_seed
from rate2spike.spiking.scoring.evaluate import BlockResult, checked_task, draw_trial, submit_trials
from rate2spike.spiking.search.adaptive import adaptive_search
from rate2spike.spiking.search.result import FactorResult, SearchResult
from rate2spike.spiking.simulator.mapped_network import check_scaling_factor
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import NeuronParams
from rate2spike.trained_model import TrainedModel

HISTORIC_FACTORS = tuple(range(20, 76, 5))
COMPARED_TRIALS = 25  # of a search, whose outputs are compared with those of the rate network
STRATEGIES = ("grid", "adaptive")
DEVICES = ("cpu", "cuda")


@dataclass
class Trials:
    """The trials of one search: the same stimuli for every factor, fresh noise per factor unless frozen."""

    model: TrainedModel
    task: Task
    seed: int
    n_trials: int
    downsample: int = 1
    initial_weights: bool = False
    params: NeuronParams | None = None
    frozen_noise: bool = False
    device: str = "cpu"
    _networks: dict[float, SpikingNetwork] = field(default_factory=dict)
    _blocks: dict[float, list[BlockResult]] = field(default_factory=dict)

    def network(self, factor: float) -> SpikingNetwork:
        """The network at a factor."""
        if factor not in self._networks:
            self._networks[factor] = SpikingNetwork.from_model(
                self.model, factor, downsample=self.downsample, initial_weights=self.initial_weights, params=self.params
            )
        return self._networks[factor]

    def run(
        self,
        pool: Executor,
        factors: Iterable[float],
        n_trials: int,
        on_factor: Callable[[FactorResult], None] | None = None,
    ) -> dict[float, FactorResult]:
        """Results of the factors on the first n_trials trials, of which only new ones are simulated."""
        missing = {factor: range(self._n_done(factor), n_trials) for factor in factors}
        computed = self._on_gpu(missing) if self.device == "cuda" else self._on_cpu(pool, missing)
        results = {}
        for factor, new in computed:
            blocks = self._blocks.setdefault(factor, [])
            blocks += new
            results[factor] = FactorResult.of(factor, blocks, self.network(factor).unit_groups[0])
            if on_factor:
                on_factor(results[factor])
        return results

    def _n_done(self, factor: float) -> int:
        return sum(block.correct.size for block in self._blocks.get(factor, ()))

    def _on_cpu(self, pool: Executor, missing: dict[float, range]) -> Iterator[tuple[float, list[BlockResult]]]:
        def submit(factor: float, trials: range) -> list["Future[BlockResult]"]:
            return submit_trials(
                pool,
                self.network(factor),
                self.task,
                self.seed,
                Role.SEARCH,
                trials,
                self.drawn,
                self.rate_outputs,
                self.frozen_noise,
            )

        pending = {factor: submit(factor, trials) for factor, trials in missing.items()}
        for factor, futures in pending.items():
            yield factor, [future.result() for future in futures]

    def _on_gpu(self, missing: dict[float, range]) -> Iterator[tuple[float, list[BlockResult]]]:
        """All factors that lack the same trials in one call."""
        from rate2spike.spiking.scoring.cuda_blocks import run_blocks_cuda

        for trials in dict.fromkeys(missing.values()):
            factors = [factor for factor in missing if missing[factor] == trials]
            blocks = run_blocks_cuda(
                [self.network(factor) for factor in factors],
                self.task,
                self.seed,
                Role.SEARCH,
                trials,
                self.rate_outputs[trials.start : trials.stop],
                self.frozen_noise,
            )
            yield from ((factor, [block]) for factor, block in zip(factors, blocks, strict=True))

    @cached_property
    def drawn(self) -> list[Trial]:
        """The n_trials trials."""
        return [draw_trial(self.task, self.seed, Role.SEARCH, k) for k in range(self.n_trials)]

    @cached_property
    def rate_outputs(self) -> np.ndarray:
        """(n, n_outputs, T) what the rate network does in the first n trials."""
        stimuli = np.array([trial.u for trial in self.drawn[:COMPARED_TRIALS]])
        return rate_trajectory(self.model, stimuli, initial=self.initial_weights)[0]


@one_blas_thread()
def grid_search(
    model: TrainedModel,
    task: Task | str,
    scaling_factors: Iterable[float] = HISTORIC_FACTORS,
    n_trials: int = 100,
    seed: int | None = None,
    *,
    strategy: str = "grid",
    resolution: float = 1.0,
    downsample: int = 1,
    initial_weights: bool = False,
    params: NeuronParams | None = None,
    frozen_noise: bool = False,
    n_threads: int | None = None,
    executor: Executor | None = None,
    device: str = "cpu",
    finished: Mapping[float, FactorResult] | None = None,
    on_factor: Callable[[FactorResult], None] | None = None,
) -> SearchResult:
    """Score scaling factors on the same n_trials stimuli, drawn from `seed`, with fresh noise per factor.

    strategy: 'grid' (historic) gives every factor all trials. 'adaptive' takes the factors as a coarse grid, drops what is
    surely worse, looks at factors `resolution` apart around the best, and gives all trials to the last few alone.
    params: the neurons. frozen_noise: the same noise in every trial. `finished` results (grid) are taken over, not computed
    again; on_factor is called with each new one, in order. The result does not depend on threads or executor. device: 'cuda'
    runs LIF networks on an NVIDIA GPU, whose results agree with the CPU's statistically. Raises InputError.
    """
    factors = checked_factors(scaling_factors)
    check_strategy(strategy, resolution)
    check_device(device)
    seed = resolve_seed(seed)
    finished = finished or {}
    probe = SpikingNetwork.from_model(
        model, factors[0], downsample=downsample, initial_weights=initial_weights, params=params
    )
    task = checked_task(task, probe, n_trials)
    trials = Trials(model, task, seed, n_trials, downsample, initial_weights, params, frozen_noise, device)
    with executor_of(n_threads, executor) as pool:
        if strategy == "adaptive":
            found = adaptive_search(
                lambda wanted, n: trials.run(pool, wanted, n), factors, n_trials, resolution, on_factor
            )
            return SearchResult(task.name, seed, n_trials, found.factors, strategy, found.chosen)
        new = trials.run(pool, [factor for factor in factors if factor not in finished], n_trials, on_factor)
    results = {**finished, **new}
    return SearchResult(task.name, seed, n_trials, tuple(results[factor] for factor in factors))


def with_search_result(model: TrainedModel, result: SearchResult) -> TrainedModel:
    """The model with its scaling factor set."""
    return replace(
        model,
        scaling_factor=result.best_factor,
        scaling_factors=result.scaling_factors,
        scaling_accuracies=result.accuracies,
    )


def check_strategy(strategy: str, resolution: float) -> None:
    """Raise InputError for a strategy that does not exist, or a fine step that is none."""
    if strategy not in STRATEGIES:
        raise InputError(
            f"unknown strategy {strategy!r}: choose from {', '.join(STRATEGIES)}{nearest(strategy, STRATEGIES)} (--strategy)"
        )
    if not 0 < resolution < np.inf:
        raise InputError(f"resolution must be a positive number, got {resolution:g} (--resolution)")


def check_device(device: str) -> None:
    """Raise InputError for a device that does not exist, or is not there."""
    if device not in DEVICES:
        raise InputError(f"unknown device {device!r}: choose from {', '.join(DEVICES)} (--device)")
    if device == "cuda":
        from rate2spike.spiking.simulator.simulate_cuda import check_cuda

        check_cuda()


def checked_factors(scaling_factors: float | Iterable[float]) -> tuple[float, ...]:
    """Distinct positive factors, in the order given; a number alone is one. Raises InputError."""
    if isinstance(scaling_factors, str):
        raise InputError(f"scaling factors are numbers, got {scaling_factors!r}")
    given = [scaling_factors] if isinstance(scaling_factors, int | float | np.number) else scaling_factors
    factors = tuple(dict.fromkeys(check_scaling_factor(float(factor)) for factor in given))
    if not factors:
        raise InputError("give at least one scaling factor (--scaling-factors)")
    return factors
