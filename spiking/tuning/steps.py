"""The steps of a tuning, each measured on fresh trials: output weights, then rounds of gradient descent, until it works."""

import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.progress import Advance
from rate2spike.rate.task import Task
from rate2spike.seeding import SEED_LIMIT, Role, key64
from rate2spike.spiking.scoring.evaluate import score_fresh
from rate2spike.spiking.scoring.options import EvaluationOptions
from rate2spike.spiking.scoring.result import Evaluation
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.tuning.bounds import Bounds
from rate2spike.spiking.tuning.descent import Descent, Weights
from rate2spike.spiking.tuning.options import TuningOptions
from rate2spike.spiking.tuning.readout import refitted_readout
from rate2spike.spiking.tuning.result import TuningStep
from rate2spike.spiking.tuning.tuned_model import with_weights
from rate2spike.trained_model import TrainedModel

STEP_TRIALS = (
    200,
    800,
)  # that a step is measured on: the second ones only if the first are solved as well as asked for
CHOICE_TRIALS = 100  # that choose between candidates before
SURELY = 0.5  # of the way from the accuracy asked for to 1, where steps end: 1000 trials may be lucky
RATE_ALLOWED = 1.1  # times the converted network's mean rate: above, spikes cost
TRAINED_ROUNDS = 4  # with the connections of the trained network; those that training silenced only after them
_REFIT, _MEASURE = 10**9, 2 * 10**9  # of keys of draws; those from 0 on are of updates


@dataclass(frozen=True, eq=False)
class TuningState:
    """How far a tuning has come: after every step, what is needed to go on."""

    steps: tuple[TuningStep, ...]
    weights: Weights
    best: Weights
    n_rounds: int = 0

    @property
    def best_step(self) -> TuningStep:
        """The first of the steps with the highest accuracy."""
        return max(self.steps, key=lambda step: step.accuracy)


OnState = Callable[[TuningState], None]


def first_state(model: TrainedModel, before: Evaluation, seconds: float, bounds: Bounds) -> TuningState:
    """Before the first step: the converted network."""
    weights = Weights.of(SpikingNetwork.from_model(model, bounds.scaling_factor))
    step = TuningStep("converted", before.n_correct, before.n_trials, before.mean_rate_hz, 0.0, 0.0, 0, seconds)
    return TuningState((step,), weights, weights)


@dataclass(frozen=True, eq=False)
class Steps:
    """All that the steps of one tuning need. options: with the seed resolved."""

    model: TrainedModel
    task: Task
    options: TuningOptions
    bounds: Bounds
    wider: Bounds  # of rounds after TRAINED_ROUNDS
    rate_hz: float  # of the converted network
    pool: Executor
    advance: Advance

    def run(self, state: TuningState, on_state: OnState | None = None) -> TuningState:
        """Step by step from a state on, until the accuracy is surely reached or no round is left."""
        enough = self.options.accuracy + SURELY * (1 - self.options.accuracy)
        while state.best_step.accuracy < enough or len(state.steps) == 1:
            if len(state.steps) == 1:
                state = self._refitted(state)
            elif state.n_rounds < self.options.n_rounds:
                state = self._descended(state)
            else:
                break
            self.advance(f"{state.steps[-1].name}: accuracy {state.steps[-1].accuracy:.3f}", 0)
            if on_state:
                on_state(state)
        self.advance("", (self.options.n_rounds - state.n_rounds) * self.options.n_updates)
        return state

    def _refitted(self, state: TuningState) -> TuningState:
        began_s = time.monotonic()
        weights = self._with_refitted_readout(state.weights, 0)
        step, _ = self._measured("readout", [weights], began_s)
        # the descent begins from the weights that were there: those refitted to a network that fails lead it astray
        return self._with_step(state, step, weights, state.weights, 0)

    def _descended(self, state: TuningState) -> TuningState:
        began_s, n_updates, number = time.monotonic(), self.options.n_updates, state.n_rounds + 1
        bounds = self.bounds if number <= TRAINED_ROUNDS else self.wider
        descent = Descent(self._network(state.weights), self.task, bounds, self._seed, RATE_ALLOWED * self.rate_hz)
        name = f"gradient {number}"
        on_update = self.advance_update(name)
        weights = descent.run(state.weights, n_updates, state.n_rounds * n_updates, self.pool, on_update)
        refitted = self._with_refitted_readout(weights, number)
        step, weights = self._measured(name, [weights, refitted], began_s)
        return self._with_step(state, step, weights, weights, number)

    def advance_update(self, name: str) -> Callable[[float], None]:
        """Tells the loss of an update."""
        return lambda loss: self.advance(f"{name}: loss {loss:.3g}")

    def _with_step(
        self, state: TuningState, step: TuningStep, found: Weights, weights: Weights, n_rounds: int
    ) -> TuningState:
        best = found if step.accuracy > state.best_step.accuracy else state.best
        return replace(state, steps=(*state.steps, step), weights=weights, best=best, n_rounds=n_rounds)

    def _with_refitted_readout(self, weights: Weights, number: int) -> Weights:
        network = self._network(weights)
        most = self.bounds.most_out
        w_out = refitted_readout(network, self.task, most, self._seed, _REFIT + number, self.pool)
        return Weights(weights.w_from, w_out)

    def _measured(self, name: str, candidates: list[Weights], began_s: float) -> tuple[TuningStep, Weights]:
        """The best of candidates on the same fresh trials, and how good it is on others: the choice itself flatters."""
        if len(candidates) > 1:
            found = [self._score(weights, f"{name} choice", CHOICE_TRIALS) for weights in candidates]
            candidates = [candidates[int(np.argmax([one.n_correct for one in found]))]]
        [weights] = candidates
        scores = [self._score(weights, f"{name} measure", STEP_TRIALS[0])]
        if scores[0].accuracy >= self.options.accuracy:
            scores.append(self._score(weights, f"{name} sure", STEP_TRIALS[1]))
        n_trials = sum(score.n_trials for score in scores)
        first = Weights.of(SpikingNetwork.from_model(self.model, self.bounds.scaling_factor))
        step = TuningStep(
            name,
            sum(score.n_correct for score in scores),
            n_trials,
            sum(score.mean_rate_hz * score.n_trials for score in scores) / n_trials,
            _relative(weights.w_from, first.w_from),
            _relative(weights.w_out, first.w_out),
            int(((weights.w_from != 0) & (first.w_from == 0)).sum()),
            time.monotonic() - began_s,
        )
        return step, weights

    def _score(self, weights: Weights, name: str, n_trials: int) -> Evaluation:
        key = int.from_bytes(name.encode(), "big")
        seed = int(key64(self._seed, Role.TUNING, _MEASURE, key) % SEED_LIMIT)
        options = EvaluationOptions(n_trials=n_trials, seed=seed)
        return score_fresh(self._network(weights), self.task, options, executor=self.pool)

    def _network(self, weights: Weights) -> SpikingNetwork:
        return SpikingNetwork.from_model(with_weights(self.model, weights, self.bounds), self.bounds.scaling_factor)

    @property
    def _seed(self) -> int:
        assert self.options.seed is not None
        return self.options.seed


@one_blas_thread()
def _relative(now: np.ndarray, before: np.ndarray) -> float:
    return float(np.linalg.norm(now - before) / np.linalg.norm(before))
