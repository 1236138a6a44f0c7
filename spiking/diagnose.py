"""Why does a converted network fail (or not)? The spiking network beside its rate network, in numbers and in words."""

from dataclasses import dataclass, field

import numpy as np

from rate2spike.blas_threads import one_blas_thread
from rate2spike.matlab_compat.model_file import TrainedModel
from rate2spike.rate.rate_outputs import rate_trajectory
from rate2spike.rate.task import Task
from rate2spike.seeding import Role, resolve_seed
from rate2spike.spiking.evaluate import checked_task, draw_trial, noise_key
from rate2spike.spiking.network import SpikingNetwork
from rate2spike.spiking.params import NeuronParams

SILENT_HZ = 0.1  # a mean rate below this: the unit says nothing
SATURATED_SHARE = 0.5  # of the highest rate that the refractory period allows
_MANY = 0.9  # share of units that makes a network silent
_GAIN_RANGE = (0.7, 1.4)  # of the output, within which nobody will complain
_UNSTABLE_GROWTH = 3.0  # of the mean rate from the first to the last fifth of a trial, beyond the rate network's
_SAME_DYNAMICS = 0.5  # least correlation of the outputs
_GOOD_ACCURACY = 0.95


@dataclass(frozen=True)
class Diagnosis:
    """What a spiking network does on n_trials trials, beside what its rate network does. C columns of time, N units."""

    task: str
    scaling_factor: float
    seed: int
    accuracy: float
    findings: tuple[str, ...]  # in words, the gravest first
    firing_rate_hz: np.ndarray = field(repr=False)  # (N,)
    unit_types: np.ndarray = field(repr=False)  # (N,)
    silent_share: float  # of the units
    saturated_share: float
    output_gain: float  # slope of the spiking output over the rate output
    output_correlation: float
    growth: float  # mean rate in the last fifth of a trial over that in the first, relative to the rate network's
    outputs: np.ndarray = field(repr=False)  # (n_trials, n_outputs, C) spiking
    rate_outputs: np.ndarray = field(repr=False)  # (n_trials, n_outputs, C)
    filtered_rates: np.ndarray = field(repr=False)  # (N,) mean filtered spike train, what stands for r
    rates: np.ndarray = field(repr=False)  # (N,) mean of r in the rate network
    population_rate_hz: np.ndarray = field(repr=False)  # (C,) mean over units and trials
    labels: tuple[str, ...] = ()
    column_s: float = 0.005


