"""Why does a converted network fail (or not)? The spiking network beside its rate network, in numbers and in words."""

from concurrent.futures import Executor
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.machine.thread_pool import executor_of
from rate2spike.progress import OnProgress, following
from rate2spike.rate.noise_free import rate_trajectory
from rate2spike.rate.task import Task, Trial
from rate2spike.seeding import Role, resolve_seed
from rate2spike.spiking.diagnosis.factor_advice import FactorAdvice, factor_advice
from rate2spike.spiking.diagnosis.result import Diagnosis
from rate2spike.spiking.diagnosis.subject import Subject, subject_given, subject_made
from rate2spike.spiking.scoring.evaluate import SATURATED_SHARE, SILENT_HZ
from rate2spike.spiking.scoring.network_options import NetworkOptions, options_with
from rate2spike.spiking.scoring.options import check_n_trials
from rate2spike.spiking.scoring.result import GOOD_ACCURACY
from rate2spike.spiking.scoring.trial_blocks import TrialSeries
from rate2spike.spiking.search.tunable import would_be_tuned
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import NeuronParams
from rate2spike.trained_model import TrainedModel

_MANY = 0.9  # share of units that makes a network silent
_GAIN_RANGE = (0.7, 1.4)  # of the output, within which nobody will complain
_UNSTABLE_GROWTH = 3.0  # of the mean rate from the first to the last fifth of a trial, beyond the rate network's
_SAME_DYNAMICS = 0.5  # least correlation of the outputs
_SOME = 0.02  # share of units that makes a network saturated
_NOISE = "outputs follow the rate network on average, but single trials miss the criterion"
_LONGER_TRAINING = "training longer, balanced, or with slower synapses"
TUNING = (  # where no scaling factor converts
    "tuning: the rate network solves the task, and no factor that was tried converts it: `rate2spike tune MODEL`, or "
    "r2s.tune(model), changes the weights of the spiking network until it does"
)
_OTHER_REMEDIES = {  # where no scaling factor helps
    "silent": "a higher bias",
    "saturated": "a lower bias",
    "unstable": _LONGER_TRAINING,
    "other dynamics": _LONGER_TRAINING,
    "gain mismatch": _LONGER_TRAINING,
    "noise": "more units, or training to a lower loss",
}


@dataclass(frozen=True, eq=False)
class _Observed:
    """One trial of the spiking network. C columns of time, N units."""

    output: np.ndarray  # (n_outputs, C) mean over each column
    spike_counts: np.ndarray  # (C,) of all units
    firing_rate_hz: np.ndarray  # (N,)
    filtered_rates: np.ndarray  # (N,) mean over the trial
    is_correct: bool


@dataclass(frozen=True, eq=False)
class _Both:
    """What both networks did on the same stimuli. K trials, C columns of time, N units."""

    network: SpikingNetwork
    observed: list[_Observed]
    rate_outputs: np.ndarray  # (K, n_outputs, C)
    rates: np.ndarray  # (K, N, T) of the rate network
    rate_accuracy: float  # its share of trials that are solved

    @property
    def outputs(self) -> np.ndarray:
        """(K, n_outputs, C) of the spiking network."""
        return np.array([trial.output for trial in self.observed])[..., : self.rate_outputs.shape[2]]

    def mean(self, quantity: str) -> np.ndarray:
        """Mean over the trials of a field of `_Observed`."""
        return np.mean([getattr(trial, quantity) for trial in self.observed], 0)


