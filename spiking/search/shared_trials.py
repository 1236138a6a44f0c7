"""The trials of a λ search: what an option of the search does is done here."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from rate2spike.rate.noise_free import rate_trajectory
from rate2spike.rate.task import Task, Trial
from rate2spike.seeding import Role
from rate2spike.spiking.scoring.trial_blocks import BlockResult, TrialSeries, submit_trials
from rate2spike.spiking.search.options import SearchOptions
from rate2spike.spiking.search.result import FactorResult
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.trained_model import TrainedModel

NetworkAt = Callable[[float], SpikingNetwork]
COMPARED_TRIALS = 25  # of a search, whose outputs are compared with those of the rate network


@dataclass
class SharedTrials:
    """The trials of one search: the same stimuli for every factor, fresh noise per factor unless frozen."""

    model: TrainedModel
    task: Task
    options: SearchOptions  # with the seed resolved
    network_at: NetworkAt | None = None  # the network at a factor, if it is not made as the options say
    _networks: dict[float, SpikingNetwork] = field(default_factory=dict)
    _blocks: dict[float, list[BlockResult]] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """Of the search."""
        assert self.options.seed is not None
        return self.options.seed

    def network(self, factor: float) -> SpikingNetwork:
        """The network at a factor."""
        if factor not in self._networks:
            make = self.network_at or (lambda factor: self.options.network(self.model, factor, self.seed))
            self._networks[factor] = make(factor)
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
        computed = self._on_gpu(missing) if self.options.device == "cuda" else self._on_cpu(pool, missing)
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
        def submit(factor: float, indices: range) -> list["Future[BlockResult]"]:
            return submit_trials(pool, self.network(factor), self.series, indices, self.drawn, self.rate_outputs)

        pending = {factor: submit(factor, indices) for factor, indices in missing.items()}
        for factor, futures in pending.items():
            yield factor, [future.result() for future in futures]

    def _on_gpu(self, missing: dict[float, range]) -> Iterator[tuple[float, list[BlockResult]]]:
        """All factors that lack the same trials in one call."""
        from rate2spike.spiking.scoring.cuda_blocks import run_blocks_cuda

        for indices in dict.fromkeys(missing.values()):
            factors = [factor for factor in missing if missing[factor] == indices]
            outputs = self.rate_outputs[indices.start : indices.stop]
            blocks = run_blocks_cuda([self.network(factor) for factor in factors], self.series, indices, outputs)
            yield from ((factor, [block]) for factor, block in zip(factors, blocks, strict=True))

    @cached_property
    def series(self) -> TrialSeries:
        """What the trials are drawn from."""
        return TrialSeries(self.task, self.seed, Role.SEARCH, self.options.frozen_noise)

    @cached_property
    def drawn(self) -> list[Trial]:
        """The n_trials trials."""
        return [self.series.trial(index) for index in range(self.options.n_trials)]

    @cached_property
    def rate_outputs(self) -> np.ndarray:
        """(n, n_outputs, T) what the rate network does in the first n trials."""
        stimuli = np.array([trial.u for trial in self.drawn[:COMPARED_TRIALS]])
        return rate_trajectory(self.model, stimuli, initial=self.options.initial_weights)[0]
