"""Read a network from a graph of the Neuromorphic Intermediate Representation (.nir) and write it as a model file.

Graphs that `rate2spike export` wrote come back as they were: the same spikes on the reference path (--precision float64),
with the refractory period and the noise that their metadata name. Graphs of other programs: LIF and CubaLIF neurons,
recurrent or in layers, with Linear, Affine, Scale, Flatten, LI, CubaLI and subgraphs between. NIR has no place for a step:
give the program's with --dt-ms. The input has columns of 5 ms, as of every model here. The model's scaling factor is 1.

example: rate2spike import NETWORK.nir --output NETWORK.mat
example: rate2spike simulate NETWORK.mat --input IN.mat --output OUT.mat --seed 1
"""

import argparse
from pathlib import Path

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.columns import said_of, wrapped
from rate2spike.cli.speaking import next_step, tell
from rate2spike.errors import InputError


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    parser.add_argument("source", metavar="FILE.nir", help="the graph")
    parser.add_argument("--output", default=None, metavar="OUT.mat", help="model file to write (default: FILE.mat)")
    parser.flags_by_field["dt_s"] = "--dt-ms"
    parser.add_argument(
        "--dt-ms", type=float, default=None, help="step of another program's graph (default: 0.1); ours hold their own"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read, write, and say what it is."""
    from rate2spike.matlab_compat.model_file import save_model
    from rate2spike.spiking.simulator.network_model import model_of
    from rate2spike.spiking.simulator.nir_network import read_nir

    source = Path(arguments.source)
    if source.is_dir():
        raise InputError(f"{source} is a folder: name a NIR graph (.nir) in it")
    output = Path(arguments.output) if arguments.output else source.with_suffix(".mat")
    if output.suffix.lower() != ".mat":
        raise InputError(f"--output must end in .mat, got {output}")
    if not output.resolve().parent.is_dir():
        raise InputError(f"cannot write {output}: its folder does not exist")
    if output.exists():
        raise InputError(f"{output} exists already: name another file (--output)")
    network = read_nir(source, None if arguments.dt_ms is None else arguments.dt_ms * 1e-3)
    save_model(model_of(network, imported_from=source.name), output)
    said = (
        f"network of {network.n_units} units, {network.w_in.shape[1]} inputs, {network.n_outputs} outputs, "
        f"steps of {network.dt_s * 1e3:g} ms, scaling factor 1"
    )
    lines = [said_of(output, said)]
    if network.downsample > 1:
        text = f"its input columns last {network.downsample * 5} ms: simulate it with --downsample {network.downsample}"
        lines.append(wrapped(text))
    values = {"output": str(output), "n_units": network.n_units, "n_inputs": network.w_in.shape[1]}
    values |= {"n_outputs": network.n_outputs, "dt_s": network.dt_s, "downsample": network.downsample}
    tell(arguments, values, *lines)
    next_step(arguments, "inspect", output)
    return 0
