"""Tuning of a converted network: step by step, until it solves its task, within what biology fixes."""

import json
import time
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import replace
from os import PathLike
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.machine.thread_pool import executor_of
from rate2spike.matlab_compat.model_file import as_model
from rate2spike.progress import OnProgress, following
from rate2spike.rate.model_task import path_of, task_of_model
from rate2spike.rate.noise_free import rate_trajectory
from rate2spike.rate.task import Task
from rate2spike.seeding import Role, generator
from rate2spike.spiking.scoring.evaluate import score_fresh
from rate2spike.spiking.scoring.options import EvaluationOptions
from rate2spike.spiking.scoring.result import wilson_interval
from rate2spike.spiking.search.grid import search_factors
from rate2spike.spiking.search.kept import with_search_result
from rate2spike.spiking.search.options import HISTORIC_FACTORS, SearchOptions
from rate2spike.spiking.search.result import SearchResult
from rate2spike.spiking.search.tunable import check_tunable
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.tuning.bounds import bounds_of
from rate2spike.spiking.tuning.examples import examples_of
from rate2spike.spiking.tuning.options import TuningOptions
from rate2spike.spiking.tuning.result import TuningOutcome, TuningResult
from rate2spike.spiking.tuning.steps import OnState, Steps, TuningState, first_state
from rate2spike.spiking.tuning.tuned_model import with_weights
from rate2spike.trained_model import TrainedModel

RATE_TRIALS = 100  # of the rate network


@public(settings=TuningOptions)
def tune(
    model: TrainedModel | str | PathLike,
    task: Task | str | None = None,
    scaling_factor: float | None = None,
    n_trials: int = 500,
    seed: int | None = None,
    *,
    scaling_factors: Iterable[float] = HISTORIC_FACTORS,
    n_threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | OnProgress | None = None,
    **settings: Any,
) -> TuningResult:
    """Change the weights of a converted network, within its biology, until it solves its task.

    Steps, each measured on fresh trials, until the accuracy is surely reached: output weights are refitted to the filtered
    trains (ridge regression), then rounds of gradient descent change recurrent and output weights through the spiking
    network itself, by surrogate derivatives (Neftci, Mostafa & Zenke 2019; Li, Kim & Sejnowski 2021), each followed by
    another refit. Signs (Dale's principle), missing connections, cell types, input weights and time constants stay, and no
    weight passes the largest one before. Connections that the network was drawn with and training has silenced stay silent
    in the first four rounds; where these are not enough, they may be used again.

    Parameters
    ----------
    model : TrainedModel, or path of a model file
        The trained rate network; of one that was tuned before, its untuned weights are taken.
    task : Task or str, optional
        A task or its name. Default: the model's own.
    scaling_factor : float, optional
        Default: the model's, else the best of a search.
    n_trials : int, default 500
        Fresh trials before and after.
    seed : int, optional
        Of every random draw. Default: drawn, and kept in the result.
    task_options : dict, optional
        Options of the task by name. Default: those of the model's own task.
    scaling_factors : float or iterable of float, default (20, 25, ..., 75)
        Of the searches before and after; `scaling_factor` is added to them.
    n_threads : int, optional
        Threads. Default: one per core that this process may use. No number depends on it.
    executor : concurrent.futures.Executor, optional
        Who runs trials, in the place of threads here.
    progress : bool or callable, optional
        True or False; or a function that is called as progress(n_done, n_total, text). Default: a bar where somebody watches.

    Returns
    -------
    TuningResult
        `model`, `network`, `before`, `after`, `steps`, `plot()`, `to_dataframe()`. A network that converts already is left as
        it is.

    Raises
    ------
    InputError
        For a task that the rate network does not solve, other neurons than LIF, dendrites, and values that cannot be used.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> result = r2s.tune("go_nogo.mat", "go-nogo", 25, n_trials=100, seed=1)
    >>> result.outcome.value
    'converts already'
    """
    path, model = path_of(model), as_model(model)
    options = TuningOptions(
        scaling_factor=scaling_factor,
        scaling_factors=scaling_factors,  # type: ignore[arg-type]  # made a tuple there
        n_trials=n_trials,
        seed=seed,
        **settings,
    )
    task = task_of_model(model, path, task, options.task_options)
    return tuned(model, task, options, n_threads=n_threads, executor=executor, progress=progress)


