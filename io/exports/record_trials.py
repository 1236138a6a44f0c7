"""Spike records as the trials of one experiment, for the formats of other programs."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from rate2spike import unit_types
from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.io.records import RecordedTrial


class Trace(NamedTuple):
    """A recorded quantity in words."""

    attribute: str  # of RecordedTrial
    name: str
    unit: str  # '' is none
    description: str


TRACES = (
    Trace("output", "output", "", "readout of the network: w_out / scaling factor, times the filtered spike trains"),
    Trace("voltage_mv", "voltage", "mV", "membrane voltages, one column per unit; 30 mV marks a spike"),
    Trace("rates", "rates", "Hz", "synaptically filtered spike trains, one column per unit"),
    Trace("ipsc", "ipsc", "mV", "synaptic currents times the membrane's resistance, one column per unit"),
)


def checked_trials(records: RecordedTrial | Sequence[RecordedTrial]) -> tuple[RecordedTrial, ...]:
    """The records. Raises InputError unless they hold spikes and agree in units, steps, cell types and what was recorded."""
    trials = tuple(records) if isinstance(records, Iterable) else (records,)
    wrong = [trial for trial in trials if not isinstance(trial, RecordedTrial)]
    if wrong:
        raise InputError(f"a spike record, or a list of them, is needed; got {shown(wrong[0])}", "records")
    if not trials:
        raise InputError("no spike record is given")
    first = trials[0]
    for k, trial in enumerate(trials, start=1):
        if trial.events is None:
            raise InputError(f"spike record {k} holds no spikes: simulate with record=('spikes', ...)")
        for name, one, other in zip(_COMPARED, _compared(first), _compared(trial), strict=True):
            if one != other:
                raise InputError(
                    f"spike records of one file must agree: record {k} differs from the first in its {name}"
                )
    return trials


def cell_types(record: RecordedTrial) -> list[str]:
    """N names: those of the record, else excitatory or inhibitory, else unknown (records read from .mat)."""
    return [str(name) for name in unit_types.known(record.unit_types, record.inhibitory, record.n_units)]


def units_in_words(record: RecordedTrial) -> str:
    """Such as `200 lif units with active dendrites`."""
    dendrites = "" if record.dendrites is None else f" with {record.dendrites} dendrites"
    return f"{record.n_units} {record.neuron} units{dendrites}"


def spike_times_by_unit(record: RecordedTrial) -> list[np.ndarray]:
    """N ascending arrays of s: the ends of the steps in which each unit fired."""
    assert record.events is not None
    unit, step = record.events.T
    order = np.lexsort((step, unit))
    times_s = (step[order].astype(np.int64) + 1) * record.dt_s
    return np.split(times_s, np.cumsum(np.bincount(unit, minlength=record.n_units))[:-1])


_COMPARED = (
    "number of units",
    "step",
    "stride",
    "cell types",
    "neuron",
    "dendrites",
    "recorded quantities",
    "number of outputs",
)


def _compared(record: RecordedTrial) -> tuple:
    recorded = tuple(trace.name for trace in TRACES if getattr(record, trace.attribute) is not None)
    n_outputs = None if record.output is None else len(record.output)
    simulated = record.neuron, record.dendrites
    return (record.n_units, record.dt_s, record.stride, cell_types(record), *simulated, recorded, n_outputs)