@public(settings=NetworkOptions)
def diagnose(
    model: TrainedModel | str | PathLike,
    task: Task | str | None = None,
    scaling_factor: float | None = None,
    n_trials: int = 20,
    seed: int | None = None,
    *,
    network: SpikingNetwork | None = None,
    params: NeuronParams | None = None,
    options: NetworkOptions | None = None,
    n_threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | OnProgress | None = None,
    **settings: Any,
) -> Diagnosis:
    """Why does a spiking network fail (or not)? It runs beside its rate network on the same stimuli.

    What differs is named: silent, saturated, gain mismatch, unstable, other dynamics. Where the network does not solve the
    task, other scaling factors are tried, and one is advised only if it is surely better on fresh trials.

    Parameters
    ----------
    model : TrainedModel, or path of a model file
        The rate network.
    task : Task or str, optional
        A task or its name. Default: the model's own.
    scaling_factor : float, optional
        Default: the one that a search found.
    n_trials : int, default 20
        Trials of either network.
    seed : int, optional
        Of every random draw. Default: drawn, and kept in the result.
    network : SpikingNetwork, optional
        The network to diagnose, lesioned ones included, in the place of one made here. The rate side stays whole.
    params : NeuronParams, optional
        The neurons, such as `QIFParams()`; `neuron` and `neuron_options` say the same by names. Default: those of the search,
        else LIF.
    options : NetworkOptions, optional
        All that a network is made with, in the place of params and single settings.
    n_threads : int, optional
        Threads. Default: one per core that this process may use. No number depends on it.
    executor : concurrent.futures.Executor, optional
        Who runs the trials, in the place of threads here.
    progress : bool or callable, optional
        True or False; or a function that is called as progress(n_done, n_total, text), anew for the other factors and for the
        fresh trials. Default: a bar where somebody watches.

    Returns
    -------
    Diagnosis
        `findings` in words, `advised_factor`, `plot()`, and the numbers behind them.

    Raises
    ------
    InputError
        For a task that does not fit, a model without a scaling factor, and values that cannot be used.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> found = r2s.diagnose("go_nogo.mat", "go-nogo", 25, n_trials=6, seed=1)
    >>> found.findings[0]
    'converted: the network solves the task'
    """
    check_n_trials(n_trials)
    seed = resolve_seed(seed)
    given = options_with(params, settings)
    if network is None:
        subject = subject_made(model, task, scaling_factor, seed, options, given)
    else:
        unused = [
            name for name, value in (("scaling_factor", scaling_factor), ("options", options)) if value is not None
        ]
        subject = subject_given(network, model, task, seed, [*unused, *given])
    return _diagnosis(subject, n_trials, n_threads, executor, progress)


@one_blas_thread()
def _diagnosis(
    subject: Subject,
    n_trials: int,
    n_threads: int | None,
    executor: Executor | None,
    progress: bool | OnProgress | None,
) -> Diagnosis:
    network, task = subject.network, subject.task
    series = TrialSeries(task, subject.seed, Role.FIGURE)
    trials = [series.trial(index) for index in range(n_trials)]
    with executor_of(n_threads, executor) as pool:
        both = _run_both(pool, subject, series, trials, progress)
        numbers = _numbers(both)
        accuracy = float(both.mean("is_correct"))
        advice = None if accuracy >= GOOD_ACCURACY else factor_advice(subject, pool, progress)
    can_be_tuned = both.rate_accuracy >= GOOD_ACCURACY and would_be_tuned(network, subject.model)
    column_s = network.dt_s * network.steps_per_column
    return Diagnosis(
        task.name,
        network.scaling_factor,
        subject.seed,
        accuracy,
        _in_words(numbers, advice, can_be_tuned=can_be_tuned),
        firing_rate_hz=both.mean("firing_rate_hz"),
        unit_types=network.types,
        outputs=both.outputs,
        rate_outputs=both.rate_outputs,
        filtered_rates=both.mean("filtered_rates"),
        rates=both.rates.mean((0, 2)),
        population_rate_hz=both.mean("spike_counts") / (network.n_units * column_s),
        labels=tuple(task.name_of(trial.label) for trial in trials),
        column_s=column_s,
        advice=advice,
        **numbers,
    )


def _run_both(
    pool: Executor, subject: Subject, series: TrialSeries, trials: list[Trial], progress: bool | OnProgress | None
) -> _Both:
    network = subject.network
    stimuli = np.array([trial.u for trial in trials])
    wanted, rates = rate_trajectory(subject.model, stimuli, initial=subject.initial_weights)
    rate_accuracy = np.mean([trial.score_rate(output[:, 1:]) for trial, output in zip(trials, wanted, strict=True)])
    observed = []
    with following(progress, "both networks", len(trials)) as advance:
        keys = [series.noise_key(network.scaling_factor, index) for index in range(len(trials))]
        for future in [pool.submit(_observe, network, trial, key) for trial, key in zip(trials, keys, strict=True)]:
            observed.append(future.result())
            advance()
    wanted = wanted[..., network.downsample :: network.downsample]  # what follows the first column
    return _Both(network, observed, wanted[..., : observed[0].output.shape[1]], rates, float(rate_accuracy))


