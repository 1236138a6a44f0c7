"""What a table says of a run of soma and dendrite, and many runs as arrays."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from rate2spike.spiking.cascade.dendrite_soma_loop import DendriteSomaTraces
from rate2spike.spiking.cascade.dendrite_soma_params import STATES


def strengths(run: DendriteSomaTraces) -> dict[str, float]:
    """Largest inputs: of a pulse its factor."""
    return {"soma_input": float(run.soma_input.max()), "dendrite_input": float(run.dendrite_input.max())}


def run_numbers(run: DendriteSomaTraces, start: int = 0, stop: int | None = None) -> dict[str, Any]:
    """Spikes in some samples, the first of them, the shortest interval (ms; NaN: there is none), and largest values."""
    part = slice(start, stop)
    onsets = run.onset_samples[(run.onset_samples >= start) & (run.onset_samples < (stop or run.n_samples))]
    return {
        "n_events": int(onsets.size),
        "first_onset_ms": float(onsets[0] * run.params.dt_ms) if onsets.size else float("nan"),
        "shortest_interval_ms": float(np.diff(onsets).min() * run.params.dt_ms) if onsets.size > 1 else float("nan"),
        "largest_soma_linear": float(run.soma_linear[part].max()),
        "largest_dendrite": float(run.dendrite[part].max()),
    }


def columns_of(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows with equal names as columns."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def stacked(runs: Iterable[DendriteSomaTraces]) -> Mapping[str, np.ndarray]:
    """Inputs and states of equally long runs, (n_runs, n_samples) each."""
    runs = list(runs)
    return {name: np.array([getattr(run, name) for run in runs]) for name in ("soma_input", "dendrite_input", *STATES)}
