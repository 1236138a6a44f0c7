"""A trained rate network as one of spiking neurons: the one-to-one mapping, before anything is run.

Mapping: Kim, Li & Sejnowski, PNAS 2019, Methods ("Spiking RNN"); N units, spikes through W / s where s is the scaling factor
(the paper's 1/λ). Dendrites are mapped as they are: what a compartment passes on, F(v) in mV, is not divided.
"""

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from rate2spike.arrays import dense
from rate2spike.calls import public
from rate2spike.checks import is_number, shown, true_or_false, whole_number
from rate2spike.dendritic_input import DendriticInput
from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.matlab_compat.model_file import as_model
from rate2spike.plausible import Plausible, not_typed_here, warn_caller, warn_if_implausible
from rate2spike.readable import Readable
from rate2spike.spiking.simulator.dendrites import check_dendrites
from rate2spike.spiking.simulator.params import (
    PUBLISHED_STEP_S,
    SEARCHED_NETWORK,
    STEPS_PER_COLUMN,
    LIFParams,
    NeuronParams,
    checked_params,
    neuron_params,
    stored_neuron,
)
from rate2spike.trained_model import STEP_S, TrainedModel
from rate2spike.unit_types import known, members

PLAUSIBLE_STEP = Plausible(1e-3, 5, "ms")