def _observe(network: SpikingNetwork, trial: Trial, key: np.uint64) -> _Observed:
    """One trial: a unit of work, picklable."""
    record = network.run_fast(trial.stimulus, key, ("output", "spikes", "rates"))
    assert record.output is not None and record.events is not None and record.rates is not None
    n_columns = record.n_steps // network.steps_per_column
    return _Observed(
        output=record.output.reshape(len(record.output), n_columns, -1).mean(2),
        spike_counts=np.bincount(record.events[:, 1] // network.steps_per_column, minlength=n_columns),
        firing_rate_hz=record.firing_rate_hz,
        filtered_rates=record.rates.mean(1),
        is_correct=trial.score_spiking(record.output, network.step_ratio),
    )


def _numbers(both: _Both) -> dict[str, float]:
    """The fields of `Diagnosis` that words are made of."""
    network, firing_hz = both.network, both.mean("firing_rate_hz")
    ceiling_hz = 1 / np.maximum(network.params.per_unit("t_ref_s", network.n_units), network.dt_s)
    x, y = both.rate_outputs.ravel() - both.rate_outputs.mean(), both.outputs.ravel() - both.outputs.mean()
    varies = np.linalg.norm(x) > 0 and np.linalg.norm(y) > 0
    population = both.mean("spike_counts")
    fifth = max(len(population) // 5, 1)
    settled = population[2:]  # the arbitrary start makes most units fire once
    spiking_growth = (settled[-fifth:].mean() + 1e-3) / (settled[:fifth].mean() + 1e-3)
    over_time = both.rates.mean((0, 1))
    fifth_of_rates = max(len(population) * network.downsample // 5, 1)
    rate_growth = over_time[-fifth_of_rates:].mean() / max(over_time[:fifth_of_rates].mean(), 1e-9)
    return {
        "silent_share": float((firing_hz < SILENT_HZ).mean()),
        "saturated_share": float((firing_hz > SATURATED_SHARE * ceiling_hz).mean()),
        "output_gain": float(x @ y / (x @ x)) if varies else 0.0,
        "output_correlation": float(x @ y / np.linalg.norm(x) / np.linalg.norm(y)) if varies else 0.0,
        "growth": float(spiking_growth / max(rate_growth, 1e-9)),
    }


def _in_words(numbers: dict[str, float], advice: FactorAdvice | None, *, can_be_tuned: bool = False) -> tuple[str, ...]:
    """Findings, the gravest first, and what to do. advice: None for a network that solved its trials."""
    symptoms = _symptoms(numbers)
    if advice is None or advice.here.accuracy >= GOOD_ACCURACY:  # the first trials were unlucky
        solved = "converted: the network solves the task"
        if advice is not None:
            solved += f" (accuracy {advice.here.accuracy:.2f} on {advice.here.n_trials} fresh trials)"
        return (solved, *(f"remark, no action needed: {sentence}" for sentence in symptoms.values()))
    symptoms = symptoms or {"noise": _NOISE}
    found = tuple(f"{name}: {sentence}" for name, sentence in symptoms.items())
    tuning = (TUNING,) if can_be_tuned and advice.other.accuracy < GOOD_ACCURACY else ()
    if advice.helps:
        return (*found, advice.in_words(), *tuning)
    remedies = dict.fromkeys(_OTHER_REMEDIES[name] for name in symptoms)
    return (*found, f"{advice.in_words()}; what else may help: {', or '.join(remedies)}", *tuning)


def _symptoms(numbers: dict[str, float]) -> dict[str, str]:
    """What differs from the rate network, by name."""
    gain, correlation = numbers["output_gain"], numbers["output_correlation"]
    found = {}
    if numbers["silent_share"] > _MANY:
        found["silent"] = f"{numbers['silent_share']:.0%} of the units fire less than {SILENT_HZ:g} Hz"
    if numbers["saturated_share"] > _SOME:
        found["saturated"] = (
            f"{numbers['saturated_share']:.0%} of the units fire at more than half of what their refractory period allows"
        )
    if numbers["growth"] > _UNSTABLE_GROWTH:
        found["unstable"] = f"activity grows {numbers['growth']:.1f} times more over a trial than the rate network's"
    if "silent" in found:
        return found  # there is no output to compare
    if correlation < _SAME_DYNAMICS:
        found["other dynamics"] = f"the output follows the rate network's with a correlation of only {correlation:.2f}"
    elif not _GAIN_RANGE[0] <= gain <= _GAIN_RANGE[1]:
        found["gain mismatch"] = f"the output is {gain:.2f} times the rate network's"
    return found
