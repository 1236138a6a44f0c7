"""What the .m functions call: read a request from REQUEST.mat, do it, write the answer to RESPONSE.mat.

Everything travels in the two files, so that nothing has to be quoted for a shell. The request holds `action` and its
arguments as MATLAB has them (units from 1); the answer holds the results, or `error_message`.
"""

import argparse
import os
import platform
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.cli.arguments import Parser, without_flags
from rate2spike.cli.matlab_cascade import cascade
from rate2spike.cli.matlab_values import matrix, real_number, settings_of, whole
from rate2spike.errors import InputError, nearest

if TYPE_CHECKING:
    from rate2spike.spiking.simulator.network import SpikingNetwork


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    parser.add_argument("request", metavar="REQUEST.mat")
    parser.add_argument("response", metavar="RESPONSE.mat")


def run(arguments: argparse.Namespace) -> int:
    """Answer one request; 0, or 2 with the error in the response."""
    from rate2spike.matlab_compat.matfile import loadmat, mat_bytes

    response = Path(arguments.response)
    try:
        request = loadmat(arguments.request)
        action = request.get("action")
        if action not in _ACTIONS:
            raise InputError(f"unknown action {action!r} in {arguments.request}: choose from {', '.join(_ACTIONS)}")
        answer = _ACTIONS[action](request)
    except (InputError, OSError, MemoryError, OverflowError) as error:
        # said in the response alone: the caller shows what it holds, and may show standard error too
        response.write_bytes(mat_bytes({"error_message": _in_words(error)}))
        return 2
    # neither packed nor flushed to disk: for 100 MB that are read once, either takes longer than simulating them
    response.write_bytes(mat_bytes(answer))
    return 0


def _in_words(error: Exception) -> str:
    """One line for the caller."""
    if isinstance(error, MemoryError | OverflowError):
        return "the numbers given need more memory than there is"
    if isinstance(error, OSError):  # a full disk, a folder that may not be written
        return f"{error.strerror or error}: {error.filename or ''}"
    return _for_matlab(" ".join(str(error).split()))


def _for_matlab(text: str) -> str:
    """Without the flags of the command line, which mean nothing to the caller."""
    return without_flags(text).replace(" --", " ")


def _versions(_request: dict) -> dict[str, Any]:
    from importlib.metadata import version

    from rate2spike.version import __version__

    names = ("numpy", "scipy", "numba", "h5py", "tensorflow")
    package = Path(__file__).parents[1]
    return {"python": platform.python_version(), "rate2spike": __version__, "folder": str(package)} | {
        name: version(name) for name in names
    }


def _simulate(request: dict) -> dict[str, Any]:
    """One trial, as LIF_network_fnc has it."""
    from rate2spike.cli.simulate import draws_of, needed_for, stimulation_of
    from rate2spike.matlab_compat.record_file import HISTORIC_NAMES

    names = HISTORIC_NAMES[: whole(request, "n_outputs", len(HISTORIC_NAMES))]
    draws = draws_of(request, "the call")
    record = _network(request, real_number(request, "scaling_factor", None)).run(
        matrix(request, "u"),
        seed=whole(request, "seed", 0),
        record=needed_for(names),
        draws=draws,
        stimulation=stimulation_of(request, "the call"),
    )
    return record.to_historic(names, compact=True)


def _run(request: dict) -> dict[str, Any]:
    """Many trials at several scaling factors."""
    from rate2spike.cli.simulate import stimulation_of
    from rate2spike.spiking.simulator.many_trials import run_trials

    factors = np.ravel(matrix(request, "scaling_factors"))
    if not factors.size:
        raise InputError("give at least one scaling factor")
    u = matrix(request, "u")
    with_spikes = bool(real_number(request, "with_spikes", 0))
    result = run_trials(
        [_network(request, float(factor)) for factor in factors],
        u if u.ndim == 3 else u[:, :, None],
        whole(request, "seed", 0),
        stimulation=stimulation_of(request, "the call"),
        with_spikes=with_spikes,
    )
    answer = {"out": result.output, "all_fr": result.firing_rate_hz, "dt": result.dt_s}
    if result.spikes is not None:
        one_based = np.empty(result.spikes.shape, object)
        for index in np.ndindex(one_based.shape):
            one_based[index] = result.spikes[index] + 1.0
        answer["spikes"] = one_based
    return answer


def _search(request: dict) -> dict[str, Any]:
    """A λ search over a file or folder; results go into the files, as in MATLAB."""
    from rate2spike.cli.search import search_with_progress
    from rate2spike.spiking.search.files import SearchState
    from rate2spike.spiking.search.options import SearchExecution, SearchOptions

    if "use_initial_weights" in request:  # as MATLAB's functions call it
        request = {**request, "initial_weights": request["use_initial_weights"]}
    _refuse_unknown(request, [*(item.name for item in fields(SearchOptions)), "n_threads", "force", "reclaim"])
    options, execution = (
        SearchOptions(**settings_of(request, SearchOptions)),
        SearchExecution(**settings_of(request, SearchExecution)),
    )
    found = search_with_progress(_path(request), options, execution)
    prefixes = ["not searched: " if item.state is SearchState.FAILED else "" for item in found]
    texts = ["; ".join((item.worded(_SPELLED.get), *item.remarks)) for item in found]
    notes = [prefix + _for_matlab(text) for prefix, text in zip(prefixes, texts, strict=True)]
    return {"files": [str(item.path) for item in found], "notes": notes}


def _cascade(request: dict) -> dict[str, Any]:
    """Runs of a single cell of the cascade figures."""
    return cascade(request.get("figure"), request.get("params"))


_ACTIONS = {"versions": _versions, "simulate": _simulate, "run": _run, "search": _search, "cascade": _cascade}


# in notes: how rate2spike_search is given a field
_SPELLED = {"reclaim": "the argument reclaim", "force": "the option force, as struct('force', true),"}


def _refuse_unknown(request: dict, known: list[str]) -> None:
    """Raise InputError for an option of a search that does not exist: it would do nothing, and nobody would know."""
    for name in request:
        if name not in (*known, "action", "model_path", "use_initial_weights") and not name.startswith("__"):
            raise InputError(f"there is no option {name!r}{nearest(name, known)}; known are {', '.join(known)}")


def _network(request: dict, scaling_factor: float | None) -> "SpikingNetwork":
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.matlab_compat.model_paths import one_model_file
    from rate2spike.spiking.simulator.network import SpikingNetwork

    return SpikingNetwork.from_model(
        load_model(one_model_file(_path(request))),
        scaling_factor,
        initial_weights=bool(real_number(request, "use_initial_weights", 0)),
        downsample=whole(request, "downsample", 1),
    )


def _path(request: dict) -> Path:
    path = request.get("model_path")
    if not isinstance(path, str) or not path:
        raise InputError("the path of the model must be a char row")
    given = Path(os.path.expanduser(path))
    with_suffix = given.with_name(given.name + ".mat")  # MATLAB's load adds it
    return with_suffix if not given.exists() and with_suffix.exists() else given
