"""`make bench`: run every benchmark, print a table, write JSON. Ratios are against a rival timed in the same run."""

import argparse
from pathlib import Path

import bench_brian2
import bench_cascade_cells
import bench_cascade_networks
import bench_dendrites
import bench_dendritic_engine
import bench_layers
import bench_lif
import bench_octave
import bench_population
import bench_search
import bench_time_to_network
from timing import machine, write_results

PARTS_WITHOUT_TENSORFLOW = {
    "lif": bench_lif.run,
    "dendritic_engine": bench_dendritic_engine.run,
    "search": bench_search.run,
    "population": bench_population.run,
    "octave": bench_octave.run,
    "network": bench_time_to_network.run,
    "brian2": bench_brian2.run,
    "layers": bench_layers.run,
    "cascade_cells": bench_cascade_cells.run,
    "cascade_networks": bench_cascade_networks.run,
    "dendrites": bench_dendrites.run,
}
PARTS = (*PARTS_WITHOUT_TENSORFLOW, "training")


def main() -> None:
    """Run all, Brian2 if it is installed; the training benchmark last, because TensorFlow stays loaded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", default="bench", help="folder for results.json (default: bench)")
    parser.add_argument("--only", choices=PARTS, default=None)
    arguments = parser.parse_args()
    results = {}
    for name, part in PARTS_WITHOUT_TENSORFLOW.items():
        if arguments.only in (None, name):
            results |= part()
    if arguments.only in (None, "training"):
        import bench_training

        results |= bench_training.run()
    where = machine()
    path = Path(arguments.output) / "results.json"
    write_results(path, results)
    print(f"{where['processor']}, {where['cores']} cores, Python {where['python']}")
    for name, value in results.items():
        print(f"  {name:<48} {value:10.3f}")
    print(f"written to {path}")


if __name__ == "__main__":
    main()
