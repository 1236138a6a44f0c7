"""`SpikingNetwork`: a mapped network, and how to run it (Kim, Li & Sejnowski, PNAS 2019, Methods)."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rate2spike.checks import choice
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


@dataclass(frozen=True)
class SpikingNetwork(MappedNetwork):
    """Network of N spiking units. Make it with `from_model`, run it with `run`. Arrays are (units, time)."""

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
        """Simulate one trial.

        u (n_inputs, K): input, one column per 5 ms; K - 1 columns of time are simulated. record: any of RECORDABLE
        (firing rates always are; nothing is computed for what is not asked for), traces and output every stride-th step.
        to: an HDF5 file to which they are streamed instead of memory; `SpikeRecord.load` reads it. stimulation: one window
        or several. precision: 'float32' (default) is the fast path, 'float64' the reference path, which `draws` (the random
        numbers themselves) selects too. Same seed, same result, whatever is recorded. Raises InputError.
        """
        seed = resolve_seed(seed)
        if precision is not None:
            precision = choice(precision, "precision", "precision", PRECISIONS)
        if draws is not None and precision == "float32":
            raise InputError("precision float32 uses its own generator; with the draws given the path is float64")
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

    def run_trials(self, inputs: Sequence[np.ndarray], keys: Sequence[np.uint64]) -> tuple[np.ndarray, np.ndarray]:
        """Many trials on the fast path: outputs (n, n_outputs, n_steps) and firing rates (n, N) in Hz.

        inputs: n arrays (n_inputs, K) of one length; keys: of their noise. The numbers of `run_fast`. Raises InputError.
        """
        checked = [self.checked(u) for u in inputs]
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
