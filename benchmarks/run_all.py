"""`make bench`: run every benchmark, print a table, write JSON. Ratios are against a rival timed in the same run."""

import argparse
import json
from pathlib import Path

import bench_lif
import bench_octave
import bench_search
import bench_time_to_network
from timing import machine


def main() -> None:
    """Run all; the training benchmark last, because TensorFlow stays loaded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", default="bench", help="folder for results.json (default: bench)")
    parser.add_argument("--only", choices=("lif", "search", "octave", "network", "training"), default=None)
    arguments = parser.parse_args()
    results = {}
    if arguments.only in (None, "lif"):
        results |= bench_lif.run()
    if arguments.only in (None, "search"):
        results |= bench_search.run()
    if arguments.only in (None, "octave"):
        results |= bench_octave.run()
    if arguments.only in (None, "network"):
        results |= bench_time_to_network.run()
    if arguments.only in (None, "training"):
        import bench_training

        results |= bench_training.run()
    where = machine()
    folder = Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps({"machine": where, "results": results}, indent=1) + "\n")
    print(f"{where['processor']}, {where['cores']} cores, Python {where['python']}")
    for name, value in results.items():
        print(f"  {name:<48} {value:10.3f}")
    print(f"written to {folder / 'results.json'}")


if __name__ == "__main__":
    main()