@dataclass(frozen=True, eq=False, repr=False)
class MappedNetwork(Readable):
    """Network of N spiking units, made with `from_model`. Arrays are (units, time)."""

    shown = ("n_units", "neuron", "scaling_factor", "dt_s", "n_inputs", "n_outputs", "n_silent")
    historic = "matlab_compat.record_file:HISTORIC"

    w: np.ndarray = field(repr=False)  # (N, N) [target, source], already divided by the scaling factor
    w_in: np.ndarray = field(repr=False)  # (N, n_inputs)
    w_out: np.ndarray = field(repr=False)  # (n_outputs, N), not divided: the output is w_out / s applied to the rates
    tau_d_s: np.ndarray = field(repr=False)  # (N,) synaptic decay
    tau_d_initial_s: np.ndarray = field(repr=False)  # before training, for the record
    inhibitory: np.ndarray = field(repr=False)  # (N,) bool
    som: np.ndarray = field(repr=False)  # (N,) bool, subset of inhibitory
    scaling_factor: float
    common_tau_s: float | None = None  # tau_d_s where the model has one for all units
    unit_bias: np.ndarray | None = field(default=None, repr=False)  # (N,) constant input, not divided, as w_in is not
    unit_types: np.ndarray | None = field(default=None, repr=False)  # (N,) names
    downsample: int = 1  # every downsample-th column of the input is used, and a column lasts 5 ms times this
    steps_per_column: int = STEPS_PER_COLUMN
    params: NeuronParams = field(default_factory=LIFParams)
    silent: np.ndarray | None = field(default=None, repr=False)  # (N,) bool, units that never fire
    input_tau_s: np.ndarray | None = field(
        default=None, repr=False
    )  # (N,) of a filter that inputs pass (imports); 0: none
    dendrites: DendriticInput | None = field(
        default=None, repr=False
    )  # of recurrent connections; None: units are points

    def __post_init__(self) -> None:
        if self.dendrites is not None:
            check_dendrites(self.dendrites, self.n_units)

    @classmethod
    @public(hint="other neurons are params=QIFParams(), for instance; manipulations.lesion and others change a network")
    def from_model(
        cls,
        model: TrainedModel | str | os.PathLike,
        scaling_factor: float | None = None,
        *,
        initial_weights: bool = False,
        downsample: int = 1,
        dt_s: float | None = None,
        params: NeuronParams | None = None,
    ) -> Self:
        """Map a trained rate network one to one (Kim, Li & Sejnowski 2019, Methods).

        If the model's units have dendrites, so have those of the network: each recurrent connection ends on its compartment.

        Parameters
        ----------
        model : TrainedModel or path
            The rate network, or its file.
        scaling_factor : float, default None
            What the recurrent and output weights are divided by, the paper's 1/λ; None takes the one that a search found.
        initial_weights : bool, default False
            Use the untrained recurrent weights.
        downsample : int, default 1
            Use every downsample-th column of the input; a column then lasts 5 ms times that.
        dt_s : float, default None
            Integration step, s, a whole fraction of a column; None is a hundredth of it, 0.05 ms.
        params : LIFParams, QIFParams, AdLIFParams or EIFParams, default None
            The neurons; None takes those that the model's file names, else LIF.

        Returns
        -------
        SpikingNetwork

        Raises
        ------
        InputError
            For settings that cannot be used, a file without a model, or one without a scaling factor where none is given.

        Examples
        --------
        >>> import rate2spike as r2s
        >>> r2s.SpikingNetwork.from_model("go_nogo.mat", 25, dt_s=1e-4)
        SpikingNetwork(n_units=200, neuron='lif', scaling_factor=25, dt_s=0.0001, n_inputs=1, n_outputs=1)
        """
        model = as_model(model)
        factor = _known_factor(model.scaling_factor) if scaling_factor is None else check_scaling_factor(scaling_factor)
        _doubt_inverse(factor)
        downsample = whole_number(downsample, "downsampling", "downsample")
        if params is None:
            if scaling_factor is None and SEARCHED_NETWORK in model.settings:
                warn_caller(
                    f"the scaling factor was searched for another network, {model.settings[SEARCHED_NETWORK]}: "
                    "`searched_options(model).network(model)` of spiking.scoring.network_options makes that one"
                )
            neuron, constants = stored_neuron(model.settings)
            with not_typed_here():
                params = neuron_params(neuron, **constants)
        params = checked_params(params)
        dt_s = model.stored("dt_s") if dt_s is None else dt_s
        for name in params.numbers():
            params.per_unit(name, model.n_units)
        w = model.effective_w(initial=true_or_false(initial_weights, "initial_weights", "initial_weights"))
        return cls(
            w=w / w.dtype.type(factor),
            w_in=model.w_in,
            w_out=model.w_out,
            tau_d_s=model.tau_s(),
            tau_d_initial_s=model.tau_s(initial=True),
            common_tau_s=model.common_tau_s,
            inhibitory=model.inhibitory,
            som=model.som,
            scaling_factor=factor,
            unit_bias=None if model.unit_bias is None else model.unit_bias[:, 0],
            unit_types=model.unit_types,
            downsample=downsample,
            steps_per_column=STEPS_PER_COLUMN if dt_s is None else _steps_per_column(dt_s, STEP_S * downsample),
            params=params,
            input_tau_s=model.per_unit("input_tau_s"),
            dendrites=model.dendrites,
        )

    def summary(self) -> dict[str, Any]:
        """What matters of it; of dendrites their kind."""
        kind = {} if self.dendrites is None else {"dendrites": self.dendrites.kind}
        return super().summary() | kind

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return self.w.shape[0]

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return self.w_in.shape[1]

    @property
    def neuron(self) -> str:
        """Kind of the neurons: lif, qif, adlif or eif."""
        return self.params.kind

    @property
    def n_silent(self) -> int | None:
        """Number of units that never fire (lesioned ones); None if there are none."""
        return None if self.silent is None else int(self.silent.sum())

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return self.w_out.shape[0]

    @property
    def dt_s(self) -> float:
        """Simulation step."""
        return STEP_S / self.steps_per_column * self.downsample

    @property
    def step_ratio(self) -> float:
        """Step over the published one of 0.05 ms, which tasks count their windows in."""
        return self.downsample if self.steps_per_column == STEPS_PER_COLUMN else self.dt_s / PUBLISHED_STEP_S

    @property
    def types(self) -> np.ndarray:
        """(N,) name of each unit's type."""
        return known(self.unit_types, self.inhibitory, self.n_units)

    @property
    def readout(self) -> np.ndarray:
        """(n_outputs, N) weights of the outputs, w_out / s."""
        return self.w_out / self.w_out.dtype.type(self.scaling_factor)

    def drive(self, u: np.ndarray) -> np.ndarray:
        """(N, columns) external input current, mV, float64: w_in u, and the units' constant input."""
        with one_blas_thread():
            drive = self.input_weights.astype(np.float64) @ u
        return drive if self.unit_bias is None else drive + self.unit_bias.astype(np.float64)[:, None]

    @property
    def input_weights(self) -> np.ndarray:
        """What `fed` inputs are multiplied with."""
        return self.w_in if self.input_tau_s is None else np.eye(self.n_units)

    def fed(self, u: np.ndarray) -> tuple[np.ndarray, int]:
        """Checked input as the kernels take it, and their steps per column of it.

        As it is; or, where inputs pass a filter, w_in u filtered for each unit, (N, steps + 1).
        """
        if self.input_tau_s is None:
            return u, self.steps_per_column
        columns = (np.arange(self.n_steps(u) + 1) + self.steps_per_column // 2) // self.steps_per_column
        with one_blas_thread():
            weighted = self.w_in.astype(np.float64) @ u
        kept = np.exp(-self.dt_s / np.where(self.input_tau_s > 0, self.input_tau_s, 1)) * (self.input_tau_s > 0)
        filtered = np.zeros((columns.size, self.n_units))
        for k in range(1, columns.size):
            filtered[k] = kept * filtered[k - 1] + (1 - kept) * weighted[:, columns[k]]
        return filtered.T, 1

    @cached_property
    def unit_groups(self) -> tuple[tuple[str, ...], np.ndarray]:
        """Names of the unit types, sorted, and (n_types, N) weights that average over the units of each."""
        names = tuple(sorted(set(self.types.tolist())))
        units = np.array(list(members(self.types, names).values()))
        return names, units / units.sum(1, keepdims=True)

    def n_steps(self, u: np.ndarray) -> int:
        """Steps that a checked input takes."""
        return self.steps_per_column * (u.shape[1] - 1)

    def checked(self, u: np.ndarray) -> np.ndarray:
        """The input as the simulators take it, every downsample-th column of it. Raises InputError."""
        u = as_numbers(u, "u", f"({self.n_inputs}, columns)")
        if u.ndim != 2 or u.shape[0] != self.n_inputs:
            raise InputError(f"u must have {self.n_inputs} row(s), one per input of the network; got shape {u.shape}")
        if not np.isfinite(u).all():
            raise InputError("u holds NaN or infinite values")
        subsampled = u[:, :: self.downsample]
        if subsampled.shape[1] < 2:
            raise InputError(
                f"u must have at least 2 columns after downsampling, got {subsampled.shape[1]}", "downsample"
            )
        return subsampled


def as_numbers(values: Any, name: str, shape: str) -> np.ndarray:
    """What users give as an array, float64. Raises InputError for what is none, naming the shape that is expected."""
    try:
        return np.asarray(dense(values, name), dtype=np.float64)
    except (TypeError, ValueError):
        hint = "; a trial's input is trial.stimulus" if hasattr(values, "stimulus") else ""
        raise InputError(f"{name} must be an array {shape} of numbers, got {shown(values)}{hint}", name) from None


def _steps_per_column(dt_s: float, column_s: float) -> int:
    if not is_number(dt_s):
        raise InputError(f"the step must be a number of seconds, got {shown(dt_s)}", "dt_s")
    if not 0 < dt_s <= column_s:
        raise InputError(
            f"the step must be above 0 and at most a column's {column_s * 1e3:g} ms, got {dt_s * 1e3:g} ms", "dt_s"
        )
    n_steps = round(column_s / dt_s)
    if abs(n_steps * dt_s - column_s) > 1e-9 * column_s:
        raise InputError(f"the step must divide a column's {column_s * 1e3:g} ms, got {dt_s * 1e3:g} ms", "dt_s")
    warn_if_implausible("the step ({dt_s})", dt_s * 1e3, PLAUSIBLE_STEP, "dt_s")
    return n_steps


def _known_factor(factor: float | None) -> float:
    if factor is None or (is_number(factor) and np.isnan(factor)):
        raise InputError("the model has no scaling factor yet: search for it first", "scaling_factor")
    return check_scaling_factor(factor)


def _doubt_inverse(factor: float) -> None:
    if factor < 1:
        text = f"scaling factor is {factor:g}; plausible is 1 or more, for weights are divided by it. Is it λ, not 1/λ?"
        warn_caller(text, "scaling_factor")


def check_scaling_factor(factor: Any) -> float:
    """The factor as a float. Raises InputError if it is not a positive number."""
    if not is_number(factor):
        raise InputError(f"scaling factor must be a positive number, got {shown(factor)}", "scaling_factor")
    if not 0 < factor < np.inf:
        raise InputError(f"scaling factor must be positive, got {factor:g}", "scaling_factor")
    return float(factor)
