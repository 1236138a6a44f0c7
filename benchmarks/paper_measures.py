"""What is measured of one network for a figure of the paper: each function gives the columns of one CSV row."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.rate import tasks
from rate2spike.rate.noise_free import rate_trajectory
from rate2spike.rate.task import Label, Trial
from rate2spike.seeding import Role, generator
from rate2spike.spiking.scoring.evaluate import evaluate
from rate2spike.spiking.search.grid import grid_search
from rate2spike.spiking.search.options import HISTORIC_FACTORS
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import NeuronParams
from rate2spike.trained_model import TrainedModel

SEARCH_TRIALS = 100  # per factor, as published
FRESH_TRIALS = 500  # at the best factor: it was chosen for its accuracy, so that one is biased upwards
LABEL_TRIALS = 50  # of each trial type, where rates are averaged
N_COMPONENTS = 3
_TRAJECTORY_STRIDE = 100  # simulation steps: 5 ms, as the rate network has


def conversion(
    model: TrainedModel,
    seed: int,
    n_threads: int | None,
    *,
    factors: tuple[int, ...] = HISTORIC_FACTORS,
    params: NeuronParams | None = None,
) -> dict[str, Any]:
    """Search the factor, then score fresh trials at the best one."""
    result = grid_search(model, model.task, factors, SEARCH_TRIALS, seed, params=params, n_threads=n_threads)
    network = SpikingNetwork.from_model(model, result.best_factor, params=params)
    fresh = evaluate(network, model.task, FRESH_TRIALS, seed, n_threads=n_threads)
    tau_ms = model.tau_s() * 1e3
    return {
        "best_factor": f"{result.best_factor:g}",
        "search_accuracy": result.best_accuracy,
        "fresh_accuracy": fresh.accuracy,
        "rate_hz": round(fresh.mean_rate_hz, 2),
        "tau_ms": round(float(tau_ms.mean()), 2),
        "tau_sd_ms": round(float(tau_ms.std()), 2),
        "accuracies": " ".join(f"{accuracy:g}" for accuracy in result.accuracies),
    }


def training(model: TrainedModel, seed: int, n_threads: int | None) -> dict[str, Any]:
    """How the rate network did in its last evaluation, 100 trials."""
    tau_ms = model.tau_s() * 1e3
    return {
        "rate_accuracy": round(model.eval_accuracy, 4),
        "rate_loss": round(model.eval_loss, 4),
        "tau_ms": round(float(tau_ms.mean()), 2),
        "tau_sd_ms": round(float(tau_ms.std()), 2),
    }


def firing_rate(
    model: TrainedModel, seed: int, n_threads: int | None, *, factor: float, label: Label, unit_type: str | None = None
) -> dict[str, Any]:
    """Mean rate in trials of one type, of all units or of one type."""
    network = SpikingNetwork.from_model(model, factor)
    units = slice(None) if unit_type is None else model.units_of(unit_type)
    rates = [
        network.run(trial.stimulus, seed=index, record=()).firing_rate_hz[units].mean()
        for index, trial in enumerate(trials_of(model, label, seed))
    ]
    return {"rate_hz": round(float(np.mean(rates)), 3)}


def components(
    model: TrainedModel, seed: int, n_threads: int | None, *, factor: float, spiking: bool
) -> dict[str, Any]:
    """Share of the variance over time and trial types that the first principal components of the mean rates hold."""
    labels = tasks.get(model.task).labels()
    rates = [_mean_rates(model, trials_of(model, label, seed), factor if spiking else None) for label in labels]
    return {"variance_share": round(variance_share(np.concatenate(rates, axis=1)), 5)}


def variance_share(rates: np.ndarray) -> float:
    """Of (N, n) rates: what the first N_COMPONENTS principal components hold of the variance."""
    with one_blas_thread():
        variances = np.linalg.svd(rates - rates.mean(1, keepdims=True), compute_uv=False) ** 2
    return float(variances[:N_COMPONENTS].sum() / variances.sum())


def trials_of(model: TrainedModel, label: Label, seed: int) -> list[Trial]:
    """LABEL_TRIALS trials with this label."""
    task, rng = tasks.get(model.task), generator(seed, Role.FIGURE)
    found: list[Trial] = []
    while len(found) < LABEL_TRIALS:
        trial = task.draw(rng)
        if trial.label == label:
            found.append(trial)
    return found


def _mean_rates(model: TrainedModel, trials: list[Trial], factor: float | None) -> np.ndarray:
    """(N, n_times) mean over trials of the rate network, or of the spiking network with a factor."""
    if factor is None:
        return rate_trajectory(model, np.stack([trial.u for trial in trials]))[1].mean(0)
    network = SpikingNetwork.from_model(model, factor)
    records = (
        network.run(trial.stimulus, seed=index, record=("rates",), stride=_TRAJECTORY_STRIDE)
        for index, trial in enumerate(trials)
    )
    return sum(record.rates.astype(np.float64) for record in records) / len(trials)


Row = Mapping[str, str]
