"""Run by test_thread_numbers.py: prints digests of numbers that go through BLAS, LAPACK and TensorFlow."""

import hashlib
import json
import sys
import tempfile

import numpy as np

import rate2spike as r2s
from rate2spike import twin
from rate2spike.rate.plots import eigenvalues
from rate2spike.spiking.analysis.discriminability import discriminability_of_rates
from rate2spike.spiking.analysis.population_pca import compare_populations, pca_of_rates
from rate2spike.spiking.analysis.targeted_reduction import targeted_reduction_of_rates
from rate2spike.spiking.analysis.timescale import count_autocorrelation
from rate2spike.spiking.dendrite_examples.classify import classify
from rate2spike.spiking.dendrite_examples.config import ClassifyConfig, StdpConfig
from rate2spike.spiking.dendrite_examples.stdp import become_selective


def digest(*arrays) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()[:12]


def spiking_numbers(model) -> dict[str, str]:
    search = r2s.grid_search(model, "go-nogo", (25, 40), 25, seed=1)
    diagnosis = r2s.diagnose(model, "go-nogo", 25, 10, seed=1)
    evaluation = r2s.evaluate(r2s.SpikingNetwork.from_model(model, 25), "go-nogo", n_trials=20, seed=2)
    return {
        "search": digest(search.accuracies, search.output_errors, list(search.best.type_rates_hz.values())),
        "evaluation": digest(evaluation.correct, evaluation.mean_rate_hz, list(evaluation.type_rates_hz.values())),
        "diagnosis": digest(
            diagnosis.rate_outputs,
            diagnosis.rates,
            diagnosis.output_gain,
            diagnosis.output_correlation,
            diagnosis.growth,
        ),
        "spectrum": digest(eigenvalues(model)),
    }


def analysis_numbers() -> dict[str, str]:
    rng = np.random.default_rng(3)
    rates, other = rng.random((2, 20, 200, 100))
    population = pca_of_rates(rates)
    similarity = compare_populations(population, pca_of_rates(other))
    variables = {"a": np.tile([0.0, 1.0], 10), "b": np.repeat([0.0, 1.0, 2.0, 3.0], 5)}
    reduction = targeted_reduction_of_rates(rates, variables, n_components=4, sigma_bins=2.0)
    return {
        "pca": digest(population.trajectories, population.components, population.explained_variance_ratio),
        "similarity": digest(similarity.canonical_correlations, similarity.procrustes_disparity),
        "targeted reduction": digest(reduction.axes, reduction.projections, reduction.coefficients),
        "discriminability": digest(discriminability_of_rates(rates, [0, 1] * 10, seed=1, n_splits=1).correlation),
        "autocorrelation": digest(count_autocorrelation(rng.poisson(3, (300, 200)).astype(float), 20)),
    }


def training_numbers() -> dict[str, str]:
    trained = r2s.train(task="go-nogo", n_units=200, batch_size=64, n_updates=1, seed=3)
    return {"training": digest(trained.w_rec, trained.tau_logit, trained.losses, trained.eval_outputs)}


def dendrite_numbers() -> dict[str, str]:
    classified = classify(ClassifyConfig(n_epochs=1, n_images=256), progress=False)
    selective = become_selective(StdpConfig(n_units=4, n_batches=4, n_test=20, n_steps=6), progress=False)
    return {"dendrites": digest(classified.loss, classified.strengths, *selective.weights.values())}


def twin_numbers() -> dict[str, str]:
    quick = dict(batch_size=4, window_ms=300, batches_per_epoch=4, valid_batches=2, epochs_per_stage=1, n_epochs=2)
    with tempfile.TemporaryDirectory() as folder:
        few = twin.SimulationConfig(cell="integrate_and_fire", n_train=6, n_valid=2, n_test=0, duration_ms=1500)
        twin.simulate_sets(few, f"{folder}/data", progress=False)
        plan = twin.FitPlan(architectures=("linear-80", "elm-8"), **quick)
        fits = twin.fit_networks(f"{folder}/data", plan, f"{folder}/fits", progress=False)
        return {"twin": digest(*(array for one in fits for array in one.twin.network.model.get_weights()))}


if __name__ == "__main__":
    twins = twin_numbers()  # first: its network, made before the fit, starts TensorFlow
    spiking = spiking_numbers(r2s.load_model(sys.argv[1]))
    print(json.dumps(twins | spiking | analysis_numbers() | training_numbers() | dendrite_numbers()))
