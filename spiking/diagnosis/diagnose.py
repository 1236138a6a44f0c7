"""Why does a converted network fail (or not)? The spiking network beside its rate network, in numbers and in words."""

from dataclasses import dataclass, field

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.rate.noise_free import rate_trajectory
from rate2spike.rate.task import Task
from rate2spike.seeding import Role, resolve_seed
from rate2spike.spiking.diagnosis.factor_advice import FactorAdvice, factor_advice
from rate2spike.spiking.scoring.evaluate import SATURATED_SHARE, SILENT_HZ, checked_task, draw_trial, noise_key
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import NeuronParams
from rate2spike.trained_model import TrainedModel

_MANY = 0.9  # share of units that makes a network silent
_GAIN_RANGE = (0.7, 1.4)  # of the output, within which nobody will complain
_UNSTABLE_GROWTH = 3.0  # of the mean rate from the first to the last fifth of a trial, beyond the rate network's
_SAME_DYNAMICS = 0.5  # least correlation of the outputs
_SOME = 0.02  # share of units that makes a network saturated
_GOOD_ACCURACY = 0.95
_NOISE = "outputs follow the rate network on average, but single trials miss the criterion"
_LONGER_TRAINING = "training longer, balanced, or with slower synapses"
_OTHER_REMEDIES = {  # where no scaling factor helps
    "silent": "a higher bias",
    "saturated": "a lower bias",
    "unstable": _LONGER_TRAINING,
    "other dynamics": _LONGER_TRAINING,
    "gain mismatch": _LONGER_TRAINING,
    "noise": "more units, or training to a lower loss",
}


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
    advice: FactorAdvice | None = field(default=None, repr=False)  # None: the network solves the task

    @property
    def advised_factor(self) -> float | None:
        """A scaling factor that is surely better, if one was found."""
        return self.advice.other.scaling_factor if self.advice is not None and self.advice.helps else None


@one_blas_thread()
def diagnose(
    model: TrainedModel,
    task: Task | str,
    scaling_factor: float | None = None,
    n_trials: int = 20,
    seed: int | None = None,
    *,
    params: NeuronParams | None = None,
) -> Diagnosis:
    """Run n_trials trials of both networks and say what differs: silent, saturated, gain mismatch, unstable.

    scaling_factor: None takes the one in the model. Where the network does not solve the task, others are tried (see
    `factor_advice`), and one is advised only if it is surely better. Raises InputError.
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
    numbers = _numbers(
        network,
        np.array(outputs)[..., :n_columns],
        wanted[..., 1 : n_columns + 1],
        np.mean(firing, 0),
        np.mean(population, 0),
        rates,
    )
    accuracy = float(np.mean(correct))
    solved = accuracy >= _GOOD_ACCURACY
    advice = None if solved else factor_advice(model, task, network.scaling_factor, seed, params)
    return Diagnosis(
        task.name,
        network.scaling_factor,
        seed,
        accuracy,
        _in_words(numbers, advice),
        firing_rate_hz=np.mean(firing, 0),
        unit_types=network.types,
        outputs=np.array(outputs)[..., :n_columns],
        rate_outputs=wanted[..., 1 : n_columns + 1],
        filtered_rates=np.mean(filtered, 0),
        rates=rates.mean((0, 2)),
        population_rate_hz=np.mean(population, 0) / (network.n_units * column_s),
        labels=tuple(task.name_of(trial.label) for trial in trials),
        column_s=column_s,
        advice=advice,
        **numbers,
    )


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


def _in_words(numbers: dict[str, float], advice: FactorAdvice | None) -> tuple[str, ...]:
    """Findings, the gravest first, and what to do. advice: None for a network that solved its trials."""
    symptoms = _symptoms(numbers)
    if advice is None or advice.here.accuracy >= _GOOD_ACCURACY:  # the first trials were unlucky
        solved = "converted: the network solves the task"
        if advice is not None:
            solved += f" (accuracy {advice.here.accuracy:.2f} on {advice.here.n_trials} fresh trials)"
        return (solved, *(f"remark, no action needed: {sentence}" for sentence in symptoms.values()))
    symptoms = symptoms or {"noise": _NOISE}
    found = tuple(f"{name}: {sentence}" for name, sentence in symptoms.items())
    if advice.helps:
        return (*found, advice.in_words())
    remedies = dict.fromkeys(_OTHER_REMEDIES[name] for name in symptoms)
    return (*found, f"{advice.in_words()}; what else may help: {', or '.join(remedies)}")


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