@one_blas_thread()
def diagnose(
    model: TrainedModel, task: Task | str, scaling_factor: float | None = None, n_trials: int = 20,
    seed: int | None = None, *, params: NeuronParams | None = None,
) -> Diagnosis:  # fmt: skip
    """Run n_trials trials of both networks and say what differs: silent, saturated, gain mismatch, unstable.

    scaling_factor: None takes the one in the model. Raises InputError.
    """
    network = SpikingNetwork.from_model(model, scaling_factor, params=params)
    task = checked_task(task, network, n_trials)
    seed = resolve_seed(seed)
    trials = [draw_trial(task, seed, Role.FIGURE, k) for k in range(n_trials)]
    wanted, rates = rate_trajectory(model, np.array([trial.u for trial in trials]))
    outputs, firing, filtered, population, correct = [], [], [], [], []
    for k, trial in enumerate(trials):
        key = noise_key(seed, Role.FIGURE, network.scaling_factor, k)
        record = network.run_fast(trial.stimulus, key, ("output", "spikes", "rates"))
        assert record.output is not None and record.events is not None and record.rates is not None
        n_columns = record.n_steps // network.steps_per_column
        outputs.append(record.output.reshape(len(record.output), n_columns, -1).mean(2))
        population.append(np.bincount(record.events[:, 1] // network.steps_per_column, minlength=n_columns))
        firing.append(record.firing_rate_hz)
        filtered.append(record.rates.mean(1))
        correct.append(trial.score_spiking(record.output, network.step_ratio))
    column_s = network.dt_s * network.steps_per_column
    n_columns = min(outputs[0].shape[1], wanted.shape[2] - 1)
    numbers = _numbers(network, np.array(outputs)[..., :n_columns], wanted[..., 1 : n_columns + 1], np.mean(firing, 0),
                       np.mean(population, 0), rates)  # fmt: skip
    accuracy = float(np.mean(correct))
    return Diagnosis(
        task.name, network.scaling_factor, seed, accuracy, _in_words(accuracy, numbers, network),
        firing_rate_hz=np.mean(firing, 0), unit_types=network.types, outputs=np.array(outputs)[..., :n_columns],
        rate_outputs=wanted[..., 1 : n_columns + 1], filtered_rates=np.mean(filtered, 0), rates=rates.mean((0, 2)),
        population_rate_hz=np.mean(population, 0) / (network.n_units * column_s),
        labels=tuple(task.name_of(trial.label) for trial in trials), column_s=column_s, **numbers,
    )  # fmt: skip


def _numbers(network, outputs, wanted, firing_hz, population, rates) -> dict[str, float]:
    ceiling_hz = 1 / np.maximum(network.params.per_unit("t_ref_s", network.n_units), network.dt_s)
    x, y = wanted.ravel() - wanted.mean(), outputs.ravel() - outputs.mean()
    varies = np.linalg.norm(x) > 0 and np.linalg.norm(y) > 0
    fifth = max(len(population) // 5, 1)
    settled = population[2:]  # the arbitrary start makes most units fire once
    spiking_growth = (settled[-fifth:].mean() + 1e-3) / (settled[:fifth].mean() + 1e-3)
    over_time = rates.mean((0, 1))
    rate_growth = over_time[-fifth:].mean() / max(over_time[:fifth].mean(), 1e-9)
    return {
        "silent_share": float((firing_hz < SILENT_HZ).mean()),
        "saturated_share": float((firing_hz > SATURATED_SHARE * ceiling_hz).mean()),
        "output_gain": float(x @ y / (x @ x)) if varies else 0.0,
        "output_correlation": float(x @ y / np.linalg.norm(x) / np.linalg.norm(y)) if varies else 0.0,
        "growth": float(spiking_growth / max(rate_growth, 1e-9)),
    }


def _in_words(accuracy: float, numbers: dict[str, float], network: SpikingNetwork) -> tuple[str, ...]:
    """Findings with what to try; a larger scaling factor means weaker weights."""
    factor = f"the scaling factor ({network.scaling_factor:g})"
    gain, correlation = numbers["output_gain"], numbers["output_correlation"]
    found = []
    if numbers["silent_share"] > _MANY:
        found.append(
            f"silent: {numbers['silent_share']:.0%} of the units fire less than {SILENT_HZ:g} Hz; lower {factor}, or raise "
            "the bias"
        )
    if numbers["saturated_share"] > 0.02:
        found.append(
            f"saturated: {numbers['saturated_share']:.0%} of the units fire at more than half of what their refractory "
            f"period allows; raise {factor}"
        )
    if numbers["growth"] > _UNSTABLE_GROWTH:
        found.append(
            f"unstable: activity grows {numbers['growth']:.1f} times more over a trial than the rate network's; "
            f"raise {factor}"
        )
    if correlation < _SAME_DYNAMICS:
        found.append(
            f"other dynamics: the output follows the rate network's with a correlation of only {correlation:.2f}, which no "
            "gain mends; search other factors, or train longer, balanced, or with slower synapses"
        )
    elif not _GAIN_RANGE[0] <= gain <= _GAIN_RANGE[1]:
        kind, remedy = ("weak", "lower") if gain < _GAIN_RANGE[0] else ("strong", "raise")
        found.append(
            f"gain mismatch: the output is {gain:.2f} times the rate network's (too {kind}); {remedy} {factor}"
        )
    if accuracy >= _GOOD_ACCURACY:
        return ("converted: the network solves the task", *found)
    if not found:
        found.append(
            "noise: outputs follow the rate network on average, but single trials miss the criterion; take more units, or "
            "train to a lower loss"
        )
    return tuple(found)
