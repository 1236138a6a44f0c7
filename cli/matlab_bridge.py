"""What the .m functions call: read a request from REQUEST.mat, do it, write the answer to RESPONSE.mat.

Everything travels in the two files, so that nothing has to be quoted for a shell. The request holds `action` and its
arguments as MATLAB has them (units from 1); the answer holds the results, or `error_message`.
"""

import argparse
import os
import platform
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_origin

import numpy as np

from rate2spike.checks import shown
from rate2spike.cli.arguments import Parser, without_flags
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

    names = HISTORIC_NAMES[: _whole(request, "n_outputs", len(HISTORIC_NAMES))]
    draws = draws_of(request, "the call")
    record = _network(request, _number(request, "scaling_factor", None)).run(
        _matrix(request, "u"),
        seed=_whole(request, "seed", 0),
        record=needed_for(names),
        draws=draws,
        stimulation=stimulation_of(request, "the call"),
    )
    return record.to_historic(names, compact=True)


def _run(request: dict) -> dict[str, Any]:
    """Many trials at several scaling factors."""
    from rate2spike.cli.simulate import stimulation_of
    from rate2spike.spiking.simulator.many_trials import run_trials

    factors = np.ravel(_matrix(request, "scaling_factors"))
    if not factors.size:
        raise InputError("give at least one scaling factor")
    u = _matrix(request, "u")
    with_spikes = bool(_number(request, "with_spikes", 0))
    result = run_trials(
        [_network(request, float(factor)) for factor in factors],
        u if u.ndim == 3 else u[:, :, None],
        _whole(request, "seed", 0),
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
        SearchOptions(**_fields(request, SearchOptions)),
        SearchExecution(**_fields(request, SearchExecution)),
    )
    found = search_with_progress(_path(request), options, execution)
    prefixes = ["not searched: " if item.state is SearchState.FAILED else "" for item in found]
    texts = ["; ".join((item.worded(_SPELLED.get), *item.remarks)) for item in found]
    notes = [prefix + _for_matlab(text) for prefix, text in zip(prefixes, texts, strict=True)]
    return {"files": [str(item.path) for item in found], "notes": notes}


_ACTIONS = {"versions": _versions, "simulate": _simulate, "run": _run, "search": _search}


# in notes: how rate2spike_search is given a field
_SPELLED = {"reclaim": "the argument reclaim", "force": "the option force, as struct('force', true),"}


def _refuse_unknown(request: dict, known: list[str]) -> None:
    """Raise InputError for an option of a search that does not exist: it would do nothing, and nobody would know."""
    for name in request:
        if name not in (*known, "action", "model_path", "use_initial_weights") and not name.startswith("__"):
            raise InputError(f"there is no option {name!r}{nearest(name, known)}; known are {', '.join(known)}")


def _fields(request: dict, kind: type) -> dict[str, Any]:
    """What the request holds of the fields of a record, as Python has them. Raises InputError."""
    from rate2spike.options import type_of

    given = [item.name for item in fields(kind) if item.name in request and np.size(request[item.name])]
    return {name: _as_python(request, name, *type_of(kind, name)) for name in given}


def _as_python(request: dict, name: str, kind: Any, _may_be_none: bool) -> Any:
    """A value of the request in the type of a field; what the type is not is for the record to refuse."""
    value = request[name]
    if get_origin(kind) is dict:
        return _struct(value, name)
    if kind == tuple[str, ...]:
        return value if isinstance(value, str) else tuple(_text(one) for one in np.ravel(value))
    if get_origin(kind) is tuple:
        return tuple(np.ravel(_matrix(request, name)).tolist())
    if kind in (int, float, bool):
        number = _number(request, name, None)
        return bool(number) if kind is bool else number
    return value


def _text(value: Any) -> str:
    """A number of MATLAB as a person writes it: units may be given as numbers."""
    return f"{value:.17g}" if isinstance(value, np.number) else str(value)


def _struct(value: Any, name: str) -> dict[str, Any]:
    """The fields of a struct: text, numbers, vectors of them."""
    if not isinstance(value, np.ndarray) or value.dtype.names is None or value.size != 1:
        raise InputError(f"{name} must be a struct")
    values = {field: value[field].item() for field in value.dtype.names}
    return {
        field: one if isinstance(one, str) else one.item() if np.size(one) == 1 else np.ravel(one).tolist()
        for field, one in values.items()
    }


def _network(request: dict, scaling_factor: float | None) -> "SpikingNetwork":
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.matlab_compat.model_paths import one_model_file
    from rate2spike.spiking.simulator.network import SpikingNetwork

    return SpikingNetwork.from_model(
        load_model(one_model_file(_path(request))),
        scaling_factor,
        initial_weights=bool(_number(request, "use_initial_weights", 0)),
        downsample=_whole(request, "downsample", 1),
    )


def _path(request: dict) -> Path:
    path = request.get("model_path")
    if not isinstance(path, str) or not path:
        raise InputError("the path of the model must be a char row")
    given = Path(os.path.expanduser(path))
    with_suffix = given.with_name(given.name + ".mat")  # MATLAB's load adds it
    return with_suffix if not given.exists() and with_suffix.exists() else given


def _number(request: dict, name: str, default: float | None) -> Any:
    """A real scalar; absent or empty: the default. Raises InputError."""
    value = request.get(name)
    if value is None or np.size(value) == 0:
        return default
    if (
        not isinstance(value, np.ndarray)
        or value.size != 1
        or value.dtype.kind not in "biuf"
        or not np.isfinite(value).all()
    ):
        raise InputError(f"{name} must be one real number, got {_seen(value)}")
    number = value.item()
    # MATLAB's numbers are doubles: a message should say 0 and not 0.0
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _seen(value: Any) -> str:
    """A value that is not what it should be, as a user of MATLAB knows it."""
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if np.size(value) == 1 and isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return f"{value.item():g}"
    return f"an array of {' x '.join(map(str, np.shape(value)))}"


def _whole(request: dict, name: str, default: int | None) -> Any:
    """The same, a whole number."""
    value = _number(request, name, default)
    if value is not None and value % 1 != 0:
        raise InputError(f"{name} must be a whole number, got {value:g}")
    return None if value is None else int(value)


def _matrix(request: dict, name: str) -> np.ndarray:
    from rate2spike.arrays import dense

    value = dense(request.get(name), name)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
        raise InputError(f"{name} must be a real numeric array")
    return value
