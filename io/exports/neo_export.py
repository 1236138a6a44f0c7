"""Spike records as objects of Neo, which Elephant, PyNN and others use (Garcia et al., Front. Neuroinform. 8:10, 2014).

Neo's own MATLAB format needs nothing beyond Neo and SciPy, keeps every annotation, and MATLAB reads it (`load`, struct
`block`). Neo's other formats (NIX, NWB) take the block that `to_neo` gives.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.calls import public
from rate2spike.checks import path as checked_path
from rate2spike.errors import InputError
from rate2spike.extras import imported
from rate2spike.io.atomic_file import write_atomically
from rate2spike.io.exports.record_trials import TRACES, cell_types, checked_trials, spike_times_by_unit, units_in_words
from rate2spike.io.records import RecordedTrial
from rate2spike.version import __version__

if TYPE_CHECKING:
    import neo


@public()
def to_neo(records: RecordedTrial | Sequence[RecordedTrial]) -> "neo.Block":
    """A Block of records: a Segment per trial, in it a SpikeTrain per unit and an AnalogSignal per recorded quantity.

    Each trial's time starts at 0. Spike trains are annotated with unit (from 0) and cell_type; signals are (time, channels),
    in mV, Hz or dimensionless, the first sample at the end of the first recorded step.

    Parameters
    ----------
    records : SpikeRecord or a list of them
        One per trial, with spikes, of one network.

    Returns
    -------
    neo.Block

    Raises
    ------
    InputError
        For records without spikes or of different networks, and where Neo is not installed (extra `neo`).

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> records = [network.run(np.ones((1, 21)), seed=seed) for seed in (1, 2)]
    >>> [len(segment.spiketrains) for segment in to_neo(records).segments]
    [200, 200]
    """
    neo = imported("neo", "neo", "a Neo block")
    trials = checked_trials(records)
    first = trials[0]
    simulated = {name: getattr(first, name) for name in ("scaling_factor", "neuron", "dendrites")}
    known = simulated | {"software": f"rate2spike {__version__}"}
    block = neo.Block(
        name="simulation",
        description=f"simulation of a spiking network of {units_in_words(first)}",
        **{name: value for name, value in known.items() if value is not None},
    )
    block.segments.extend([_segment(neo, trial, k) for k, trial in enumerate(trials)])
    return block


@public()
def write_neo(records: RecordedTrial | Sequence[RecordedTrial], path: str | os.PathLike) -> None:
    """Write the block of records to a .mat file, atomically; `neo.io.NeoMatlabIO` reads it.

    Parameters
    ----------
    records : SpikeRecord or a list of them
        As for `to_neo`.
    path : path
        With the suffix .mat.

    Raises
    ------
    InputError
        As of `to_neo`, and for another suffix.

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> records = [network.run(np.ones((1, 21)), seed=seed) for seed in (1, 2)]
    >>> write_neo(records, "trials.mat")
    """
    neo = imported("neo", "neo", "a Neo file")
    if checked_path(path, "path").suffix.lower() != ".mat":
        raise InputError(f"{path}: a Neo block is saved as .mat")
    block = to_neo(records)

    def write(temporary: Path) -> None:
        try:
            neo.io.NeoMatlabIO(str(temporary)).write_block(block, appendmat=False, do_compression=True)
        except ValueError as error:  # MAT v5 ends at 4 GiB
            raise InputError(f"cannot write {path}: {error}") from None

    write_atomically(path, write)


def _segment(neo: Any, trial: RecordedTrial, k: int) -> "neo.Segment":
    import quantities as pq  # Neo's units

    seed = {} if trial.seed is None else {"seed": trial.seed}
    segment = neo.Segment(name=f"trial {k + 1}", index=k, **seed)
    for unit, (times_s, cell_type) in enumerate(zip(spike_times_by_unit(trial), cell_types(trial), strict=True)):
        train = neo.SpikeTrain(
            times_s,
            units=pq.s,
            t_stop=trial.duration_s,
            sampling_rate=1 / trial.dt_s * pq.Hz,
            name=f"unit {unit}",
            unit=unit,
            cell_type=cell_type,
        )
        segment.spiketrains.append(train)
    period = trial.dt_s * trial.stride * pq.s
    for trace in TRACES:
        values = getattr(trial, trace.attribute)
        if values is not None:
            signal = neo.AnalogSignal(
                values.T,
                units=trace.unit or pq.dimensionless,
                sampling_period=period,
                t_start=period,
                name=trace.name,
                description=trace.description,
            )
            segment.analogsignals.append(signal)
    return segment
