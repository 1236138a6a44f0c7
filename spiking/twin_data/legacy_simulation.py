"""One simulation as the published pickles have it, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation


def from_legacy(
    one: Mapping[str, Any], number: int, n_segments: int, fine_per_ms: int, *, exact_times: bool
) -> CellSimulation:
    """A simulation, with half-precision times of spikes as they are or moved to peaks of the finely sampled voltage.

    Raises InputError, or what NumPy and dicts raise, if parts are missing or do not fit each other.
    """
    events, recording = _events(one, n_segments), _recording(one, fine_per_ms, exact_times)
    _check_lengths(recording, n_segments, events.duration_ms)
    return CellSimulation(number, events, recording)


def as_legacy(one: CellSimulation) -> dict[str, Any]:
    """One simulation as the published files have it. Raises InputError for weighted events."""
    events, recording = one.events, one.recording
    if events.weight is not None or events.n_synapses % 2:
        raise InputError("the published layout is for two synapses per segment, and events without weights")
    n_segments, per_ms = events.n_synapses // 2, recording.fine_per_ms
    by_synapse = np.split(*_sorted_by_synapse(events))
    times = recording.spike_times_ms.astype(np.float16)
    is_exact = (times == recording.spike_times_ms).all()
    low, high = np.arange(one.duration_ms), np.arange(one.duration_ms * per_ms) / per_ms
    soma, nexus = recording.v_soma_mv, recording.v_nexus_mv
    nexus = np.full_like(soma, np.nan) if nexus is None else nexus
    fine = [
        np.interp(high, low, coarse) if given is None else given
        for coarse, given in ((soma, recording.v_soma_fine_mv), (nexus, recording.v_nexus_fine_mv))
    ]
    made = {
        "recordingTimeHighRes": high.astype(np.float32),
        "somaVoltageHighRes": fine[0].astype(np.float16),
        "nexusVoltageHighRes": fine[1].astype(np.float16),
        "recordingTimeLowRes": low.astype(np.float32),
        "somaVoltageLowRes": soma.astype(np.float16),
        "nexusVoltageLowRes": nexus.astype(np.float16),
        "exInputSpikeTimes": {k: one.tolist() for k, one in enumerate(by_synapse[:n_segments]) if one.size},
        "inhInputSpikeTimes": {k: one.tolist() for k, one in enumerate(by_synapse[n_segments:]) if one.size},
        "outputSpikeTimes": times if is_exact else recording.spike_times_ms.astype(np.float32),
    }
    dendrites = recording.v_dendrites_mv
    return made if dendrites is None else {**made, "dendriticVoltagesLowRes": dendrites}


def _sorted_by_synapse(events: SynapticEvents) -> tuple[np.ndarray, np.ndarray]:
    """Times sorted by synapse, and where the times of the next synapse begin."""
    order = np.argsort(events.synapse, kind="stable")
    ends = np.cumsum(np.bincount(events.synapse, minlength=events.n_synapses))
    return events.time_ms[order], ends[:-1]


def _events(one: Mapping[str, Any], n_segments: int) -> SynapticEvents:
    rows, times = [np.zeros(0, int)], [np.zeros(0, int)]
    for name, shift in (("exInputSpikeTimes", 0), ("inhInputSpikeTimes", n_segments)):
        for segment, of_segment in one[name].items():
            given = np.asarray(of_segment, float).astype(int)
            rows.append(np.full(given.size, int(segment) + shift))
            times.append(given)
    time_ms, synapse = np.concatenate(times), np.concatenate(rows)
    order = np.lexsort((synapse, time_ms))
    return SynapticEvents(2 * n_segments, len(one["recordingTimeLowRes"]), time_ms[order], synapse[order])


def _recording(one: Mapping[str, Any], fine_per_ms: int, exact_times: bool) -> CellRecording:
    traces = {
        ours: np.asarray(one[theirs], np.float32)
        for ours, theirs in (
            ("v_soma_mv", "somaVoltageLowRes"),
            ("v_nexus_mv", "nexusVoltageLowRes"),
            ("v_soma_fine_mv", "somaVoltageHighRes"),
            ("v_nexus_fine_mv", "nexusVoltageHighRes"),
        )
    }
    dendrites = one.get("dendriticVoltagesLowRes")
    times_ms = np.asarray(one["outputSpikeTimes"])
    if exact_times:
        times_ms = _moved_to_peaks(times_ms, traces["v_soma_fine_mv"], fine_per_ms)
    return CellRecording(
        spike_times_ms=times_ms.astype(float),
        v_dendrites_mv=None if dendrites is None else np.asarray(dendrites, np.float16),
        fine_per_ms=fine_per_ms,
        **traces,
    )


def _check_lengths(recording: CellRecording, n_segments: int, duration_ms: int) -> None:
    n_fine = recording.fine_per_ms * duration_ms
    expected = {
        "v_soma_mv": (duration_ms,),
        "v_nexus_mv": (duration_ms,),
        "v_soma_fine_mv": (n_fine,),
        "v_nexus_fine_mv": (n_fine,),
        "v_dendrites_mv": (n_segments, duration_ms),
    }
    for name, shape in expected.items():
        values = getattr(recording, name)
        if values is not None and values.shape != shape:
            raise InputError(f"{name} has shape {values.shape}, not {shape}")
    times_ms = recording.spike_times_ms
    if times_ms.ndim != 1 or not ((times_ms >= 0) & (times_ms <= duration_ms)).all():
        raise InputError(f"outputSpikeTimes are not from 0 to {duration_ms} ms")


def _moved_to_peaks(times_ms: np.ndarray, v_fine_mv: np.ndarray, fine_per_ms: int) -> np.ndarray:
    """Each time at the highest sample among those that its precision cannot tell apart."""
    reach = np.floor(np.spacing(times_ms).astype(float) / 2 * fine_per_ms).astype(int)
    middle = np.round(times_ms.astype(float) * fine_per_ms).astype(int)
    peaks = [
        start + int(v_fine_mv[start : m + r + 1].argmax())
        for m, r in zip(middle, reach, strict=True)
        for start in (max(m - r, 0),)
    ]
    return np.array(peaks, float) / fine_per_ms
