"""What every analysis asks of its trials: spikes recorded, one network, equal duration and step, a label each."""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from rate2spike import unit_types
from rate2spike.checks import each_name, is_number, shown
from rate2spike.errors import InputError
from rate2spike.spiking.simulator.spike_record import SpikeRecord

Records = SpikeRecord | Sequence[SpikeRecord]
WindowS = tuple[float, float]  # start and stop, s


def as_trials(records: Records, *, at_least: int = 1, spikes: bool = True) -> list[SpikeRecord]:
    """The trials as a list. Raises InputError if they are too few, hold no spikes, or differ in units, step or duration."""
    trials = list(records) if isinstance(records, Iterable) else [records]
    wrong = [trial for trial in trials if not isinstance(trial, SpikeRecord)]
    if wrong:
        raise InputError(f"an analysis takes a SpikeRecord or a list of them, got {shown(wrong[0])}")
    if len(trials) < at_least:
        raise InputError(f"this analysis needs at least {at_least} trial(s), got {len(trials)}")
    for name, what in (("n_units", "number of units"), ("dt_s", "step"), ("n_steps", "duration")):
        values = {getattr(trial, name) for trial in trials}
        if len(values) > 1:
            raise InputError(f"all trials must have the same {what}, got {name} {', '.join(map(str, sorted(values)))}")
    if spikes and any(trial.events is None for trial in trials):
        raise InputError("a trial holds no spikes: simulate with record=('spikes', ...)")
    return trials


def conditions_of(labels: Iterable[Hashable] | None, n_trials: int) -> tuple[tuple, np.ndarray]:
    """The conditions in order and (n_trials,) the index of each trial's. No labels: one condition, 'all'.

    Raises InputError for another number of labels than trials, and for NaN among them.
    """
    if labels is None:
        return ("all",), np.zeros(n_trials, np.intp)
    if not isinstance(labels, Iterable):
        raise InputError(f"{{labels}} must be one label per trial, got {shown(labels)}", "labels")
    values = np.asarray([labels] if isinstance(labels, str) else list(labels))  # a string is one label
    if values.shape != (n_trials,):
        raise InputError(f"there must be one label per trial: {n_trials} trials, labels of shape {values.shape}")
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise InputError("the labels hold NaN")
    conditions, index = np.unique(values, return_inverse=True)
    return tuple(conditions.tolist()), index


def step_window(record: SpikeRecord, window_s: WindowS | None) -> tuple[int, int]:
    """First step of a window and the one after its last; None: the whole trial. Raises InputError."""
    if window_s is None:
        return 0, record.n_steps
    if not isinstance(window_s, tuple | list | np.ndarray) or len(window_s) != 2 or not all(map(is_number, window_s)):
        raise InputError(f"{{window_s}} must be (start, stop) in seconds, got {shown(window_s)}", "window_s")
    start_s, stop_s = window_s
    # half a step of tolerance, because 0.3 / 5e-5 is not whole in binary
    if not 0 <= start_s < stop_s <= record.duration_s + record.dt_s / 2:
        raise InputError(
            f"window_s must be (start, stop) within the trial of {record.duration_s:g} s, got ({start_s:g}, {stop_s:g})"
        )
    start, stop = round(start_s / record.dt_s), round(stop_s / record.dt_s)
    if start == stop:
        raise InputError(f"window_s is shorter than a step of {record.dt_s:g} s: ({start_s:g}, {stop_s:g})")
    return start, stop


def units_by_type(record: SpikeRecord, types: str | Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """Name of each type -> (N,) bool: those asked for, or all, excitatory ones first, SOM last.

    A record without types and signs has one type, 'all'. Raises InputError for a type that no unit has.
    """
    names = unit_types.known(record.unit_types, record.inhibitory, record.n_units, otherwise="all")
    known = unit_types.names_in_order(names, record.inhibitory)
    if types is not None and not isinstance(types, Iterable):
        raise InputError(f"{{types}} must be names of unit types, got {shown(types)}", "types")
    chosen = known if types is None else each_name(types)
    unknown = [str(name) for name in chosen if name not in known]
    if unknown or not chosen:
        raise InputError(f"no unit is of type {', '.join(unknown) or '(none given)'}: types are {', '.join(known)}")
    return unit_types.members(names, chosen)