@one_blas_thread()
def tuned(
    model: TrainedModel,
    task: Task,
    options: TuningOptions,
    *,
    n_threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | OnProgress | None = False,
    state: TuningState | None = None,
    on_state: OnState | None = None,
) -> TuningResult:
    """`tune` as a record says. state: go on from there; on_state: is told of every finished step. Raises InputError."""
    began_s = time.monotonic()
    check_tunable(model)
    options, factor, model = options.resolved(), _factor_of(model, options), model.untuned()
    rate_accuracy = _checked_rate_accuracy(model, task, options)
    total = options.n_rounds * options.n_updates + 1
    with executor_of(n_threads, executor) as pool, following(progress, "tuning", total) as advance:
        search_before = _search(model, task, options, pool, factor)
        factor = search_before.best_factor if factor is None else factor
        fresh = EvaluationOptions(n_trials=options.n_trials, seed=options.seed)
        before = score_fresh(SpikingNetwork.from_model(model, factor), task, fresh, executor=pool)
        advance(f"accuracy {before.accuracy:.3f}")
        bounds = bounds_of(model, factor, options.largest_weight)
        state = state or first_state(model, before, time.monotonic() - began_s, bounds)
        after, search_after, changed = before, search_before, model
        examples = examples_after = examples_of(SpikingNetwork.from_model(model, factor), task, before.seed, pool)
        if before.accuracy < options.accuracy:
            wider = bounds_of(model, factor, options.largest_weight, silent=not options.keep_silent)
            state = Steps(model, task, options, bounds, wider, before.mean_rate_hz, pool, advance).run(state, on_state)
            if state.best_step is not state.steps[0]:
                changed = with_weights(model, state.best, bounds)
                after = score_fresh(SpikingNetwork.from_model(changed, factor), task, fresh, executor=pool)
                search_after = _search(changed, task, options, pool, factor)
                examples_after = examples_of(SpikingNetwork.from_model(changed, factor), task, before.seed, pool)
    is_reached = after.accuracy >= options.accuracy
    result = TuningResult(
        outcome=_outcome(before.accuracy >= options.accuracy, is_reached),
        task=task.name,
        seed=before.seed,
        scaling_factor=factor,
        model=changed,
        before=before,
        after=after,
        steps=state.steps,
        best_step=state.best_step.name,
        factors_before=search_before,
        factors_after=search_after,
        examples_before=examples,
        examples_after=examples_after,
        rate_accuracy=rate_accuracy,
        wanted_accuracy=options.accuracy,
        seconds=time.monotonic() - began_s,
    )
    return replace(result, model=_with_settings(result, options))


def _outcome(did_convert: bool, is_reached: bool) -> TuningOutcome:
    if did_convert:
        return TuningOutcome.CONVERTS_ALREADY
    return TuningOutcome.TUNED if is_reached else TuningOutcome.NOT_REACHED


def _with_settings(result: TuningResult, options: TuningOptions) -> TrainedModel:
    """The model with its scaling factor, what the search around it gave, and how it was made."""
    model = result.model
    if model.is_tuned:
        steps = [
            {"name": step.name, "accuracy": step.accuracy, "n_trials": step.n_trials, "rate_hz": step.mean_rate_hz}
            | {"n_silent_used": step.n_silent_used}
            for step in result.steps
        ]
        about = {
            "seed": float(result.seed),
            "step": result.best_step,
            "steps": json.dumps(steps),
            "n_trials": float(result.after.n_trials),
            "accuracy": result.after.accuracy,
            "accuracy_before": result.before.accuracy,
            "rate_hz": result.after.mean_rate_hz,
            "rate_hz_before": result.before.mean_rate_hz,
            "largest_weight": options.largest_weight,
            "n_updates": float(options.n_updates),
        }
        model = replace(model, settings=model.settings | {f"tune_{name}": value for name, value in about.items()})
    return with_search_result(model, replace(result.factors_after, chosen=result.scaling_factor))


def _factor_of(model: TrainedModel, options: TuningOptions) -> float | None:
    """The scaling factor that is given, or was searched; None: to be searched."""
    if options.scaling_factor is not None:
        return options.scaling_factor
    is_known = model.scaling_factor is not None and np.isfinite(model.scaling_factor) and not model.is_tuned
    return model.scaling_factor if is_known else None


def _checked_rate_accuracy(model: TrainedModel, task: Task, options: TuningOptions) -> float:
    """Share of trials that the rate network solves. Raises InputError if it does surely not reach the accuracy itself."""
    assert options.seed is not None
    trials = [task.draw(generator(options.seed, Role.VALIDATION, k)) for k in range(RATE_TRIALS)]
    outputs, _ = rate_trajectory(model, np.array([trial.u for trial in trials]))
    n_correct = sum(trial.score_rate(output[:, 1:]) for trial, output in zip(trials, outputs, strict=True))
    accuracy = n_correct / RATE_TRIALS
    if wilson_interval(n_correct, RATE_TRIALS)[1] < options.accuracy:
        raise InputError(
            f"the rate network itself solves {accuracy:.2f} of {RATE_TRIALS} trials of {task.name} without noise, not "
            f"{options.accuracy:g}: train it further; what it has not learnt cannot be tuned"
        )
    return accuracy


def _search(
    model: TrainedModel, task: Task, options: TuningOptions, pool: Executor, factor: float | None
) -> SearchResult:
    """factor: the one that is used, which need not be among those of the options."""
    factors = options.scaling_factors
    if factor is not None and factor not in factors:
        factors = tuple(sorted({*factors, factor}))
    search = SearchOptions(scaling_factors=factors, n_trials=options.search_trials, seed=options.seed)
    return search_factors(model, task, search, executor=pool)
