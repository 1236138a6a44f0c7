"""Spike records as a Neurodata Without Borders file.

NWB: Ruebel et al., eLife 11:e78362 (2022). One row of `units` per unit (spike times, cell type), one row of `trials` per
record. Trials lie end to end on one time line from 0; a spike at the end of a trial's last step belongs to that trial.

The DANDI archive demands a subject with species, sex and age. Ours is simulated and says so: the species is the
"synthetic construct" of the NCBI taxonomy, the sex unknown, the age 0.
"""

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import path as checked_path
from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.extras import imported
from rate2spike.io.atomic_file import write_atomically
from rate2spike.io.exports.nwb_session import NWBSession, check_session
from rate2spike.io.exports.record_trials import (
    TRACES,
    Trace,
    cell_types,
    checked_trials,
    spike_times_by_unit,
    units_in_words,
)
from rate2spike.io.hdf5_file import open_hdf5
from rate2spike.io.records import RECORDED, RecordedTrial
from rate2spike.version import __version__

if TYPE_CHECKING:
    import pynwb

UNSAID = NWBSession()
UNDATED = datetime(2000, 1, 1, tzinfo=UTC)  # NWB demands a date, a simulation has none
SYNTHETIC_CONSTRUCT = "http://purl.obolibrary.org/obo/NCBITaxon_32630"
_SI = {"mV": ("volts", 1e-3), "Hz": ("hertz", 1.0), "": ("a.u.", 1.0)}  # NWB's unit, and what makes the data it


@public()
def write_nwb(
    records: RecordedTrial | Sequence[RecordedTrial],
    path: str | os.PathLike,
    *,
    stimuli: Sequence[np.ndarray] = (),
    session_start_time: datetime = UNDATED,
    session: NWBSession = UNSAID,
) -> None:
    """Write records to a Neurodata Without Borders file, atomically.

    Parameters
    ----------
    records : SpikeRecord or a list of them
        One per trial, with spikes, of one network.
    path : path
        With the suffix .nwb.
    stimuli : list of arrays (n_inputs, K), default ()
        The inputs of the trials, whose K - 1 columns of time the trial lasts.
    session_start_time : datetime, default 2000-01-01 UTC
        With a time zone.
    session : NWBSession
        Who, where, and in which words.

    Raises
    ------
    InputError
        For records without spikes or of different networks, another suffix, and where pynwb is not installed (extra `nwb`).

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> records = [network.run(np.ones((1, 21)), seed=seed) for seed in (1, 2)]
    >>> write_nwb(records, "trials.nwb", session=NWBSession(institution="Institute of Examples"))
    """
    pynwb = imported("pynwb", "nwb", "an NWB file")
    if checked_path(path, "path").suffix.lower() != ".nwb":
        raise InputError(f"{path}: an NWB file is saved as .nwb")
    content = nwb_file(records, stimuli=stimuli, session_start_time=session_start_time, session=session)

    def write(temporary: Path) -> None:
        # pynwb warns of file names that do not end in .nwb, so it is given the open file
        with open_hdf5(temporary, "w") as file, pynwb.NWBHDF5IO(file=file, mode="w") as io:
            io.write(content)

    write_atomically(path, write)


@public()
def nwb_file(
    records: RecordedTrial | Sequence[RecordedTrial],
    *,
    stimuli: Sequence[np.ndarray] = (),
    session_start_time: datetime = UNDATED,
    session: NWBSession = UNSAID,
) -> "pynwb.NWBFile":
    """The content of the file that `write_nwb` writes; the identifier is a hash of the records.

    Parameters
    ----------
    records, stimuli, session_start_time, session
        As for `write_nwb`.

    Returns
    -------
    pynwb.NWBFile

    Raises
    ------
    InputError
        As of `write_nwb`.
    """
    pynwb = imported("pynwb", "nwb", "an NWB file")
    check_session(session, session_start_time)
    trials = checked_trials(records)
    first, simulated = trials[0], _what_was_simulated(trials)
    file = pynwb.NWBFile(
        session_description=session.session_description or simulated,
        identifier=_identifier(trials),
        experiment_description=session.experiment_description
        or f"{simulated}; {_notes(trials)}; rate2spike {__version__}",
        experimenter=list(session.experimenter) or None,
        institution=session.institution,
        lab=session.lab,
        keywords=list(session.keywords) or None,
        session_id=session.session_id,
        session_start_time=session_start_time,
        subject=_subject(pynwb, session, simulated),
        notes=_notes(trials),
        was_generated_by=[["rate2spike", __version__]],
        units=_units(pynwb, trials),
    )
    _add_trials(file, trials)
    for trace in TRACES:
        if getattr(first, trace.attribute) is not None:
            file.add_acquisition(_series(pynwb, trials, trace))
    for series in _stimuli(pynwb, trials, stimuli):
        file.add_stimulus(series)
    return file


def _what_was_simulated(trials: Sequence[RecordedTrial]) -> str:
    first, n = trials[0], len(trials)
    return f"simulation of a spiking network of {units_in_words(first)}, {n} trial{'s'[: n > 1]}"


