"""`TrainedModel`: a trained rate network as all rooms hand it on, whatever file it comes from."""

import json
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.arrays import dense
from rate2spike.calls import public
from rate2spike.dendritic_input import DendriticInput
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.readable import Readable, draw
from rate2spike.unit_types import by_sign, of_type

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEP_S = 0.005  # one step of the rate network
UNTUNED = {"untuned_w": "w_rec", "untuned_w_out": "w_out"}  # settings with the weights that tuning has changed


@public(hint="load_model(path) reads a model, train(task) makes one")
@dataclass(frozen=True, eq=False, repr=False)
class TrainedModel(Readable):
    """A trained rate network with what its file says about training and search. N units, T task steps of 5 ms.

    `train` and `load_model` give one; `dataclasses.replace(model, w_rec=...)` changes one. Arrays keep the class they have in
    the file (float32 when written by the trainers); sparse ones become full. None: the file lacks it.

    Attributes
    ----------
    w_rec, w_rec_initial : ndarray (N, N)
        Recurrent weights [target, source] after and before training; >= 0 with Dale's principle. `effective_w()` has the
        signs and the mask.
    w_in, w_in_initial : ndarray (N, n_inputs)
        Input weights after and before training.
    w_out : ndarray (n_outputs, N)
        Output weights.
    b_out : float or ndarray (n_outputs,)
        Bias of the output.
    tau_logit, tau_logit_initial : ndarray (N, 1)
        Time constants between the limits, through a sigmoid; `tau_s()` has them in seconds.
    tau_limits_steps : tuple of float
        Least and largest time constant in steps of 5 ms, or one for all units.
    sign_matrix, connection_mask : ndarray (N, N)
        Diagonal of -1 for inhibitory units and 1; 0 where no connection may be.
    inhibitory, excitatory : ndarray (N,) of bool
        The units' signs; `som` are the somatostatin units, `unit_types` the names of all types.
    n_units, n_som : int
        N, and how many of the units are somatostatin units.
    count_class : str
        MATLAB's class of counts in the file.
    activation : str
        From the synaptic current of a unit to its rate: 'sigmoid', 'clipped_relu' or 'softplus'.
    unit_bias : ndarray (N, 1)
        Constant input of each unit.
    dendrites : DendriticInput
        The compartments that recurrent connections end on; None: units are points.
    cell_type_names, cell_type : tuple of str, ndarray (N,)
        Where training had types: their names, and which of them each unit is, from 0.
    last_update : int
        The last update made, from 0.
    losses : ndarray (n_updates allowed,)
        Training loss per update; `update_losses` without the zeros after an early stop.
    eval_accuracy, eval_loss : float
        Of the last evaluation in training, on 100 fresh trials; `training_success` says whether the criteria were met.
    eval_outputs, eval_labels, training_success : ndarray (n_trials, T-1), ndarray (n_trials,), bool
        Outputs and labels of its trials, with several outputs (n_trials, T-1, n_outputs); whether the criteria were met.
    first_states, first_rates : ndarray (T, N)
        A trial of the untrained network.
    last_states, last_rates, last_input, last_output, last_target : ndarray
        A trial of the trained network: (T, N), (T, N), (n_inputs, T), (T-1,) from t = 1 on, and (T,).
    scaling_factor : float
        The best factor of the λ search; NaN while a search is at work on the file.
    scaling_factors, scaling_accuracies : ndarray
        All factors of the search, and the accuracy of each.
    settings : dict
        Task, seed, version and all other settings of training: `r2s_*` in the file.
    extra : dict
        Variables of the file that are not ours.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> model = r2s.train("go-nogo", n_units=20, n_updates=3, seed=1)
    >>> model.w_rec.shape, model.task
    ((20, 20), 'go-nogo')
    """

    historic = "matlab_compat.model_fields:HISTORIC"

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
    dendrites: DendriticInput | None = None  # None: units are points
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

    @public()
    def units_of(self, cell_type: str) -> np.ndarray:
        """The units of a type, for figures and lesions.

        Parameters
        ----------
        cell_type : str
            A name of `unit_types`.

        Returns
        -------
        ndarray (N,) of bool

        Raises
        ------
        InputError
            For another type, naming those there are.
        """
        return of_type(self.unit_types, cell_type)

    @property
    def has_dale(self) -> bool:
        """Whether the weights obey Dale's principle (in a file: there are inhibitory units, or no negative weight)."""
        return bool(self.inhibitory.any() or (self.w_rec >= 0).all())

    @property
    def som(self) -> np.ndarray:
        """(N,) bool: somatostatin units, the first n_som inhibitory ones."""
        return self.inhibitory & (np.cumsum(self.inhibitory) <= (self.n_som or 0))

    @public()
    def tau_s(self, *, initial: bool = False) -> np.ndarray:
        """Synaptic decay time constants (Kim et al. 2019, eq. 4).

        Parameters
        ----------
        initial : bool, default False
            Those before training.

        Returns
        -------
        ndarray (N,)
            In seconds, in the class of tau_logit. Imported networks store them as they are, float64, since those of MATLAB's
            variables are rounded.
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

    @public()
    def effective_w(self, *, initial: bool = False) -> np.ndarray:
        """Signed, masked recurrent weights (w m) * som_m.

        Parameters
        ----------
        initial : bool, default False
            Those before training, which may be not rectified, as the trained ones are.

        Returns
        -------
        ndarray (N, N)
            [target, source]; single if one of the three is, as in MATLAB.
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

    @property
    def is_tuned(self) -> bool:
        """Whether its weights are those of a spiking network that was tuned (`tune`)."""
        return all(isinstance(self.settings.get(name), np.ndarray) for name in UNTUNED)

    @public()
    def untuned(self) -> "TrainedModel":
        """The rate network that was trained, where the weights are those of a tuned spiking network.

        Returns
        -------
        TrainedModel
            With the weights as they were before `tune`, and without its settings and scaling factor; the model itself if it
            was never tuned.

        Examples
        --------
        >>> import rate2spike as r2s
        >>> model = r2s.train("go-nogo", n_units=20, n_updates=3, seed=1)
        >>> model.untuned() is model
        True
        """
        if not self.is_tuned:
            return self
        weights = {field: self.settings[name] for name, field in UNTUNED.items()}
        others = {
            name: value
            for name, value in self.settings.items()
            if not name.startswith(("untuned_", "tune_", "search_"))
        }
        return replace(
            self, **weights, scaling_factor=None, scaling_factors=None, scaling_accuracies=None, settings=others
        )

    def summary(self) -> dict[str, Any]:
        """What matters of it; what the file lacks is left out."""
        found = self.scaling_factor is not None and np.isfinite(self.scaling_factor)
        values = {
            "task": self.task,
            "n_units": self.n_units,
            "n_inhibitory": int(self.inhibitory.sum()),
            "n_som": self.n_som or None,
            "dendrites": None if self.dendrites is None else self.dendrites.kind,
            "n_compartments": None if self.dendrites is None else self.dendrites.n_compartments,
            "n_updates": None if self.last_update is None else self.n_updates_done,
            "accuracy": self.eval_accuracy,
            "criteria_met": self.training_success,
            "scaling_factor": self.scaling_factor if found else None,
        }
        return {name: value for name, value in values.items() if value is not None}

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw training loss, time constants and eigenvalues; ax: where, in place of a new figure."""
        return draw("rate.plots:training_overview", self, ax)

    def plot_loss(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the training loss with its running mean and the criterion."""
        return draw("rate.plots:loss_curve", self, ax)

    def plot_time_constants(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the synaptic time constants before and after training."""
        return draw("rate.plots:tau_distribution", self, ax)

    def plot_spectrum(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the eigenvalues of the recurrent weights before and after training."""
        return draw("rate.plots:spectrum", self, ax)

    def plot_outputs(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the outputs in the last evaluation of training, per condition. Raises InputError if there are none."""
        return draw("rate.plots:evaluation_outputs", self, ax)
