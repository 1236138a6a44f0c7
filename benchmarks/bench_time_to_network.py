"""From the start of the command to a Go-NoGo network on disk, by the recipe, for ten seeds; and does each convert?

The clock stops when the command prints the path of the model file that it has written.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from rate2spike.matlab_compat.model_file import load_model
from rate2spike.spiking.search.grid import grid_search

SEEDS = range(1, 11)
CONVERTS = 0.95


def run() -> dict[str, float]:
    """Median seconds, how many meet the criteria, how many convert."""
    seconds, n_met, n_converted = [], 0, 0
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                sys.executable,
                "-m",
                "rate2spike",
                "train",
                "--task",
                "go-nogo",
                "--recipe",
                "--seed",
                str(seed),
                "--output_dir",
                folder,
            ]
            start = time.perf_counter()
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
                assert process.stdout is not None and process.stdout.readline().startswith("model: ")
                seconds.append(time.perf_counter() - start)
            (path,) = Path(folder).rglob("*.mat")
            model = load_model(path)
        n_met += bool(model.training_success)
        accuracy = grid_search(model, "go-nogo", seed=seed).best_accuracy
        n_converted += accuracy >= CONVERTS
        print(f"  seed {seed}: {seconds[-1]:.1f} s, accuracy of the spiking network {accuracy:.2f}", flush=True)
    return {
        "start to Go-NoGo network, median of 10 seeds, s": median(seconds),
        "slowest of them, s": max(seconds),
        "of these networks meet the criteria": n_met,
        "and convert (>= 0.95 in the search)": n_converted,
    }
