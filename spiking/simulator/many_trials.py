"""Many trials at several scaling factors in one call, in parallel, for callers who bring their own inputs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.machine.thread_pool import executor_of
from rate2spike.readable import Readable
from rate2spike.seeding import Role, float_key, key64, resolve_seed
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.spike_record import SpikeRecord
from rate2spike.spiking.simulator.stimulation import Stimulation


@dataclass(frozen=True, eq=False, repr=False)
class TrialOutputs(Readable):
    """Results of K trials at F scaling factors; N units, T steps.

    Attributes
    ----------
    output : array (K, T, F) of float32, or (K, T, F, n_outputs) if there are several
    firing_rate_hz : array (N, K, F)
    spikes : array (K, F) of (2, n) arrays, or None
        Unit and step of each spike, both from 0.
    seed : int
    dt_s : float
        Simulation step, s.
    """

    shown = ("n_trials", "n_factors", "n_units", "duration_s", "mean_rate_hz", "seed", "dt_s")

    output: np.ndarray = field(repr=False)  # (K, T, F) float32, or (K, T, F, n_outputs) if there are several
    firing_rate_hz: np.ndarray = field(repr=False)  # (N, K, F)
    spikes: np.ndarray | None = field(repr=False)  # (K, F) of (2, n) arrays: unit and step, both from 0
    seed: int
    dt_s: float

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return self.firing_rate_hz.shape[0]

    @property
    def n_trials(self) -> int:
        """Number of trials K."""
        return self.firing_rate_hz.shape[1]

    @property
    def n_factors(self) -> int:
        """Number of scaling factors F."""
        return self.firing_rate_hz.shape[2]

    @property
    def duration_s(self) -> float:
        """Time simulated of each trial."""
        return self.output.shape[1] * self.dt_s

    @property
    def mean_rate_hz(self) -> float:
        """Mean firing rate over units, trials and factors."""
        return float(self.firing_rate_hz.mean())


@public()
def run_trials(
    networks: SpikingNetwork | Sequence[SpikingNetwork],
    u: np.ndarray,
    seed: int | None = None,
    *,
    stimulation: Stimulation | Sequence[Stimulation] | None = None,
    with_spikes: bool = False,
    n_threads: int | None = None,
) -> TrialOutputs:
    """Run every trial through every network (one per scaling factor) on the fast path.

    The noise of a trial follows from seed, factor and trial number, so it does not depend on threads or on what else is run.

    Parameters
    ----------
    networks : SpikingNetwork or several
        One per scaling factor, of one model.
    u : array (n_inputs, columns, K)
        One input per trial.
    seed : int, default None
        Of the noise; None draws one.
    stimulation : Stimulation or several, default None
        As for `SpikingNetwork.run`.
    with_spikes : bool, default False
        Keep the spikes.
    n_threads : int, default None
        Threads; None takes the cores that are allowed.

    Returns
    -------
    TrialOutputs

    Raises
    ------
    InputError
        For another shape of u, and for what is no network.
    """
    networks = [networks] if isinstance(networks, SpikingNetwork) else list(networks)
    if not networks or not all(isinstance(one, SpikingNetwork) for one in networks):
        raise InputError("{networks} must be a SpikingNetwork, or a list of them", "networks")
    u = np.asarray(u)
    if u.ndim != 3 or u.shape[2] < 1:
        raise InputError(f"u must be inputs x columns x trials, got shape {u.shape}")
    seed = resolve_seed(seed)
    n_trials, first = u.shape[2], networks[0]
    n_columns = u[:, :: first.downsample].shape[1]
    n_steps = max(n_columns - 1, 0) * first.steps_per_column
    output = np.empty((n_trials, n_steps, len(networks), first.n_outputs), np.float32, order="F")
    rates = np.empty((first.n_units, n_trials, len(networks)))
    spikes = np.empty((n_trials, len(networks)), object) if with_spikes else None
    record = ("output", "spikes") if with_spikes else ("output",)

    def run_one(k: int, f: int) -> None:
        key = key64(seed, Role.SIMULATION, float_key(networks[f].scaling_factor), k)
        trial: SpikeRecord = networks[f].run_fast(u[:, :, k], key, record, stimulation, seed)
        assert trial.output is not None
        output[k, :, f], rates[:, k, f] = trial.output.T, trial.firing_rate_hz
        if spikes is not None:
            assert trial.events is not None
            by_unit = np.lexsort((trial.events[:, 1], trial.events[:, 0]))
            spikes[k, f] = trial.events[by_unit].T.astype(np.int64)

    with executor_of(n_threads, None) as pool:
        for future in [pool.submit(run_one, k, f) for f in range(len(networks)) for k in range(n_trials)]:
            future.result()
    output = output[..., 0] if first.n_outputs == 1 else output
    return TrialOutputs(output, rates, spikes, seed, first.dt_s)
