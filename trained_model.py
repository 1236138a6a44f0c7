"""`TrainedModel`: a trained rate network as all rooms hand it on, whatever file it comes from."""

import json
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from scipy.sparse import issparse

from rate2spike.arrays import dense
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.unit_types import by_sign, of_type

STEP_S = 0.005  # one step of the rate network


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A trained rate network with what its file says about training and search. N units, T task steps of 5 ms.

    Arrays keep the class they have in the file (float32 when written by the trainers); sparse ones become full. None: the
    file lacks it.
    """

    w_rec: np.ndarray  # (N, N) [target, source]; >= 0 with Dale's principle
    w_rec_initial: np.ndarray
    w_in: np.ndarray  # (N, n_inputs)
    w_out: np.ndarray  # (n_outputs, N)
    tau_logit: np.ndarray  # (N, 1): tau = sigmoid(tau_logit) (max - min) + min
    tau_logit_initial: np.ndarray
    tau_limits_steps: tuple[float, ...]  # (min, max), or one for all
    sign_matrix: np.ndarray  # (N, N) diagonal: -1 for inhibitory units
    connection_mask: np.ndarray  # (N, N) 0 or 1
    inhibitory: np.ndarray  # (N,) bool
    excitatory: np.ndarray  # (N,) bool
    n_units: int
    count_class: str = "int64"  # MATLAB class of N, som_N and tr in the file
    n_som: int | None = None
    b_out: float | np.ndarray | None = None  # (n_outputs,) if there are several
    activation: str | None = None
    unit_bias: np.ndarray | None = None  # (N, 1) constant input of each unit
    cell_type_names: tuple[str, ...] | None = None  # where training had types: their names ...
    cell_type: np.ndarray | None = None  # (N,) ... and which of them each unit is, from 0
    w_in_initial: np.ndarray | None = None
    first_states: np.ndarray | None = None  # (T, N) a trial of the untrained network
    first_rates: np.ndarray | None = None
    last_states: np.ndarray | None = None  # (T, N) a trial of the trained network ...
    last_rates: np.ndarray | None = None
    last_input: np.ndarray | None = None  # (n_inputs, T) ... its input ...
    last_output: np.ndarray | None = None  # (T-1,) or (T-1, n_outputs) ... its output, from t = 1 on ...
    last_target: np.ndarray | None = None  # (T,) or (n_outputs, T) ... and target
    losses: np.ndarray | None = None  # (n_updates allowed,) zero after an early stop
    last_update: int | None = None
    eval_accuracy: float | None = None
    eval_loss: float | None = None
    eval_outputs: np.ndarray | None = None  # (n_trials, T-1) or (n_trials, T-1, n_outputs)
    eval_labels: np.ndarray | None = None  # (n_trials,) numbers or strings
    training_success: bool | None = None
    scaling_factor: float | None = None  # NaN: claimed by a search that has not finished
    scaling_accuracies: np.ndarray | None = None
    scaling_factors: np.ndarray | None = None
    settings: dict[str, Any] = field(default_factory=dict)  # task, seed, version, ...: `r2s_*` in the file
    extra: dict[str, Any] = field(default_factory=dict)  # variables that are not ours

    def __post_init__(self) -> None:
        for item in fields(self):
            object.__setattr__(self, item.name, dense(getattr(self, item.name), item.name))

    @property
    def n_inputs(self) -> int:
        """Number of input channels."""
        return self.w_in.shape[1]

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return self.w_out.shape[0]

    @property
    def n_updates_done(self) -> int:
        """Updates made in training."""
        return 0 if self.last_update is None else self.last_update + 1

    @property
    def update_losses(self) -> np.ndarray:
        """(n_updates_done,) losses without the zeros after an early stop."""
        return np.zeros(0) if self.losses is None else self.losses[: self.n_updates_done]

    @property
    def task(self) -> str | None:
        """Task name recorded in the file; older files have none."""
        task = self.settings.get("task")
        return task if isinstance(task, str) else None

    @property
    def task_options(self) -> dict[str, Any]:
        """Options of that task; empty if none are recorded."""
        try:
            options = json.loads(self.settings["task_options"])
        except (KeyError, TypeError, ValueError):
            return {}
        return options if isinstance(options, dict) else {}

    @property
    def task_reference(self) -> str | None:
        """Where a task that does not come with the package is found: a module, file or entry point with the class."""
        reference = self.settings.get("task_reference")
        return reference if isinstance(reference, str) else None

    def per_unit(self, setting: str) -> np.ndarray | None:
        """(N,) float64 values of a setting, None if there are none of that form."""
        value = self.settings.get(setting)
        if isinstance(value, float) and self.n_units == 1:
            return np.array([value])
        if isinstance(value, np.ndarray) and value.shape == (self.n_units, 1):
            return value[:, 0].astype(np.float64)
        return None

    def stored(self, setting: str) -> float | None:
        """Number of a setting, None if there is none."""
        value = self.settings.get(setting)
        return value if isinstance(value, float) else None

    @property
    def unit_types(self) -> np.ndarray:
        """(N,) name of each unit's type: the names given in training, else by sign and SOM rule."""
        if self.cell_type_names is not None and self.cell_type is not None:
            return np.array(self.cell_type_names)[self.cell_type]
        return by_sign(self.inhibitory, self.som)

    def units_of(self, cell_type: str) -> np.ndarray:
        """(N,) bool: the units of a type, for figures and lesions. Raises InputError naming the types."""
        return of_type(self.unit_types, cell_type)

    @property
    def has_dale(self) -> bool:
        """Whether the weights obey Dale's principle (in a file: there are inhibitory units, or no negative weight)."""
        return bool(self.inhibitory.any() or (self.w_rec >= 0).all())

    @property
    def som(self) -> np.ndarray:
        """(N,) bool: somatostatin units, the first n_som inhibitory ones."""
        return self.inhibitory & (np.cumsum(self.inhibitory) <= (self.n_som or 0))

    def tau_s(self, *, initial: bool = False) -> np.ndarray:
        """(N,) synaptic decay time constants in seconds, in the class of tau_logit (Kim et al. 2019, eq. 4).

        Imported networks store them as they are, float64, since those of MATLAB's variables are rounded.
        """
        stored = self.per_unit("tau_d_s")
        if stored is not None:
            return stored
        logit = (self.tau_logit_initial if initial else self.tau_logit)[:, 0]
        limits = np.asarray(self.tau_limits_steps, dtype=logit.dtype)
        if limits.size == 1:
            return np.full(self.n_units, limits[0] * logit.dtype.type(STEP_S), dtype=logit.dtype)
        steps = (limits[1] - limits[0]) / (1 + np.exp(-logit)) + limits[0]
        return steps * logit.dtype.type(STEP_S)

    @property
    def common_tau_s(self) -> float | None:
        """The time constant where there is one for all units, as MATLAB computes it, in double; otherwise None."""
        return self.tau_limits_steps[0] * 5 / 1000 if len(self.tau_limits_steps) == 1 else None

    def effective_w(self, *, initial: bool = False) -> np.ndarray:
        """(N, N) signed, masked recurrent weights (w m) * som_m; w is stored rectified, initial weights may be not.

        Single if one of the three is, as in MATLAB.
        """
        w = self.w_rec_initial if initial else self.w_rec
        is_single = np.float32 in (w.dtype, self.sign_matrix.dtype, self.connection_mask.dtype)
        return self._signed_and_masked(w).astype(np.float32 if is_single else w.dtype, copy=False)

    def _signed_and_masked(self, w: np.ndarray) -> np.ndarray:
        signs = np.diag(self.sign_matrix)
        if np.count_nonzero(self.sign_matrix) == np.count_nonzero(signs):  # as it always is with Dale's principle
            return (w * signs) * self.connection_mask
        with one_blas_thread():
            return (w @ self.sign_matrix) * self.connection_mask

    def __eq__(self, other: object) -> bool:
        """Field-by-field equality, NaN equal to NaN, array classes included."""
        if not isinstance(other, TrainedModel):
            return NotImplemented
        return all(_same(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))

    __hash__ = None  # type: ignore[assignment]


def _same(a: Any, b: Any) -> bool:
    if issparse(a) or issparse(b):
        return issparse(a) and issparse(b) and a.shape == b.shape and a.dtype == b.dtype and (a != b).nnz == 0
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        if np.shape(a) != np.shape(b) or np.asarray(a).dtype != np.asarray(b).dtype:
            return False
        return np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind in "fc")
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return a == b or (a != a and b != b)
