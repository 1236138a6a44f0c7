"""Single cells of the cascade figures: seconds and milliseconds after compiling, against what is asked of them.

Fig. 4: the published sweep of 6 710 runs on one core, at most 20 s. Fig. 6: 4 100 samples in less than 50 ms, and time that
grows with their number. Figs. 3 and 5: a whole demonstration. `python benchmarks/bench_cascade_cells.py`
"""

import argparse
from pathlib import Path

import numpy as np

from rate2spike.spiking.cascade.dendrite_soma_loop import simulate_dendrite_soma
from rate2spike.spiking.cascade.pharmacological_block import parallel_dendrite_demonstration
from rate2spike.spiking.cascade.recurrent_dendrite import simulate_recurrent_dendrite
from rate2spike.spiking.cascade.recurrent_dendrite_sweep import sweep_recurrent_dendrite
from rate2spike.spiking.cascade.subunit_exploration import subunit_demonstration

from timing import alternate, machine, medians, write_results

REPEATS = 9
SAMPLES = (4_100, 8_200, 41_000, 410_000)


def steps(n_samples: int) -> np.ndarray:
    """Input of the bursting experiment, over and over: 60 ms of 2 in 100 ms."""
    return 2.0 * (np.arange(n_samples) % 1000 >= 400)


def run() -> dict[str, float]:
    """Medians."""
    return _sweep() | _loop() | _demonstrations()


def _sweep() -> dict[str, float]:
    seconds = medians(
        alternate(
            {
                "sweep": lambda: sweep_recurrent_dendrite(n_threads=1, progress=False),
                "run": simulate_recurrent_dendrite,
            },
            REPEATS,
        )
    )
    return {
        "Fig. 4, sweep of 6710 runs on one core, s": seconds["sweep"],
        "Fig. 4, one run with all signals, ms": seconds["run"] * 1e3,
    }


def _loop() -> dict[str, float]:
    inputs = {n: (steps(n), steps(n)) for n in SAMPLES}
    seconds = medians(
        alternate({n: lambda given=given: simulate_dendrite_soma(*given) for n, given in inputs.items()}, REPEATS)
    )
    found = {f"Fig. 6, {n} samples, ms": value * 1e3 for n, value in seconds.items()}
    return found | {"Fig. 6, time of 410000 samples / of 41000": seconds[410_000] / seconds[41_000]}


def _demonstrations() -> dict[str, float]:
    seconds = medians(
        alternate({"fig3": lambda: subunit_demonstration(seed=1), "fig5": parallel_dendrite_demonstration}, REPEATS)
    )
    return {
        "Fig. 3, noise and 400 pulses, ms": seconds["fig3"] * 1e3,
        "Fig. 5, traces and 76 amplitudes, ms": seconds["fig5"] * 1e3,
    }


def main() -> None:
    """Print a table, and write it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=None, help="file of results (JSON)")
    arguments = parser.parse_args()
    results, where = run(), machine()
    print(f"{where['processor']}, {where['cores']} cores, Python {where['python']}")
    for name, value in results.items():
        print(f"  {name:<48} {value:10.3f}")
    if arguments.output:
        write_results(arguments.output, results)


if __name__ == "__main__":
    main()
