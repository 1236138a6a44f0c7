"""A 12 x 100 trial Go-NoGo λ search on all cores: wall time and resident memory, each run in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

REPEATS = 5
N_TRIALS = 100


def measure_once() -> dict[str, float]:
    """One search, after one trial that loads or compiles the kernel."""
    import time

    import numpy as np

    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.spiking.search.grid import grid_search

    from bench_lif import network

    network().run_fast(np.zeros((1, 2)), np.uint64(1))
    path = next((Path(__file__).parents[1] / "tests" / "data" / "models").glob("Task_go-nogo*.mat"))
    model = load_model(path)
    start = time.perf_counter()
    grid_search(model, "go-nogo", n_trials=N_TRIALS, seed=1)
    return {"seconds": time.perf_counter() - start, "resident_mb": _peak_resident_mb()}


def _peak_resident_mb() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def run() -> dict[str, float]:
    """Medians over fresh processes."""
    runs = []
    for _ in range(REPEATS):
        done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout))
    return {
        "12 x 100 trial search, s": median(item["seconds"] for item in runs),
        "its peak resident memory, MB": median(item["resident_mb"] for item in runs),
    }


if __name__ == "__main__":
    print(json.dumps(measure_once()))
