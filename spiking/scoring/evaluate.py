"""Score a spiking network on fresh trials of a task."""

import warnings
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.machine.thread_pool import executor_of
from rate2spike.progress import OnProgress, following
from rate2spike.rate.task import Task
from rate2spike.seeding import Role, resolve_seed
from rate2spike.spiking.scoring.given_network import checked_task, network_and_task
from rate2spike.spiking.scoring.network_options import NetworkOptions, options_with
from rate2spike.spiking.scoring.options import EvaluationOptions
from rate2spike.spiking.scoring.result import Evaluation
from rate2spike.spiking.scoring.trial_blocks import BlockResult, TrialSeries, submit_trials
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import NeuronParams
from rate2spike.trained_model import TrainedModel

SILENT_HZ = 0.1  # a mean rate below this: who fires so says nothing
SATURATED_SHARE = 0.5  # of the highest rate that the refractory period allows


@public(settings=NetworkOptions)
def accuracy(
    network: SpikingNetwork | TrainedModel | str | PathLike,
    task: Task | str | None = None,
    n_trials: int = 100,
    seed: int | None = None,
    *,
    scaling_factor: float | None = None,
    params: NeuronParams | None = None,
    n_threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | OnProgress | None = None,
    frozen_noise: bool = False,
    **settings: Any,
) -> float:
    """Fraction of fresh trials that a spiking network solves: `evaluate(...).accuracy`, without a warning.

    Parameters
    ----------
    network : SpikingNetwork, TrainedModel, or path of a model file
        The network; of a model the one that its scaling factor was searched for.
    task : Task or str, optional
        A task or its name. Default: the model's own; a network has none.
    n_trials : int, default 100
        Fresh trials, other ones than any search uses.
    seed : int, optional
        Of every random draw. Default: drawn.
    scaling_factor : float, optional
        Of a model. Default: the one that a search found.
    params : NeuronParams, optional
        Neurons of a model's network. Default: those of the search, else LIF.
    n_threads : int, optional
        Threads. Default: one per core that this process may use.
    executor : concurrent.futures.Executor, optional
        Who runs the trials, in the place of threads here.
    progress : bool or callable, optional
        True or False; or a function that is called as progress(n_done, n_total, text). Default: a bar where somebody watches.
    frozen_noise : bool, default False
        The same noise in every trial.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    InputError
        For a task that does not fit, a model without a scaling factor, and values that cannot be used.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.accuracy("go_nogo.mat", "go-nogo", n_trials=10, seed=1, scaling_factor=25)
    1.0
    """
    return _evaluated(
        network,
        task,
        EvaluationOptions(n_trials=n_trials, seed=seed, frozen_noise=frozen_noise),
        scaling_factor,
        options_with(params, settings),
        Run(n_threads, executor, progress),
    )[1].accuracy


@public(settings=NetworkOptions)
def evaluate(
    network: SpikingNetwork | TrainedModel | str | PathLike,
    task: Task | str | None = None,
    n_trials: int = 100,
    seed: int | None = None,
    *,
    scaling_factor: float | None = None,
    params: NeuronParams | None = None,
    n_threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | OnProgress | None = None,
    frozen_noise: bool = False,
    **settings: Any,
) -> Evaluation:
    """Run and score fresh trials, other ones than any λ search uses. A network that is silent or saturated is warned of.

    Parameters
    ----------
    network : SpikingNetwork, TrainedModel, or path of a model file
        The network; of a model the one that its scaling factor was searched for.
    task : Task or str, optional
        A task or its name. Default: the model's own; a network has none.
    n_trials : int, default 100
        Fresh trials.
    seed : int, optional
        Of every random draw. Default: drawn, and kept in the result.
    scaling_factor : float, optional
        Of a model. Default: the one that a search found.
    params : NeuronParams, optional
        Neurons of a model's network; `neuron` and `neuron_options` say the same by names. Default: those of the search, else
        LIF.
    n_threads : int, optional
        Threads. Default: one per core that this process may use. No number depends on it.
    executor : concurrent.futures.Executor, optional
        Who runs the trials, in the place of threads here: processes, or a Dask cluster.
    progress : bool or callable, optional
        True or False; or a function that is called as progress(n_done, n_total, text). Default: a bar where somebody watches.
    frozen_noise : bool, default False
        The same noise in every trial.

    Returns
    -------
    Evaluation
        `accuracy` with its `interval`, `mean_rate_hz`, `type_rates_hz`, and which trials are `correct`.

    Raises
    ------
    InputError
        For a task that does not fit, a model without a scaling factor, and values that cannot be used.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> found = r2s.evaluate("go_nogo.mat", "go-nogo", n_trials=10, seed=1, scaling_factor=25)
    >>> found.n_correct, found.n_trials
    (10, 10)
    >>> lesioned = r2s.evaluate("go_nogo.mat", "go-nogo", 10, seed=1, scaling_factor=25, lesion="I")
    >>> lesioned.accuracy < found.accuracy
    True
    """
    made, found = _evaluated(
        network,
        task,
        EvaluationOptions(n_trials=n_trials, seed=seed, frozen_noise=frozen_noise),
        scaling_factor,
        options_with(params, settings),
        Run(n_threads, executor, progress),
    )
    remark = activity_remark(made, found.mean_rate_hz)
    if remark:
        warnings.warn(remark, stacklevel=3)
    return found


