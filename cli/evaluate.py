"""Accuracy of the spiking network on fresh trials, other ones than the search used; with other neurons or a changed circuit.

example: rate2spike evaluate MODEL.mat --n-trials 1000 --seed 2
         rate2spike evaluate MODEL.mat --neuron qif --scaling-factor 40 --scale I-E=0.7 --lesion 10-20
"""

import argparse
import json
from pathlib import Path

from rate2spike.cli.arguments import add_seed, add_task
from rate2spike.cli.network_flags import add_manipulation_flags, add_neuron_flags, manipulated, neuron_of, step_s_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("model", metavar="MODEL", help="a model file")
    add_task(parser)
    parser.add_argument("--scaling-factor", type=float, default=None, help="default: the one found by a search")
    parser.add_argument("--n-trials", type=int, default=100, help="default: 100")
    add_neuron_flags(parser)
    add_manipulation_flags(parser)
    parser.add_argument("--frozen-noise", action="store_true", help="the same noise in every trial")
    add_seed(parser)
    parser.add_argument("--threads", type=int, default=None, help="threads (default: all cores)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and print."""
    from rate2spike.cli.arguments import task_options
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.rate.model_task import task_of_model
    from rate2spike.seeding import resolve_seed
    from rate2spike.spiking.evaluate import evaluate
    from rate2spike.spiking.network import SpikingNetwork

    path = Path(arguments.model)
    model = load_model(path)
    task = task_of_model(model, path, arguments.task, task_options(arguments))
    seed = resolve_seed(arguments.seed)
    network = SpikingNetwork.from_model(
        model, arguments.scaling_factor, dt_s=step_s_of(arguments), params=neuron_of(arguments, model)
    )
    network = manipulated(network, arguments, seed)
    result = evaluate(
        network, task, arguments.n_trials, seed, n_threads=arguments.threads, frozen_noise=arguments.frozen_noise
    )
    low, high = result.interval
    if arguments.json:
        content = {
            "model": str(path), "task": result.task, "scaling_factor": result.scaling_factor, "seed": result.seed,
            "n_trials": result.n_trials, "n_correct": result.n_correct, "accuracy": result.accuracy,
            "interval_95": [low, high], "mean_rate_hz": result.mean_rate_hz, "type_rates_hz": result.type_rates_hz,
            "neuron": network.params.kind,
        }  # fmt: skip
        print(json.dumps(content))
    else:
        print(
            f"{path.name}: {result.task}, scaling factor {result.scaling_factor:g}, seed {result.seed}\n"
            f"accuracy {result.accuracy:.3f} (95 % interval {low:.3f} to {high:.3f}) over {result.n_trials} fresh trials, "
            f"mean rate {result.mean_rate_hz:.1f} Hz "
            f"({', '.join(f'{name} {rate:.1f}' for name, rate in result.type_rates_hz.items())})"
        )
    return 0
