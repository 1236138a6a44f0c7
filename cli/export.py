"""Networks and spike records for other programs.

--to nir: a model file as a graph for simulators and neuromorphic chips (.nir). The graph holds the network without
refractory period and noise, which NIR has no place for. --form cubalif: one recurrent CubaLIF node, which Norse runs too;
exact for single-exponential synapses (--neuron-option tau_r_s=0), where it is the default, and for one step. --form cubali:
synapses, membranes and readout as nodes of their own (CubaLI or LI, LIF, Linear), for readers of all nodes of NIR, which
Norse 1.1 and snnTorch 1.0 are not; any synapse. `rate2spike import` reads both forms back.

--to nwb, --to neo: spike records (.h5, .hdf5 or .mat), one per trial, as a Neurodata Without Borders file (.nwb) or a block
of Neo in its MATLAB format (.mat).

example: rate2spike export MODEL.mat --to nir --output MODEL.nir --scaling-factor 25
example: rate2spike export MODEL.mat --to nir --neuron-option tau_r_s=0 --output MODEL.nir
example: rate2spike export TRIAL_1.h5 TRIAL_2.h5 --to nwb --output TRIALS.nwb
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.columns import said_of
from rate2spike.cli.flag_groups import NWB
from rate2spike.cli.network_flags import add_network_flags, network_options
from rate2spike.cli.speaking import next_step, tell
from rate2spike.errors import InputError

_NOT_EXPORTED = ("downsample", "initial_weights", "scale", "no_self_connections", "lesion", "shuffle", "shuffle_seed")
FORMS = ("cubali", "cubalif")
# flags of --to nwb: what they are called in NWB, and what they say
NWB_TEXTS = {
    "session_description": "what this session was (default: what was simulated)",
    "experiment_description": "what it was for (default: what was simulated, with which seeds and version)",
    "institution": "where it was made",
    "lab": "in which laboratory",
    "session_id": "name of the session in the archive",
    "subject_id": "name of the simulated subject in the archive (default: simulated)",
    "subject_description": "of the subject (default: that it is simulated)",
}
NWB_LISTS = {
    "experimenter": "who made it, each as 'Last, First'",
    "keywords": "for searches (default: simulation, spiking neural network, recurrent neural network)",
}
SUFFIXES = {"nir": ".nir", "nwb": ".nwb", "neo": ".mat"}


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    parser.add_argument(
        "sources", nargs="+", metavar="FILE", help="a model file, or spike records in the order of trials"
    )
    parser.add_argument(
        "--to", required=True, choices=list(SUFFIXES), metavar="FORMAT", help="what to write: nir, nwb, neo"
    )
    parser.add_argument("--output", required=True, metavar="OUT", help="file to write (.nir, .nwb; for neo .mat)")
    parser.add_argument(
        "--form",
        choices=FORMS,
        metavar="FORM",
        default=None,
        help="of the graph of --to nir: cubali, cubalif (default: cubalif where it is exact)",
    )
    add_network_flags(parser, leave_out=_NOT_EXPORTED)
    add_json(parser)
    with parser.in_group(NWB):
        for name, text in NWB_TEXTS.items():
            parser.add_argument(f"--{name.replace('_', '-')}", default=None, metavar="TEXT", help=text)
        for name, text in NWB_LISTS.items():
            parser.add_argument(f"--{name}", nargs="+", default=None, metavar="TEXT", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Export and say what was written."""
    sources = [Path(source) for source in arguments.sources]
    output = _output(arguments, sources)
    _refuse_flags_of_others(arguments)
    export = _export_model if arguments.to == "nir" else _export_records
    text = export(sources, output, arguments)
    tell(arguments, {"output": str(output), "format": arguments.to, "what": text}, said_of(output, text))
    next_step(arguments, "inspect", output)
    return 0


def _output(arguments: argparse.Namespace, sources: list[Path]) -> Path:
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


def _refuse_flags_of_others(arguments: argparse.Namespace) -> None:
    if arguments.to != "nir" and arguments.scaling_factor is not None:
        raise InputError("--scaling-factor belongs to --to nir: a spike record has its own")
    flags = {"nir": ("form", "dt_s", "neuron", "neuron_options"), "nwb": (*NWB_TEXTS, *NWB_LISTS)}
    for to, names in flags.items():
        given = [name for name in names if getattr(arguments, name) is not None]
        if to != arguments.to and given:
            raise InputError(f"{{{given[0]}}} belongs to --to {to}", given[0])


def _export_model(sources: list[Path], output: Path, arguments: argparse.Namespace) -> str:
    from rate2spike.io.exports.nir_cubalif import cubalif_graph
    from rate2spike.io.exports.nir_export import nir_graph, write_nir
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.matlab_compat.model_paths import one_model_file
    from rate2spike.spiking.simulator.nir_network import nir_network

    if len(sources) > 1:
        raise InputError(f"--to nir takes one model file, got {len(sources)}")
    source = one_model_file(sources[0])
    if source.suffix.lower() != ".mat":
        raise InputError(f"--to nir takes a model file (.mat), got {source}")
    model = load_model(source)
    network = network_options(arguments, model, source).network(model, arguments.scaling_factor)
    described = nir_network(network)
    form = arguments.form or ("cubali" if described.tau_r_s.any() else "cubalif")
    write_nir((cubalif_graph if form == "cubalif" else nir_graph)(described), output)
    readers = {
        "cubalif": f"for steps of {network.dt_s * 1e3:g} ms",
        "cubali": "for readers of all nodes of NIR (Norse and snnTorch are none)",
    }[form]
    return f"network of {network.n_units} units, scaling factor {network.scaling_factor:g}, form {form}, {readers}"


def _export_records(sources: list[Path], output: Path, arguments: argparse.Namespace) -> str:
    from rate2spike.io.exports.neo_export import write_neo
    from rate2spike.io.exports.nwb_export import NWBSession, write_nwb
    from rate2spike.spiking.simulator.spike_record import SpikeRecord

    records, n_spikes = [], 0
    for source in sources:
        record = SpikeRecord.load(source)
        if record.events is None:
            raise InputError(f"{source} holds no spikes")
        n_spikes += len(record.events)
        records.append(record)
    if arguments.to == "nwb":
        values = {name: getattr(arguments, name) for name in NWB_TEXTS} | {
            name: tuple(getattr(arguments, name) or ()) or None for name in NWB_LISTS
        }
        session = NWBSession(**{name: value for name, value in values.items() if value is not None})
        written = datetime.fromtimestamp(sources[0].stat().st_mtime, UTC)
        write_nwb(records, output, session_start_time=written, session=session)
    else:
        write_neo(records, output)
    return f"{n_spikes} spikes of {records[0].n_units} units in {len(records)} trial{'s'[: len(records) > 1]}"
