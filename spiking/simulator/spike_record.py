"""`SpikeRecord`: what one simulation gives; saved as HDF5, or as .mat in the historic names, shapes and classes."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rate2spike import unit_types
from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.io.records import RecordedTrial, read_record, record_suffix, write_record
from rate2spike.matlab_compat.matfile import savemat
from rate2spike.matlab_compat.record_file import HISTORIC_NAMES, historic_variables, read_historic
from rate2spike.readable import dataframe, draw
from rate2spike.spiking.simulator.params import present_kind

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@public(hint="SpikeRecord.load(path) reads a record, network.run(u) makes one")
@dataclass(frozen=True, eq=False, repr=False)
class SpikeRecord(RecordedTrial):
    """One trial of a spiking network: N units, n_steps simulation steps, n_rows = n_steps // stride of them recorded.

    What was not recorded is None.

    Attributes
    ----------
    firing_rate_hz : array (N,)
        Spikes from step 10 on over the duration.
    dt_s, n_steps, stride : float, int, int
        Simulation step in s; number of steps; of the traces every stride-th is recorded.
    output : array (n_outputs, n_rows)
    events : array (n, 2) of int32
        Unit and step of each spike, from 0, in order of time.
    voltage_mv : array (N, n_rows)
        Membrane voltages, mV, 30 at a spike.
    rates : array (N, n_rows)
        Filtered spike trains, Hz.
    ipsc : array (N, n_rows)
        Current of the recurrent synapses before each step, mV; with dendrites what all compartments pass to the soma.
    w, w_out : array (N, N), (n_outputs, N)
        Weights used.
    tau_d_s, tau_d_initial_s : array (N,)
        Decay times of the synapses, s; those before the training.
    inhibitory, som, unit_types : array (N,)
        Which units are inhibitory, which somatostatin ones; name of each unit's type.
    scaling_factor, neuron, seed, common_tau_s : float, str, int, float
        What was simulated: scaling factor, kind of the neurons, seed, and the decay time if all units have one.
    dendrites : str or None
        Kind of their dendrites, 'active' or 'subunit'; None: units are points.

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> record = r2s.SpikingNetwork.from_model("go_nogo.mat", 25).run(np.ones((1, 41)), seed=1)
    >>> record.n_units, record.duration_s, record.recorded
    (200, 0.2, ('output', 'events'))
    >>> record.to_dataframe().columns.tolist()
    ['unit', 'time_s', 'type']
    """

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw what was recorded: a raster of the spikes, units by type, and below it the output.

        Parameters
        ----------
        ax : matplotlib Axes, default None
            Where, in place of a new figure.

        Returns
        -------
        Figure

        Raises
        ------
        InputError
            If neither spikes nor output were recorded.
        """
        return draw("spiking.simulator.plots:trial", self, ax)

    def to_dataframe(self) -> "DataFrame":
        """One row per spike, in order of time: unit (from 0), time_s (the end of its step), type of the unit.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        InputError
            If spikes were not recorded, or pandas is not installed.
        """
        if self.events is None:
            raise InputError("this record holds no spikes: simulate with record=('spikes', ...)")
        unit, step = self.events.T
        types = unit_types.known(self.unit_types, self.inhibitory, self.n_units)
        return dataframe({"unit": unit, "time_s": (step + 1) * self.dt_s, "type": types[unit]})

    @public()
    def save(self, path: str | os.PathLike) -> None:
        """Write HDF5 or MAT v7, atomically.

        Parameters
        ----------
        path : path
            With the suffix .h5 or .hdf5, or .mat for the historic variables of MATLAB.

        Raises
        ------
        InputError
            For another suffix, and for a .mat file of a record with a stride.

        Examples
        --------
        >>> import numpy as np
        >>> import rate2spike as r2s
        >>> record = r2s.SpikingNetwork.from_model("go_nogo.mat", 25).run(np.ones((1, 41)), seed=1)
        >>> record.save("trial.h5")
        """
        if record_suffix(path) == ".mat":
            savemat(path, historic_variables(self))
        else:
            write_record(self, path)

    @classmethod
    @public()
    def load(cls, path: str | os.PathLike, only: str | Iterable[str] | None = None) -> "SpikeRecord":
        """Read what `save` (or, for .mat, the published simulator) wrote.

        Parameters
        ----------
        path : path
            The file, .h5, .hdf5 or .mat.
        only : str or several, default None
            Of a .h5 file the recorded quantities to read: output, events, voltage_mv, rates, ipsc; None: all that are there.

        Returns
        -------
        SpikeRecord

        Raises
        ------
        InputError
            For a file that is no spike record.

        Examples
        --------
        >>> import numpy as np
        >>> import rate2spike as r2s
        >>> record = r2s.SpikingNetwork.from_model("go_nogo.mat", 25).run(np.ones((1, 41)), seed=1)
        >>> record.save("trial.h5")
        >>> r2s.SpikeRecord.load("trial.h5") == record
        True
        """
        values = read_historic(path) if record_suffix(path) == ".mat" else read_record(path, only)
        return cls(**values | {"neuron": present_kind(values.get("neuron", cls.neuron))})

    def to_historic(self, names: str | Iterable[str] = HISTORIC_NAMES, *, compact: bool = False) -> dict[str, Any]:
        """{W, REC, spk, rs, all_fr, out, params} as MATLAB has them; see `historic_variables`."""
        return historic_variables(self, names, compact=compact)
