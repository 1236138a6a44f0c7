"""Made-up predictions of a data set."""

import numpy as np
from scipy.special import expit

from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions


def toy_predictions(n=30, duration_ms=1500, seed=0, counts=None):
    """Simulations with the numbers of spikes asked for, else random ones; scores and voltages that say something of both."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 12, n) if counts is None else counts
    spikes = np.zeros((len(counts), duration_ms), bool)
    for row, count in zip(spikes, counts, strict=True):
        row[rng.choice(np.arange(500, duration_ms), count, replace=False)] = True
    scores = expit(rng.normal(-7, 1.5, spikes.shape) + 4 * spikes + rng.normal(0, 0.5, (len(counts), 1))).astype("f4")
    true_mv = np.minimum(-67 + 4 * rng.normal(size=spikes.shape), -55)
    soma_mv = 0.8 * true_mv - 12 + rng.normal(size=spikes.shape)
    return TwinPredictions(scores, spikes, soma_mv.astype("f4"), true_mv.astype("f4"))
