"""Single cells of the cascade figures for MATLAB: settings and inputs in, signals out, one struct per run."""

import warnings
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rate2spike.arrays import dense
from rate2spike.checks import shown
from rate2spike.cli.matlab_values import matrix, settings_of
from rate2spike.errors import InputError, Worded, nearest

_INPUT = {"input": "stimulus"}  # what the published simulations call the input, and what it is called here


@dataclass(frozen=True)
class Cell:
    """What a figure simulates."""

    params: type
    inputs: tuple[str, ...]
    simulate: Callable[..., dict[str, Any]]  # of params, and inputs by name
    needs_input: bool = True
    historic: Mapping[str, str] = field(default_factory=dict)  # names of settings there -> here


def cascade(figure: Any, params: Any) -> dict[str, Any]:
    """The signals of each struct in params (struct array or None) as a struct array of its size, and warnings."""
    known = {"fig3": _fig3, "fig4": _fig4, "fig5": _fig5, "fig6": _fig6}
    if not isinstance(figure, str) or figure not in known:
        raise InputError(f"unknown figure {shown(figure)}: choose from {', '.join(known)}")
    cell = known[figure]()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = [_run(figure, cell, given) for given in _each(params)]
    runs = np.empty(np.shape(params) if params is not None else (1, 1), [(name, object) for name in found[0]])
    for place, run in zip(np.ndindex(runs.shape), found, strict=True):
        runs[place] = tuple(run.values())
    return {"runs": runs, "notes": list(dict.fromkeys(_worded(one.message, cell) for one in caught))}


def _each(params: Any) -> Iterator[dict[str, Any]]:
    """The structs, field by field. Raises InputError."""
    if params is None:
        yield {}
        return
    if not isinstance(params, np.ndarray) or params.dtype.names is None or not params.size:
        raise InputError("params must be a struct, or an array of them")
    for one in np.ravel(params):
        yield {name: dense(one[name], name) for name in params.dtype.names}


def _run(figure: str, cell: Cell, given: dict[str, Any]) -> dict[str, Any]:
    """One run. Raises InputError in the names that were given."""
    fields = _here(figure, cell, given)
    try:
        inputs = {name: _vector(fields, name) for name in cell.inputs if np.size(fields.get(name, ()))}
        missing = [name for name in cell.inputs if name not in inputs]
        if missing and cell.needs_input:
            raise InputError(f"{figure} needs the field {missing[0]}, a vector with a value every dt_ms")
        signals = cell.simulate(cell.params(**_settings(cell.params, fields)), **inputs)
    except InputError as error:
        raise InputError(_worded(error, cell, given)) from None
    return {name: np.reshape(value, (-1, 1)) if np.size(value) != 1 else value for name, value in signals.items()}


def _settings(kind: type, fields: dict[str, Any]) -> dict[str, Any]:
    """The settings among the fields; the text 'none' switches one off, as on the command line. Raises InputError."""
    from rate2spike.options import options_of

    can_be_off = [name for name, known in options_of(kind).items() if known.or_none]
    off = [name for name in can_be_off if isinstance(fields.get(name), str) and fields[name] == "none"]
    on = {name: value for name, value in fields.items() if name not in off}
    return settings_of(on, kind) | dict.fromkeys(off)


def _vector(fields: dict[str, Any], name: str) -> np.ndarray:
    """An input. Raises InputError, counting elements from 1."""
    vector = matrix(fields, name)
    if vector.size != max(vector.shape):
        raise InputError(f"{name} must be a vector, got an array of {' x '.join(map(str, vector.shape))}")
    bad = np.flatnonzero(~np.isfinite(vector))
    if bad.size:
        raise InputError(f"{name} must be finite, element {bad[0] + 1} is not")
    return np.ravel(vector)


def _here(figure: str, cell: Cell, given: dict[str, Any]) -> dict[str, Any]:
    """Fields by their names here. Raises InputError for unknown ones, and for two names of one field."""
    from rate2spike.options import options_of

    names = [*options_of(cell.params), *cell.inputs]
    other = dict(cell.historic) | {there: here for there, here in _INPUT.items() if here in cell.inputs}
    found: dict[str, Any] = {}
    for name, value in given.items():
        here = other.get(name, name)
        if here not in names:
            known = [*names, *(there for there in other if there not in names)]
            raise InputError(f"{figure} has no field {name!r}{nearest(name, known)}; known are {', '.join(known)}")
        if here in found:
            raise InputError(f"{here} is given twice, under both of its names")
        found[here] = value
    return found


def _worded(message: Any, cell: Cell, given: Container[str] = ()) -> str:
    """A message in one line, with fields as MATLAB gave them."""
    if not isinstance(message, Worded):
        return " ".join(str(message).split())
    names = {here: there for there, here in {**cell.historic, **_INPUT}.items() if there in given}
    first, *rest = message.worded(lambda name: names.get(name, name)).split()
    return " ".join([names.get(first, first), *rest])


def _fig3() -> Cell:
    from rate2spike.spiking.cascade.subunit import SubunitParams, simulate_subunit

    def simulate(params: SubunitParams, stimulus: np.ndarray) -> dict[str, Any]:
        run = simulate_subunit(stimulus, params)
        return _signals(run, "time_ms", "stimulus", "v_linear", "drive", "v_dendrite")

    return Cell(SubunitParams, ("stimulus",), simulate)


def _fig4() -> Cell:
    from rate2spike.spiking.cascade.recurrent_dendrite import simulate_recurrent_dendrite
    from rate2spike.spiking.cascade.recurrent_dendrite_params import PUBLISHED_NAMES, RecurrentDendriteParams

    def simulate(params: RecurrentDendriteParams, stimulus: np.ndarray | None = None) -> dict[str, Any]:
        return simulate_recurrent_dendrite(stimulus, params).to_historic()

    historic = {there: here for here, there in PUBLISHED_NAMES.items()}
    return Cell(RecurrentDendriteParams, ("stimulus",), simulate, needs_input=False, historic=historic)


def _fig5() -> Cell:
    from rate2spike.spiking.cascade.parallel_dendrite import simulate_parallel_dendrite
    from rate2spike.spiking.cascade.parallel_dendrite_params import ParallelDendriteParams

    def simulate(params: ParallelDendriteParams, stimulus: np.ndarray) -> dict[str, Any]:
        run = simulate_parallel_dendrite(stimulus, params)
        return _signals(run, "time_ms", "stimulus", "na", "ca", "nmda")

    return Cell(ParallelDendriteParams, ("stimulus",), simulate)


def _fig6() -> Cell:
    from rate2spike.spiking.cascade.dendrite_soma_loop import simulate_dendrite_soma
    from rate2spike.spiking.cascade.dendrite_soma_params import DendriteSomaParams

    def simulate(params: DendriteSomaParams, soma_input: np.ndarray, dendrite_input: np.ndarray) -> dict[str, Any]:
        run = simulate_dendrite_soma(soma_input, dendrite_input, params)
        return {**run.table(), "onsets_ms": run.onsets_ms}

    return Cell(DendriteSomaParams, ("soma_input", "dendrite_input"), simulate)


def _signals(run: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(run, name) for name in names}
