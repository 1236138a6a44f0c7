"""`SpikingNetwork`: a mapped network, and how to run it (Kim, Li & Sejnowski, PNAS 2019, Methods)."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import choice, shown, whole_number
from rate2spike.checks import path as checked_path
from rate2spike.errors import InputError
from rate2spike.io.record_stream import write_stream
from rate2spike.machine.memory import check_memory
from rate2spike.seeding import Role, generator, key64, resolve_seed
from rate2spike.spiking.simulator.mapped_network import MappedNetwork
from rate2spike.spiking.simulator.recording import Block, RecordingPlan, as_record, header
from rate2spike.spiking.simulator.simulate_fast import FastNetwork, simulate_fast
from rate2spike.spiking.simulator.simulate_reference import Draws, GeneratedDraws, InjectedDraws, simulate_reference
from rate2spike.spiking.simulator.spike_record import SpikeRecord
from rate2spike.spiking.simulator.stimulation import Stimulation, checked_stimuli

PRECISIONS = ("float32", "float64")


@public(hint="SpikingNetwork.from_model(model, scaling_factor) makes a network")
@dataclass(frozen=True, eq=False, repr=False)
class SpikingNetwork(MappedNetwork):
    """Network of N spiking units: made by `from_model` or `read_nir`, changed by `manipulations`, run by `run`.

    Attributes
    ----------
    w : array (N, N)
        Recurrent weights [target, source], divided by the scaling factor.
    w_in : array (N, n_inputs)
        Input weights, mV per unit of input.
    w_out : array (n_outputs, N)
        Output weights, not divided: the output is `readout` applied to the filtered spike trains.
    tau_d_s, tau_d_initial_s : array (N,)
        Decay times of the synapses, s; those before the training.
    inhibitory, som : array (N,) of bool
        Inhibitory units; somatostatin ones among them.
    scaling_factor : float
        What the weights were divided by, the paper's 1/λ.
    common_tau_s : float or None
        The decay time, s, where the model has one for all units.
    unit_bias : array (N,) or None
        Constant input of each unit, mV.
    unit_types : array (N,) of str or None
        Name of each unit's type.
    downsample : int
        Every downsample-th column of the input is used, and a column lasts 5 ms times this.
    steps_per_column : int
        Simulation steps of a column.
    params : LIFParams, QIFParams, AdLIFParams or EIFParams
        The neurons.
    silent : array (N,) of bool or None
        Units that never fire.
    input_tau_s : array (N,) or None
        Time constant, s, of a filter that inputs pass (imports).
    dendrites : DendriticInput or None
        The compartments that recurrent connections end on, and what these pass to the soma, mV; None: units are points.

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
    >>> network
    SpikingNetwork(n_units=200, neuron='lif', scaling_factor=25, dt_s=5e-05, n_inputs=1, n_outputs=1)
    >>> network.run(np.zeros((1, 21)), seed=1).duration_s
    0.1
    """

    @public()
    def run(
        self,
        u: np.ndarray,
        *,
        seed: int | None = None,
        record: str | Iterable[str] = ("output", "spikes"),
        stride: int = 1,
        to: str | os.PathLike | None = None,
        stimulation: Stimulation | Sequence[Stimulation] | None = None,
        precision: str | None = None,
        draws: InjectedDraws | None = None,
    ) -> SpikeRecord:
        """Simulate one trial. Same seed, same result, whatever is recorded.

        Parameters
        ----------
        u : array (n_inputs, K)
            Input, one column per 5 ms (times downsample); K - 1 columns of time are simulated.
        seed : int, default None
            Of the noise and the pulses; None draws one, which the record holds.
        record : str or several, default ('output', 'spikes')
            Any of output, voltage, spikes, rates, ipsc; firing rates always are. Nothing is computed that is not asked for.
            With dendrites ipsc is what a soma receives from all of its compartments.
        stride : int, default 1
            Traces and output are recorded at every stride-th step.
        to : path, default None
            HDF5 file (.h5, .hdf5) to which they are streamed instead of memory; `SpikeRecord.load` reads it.
        stimulation : Stimulation or several, default None
            Windows in which units are pushed.
        precision : str, default None
            'float32' is the fast path, and the default; 'float64' the reference path.
        draws : InjectedDraws, default None
            The random numbers themselves, on the reference path, in place of a seed.

        Returns
        -------
        SpikeRecord

        Raises
        ------
        InputError
            For another shape of u, quantities that there are not, and what does not fit into memory.

        Examples
        --------
        >>> import numpy as np
        >>> import rate2spike as r2s
        >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
        >>> record = network.run(np.ones((1, 41)), seed=1, record=("spikes", "voltage"), stride=20)
        >>> record.voltage_mv.shape, record.dt_s
        ((200, 200), 5e-05)
        """
        seed = resolve_seed(seed)
        if precision is not None:
            precision = choice(precision, "precision", "precision", PRECISIONS)
        if draws is not None and precision == "float32":
            raise InputError("precision float32 uses its own generator; with the draws given the path is float64")
        if draws is not None and not isinstance(draws, InjectedDraws):
            raise InputError(f"{{draws}} must be InjectedDraws, got {shown(draws)}", "draws")
        if to is not None:
            checked_path(to, "to")
        u = self.checked(u)
        is_fast = draws is None and precision != "float64"
        plan = RecordingPlan.of(self, self.n_steps(u), record, stride, to is not None, itemsize=4 if is_fast else 8)
        stimuli = self._stimuli(stimulation, plan.n_steps)
        if is_fast:
            blocks = simulate_fast(self, self.fast, u, key64(seed, Role.SIMULATION), plan, stimuli)
        else:
            source: Draws = draws or GeneratedDraws(generator(seed, Role.SIMULATION))
            blocks = simulate_reference(self, u, source, plan, stimuli)
        return self._collect(blocks, plan, seed if draws is None else None, to)

    def run_fast(
        self,
        u: np.ndarray,
        key: np.uint64,
        record: str | Iterable[str] = ("output",),
        stimulation: Stimulation | Sequence[Stimulation] | None = None,
        seed: int | None = None,
    ) -> SpikeRecord:
        """Fast path with an explicit 64-bit noise key; otherwise as `run`."""
        u = self.checked(u)
        plan = RecordingPlan.of(self, self.n_steps(u), record)
        return self._collect(
            simulate_fast(self, self.fast, u, key, plan, self._stimuli(stimulation, plan.n_steps)), plan, seed
        )

    @public()
    def run_trials(
        self, inputs: Sequence[np.ndarray], keys: Sequence[int | np.uint64]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Many trials at once on the fast path.

        Parameters
        ----------
        inputs : list of arrays (n_inputs, K)
            Inputs of the trials, of one length, as for `run`.
        keys : list of int from 0 to 2**64 - 1
            Of their noise; the same key, the same noise.

        Returns
        -------
        outputs : array (n, n_outputs, n_steps)
        firing_rates_hz : array (n, N)

        Raises
        ------
        InputError
            For inputs of another shape, another number of keys, and what does not fit into memory.

        Examples
        --------
        >>> import numpy as np
        >>> import rate2spike as r2s
        >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25)
        >>> outputs, firing_rates_hz = network.run_trials([np.ones((1, 21)), np.zeros((1, 21))], keys=(1, 2))
        >>> outputs.shape, firing_rates_hz.shape
        ((2, 1, 2000), (2, 200))
        """
        if not isinstance(inputs, Iterable) or not isinstance(keys, Iterable):
            raise InputError("run_trials takes a list of inputs, and one of keys")
        checked = [self.checked(u) for u in inputs]
        keys = [whole_number(key, "a key", "keys", 0, 2**64 - 1) for key in keys]
        if not checked or len({u.shape for u in checked}) > 1:
            raise InputError(
                f"inputs must be trials of one length, got shapes {[u.shape for u in checked][:5]}", "inputs"
            )
        if len(keys) != len(checked):
            raise InputError(f"there must be one key per trial: {len(checked)} trials, {len(keys)} keys", "keys")
        n_bytes = 4.0 * len(checked) * self.n_outputs * self.n_steps(checked[0])
        check_memory(n_bytes, f"the outputs of {len(checked)} trials", "take a longer step, or fewer trials at once")
        outputs, counts = self.fast.run_trials(self, checked, np.array(keys, np.uint64))
        return outputs, counts / (outputs.shape[2] * self.dt_s)

    def run_reference(
        self,
        u: np.ndarray,
        draws: Draws,
        record: str | Iterable[str] = ("output",),
        stimulation: Stimulation | Sequence[Stimulation] | None = None,
        seed: int | None = None,
    ) -> SpikeRecord:
        """Reference path with explicit draws; otherwise as `run`."""
        u = self.checked(u)
        plan = RecordingPlan.of(self, self.n_steps(u), record, itemsize=8)
        stimuli = self._stimuli(stimulation, plan.n_steps)
        return self._collect(simulate_reference(self, u, draws, plan, stimuli), plan, seed)

    @cached_property
    def fast(self) -> FastNetwork:
        """Arrays as the fast kernel wants them."""
        return FastNetwork.of(self)

    def _stimuli(
        self, stimulation: Stimulation | Sequence[Stimulation] | None, n_steps: int
    ) -> tuple[tuple[Stimulation, np.ndarray], ...]:
        stimuli = checked_stimuli(stimulation, self.types, n_steps, self.dt_s)
        silent = self.silent
        return stimuli if silent is None else tuple((one, units[~silent[units]]) for one, units in stimuli)

    def _collect(
        self, blocks: Iterator[Block], plan: RecordingPlan, seed: int | None, to: str | os.PathLike | None = None
    ) -> SpikeRecord:
        if to is None:
            return as_record(self, plan, blocks, seed)
        return write_stream(
            to, blocks, plan.n_rows, plan.quantities, lambda counts: SpikeRecord(**header(self, plan, counts, seed))
        )