@dataclass(frozen=True)
class Run:
    """How trials are run: no number depends on it."""

    n_threads: int | None = None
    executor: Executor | None = None
    progress: bool | OnProgress | None = False


def _evaluated(
    given: SpikingNetwork | TrainedModel | str | PathLike,
    task: Task | str | None,
    options: EvaluationOptions,
    scaling_factor: float | None,
    made_with: Mapping[str, Any],
    run: Run,
) -> tuple[SpikingNetwork, Evaluation]:
    options = replace(options, seed=resolve_seed(options.seed))
    network, task = network_and_task(given, task, scaling_factor, options.seed or 0, made_with)
    found = score_fresh(network, task, options, n_threads=run.n_threads, executor=run.executor, progress=run.progress)
    return network, found


def activity_remark(network: SpikingNetwork, rate_hz: float) -> str:
    """What to say of a network that is silent or saturated, else nothing: a success rule may be met without a spike."""
    ceiling_hz = 1 / np.maximum(network.params.per_unit("t_ref_s", network.n_units), network.dt_s).mean()
    if rate_hz < SILENT_HZ:
        state = "silent: its units fire"
    elif rate_hz > SATURATED_SHARE * ceiling_hz:
        state = f"saturated: of the {ceiling_hz:.3g} Hz that the refractory period allows its units fire"
    else:
        return ""
    return (
        f"the network is {state} {rate_hz:.3g} Hz on average, so that its accuracy says little; `rate2spike diagnose` "
        "looks for a scaling factor that mends it"
    )


@one_blas_thread()
def score_fresh(
    network: SpikingNetwork,
    task: Task | str,
    options: EvaluationOptions,
    *,
    n_threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | OnProgress | None = False,
) -> Evaluation:
    """As `evaluate`, without a word about the activity. Raises InputError."""
    task = checked_task(task, network)
    series = TrialSeries(task, resolve_seed(options.seed), Role.EVALUATION, options.frozen_noise)
    blocks, n_done, n_correct = [], 0, 0
    with executor_of(n_threads, executor) as pool, following(progress, "fresh trials", options.n_trials) as advance:
        for future in submit_trials(pool, network, series, range(options.n_trials)):
            blocks.append(future.result())
            n_done, n_correct = n_done + blocks[-1].correct.size, n_correct + int(blocks[-1].correct.sum())
            advance(f"accuracy {n_correct / n_done:.3f}", blocks[-1].correct.size)
    block = BlockResult.joined(blocks)
    return Evaluation(
        task=task.name,
        scaling_factor=network.scaling_factor,
        seed=series.seed,
        n_trials=options.n_trials,
        n_correct=int(block.correct.sum()),
        mean_rate_hz=float(block.mean_rate_hz.mean()),
        correct=block.correct,
        type_rates_hz=dict(zip(network.unit_groups[0], block.firing_rate_hz.mean(0).tolist(), strict=True)),
    )
