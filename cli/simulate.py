"""Run one input through the spiking network of a model file.

IN.mat holds u (inputs x columns of 5 ms), optionally stims (struct: mode 'none', 'exc' or 'inh'; dur, first and
one-past-last step; units; all from 1), and optionally the random draws themselves: UZ (uniforms) and NZ (normals) in the
order of use, which selects the reference path. Other variables are ignored.

OUT.mat holds W, REC, spk, rs, all_fr, out and params in the historic shapes and classes, or those named by --record.

example: rate2spike simulate MODEL.mat --input IN.mat --output OUT.mat --scaling-factor 25 --seed 1
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.arguments import Parser, add_json, add_seed
from rate2spike.cli.columns import said_of
from rate2spike.cli.network_flags import add_network_flags, network_options
from rate2spike.cli.speaking import next_step, tell
from rate2spike.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from rate2spike.spiking.simulator.simulate_reference import InjectedDraws
    from rate2spike.spiking.simulator.stimulation import Stimulation

# historic name -> what the simulator must record for it
_NEEDS = {
    "W": None,
    "REC": "voltage",
    "spk": "spikes",
    "rs": "rates",
    "all_fr": None,
    "out": "output",
    "params": "ipsc",
}


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    parser.add_argument("model", metavar="MODEL", help="a model file, or the folder of a run with one")
    parser.add_argument("--input", required=True, metavar="IN.mat", help="file with u, and stims, UZ, NZ if wanted")
    parser.add_argument("--output", required=True, metavar="OUT.mat", help="file to write")
    add_network_flags(parser)
    parser.add_argument(
        "--precision",
        choices=("float32", "float64"),
        metavar="PRECISION",
        default=None,
        help="float32: fast path (default); float64: reference path (default with UZ and NZ)",
    )
    add_seed(parser)
    add_json(parser)
    parser.add_argument("--record", default=None, metavar="NAMES", help=f"comma-separated, of {','.join(_NEEDS)}")


def run(arguments: argparse.Namespace) -> int:
    """Simulate and write."""
    from rate2spike.matlab_compat.matfile import loadmat, savemat
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.matlab_compat.model_paths import one_model_file
    from rate2spike.seeding import resolve_seed

    names = _record_names(arguments.record)
    arguments.model = one_model_file(arguments.model)
    output = _output(arguments)
    model = load_model(arguments.model)
    options = network_options(arguments, model, arguments.model)
    variables = loadmat(arguments.input, ("u", "stims", "UZ", "NZ"))
    draws = draws_of(variables, arguments.input)
    seed = resolve_seed(arguments.seed)
    record = options.network(model, arguments.scaling_factor, seed).run(
        _input(variables, arguments.input),
        seed=seed,
        record=needed_for(names),
        draws=draws,
        stimulation=stimulation_of(variables, arguments.input),
        precision=arguments.precision,
    )
    savemat(output, record.to_historic(names))
    origin = "the draws given" if draws else f"seed {seed}"
    said = f"{', '.join(names)}; {record.n_steps} steps of {record.dt_s * 1e3:g} ms from {origin}"
    values = {"output": str(output), "variables": names, "n_steps": record.n_steps, "dt_s": record.dt_s}
    tell(arguments, {**values, "seed": None if draws else seed}, said_of(output, said))
    next_step(arguments, "inspect", output)
    return 0


def _output(arguments: argparse.Namespace) -> Path:
    """The file to write, checked before any work is done."""
    from rate2spike.matlab_compat.model_update import check_holds_no_model

    output = Path(arguments.output)
    if output.suffix.lower() != ".mat":
        raise InputError(f"--output must end in .mat, got {output}")
    if output.resolve() in (Path(arguments.model).resolve(), Path(arguments.input).resolve()):
        raise InputError(f"--output {output} would overwrite the model or the input")
    if not output.resolve().parent.is_dir():
        raise InputError(f"cannot write {output}: its folder does not exist")
    check_holds_no_model(output)
    return output


def _record_names(text: str | None) -> tuple[str, ...]:
    if text is None:
        return tuple(_NEEDS)
    asked = [name.strip() for name in text.split(",")]
    unknown = [name for name in asked if name not in _NEEDS]
    if unknown:
        raise InputError(f"--record: unknown {', '.join(map(repr, unknown))}: choose from {','.join(_NEEDS)}")
    return tuple(name for name in _NEEDS if name in asked)


def _input(variables: Mapping[str, Any], source: str) -> "np.ndarray":
    import numpy as np

    from rate2spike.arrays import dense

    if "u" not in variables:
        raise InputError(f"{source} holds no variable u")
    u = dense(variables["u"], "u")
    if not isinstance(u, np.ndarray) or u.dtype.kind not in "fiub" or u.ndim != 2:
        raise InputError(f"{source}: u must be a real numeric matrix, inputs x columns")
    return u


def needed_for(names: tuple[str, ...]) -> set[str]:
    """What the simulator must record for the historic variables."""
    return {quantity for name in names if (quantity := _NEEDS[name])}


def stimulation_of(variables: Mapping[str, Any], source: str) -> "Stimulation | None":
    """The Stimulation in `stims` as MATLAB has it, or None. Raises InputError naming `source`."""
    import numpy as np

    from rate2spike.arrays import dense
    from rate2spike.spiking.simulator.stimulation import Stimulation

    stims = variables.get("stims")
    if stims is None or np.size(stims) == 0:
        return None
    try:
        fields = {name: stims[name][0, 0] for name in stims.dtype.names}
        mode = str(np.ravel(fields["mode"])[0])
        if mode == "none":
            return None
        dur, units = np.ravel(fields["dur"]), np.asarray(dense(fields["units"], "stims.units"))
    except (TypeError, KeyError, IndexError, AttributeError, ValueError):
        raise InputError(f"{source}: stims must be a struct with mode ('none', 'exc', 'inh'), dur and units") from None
    # a logical mask selects units as in MATLAB
    units = np.flatnonzero(units) + 1 if units.dtype == bool else np.ravel(units)
    return Stimulation.from_matlab(mode, dur, units)


def draws_of(variables: Mapping[str, Any], source: str) -> "InjectedDraws | None":
    """The random numbers in UZ and NZ, or None. Raises InputError naming `source`."""
    from rate2spike.spiking.simulator.simulate_reference import InjectedDraws

    given = [name for name in ("UZ", "NZ") if name in variables]
    if not given:
        return None
    if len(given) == 1:
        raise InputError(f"{source}: {given[0]} needs {'NZ' if given == ['UZ'] else 'UZ'} beside it")
    try:
        # MATLAB's order: with a matrix, column i is what step i uses
        return InjectedDraws(variables["UZ"].ravel(order="F"), variables["NZ"].ravel(order="F"))
    except (TypeError, ValueError, AttributeError):
        raise InputError(f"{source}: UZ and NZ must be real numeric arrays") from None
