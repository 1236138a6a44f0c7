"""Networks and spike records for other programs.

--to nir: a model file as a graph for simulators and neuromorphic chips (.nir). The graph holds the network without
refractory period and noise, which NIR has no place for. --to nwb, --to neo: spike records (.h5, .hdf5 or .mat), one per
trial, as a Neurodata Without Borders file (.nwb) or a block of Neo in its MATLAB format (.mat).

example: rate2spike export MODEL.mat --to nir --output MODEL.nir --scaling-factor 25
example: rate2spike export TRIAL_1.h5 TRIAL_2.h5 --to nwb --output TRIALS.nwb
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from rate2spike.errors import InputError

SUFFIXES = {"nir": ".nir", "nwb": ".nwb", "neo": ".mat"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument(
        "sources", nargs="+", metavar="FILE", help="a model file, or spike records in the order of trials"
    )
    parser.add_argument("--to", required=True, choices=list(SUFFIXES), help="format to write")
    parser.add_argument("--output", required=True, metavar="OUT", help="file to write (.nir, .nwb; for neo .mat)")
    parser.add_argument(
        "--scaling-factor", type=float, default=None, help="of --to nir (default: the one found by a search)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Export and say what was written."""
    sources = [Path(source) for source in arguments.sources]
    output = _output(arguments, sources)
    if arguments.to == "nir":
        text = _export_model(sources, output, arguments.scaling_factor)
    else:
        if arguments.scaling_factor is not None:
            raise InputError("--scaling-factor belongs to --to nir: a spike record has its own")
        text = _export_records(sources, output, arguments.to)
    print(f"{output}: {text}")
    return 0


def _output(arguments, sources: list[Path]) -> Path:
    """The file to write, checked before any work is done."""
    from rate2spike.matlab_compat.model_update import check_holds_no_model

    output, suffix = Path(arguments.output), SUFFIXES[arguments.to]
    if output.suffix.lower() != suffix:
        raise InputError(f"--output must end in {suffix} with --to {arguments.to}, got {output}")
    if output.resolve() in [source.resolve() for source in sources]:
        raise InputError(f"--output {output} would overwrite an input")
    if not output.resolve().parent.is_dir():
        raise InputError(f"cannot write {output}: its folder does not exist")
    if suffix == ".mat":
        check_holds_no_model(output)
    return output


def _export_model(sources: list[Path], output: Path, scaling_factor: float | None) -> str:
    from rate2spike.io.nir_export import nir_graph, write_nir
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.spiking.network import SpikingNetwork
    from rate2spike.spiking.nir_network import nir_network

    if len(sources) > 1:
        raise InputError(f"--to nir takes one model file, got {len(sources)}")
    if sources[0].suffix.lower() != ".mat":
        raise InputError(f"--to nir takes a model file (.mat), got {sources[0]}")
    network = SpikingNetwork.from_model(load_model(sources[0]), scaling_factor)
    write_nir(output, nir_graph(nir_network(network)))
    return f"network of {network.n_units} units, scaling factor {network.scaling_factor:g}"


def _export_records(sources: list[Path], output: Path, to: str) -> str:
    from rate2spike.io.neo_export import write_neo
    from rate2spike.io.nwb_export import write_nwb
    from rate2spike.io.records import SpikeRecord

    records, n_spikes = [], 0
    for source in sources:
        record = SpikeRecord.load(source)
        if record.events is None:
            raise InputError(f"{source} holds no spikes")
        n_spikes += len(record.events)
        records.append(record)
    if to == "nwb":
        written = datetime.fromtimestamp(sources[0].stat().st_mtime, UTC)
        write_nwb(records, output, session_start_time=written)
    else:
        write_neo(records, output)
    return f"{n_spikes} spikes of {records[0].n_units} units in {len(records)} trial{'s'[: len(records) > 1]}"
