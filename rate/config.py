"""Training settings: one frozen record, validated when made, so that every mistake is found before TensorFlow loads."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, fields, replace
from typing import Any

import numpy as np

from rate2spike.errors import InputError, nearest
from rate2spike.plausible import Plausible, warn_if_implausible
from rate2spike.rate import tasks
from rate2spike.rate.cell_types import CellTypes
from rate2spike.rate.task import Task, check_sizes, reference_of
from rate2spike.seeding import resolve_seed

ACTIVATIONS = ("sigmoid", "clipped_relu", "softplus")
LOSSES = ("l1", "l2")
WEIGHT_DISTRIBUTIONS = ("gaus", "gamma")
SCHEDULES = ("constant", "cosine", "exponential")
PLAUSIBLE_TAU = Plausible(1, 200, "steps of 5 ms")  # up to 1 s; synapses decay within 5 to 300 ms
_MOST = 10**8  # of anything counted: more does not fit into memory
_TABLES = ("task_options", "cell_types")  # have sections of their own in a file


@dataclass(frozen=True)
class TrainConfig:
    """Settings of one training run. Defaults are the published ones. Raises InputError if a value cannot be used.

    `task` may be given by name (see `tasks.get`) with `task_options`, or as an object; afterwards it is the object.
    """

    task: Any = "go-nogo"  # Task
    task_options: InitVar[Mapping[str, Any] | None] = None
    n_units: int = 200
    p_inh: float = 0.2  # probability that a unit is inhibitory (with Dale's principle)
    p_rec: float = 0.2  # probability of a recurrent connection at the start
    n_som: int = 0  # inhibitory units that receive no inhibition (somatostatin)
    cell_types: CellTypes | None = None  # instead of p_inh and n_som
    gain: float = 1.5  # of the initial recurrent weights
    weight_distribution: str = "gaus"
    balanced: bool = False  # scale initial inhibition so that it cancels excitation on average (Dale's principle)
    sparse: bool = False  # connections absent at the start stay absent
    apply_dale: bool = True
    dale_outputs: bool = False  # output weights have the sign of their unit too
    tau_steps: tuple[float, ...] = (4.0, 20.0)  # (min, max) trainable, or one fixed; steps of 5 ms
    train_taus: bool = True  # with (min, max)
    unit_tau_steps: tuple[float, ...] | None = None  # (n_units,) start values within (min, max), else drawn
    train_w_in: bool = False
    train_b_out: bool = True
    train_unit_bias: bool = False  # a constant input per unit
    unit_bias_sd: float = 0.0  # of its start values
    activation: str = "sigmoid"
    loss: str = "l2"
    l2_weights: float = 0.0  # times the sum of the squared effective recurrent weights, added to the loss
    l2_rates: float = 0.0  # times the mean squared rate, added to the loss
    n_updates: int = 5000
    min_updates: int | None = None  # train at least so long; None: as the task says (Go-NoGo: 1500)
    evaluate_every: int = 100  # updates
    loss_threshold: float | None = None  # of the criteria; None: the task's
    accuracy_threshold: float | None = None
    patience: int | None = None  # evaluations without a lower loss after which training stops
    batch_size: int = 1
    learning_rate: float = 0.01
    lr_schedule: str = "constant"
    lr_decay_updates: int | None = None  # length of the schedule; None: n_updates
    lr_final: float = 0.1  # of the learning rate, at the end of the schedule and after
    clip_norm: float | None = None  # of all gradients together
    seed: int | None = None  # None: drawn from the operating system and recorded

    def __post_init__(self, task_options: Mapping[str, Any] | None) -> None:
        given = self.task if isinstance(self.task, Task) else tasks.get(self.task)
        task = (
            given.with_options(task_options or {})
            if isinstance(self.task, Task)
            else tasks.get(self.task, task_options)
        )
        check_sizes(task)
        set_field = object.__setattr__
        set_field(self, "task", task)
        for field in fields(self):  # numbers as Python has them: they go into files
            value = getattr(self, field.name)
            if isinstance(value, np.generic):
                set_field(self, field.name, value.item())
            if isinstance(field.default, bool) and not isinstance(getattr(self, field.name), bool):
                raise InputError(f"{field.name} must be true or false, got {value!r}")
        set_field(self, "tau_steps", _tau_steps(self.tau_steps))
        set_field(self, "activation", _choice("activation", self.activation, ACTIVATIONS))
        set_field(self, "loss", _choice("loss function", self.loss, LOSSES))
        set_field(self, "lr_schedule", _choice("learning-rate schedule", self.lr_schedule, SCHEDULES))
        set_field(
            self, "weight_distribution", _choice("weight distribution", self.weight_distribution, WEIGHT_DISTRIBUTIONS)
        )
        if isinstance(self.cell_types, Mapping):
            set_field(self, "cell_types", CellTypes.from_table(self.cell_types, "cell_types"))
        if not isinstance(self.cell_types, CellTypes | None):
            raise InputError(f"cell types must be CellTypes or a table of them, got {self.cell_types!r}")
        self._check_counts()
        self._check_numbers()
        self._check_types()
        set_field(self, "unit_tau_steps", self._checked_unit_taus())

    def _check_counts(self) -> None:
        for name, field, flag, least in (
            ("number of units", "n_units", "--N", 1),
            ("number of trials", "n_updates", "--n_trials", 1),
            ("least number of updates", "min_updates", "--min_updates", 0),
            ("updates between evaluations", "evaluate_every", "--evaluate_every", 1),
            ("patience", "patience", "--patience", 1),
            ("batch size", "batch_size", "--batch_size", 1),
            ("length of the learning-rate schedule", "lr_decay_updates", "--lr_decay_updates", 1),
            ("number of SOM units", "n_som", "--som_N", 0),
        ):
            value = getattr(self, field)
            if value is None and TrainConfig.__dataclass_fields__[field].default is None:
                continue
            is_number = isinstance(value, int | float | np.integer) and not isinstance(value, bool)
            if not is_number or not value >= least or value % 1 != 0:
                raise InputError(f"{name} must be a whole number from {least}, got {value} ({flag})")
            if value > _MOST:
                raise InputError(f"{name} must be at most {_MOST}, got {value} ({flag})")
            object.__setattr__(self, field, int(value))
        if self.seed is not None:
            object.__setattr__(self, "seed", resolve_seed(self.seed))

    def _check_numbers(self) -> None:
        infinity = float("inf")
        for name, field, flag, condition, holds in (
            ("proportion of inhibitory units", "p_inh", "--P_inh", "from 0 to 1", lambda v: 0 <= v <= 1),
            ("connection probability", "p_rec", "--P_rec", "above 0 and at most 1", lambda v: 0 < v <= 1),
            ("gain", "gain", "--gain", "positive", lambda v: 0 < v < infinity),
            ("learning rate", "learning_rate", "--learning_rate", "positive", lambda v: 0 < v < infinity),
            ("final learning rate", "lr_final", "--lr_final", "a fraction from 0 to 1", lambda v: 0 <= v <= 1),
            ("norm to clip gradients at", "clip_norm", "--clip_norm", "positive", lambda v: 0 < v < infinity),
            ("weight penalty", "l2_weights", "--l2_weights", "0 or positive", lambda v: 0 <= v < infinity),
            ("rate penalty", "l2_rates", "--l2_rates", "0 or positive", lambda v: 0 <= v < infinity),
            ("SD of the units' biases", "unit_bias_sd", "--unit_bias_sd", "0 or positive", lambda v: 0 <= v < infinity),
            ("loss threshold", "loss_threshold", "--loss_threshold", "positive", lambda v: v > 0),
            (
                "accuracy threshold",
                "accuracy_threshold",
                "--accuracy_threshold",
                "from 0 to below 1",
                lambda v: 0 <= v < 1,
            ),
        ):
            value = getattr(self, field)
            if value is None and TrainConfig.__dataclass_fields__[field].default is None:
                continue
            is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
            if not is_number or not holds(value):
                raise InputError(f"{name} must be {condition}, got {value} ({flag})")

    def _check_types(self) -> None:
        if self.n_som and not self.apply_dale:
            raise InputError("SOM units are inhibitory units: --som_N needs --apply_dale True")
        if self.n_som > self.n_units or (self.n_som and self.p_inh == 0):
            raise InputError(
                f"--som_N {self.n_som} exceeds the inhibitory units possible with --N {self.n_units} --P_inh {self.p_inh}"
            )
        for what, flag, asked in (
            ("cell types", "--cell_types", self.cell_types is not None),
            ("outputs that obey it", "--dale_outputs", self.dale_outputs),
        ):
            if asked and not self.apply_dale:
                raise InputError(f"{what} need Dale's principle: {flag} needs --apply_dale True")
        if self.cell_types is not None and self.n_som:
            raise InputError("--cell_types says which units are SOM: leave --som_N out")

    def _checked_unit_taus(self) -> tuple[float, ...] | None:
        if self.unit_tau_steps is None:
            return None
        try:
            taus = tuple(float(tau) for tau in self.unit_tau_steps)
        except (TypeError, ValueError):
            raise InputError(
                f"time constants of units must be numbers, got {self.unit_tau_steps!r} (--unit_taus)"
            ) from None
        if self.has_one_tau:
            raise InputError("--unit_taus needs --decay_taus MIN MAX around them")
        if len(taus) != self.n_units:
            raise InputError(f"--unit_taus must hold one time constant per unit, {self.n_units}, got {len(taus)}")
        low, high = self.tau_steps
        if not all(low < tau < high for tau in taus):
            worst = min(taus, key=lambda tau: min(tau - low, high - tau))
            raise InputError(f"--unit_taus must lie between the --decay_taus {low:g} and {high:g}, got {worst:g}")
        return taus

    @property
    def has_one_tau(self) -> bool:
        """Whether one tau holds for all units and is not trained."""
        return len(self.tau_steps) == 1

    @property
    def has_fixed_tau(self) -> bool:
        """Whether no tau is trained."""
        return self.has_one_tau or not self.train_taus

    @property
    def has_unit_bias(self) -> bool:
        """Whether the units have a constant input."""
        return self.train_unit_bias or self.unit_bias_sd > 0

    def succeeds(self, update: int, loss: float, accuracy: float) -> bool:
        """Whether an evaluation after `update`, counted from 0, meets the criteria.

        The task's own least number of updates belongs to them, unless min_updates replaces it.
        """
        loss_limit = self.task.loss_threshold if self.loss_threshold is None else self.loss_threshold
        least = self.task.accuracy_threshold if self.accuracy_threshold is None else self.accuracy_threshold
        is_late_enough = self.min_updates is not None or update > self.task.min_updates
        return loss < loss_limit and accuracy > least and is_late_enough

    def may_stop(self, update: int) -> bool:
        """Whether a network that meets the criteria need not be trained on."""
        return self.min_updates is None or update >= self.min_updates

    def sections(self) -> dict[str, dict[str, Any]]:
        """Plain values by section of a TOML file: training, task_options, cell_types."""
        names = [field.name for field in fields(self) if field.name not in _TABLES]
        training = {name: _plain(getattr(self, name)) for name in names} | {"task": reference_of(self.task)}
        sections = {"training": training, "task_options": self.task.options()}
        return sections | ({"cell_types": self.cell_types.as_table()} if self.cell_types else {})

    def flat(self) -> dict[str, Any]:
        """All settings in one table, for comparisons: those of sections other than training as section.name."""
        tables = self.sections()
        return tables.pop("training") | {
            f"{section}.{name}": value for section, values in tables.items() for name, value in values.items()
        }

    @classmethod
    def from_sections(
        cls, sections: Mapping[str, Any], source: str, base: "TrainConfig | None" = None
    ) -> "TrainConfig":
        """From what `sections` gave, other sections ignored; what is left out is as in `base`. Raises InputError."""
        for name in ("training", *_TABLES):
            if not isinstance(sections.get(name, {}), Mapping):
                raise InputError(f"{source}: {name} must be a table, [{name}]")
        training = dict(sections.get("training", {}))
        known = [field.name for field in fields(cls) if field.name not in _TABLES]
        unknown = sorted(set(training) - set(known))
        if unknown:
            raise InputError(
                f"{source}: unknown setting {', '.join(unknown)} in [training]: known are {', '.join(known)}"
            )
        if "cell_types" in sections:
            training["cell_types"] = CellTypes.from_table(sections["cell_types"], source)
        options = sections.get("task_options")
        try:
            return replace(base or cls(), **training, task_options=options)
        except InputError as error:
            raise InputError(f"{source}: {error}") from None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _choice(what: str, value: str, choices: tuple[str, ...]) -> str:
    lowered = str(value).lower()
    if lowered not in choices:
        raise InputError(f"unknown {what} {value!r}: choose from {', '.join(choices)}{nearest(value, choices)}")
    return lowered


def _tau_steps(values: Any) -> tuple[float, ...]:
    try:
        taus = tuple(float(t) for t in np.atleast_1d(values))
    except (TypeError, ValueError):
        raise InputError(f"time constants must be numbers, got {values!r} (--decay_taus)") from None
    if len(taus) not in (1, 2):
        raise InputError(f"give one time constant or two (min max), got {len(taus)} (--decay_taus)")
    if not all(1 <= t < float("inf") for t in taus):
        raise InputError(f"time constants must be at least 1 step of 5 ms, got {min(taus)} (--decay_taus)")
    if len(taus) == 2 and taus[0] >= taus[1]:
        raise InputError(f"the smaller time constant must come first, got {taus[0]} {taus[1]} (--decay_taus)")
    warn_if_implausible("time constant (--decay_taus)", taus, PLAUSIBLE_TAU)
    return taus
