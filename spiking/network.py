"""`SpikingNetwork`: a trained rate network as a leaky integrate-and-fire network, and how to run it.

Mapping and equations: Kim, Li & Sejnowski, PNAS 2019, Methods ("Spiking RNN"); N units, spikes through W / s where s is the
scaling factor (the paper's 1/λ).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.records import SpikeRecord
from rate2spike.matlab_compat.model_file import STEP_S, TrainedModel
from rate2spike.seeding import Role, generator, key64, resolve_seed
from rate2spike.spiking.params import STEPS_PER_COLUMN, LIFParams, Stimulation
from rate2spike.spiking.simulate_fast import FastWeights, simulate_fast
from rate2spike.spiking.simulate_reference import Draws, GeneratedDraws, InjectedDraws, simulate_reference

RECORDABLE = ("output", "voltage", "spikes", "rates", "ipsc")
PRECISIONS = ("float32", "float64")


@dataclass(frozen=True)
class SpikingNetwork:
    """LIF network of N units. Make it with `from_model`, run it with `run`. Arrays are (units, time)."""

    w: np.ndarray = field(repr=False)  # (N, N) [target, source], already divided by the scaling factor
    w_in: np.ndarray = field(repr=False)  # (N, n_inputs)
    w_out: np.ndarray = field(repr=False)  # (n_outputs, N), not divided: the output is w_out / s applied to the rates
    tau_d_s: np.ndarray = field(repr=False)  # (N,) synaptic decay
    tau_d_initial_s: np.ndarray = field(repr=False)  # before training, for the record
    inhibitory: np.ndarray = field(repr=False)  # (N,) bool
    som: np.ndarray = field(repr=False)  # (N,) bool, subset of inhibitory
    scaling_factor: float
    unit_bias: np.ndarray | None = field(default=None, repr=False)  # (N,) constant input, not divided, as w_in is not
    unit_types: np.ndarray | None = field(default=None, repr=False)  # (N,) names
    downsample: int = 1  # the step is 0.05 ms times this
    params: LIFParams = field(default_factory=LIFParams)

    @classmethod
    def from_model(
        cls, model: TrainedModel, scaling_factor: float | None = None, *, initial_weights: bool = False,
        downsample: int = 1, params: LIFParams | None = None,
    ) -> "SpikingNetwork":  # fmt: skip
        """Map a trained rate network one to one.

        scaling_factor: positive; None takes the one that a search found. initial_weights: use the untrained recurrent
        weights. Raises InputError.
        """
        factor = _known_factor(model.scaling_factor) if scaling_factor is None else check_scaling_factor(scaling_factor)
        if downsample < 1 or int(downsample) != downsample:
            raise InputError(f"downsampling must be a whole number from 1, got {downsample}")
        kind = model.w_rec.dtype.type
        return cls(
            w=model.effective_w(initial=initial_weights) / kind(factor),
            w_in=model.w_in,
            w_out=model.w_out,
            tau_d_s=model.tau_s(),
            tau_d_initial_s=model.tau_s(initial=True),
            inhibitory=model.inhibitory,
            som=model.som,
            scaling_factor=factor,
            unit_bias=None if model.unit_bias is None else model.unit_bias[:, 0],
            unit_types=model.unit_types,
            downsample=int(downsample),
            params=params or LIFParams(),
        )

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return self.w.shape[0]

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return self.w_out.shape[0]

    @property
    def dt_s(self) -> float:
        """Simulation step."""
        return STEP_S / STEPS_PER_COLUMN * self.downsample

    def run(
        self, u: np.ndarray, *, seed: int | None = None, record: Iterable[str] = ("output", "spikes"),
        stimulation: Stimulation | None = None, precision: str | None = None, draws: InjectedDraws | None = None,
    ) -> SpikeRecord:  # fmt: skip
        """Simulate one trial.

        u (n_inputs, K): input, one column per 5 ms; K - 1 columns of time are simulated. record: any of RECORDABLE
        (firing rates always are). precision: 'float32' (default) is the fast path, 'float64' the reference path, which
        `draws` (the random numbers themselves) selects too. Same seed, same result, whatever is recorded. Raises InputError.
        """
        seed = resolve_seed(seed)
        if precision not in (None, *PRECISIONS):
            raise InputError(f"unknown precision {precision!r}: choose from {', '.join(PRECISIONS)}")
        if draws is not None and precision == "float32":
            raise InputError("precision float32 uses its own generator; with the draws given the path is float64")
        if draws is None and precision != "float64":
            return self.run_fast(u, key64(seed, Role.SIMULATION), record, stimulation, seed)
        source: Draws = draws or GeneratedDraws(generator(seed, Role.SIMULATION))
        return self.run_reference(u, source, record, stimulation, seed if draws is None else None)

    def run_fast(
        self, u: np.ndarray, key: np.uint64, record: Iterable[str] = ("output",),
        stimulation: Stimulation | None = None, seed: int | None = None,
    ) -> SpikeRecord:  # fmt: skip
        """Fast path with an explicit 64-bit noise key; otherwise as `run`."""
        return simulate_fast(self, self._checked(u, stimulation), key, _checked_record(record), stimulation, seed)

    def run_reference(
        self, u: np.ndarray, draws: Draws, record: Iterable[str] = ("output",),
        stimulation: Stimulation | None = None, seed: int | None = None,
    ) -> SpikeRecord:  # fmt: skip
        """Reference path with explicit draws; otherwise as `run`."""
        return simulate_reference(
            self, self._checked(u, stimulation), draws, _checked_record(record), stimulation, seed
        )

    @property
    def readout(self) -> np.ndarray:
        """(n_outputs, N) weights of the outputs, w_out / s."""
        return self.w_out / self.w_out.dtype.type(self.scaling_factor)

    def drive(self, u: np.ndarray) -> np.ndarray:
        """(N, columns) external input current, mV, float64: w_in u, and the units' constant input."""
        drive = self.w_in.astype(np.float64) @ u
        return drive if self.unit_bias is None else drive + self.unit_bias.astype(np.float64)[:, None]

    @cached_property
    def fast_weights(self) -> FastWeights:
        """Arrays as the fast kernel wants them."""
        return FastWeights.of(self)

    def _checked(self, u: np.ndarray, stimulation: Stimulation | None) -> np.ndarray:
        u = np.asarray(u, dtype=np.float64)
        n_inputs = self.w_in.shape[1]
        if u.ndim != 2 or u.shape[0] != n_inputs:
            raise InputError(f"u must have {n_inputs} row(s), one per input of the network; got shape {u.shape}")
        if not np.isfinite(u).all():
            raise InputError("u holds NaN or infinite values")
        if (
            stimulation
            and stimulation.units
            and not 0 <= min(stimulation.units) <= max(stimulation.units) < self.n_units
        ):
            worst = max(stimulation.units, key=abs)
            raise InputError(
                f"stimulated unit {worst + 1} (from 1) does not exist: the network has {self.n_units} units"
            )
        subsampled = u[:, :: self.downsample]
        if subsampled.shape[1] < 2:
            raise InputError(f"u must have at least 2 columns after downsampling, got {subsampled.shape[1]}")
        return subsampled


def _known_factor(factor: float | None) -> float:
    if factor is None or np.isnan(factor):
        raise InputError("the model has no scaling factor yet: give one (--scaling-factor) or search for it first")
    return check_scaling_factor(factor)


def check_scaling_factor(factor: float) -> float:
    """The factor as a float. Raises InputError if it is not a positive number."""
    if not 0 < factor < np.inf:
        raise InputError(f"scaling factor must be positive, got {factor:g} (--scaling-factor)")
    return float(factor)


def _checked_record(record: Iterable[str]) -> frozenset[str]:
    wanted = frozenset([record] if isinstance(record, str) else record)
    unknown = wanted - set(RECORDABLE)
    if unknown:
        raise InputError(f"cannot record {', '.join(sorted(unknown))}: choose from {', '.join(RECORDABLE)}")
    return wanted
