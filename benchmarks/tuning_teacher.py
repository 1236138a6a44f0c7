"""The rate network as teacher of the spiking one: each unit's incoming weights are refitted to the currents to be.

The mixture of own and teacher's currents goes from all teacher to none, and the regression (bounded least squares towards the
old weights) takes the filtered trains of the last four mixtures. After full-FORCE (DePasquale et al. 2018, 2023), with
Dale's signs, missing connections and the largest weight kept. A candidate that `tune` does without: see docs/conversion.md.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numba
import numpy as np

from rate2spike.rate.noise_free import rate_trajectory
from rate2spike.rate.task import Task
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.spike_record import SpikeRecord
from rate2spike.spiking.tuning.bounds import Bounds
from rate2spike.trained_model import STEP_S, TrainedModel

ALPHAS = (0, 0.3, 0.6, 0.8, 0.9, 1, 1, 1)  # share of the network's own currents
N_TRIALS, N_KEPT = 40, 4
RIDGE, N_SWEEPS = 0.01, 40
N_DECAYS = 4  # filters that stand for all units' own
SKIPPED_COLUMNS, STEPS_PER_COLUMN = 10, 100


@dataclass(frozen=True, eq=False)
class Teacher:
    """What the refits need to know."""

    model: TrainedModel
    task: Task
    network: SpikingNetwork
    bounds: Bounds
    gain: float

    def taught(self, rng: np.random.Generator) -> np.ndarray:
        """(N, N) [target, source]: recurrent weights after all mixtures, as the spiking network uses them."""
        w = self.network.w.astype(np.float64)
        decays = np.quantile(self.network.tau_d_s, (np.arange(N_DECAYS) + 0.5) / N_DECAYS)
        nearest = np.abs(np.log(self.network.tau_d_s[:, None] / decays)).argmin(1)
        kept: list[list[tuple[np.ndarray, np.ndarray]]] = []
        for alpha in ALPHAS:
            kept.append(self._products(w, alpha, decays, nearest, rng))
            for group in range(N_DECAYS):
                rows = np.flatnonzero(nearest == group)
                gram, wanted = (np.mean([one[group][part] for one in kept[-N_KEPT:]], 0) for part in (0, 1))
                w[rows] = self._refitted(w[rows], rows, gram, wanted)
        return w

    def _products(
        self, w: np.ndarray, alpha: float, decays: np.ndarray, nearest: np.ndarray, rng: np.random.Generator
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of each group of decays: mean products of filtered trains with each other, and with the currents to be."""
        trials = [self.task.draw(rng) for _ in range(N_TRIALS)]
        u = np.array([trial.u for trial in trials])
        currents = self._currents(u)
        drive = u.transpose(0, 2, 1) @ self.model.w_in.T.astype(np.float64)
        mixed = replace(self.network, w=(alpha * w).astype(np.float32), w_in=np.eye(len(w), dtype=np.float32))
        keys = rng.integers(0, 2**63, N_TRIALS).astype(np.uint64)
        stimuli = (drive + (1 - alpha) * currents).transpose(0, 2, 1)
        with ThreadPoolExecutor() as pool:
            records = list(pool.map(lambda stimulus, key: mixed.run_fast(stimulus, key, ("spikes",)), stimuli, keys))
        n_columns = u.shape[2] - 1
        found = []
        for group, decay_s in enumerate(decays):
            trains = [_filtered(record, decay_s, self.network.params.tau_r_s, n_columns) for record in records]
            features = np.concatenate([one[SKIPPED_COLUMNS:] for one in trains])
            rows = np.flatnonzero(nearest == group)
            target = np.concatenate([one[1 + SKIPPED_COLUMNS :, rows] for one in currents])
            found.append((features.T @ features / len(features), features.T @ target / len(features)))
        return found

    def _currents(self, u: np.ndarray) -> np.ndarray:
        """(K, T, N): the rate network's filtered recurrent currents, times the gain."""
        _, rates = rate_trajectory(self.model, u)
        wanted = self.gain * rates.transpose(0, 2, 1).astype(np.float64) @ self.model.effective_w().T
        alpha = STEP_S / self.network.tau_d_s
        currents = np.zeros_like(wanted)
        for t in range(1, wanted.shape[1]):
            currents[:, t] = (1 - alpha) * currents[:, t - 1] + alpha * wanted[:, t - 1]
        return currents

    def _refitted(self, w: np.ndarray, rows: np.ndarray, gram: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        low, high = self.bounds.low.T[rows], self.bounds.high.T[rows]
        free = self.bounds.free.T[rows]
        low, high = np.where(free, low, w), np.where(free, high, w)
        ridge = RIDGE * np.trace(gram) / len(gram)
        return _bounded_rows(gram + ridge * np.eye(len(gram)), wanted.T + ridge * w, w.copy(), low, high)


def _filtered(record: SpikeRecord, decay_s: float, rise_s: float, n_columns: int) -> np.ndarray:
    """(columns, N): trains filtered with two exponentials, at the end of each column."""
    units, steps = record.events[:, 0].astype(np.int64), record.events[:, 1].astype(np.int64)
    return _filter_events(units, steps, record.n_units, n_columns, record.dt_s, float(decay_s), float(rise_s))


@numba.njit(nogil=True)
def _filter_events(units, steps, n_units, n_columns, dt_s, decay_s, rise_s):
    slow, fast, out = np.zeros(n_units), np.zeros(n_units), np.zeros((n_columns, n_units))
    keep_slow, keep_fast = np.exp(-STEPS_PER_COLUMN * dt_s / decay_s), np.exp(-STEPS_PER_COLUMN * dt_s / rise_s)
    event = 0
    for column in range(n_columns):
        slow *= keep_slow
        fast *= keep_fast
        end = (column + 1) * STEPS_PER_COLUMN
        while event < units.size and steps[event] < end:
            since_s = (end - steps[event]) * dt_s
            slow[units[event]] += np.exp(-since_s / decay_s)
            fast[units[event]] += np.exp(-since_s / rise_s)
            event += 1
        out[column] = (slow - fast) / (decay_s - rise_s)
    return out


@numba.njit
def _bounded_rows(gram, wanted, w, low, high):
    """Rows w of least w'Gw/2 - b'w within their bounds, by coordinate descent."""
    for row in range(w.shape[0]):
        slope = gram @ w[row] - wanted[row]
        for _ in range(N_SWEEPS):
            for k in range(gram.shape[0]):
                new = min(max(w[row, k] - slope[k] / gram[k, k], low[row, k]), high[row, k])
                if new != w[row, k]:
                    slope += gram[:, k] * (new - w[row, k])
                    w[row, k] = new
    return w