def _subject(pynwb: Any, session: NWBSession, simulated: str) -> "pynwb.file.Subject":
    return pynwb.file.Subject(
        subject_id=session.subject_id,
        species=SYNTHETIC_CONSTRUCT,
        sex="U",
        age="P0D",
        description=session.subject_description or f"no animal or person: {simulated}",
    )


def _starts_s(trials: Sequence[RecordedTrial]) -> np.ndarray:
    """(K + 1,) starts of the trials, and the end of the last."""
    return np.concatenate([[0.0], np.cumsum([trial.duration_s for trial in trials])])


def _units(pynwb: Any, trials: Sequence[RecordedTrial]) -> "pynwb.misc.Units":
    first, starts_s = trials[0], _starts_s(trials)
    units = pynwb.misc.Units(name="units", description="simulated units, counted from 0", resolution=first.dt_s)
    units.add_column("cell_type", "type of the unit")
    by_trial = [spike_times_by_unit(trial) for trial in trials]
    observed_s = np.stack([starts_s[:-1], starts_s[1:]], 1)
    for unit, cell_type in enumerate(cell_types(first)):
        times_s = np.concatenate([start + times[unit] for start, times in zip(starts_s, by_trial, strict=False)])
        units.add_unit(id=unit, spike_times=times_s, obs_intervals=observed_s, cell_type=cell_type)
    return units


def _add_trials(file: Any, trials: Sequence[RecordedTrial]) -> None:
    starts_s = _starts_s(trials)
    seeds = [trial.seed for trial in trials]
    seeded = {} if None in seeds else {"seed": seeds}
    if seeded:
        file.add_trial_column("seed", "seed of the trial's random draws")
    for k in range(len(trials)):
        row = {name: values[k] for name, values in seeded.items()}
        file.add_trial(start_time=starts_s[k], stop_time=starts_s[k + 1], **row)


def _series(pynwb: Any, trials: Sequence[RecordedTrial], trace: Trace) -> "pynwb.TimeSeries":
    """A quantity of all trials, time first; at a rate where the samples are evenly spaced, else with their times."""
    first, unit = trials[0], _SI[trace.unit]
    period_s = first.dt_s * first.stride
    timing: dict[str, Any] = {"starting_time": period_s, "rate": 1 / period_s}
    if any(trial.n_steps % first.stride for trial in trials[:-1]):
        starts_s = _starts_s(trials)
        times_s = [start + trial.time_s for start, trial in zip(starts_s, trials, strict=False)]
        timing = {"timestamps": np.concatenate(times_s)}
    data = np.concatenate([getattr(trial, trace.attribute).T for trial in trials])
    return pynwb.TimeSeries(
        name=trace.name, data=data, unit=unit[0], conversion=unit[1], description=trace.description, **timing
    )


def _stimuli(pynwb: Any, trials: Sequence[RecordedTrial], stimuli: Sequence[np.ndarray]) -> list["pynwb.TimeSeries"]:
    """One series per trial, since the last column of a trial and the first of the next belong to the same moment."""
    if not isinstance(stimuli, Sequence):
        raise InputError(f"{{stimuli}} must be a list of arrays, one per trial, got {shown(stimuli)}", "stimuli")
    if stimuli and len(stimuli) != len(trials):
        raise InputError(f"there are {len(trials)} trials, but {len(stimuli)} stimuli")
    series = []
    for k, (start_s, trial, u) in enumerate(zip(_starts_s(trials), trials, stimuli, strict=False), start=1):
        u = np.asarray(u)
        if u.ndim != 2 or u.shape[1] < 2:
            raise InputError(f"stimulus {k} must be inputs x columns, at least 2 of these; got shape {u.shape}")
        text = "input of the network; a value acts from half a period before its time to half a period after"
        rate_hz = (u.shape[1] - 1) / trial.duration_s
        one = pynwb.TimeSeries(
            name=f"input_{k}",
            data=np.ascontiguousarray(u.T),
            unit="a.u.",
            description=text,
            rate=rate_hz,
            starting_time=float(start_s),
        )
        series.append(one)
    return series


def _notes(trials: Sequence[RecordedTrial]) -> str:
    first = trials[0]
    seeds = ", ".join("not recorded" if trial.seed is None else str(trial.seed) for trial in trials)
    factor = "not recorded" if first.scaling_factor is None else f"{first.scaling_factor:g}"
    return f"seed: {seeds}; scaling factor: {factor}; neuron: {first.neuron}; step: {first.dt_s * 1e3:g} ms"


def _identifier(trials: Sequence[RecordedTrial]) -> str:
    """Hash of what the records hold: the same records, the same identifier."""
    digest = hashlib.sha256()
    for trial in trials:
        digest.update(repr((trial.n_units, trial.dt_s, trial.n_steps, trial.stride, trial.seed)).encode())
        for name in RECORDED:
            values = getattr(trial, name)
            if values is not None:
                digest.update(name.encode() + np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
