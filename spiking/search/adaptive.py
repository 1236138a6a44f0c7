"""λ search from coarse to fine with sequential stopping: racing by confidence bounds (Maron & Moore 1997).

Accuracy is a smooth function of the scaling factor, and most factors are soon seen to be worse than the best. So every
coarse factor gets a few trials; those whose upper confidence bound lies below the best one's lower bound are dropped; the
neighbourhood of the best is looked at in fine steps; and the race goes on there until all contestants have all trials.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.spiking.search.result import FactorResult

FIRST_SHARE = 0.2  # of a factor's trials before the first decision
BUDGET_SHARE = 0.25  # of the trials of the whole fine grid
N_FINE = 12  # fine factors looked at
_SMOOTHING = 2.0  # fine steps: factors so near tell about each other

Run = Callable[[Iterable[float], int], dict[float, FactorResult]]
OnFactor = Callable[[FactorResult], None]


@dataclass(frozen=True)
class Found:
    """Factors looked at, sorted, and the one chosen."""

    factors: tuple[FactorResult, ...]
    chosen: float


@one_blas_thread()
def adaptive_search(
    run: Run, coarse: Iterable[float], n_trials: int, resolution: float, on_factor: OnFactor | None = None
) -> Found:
    """run(factors, n): results of factors on their first n trials. on_factor: told of each factor as it leaves the race.

    Takes at most BUDGET_SHARE of the trials of the grid from the least to the largest coarse factor in steps of
    `resolution`, or what the coarse factors' first trials cost if that is more.
    """
    coarse = sorted(coarse)
    race = _Race(run, n_trials, resolution, _budget(coarse, n_trials, resolution), on_factor)
    first = max(round(FIRST_SHARE * n_trials), 1)
    race.enter(coarse, first)
    race.drop_losers()
    race.enter(_fine_factors(race, coarse, resolution), first)
    race.go_on(first)
    return Found(tuple(race.results[factor] for factor in sorted(race.results)), race.best())


class _Race:
    """Results so far, who is still in, and what it has cost."""

    def __init__(self, run: Run, n_trials: int, resolution: float, budget: int, on_factor: OnFactor | None):
        self.run, self.n_trials, self.resolution = run, n_trials, resolution
        self.budget, self.on_factor = budget, on_factor
        self.results: dict[float, FactorResult] = {}
        self.alive: list[float] = []

    def enter(self, factors: Iterable[float], n: int) -> None:
        """New contestants with their first n trials."""
        new = [factor for factor in factors if factor not in self.results]
        self.results |= self.run(new, n)
        self.alive = sorted({*self.alive, *new})

    def drop_losers(self) -> None:
        """Those whose upper bound (of the 95 % interval) is below the lower bound of the best leave."""
        bounds = {factor: self.results[factor].interval for factor in self.alive}
        highest = max(low for low, _ in bounds.values())
        leaving = [factor for factor in self.alive if bounds[factor][1] < highest]
        self.alive = [factor for factor in self.alive if factor not in leaving]
        self._tell(leaving)

    def go_on(self, step: int) -> None:
        """Rounds of `step` trials, best smoothed estimates first, until the trials or the budget are used up."""
        spent = sum(result.n_trials for result in self.results.values())
        while True:
            self.drop_losers()
            estimates = self.smoothed()
            order = sorted(self.alive, key=lambda factor: -estimates[factor])
            hungry = [factor for factor in order if self.results[factor].n_trials < self.n_trials]
            if not hungry or spent >= self.budget:
                break
            # the better half, so that the budget goes where the decision falls
            hungry = hungry[: max(len(hungry) // 2, 2)]
            for factor in hungry:
                n = min(self.results[factor].n_trials + step, self.n_trials)
                if spent + n - self.results[factor].n_trials > self.budget:
                    spent = self.budget
                    break
                spent += n - self.results[factor].n_trials
                self.results |= self.run([factor], n)
        self._tell(self.alive)

    def smoothed(self) -> dict[float, float]:
        """Accuracy of each factor looked at, estimated from it and its neighbours, a little below 1 for few trials."""
        factors = np.array(list(self.results))
        n = np.array([result.n_trials for result in self.results.values()])
        correct = np.array([result.n_correct for result in self.results.values()])
        near = np.exp(-0.5 * ((factors[:, None] - factors) / (_SMOOTHING * self.resolution)) ** 2)
        return dict(zip(self.results, near @ correct / (near @ n + 2), strict=True))

    def best(self) -> float:
        """The first of the factors still in with the highest smoothed accuracy."""
        estimates = self.smoothed()
        return max(self.alive, key=lambda factor: (estimates[factor], -factor))

    def _tell(self, factors: Iterable[float]) -> None:
        if self.on_factor:
            for factor in factors:
                self.on_factor(self.results[factor])


def _fine_factors(race: _Race, coarse: list[float], resolution: float) -> list[float]:
    """Fine factors between the coarse ones around the best smoothed estimate, nearest first."""
    estimates = race.smoothed()
    centre = np.average(race.alive, weights=[max(estimates[f], 1e-9) ** 20 for f in race.alive])
    grid = coarse[0] + resolution * np.arange(round((coarse[-1] - coarse[0]) / resolution) + 1)
    fine = [float(factor) for factor in grid if factor not in race.results]
    return sorted(sorted(fine, key=lambda factor: abs(factor - centre))[:N_FINE])


def _budget(coarse: list[float], n_trials: int, resolution: float) -> int:
    n_fine = round((coarse[-1] - coarse[0]) / resolution) + 1
    return int(BUDGET_SHARE * n_fine * n_trials)
