"""Training settings: one frozen record, validated when made, so that every mistake is found before TensorFlow loads.

A new setting is a field with its help, unit and range (`rate2spike.options`): its flag, its line in config.toml, its check
and its place in `--help` follow.
"""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, fields, replace
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import FRACTION, NOT_NEGATIVE, POSITIVE, Range
from rate2spike.dendritic_input import KINDS
from rate2spike.errors import InputError
from rate2spike.options import check_options, default_of, not_default, option
from rate2spike.rate import tasks
from rate2spike.rate.cell_types import CellTypes
from rate2spike.rate.task import reference_of
from rate2spike.rate.task_checks import check_sizes
from rate2spike.rate.time_constants import tau_steps, unit_tau_steps, unit_taus_in
from rate2spike.readable import Readable
from rate2spike.seeding import SEED_LIMIT

ACTIVATIONS = ("sigmoid", "clipped_relu", "softplus")
CEILING = 20.0  # of the rates of clipped_relu and softplus
LOSSES = ("l1", "l2")
NO_DENDRITES = "none"
WEIGHT_DISTRIBUTIONS = ("gaus", "gamma")
SCHEDULES = ("constant", "cosine", "exponential")
_OF_DENDRITES = ("n_compartments", "dendrite_gain", "dendrite_threshold", "dendrite_slope")
# gain, threshold and slope with which rate networks train and convert (docs/dendrites.md); steeper ones convert worse
_FORMS = {"active": (4.0, 0.25, 2.0), "subunit": (12.0, 0.5, 1.0)}
_TABLES = ("task_options", "cell_types")  # have sections of their own in a file


@public()
@dataclass(frozen=True, repr=False)
class TrainConfig(Readable):
    """Settings of one training run, checked when it is made. The defaults are the published ones.

    They are not those that train best: `recipe(task)` gives these, and `train(task)` starts from them. Equal settings are
    equal and have one hash; `dataclasses.replace(config, n_units=100)` gives others.

    Parameters
    ----------
    task : str or Task, default "go-nogo"
        A task or its name (`tasks.list()`); afterwards it is the Task.
    task_options : mapping, optional
        Options of the task that differ: timing in steps of 5 ms, and amplitudes.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.TrainConfig(task="xor", n_units=100, seed=1)
    TrainConfig(task='xor', n_units=100, seed=1)
    """

    task: Any = "go-nogo"  # Task
    task_options: InitVar[Mapping[str, Any] | None] = None
    n_units: int = option(200, "number of units", what="number of units", flag="--N")
    p_inh: float = option(
        0.2,
        "probability that a unit is inhibitory (with Dale's principle)",
        what="proportion of inhibitory units",
        allowed=FRACTION,
        flag="--P_inh",
    )
    p_rec: float = option(
        0.2,
        "probability of a recurrent connection at the start",
        what="connection probability",
        allowed=Range(above=0, most=1),
        flag="--P_rec",
    )
    n_som: int = option(
        0,
        "number of SOM units: inhibitory units that receive no inhibition (somatostatin)",
        what="number of SOM units",
        least=0,
        flag="--som_N",
    )
    cell_types: CellTypes | None = option(
        None,
        "TOML file with names, shares, signs and allowed connections of types, instead of inhibitory and SOM units",
        check=CellTypes.of,
        from_file=CellTypes.from_file,
    )
    gain: float = option(1.5, "gain of the initial recurrent weights", allowed=POSITIVE)
    weight_distribution: str = option(
        "gaus", "initial weights", what="weight distribution", choices=WEIGHT_DISTRIBUTIONS, flag="--w_dist"
    )
    balanced: bool = option(False, "scale initial inhibition so that it cancels excitation (Dale's principle)")
    sparse: bool = option(False, "connections absent at the start stay absent")
    apply_dale: bool = option(True, "Dale's principle")
    dale_outputs: bool = option(False, "output weights obey Dale's principle too")
    tau_steps: tuple[float, ...] = option(
        (4.0, 20.0),
        "synaptic time constants in steps of 5 ms: min max (trained), or one for all (fixed)",
        check=tau_steps,
        flag="--decay_taus",
        default_text="4 20",
    )
    train_taus: bool = option(True, "train the time constants between MIN and MAX")
    unit_tau_steps: tuple[float, ...] | None = option(
        None,
        "text file of initial time constants, one per unit, within min and max, else drawn",
        check=unit_tau_steps,
        from_file=unit_taus_in,
        flag="--unit_taus",
    )
    train_w_in: bool = option(False, "train the input weights")
    train_b_out: bool = option(True, "train the output's bias")
    train_unit_bias: bool = option(False, "train a constant input of each unit")
    unit_bias_sd: float = option(
        0.0, "SD of the units' constant inputs at the start", what="SD of the units' biases", allowed=NOT_NEGATIVE
    )
    dendrites: str = option(
        "none",
        "compartments that recurrent input passes through: active ones, or subunits",
        what="kind of dendrites",
        choices=(NO_DENDRITES, *KINDS),
    )
    n_compartments: int = option(4, "of dendrites: compartments of each unit", what="number of compartments")
    dendrite_gain: float | None = option(
        None,
        "of dendrites: height of the sigmoid of a compartment's current",
        allowed=NOT_NEGATIVE,
        or_none=True,
        default_text="active 4, subunit 12",
    )
    dendrite_threshold: float | None = option(
        None,
        "of dendrites: the current at which the sigmoid is half as high",
        or_none=True,
        default_text="active 0.25, subunit 0.5",
    )
    dendrite_slope: float | None = option(
        None,
        "of dendrites: steepness of the sigmoid there",
        allowed=POSITIVE,
        or_none=True,
        default_text="active 2, subunit 1",
    )
    activation: str = option("sigmoid", "activation", choices=ACTIVATIONS, flag="--act")
    loss: str = option("l2", "loss function", what="loss function", choices=LOSSES, flag="--loss_fn")
    l2_weights: float = option(
        0.0, "penalty on squared effective recurrent weights", what="weight penalty", allowed=NOT_NEGATIVE
    )
    l2_rates: float = option(0.0, "penalty on the mean squared rate", what="rate penalty", allowed=NOT_NEGATIVE)
    n_updates: int = option(5000, "most updates in training", what="number of trials", flag="--n_trials")
    min_updates: int | None = option(
        None,
        "train at least so long",
        what="least number of updates",
        least=0,
        or_none=True,
        default_text="as the task says, Go-NoGo 1500",
    )
    evaluate_every: int = option(100, "updates between evaluations", what="updates between evaluations")
    loss_threshold: float | None = option(
        None,
        "of the criteria: evaluation loss below",
        allowed=Range(above=0, infinite=True),
        or_none=True,
        default_text="as the task says, 7",
    )
    accuracy_threshold: float | None = option(
        None,
        "of the criteria: accuracy above",
        allowed=Range(least=0, below=1),
        or_none=True,
        default_text="as the task says, 0.95",
    )
    patience: int | None = option(
        None, "stop after so many evaluations without a lower loss", or_none=True, default_text="never"
    )
    batch_size: int = option(1, "trials per update", default_text="1, as published")
    learning_rate: float = option(0.01, "of Adam", allowed=POSITIVE)
    lr_schedule: str = option(
        "constant", "course of the learning rate", what="learning-rate schedule", choices=SCHEDULES
    )
    lr_decay_updates: int | None = option(
        None,
        "length of the schedule in updates",
        what="length of the learning-rate schedule",
        or_none=True,
        default_text="all updates",
    )
    lr_final: float = option(
        0.1, "fraction of the learning rate at its end and after", what="final learning rate", allowed=FRACTION
    )
    clip_norm: float | None = option(
        None,
        "clip the norm of all gradients together",
        what="norm to clip gradients at",
        allowed=POSITIVE,
        or_none=True,
        default_text="off",
    )
    seed: int | None = option(
        None, "seed of every random draw", least=0, most=SEED_LIMIT - 1, default_text="drawn and printed"
    )

    def __post_init__(self, task_options: Mapping[str, Any] | None) -> None:
        task = tasks.as_task(self.task, task_options)
        check_sizes(task)
        object.__setattr__(self, "task", task)
        check_options(self)
        self._check_types()
        self._check_dendrites()
        self._check_unit_taus()

    def _check_types(self) -> None:
        if self.n_som and not self.apply_dale:
            raise InputError("SOM units are inhibitory units: {n_som} needs {apply_dale} True", "n_som", "apply_dale")
        if self.n_som > self.n_units or (self.n_som and self.p_inh == 0):
            raise InputError(
                f"{{n_som}} {self.n_som} exceeds the inhibitory units possible with {{n_units}} {self.n_units} "
                f"{{p_inh}} {self.p_inh}",
                "n_som",
                "n_units",
                "p_inh",
            )
        for what, field, asked in (
            ("cell types", "cell_types", self.cell_types is not None),
            ("outputs that obey it", "dale_outputs", self.dale_outputs),
        ):
            if asked and not self.apply_dale:
                message = f"{what} need Dale's principle: {{{field}}} needs {{apply_dale}} True"
                raise InputError(message, field, "apply_dale")
        if self.cell_types is not None and self.n_som:
            raise InputError("{cell_types} says which units are SOM: leave {n_som} out", "cell_types", "n_som")

    def _check_dendrites(self) -> None:
        if self.has_dendrites:
            if self.dendrites == "subunit" and self.dendrite_gain == 0:
                message = "{dendrites} subunit needs {dendrite_gain} above 0: no recurrent input would reach the soma"
                raise InputError(message, "dendrites", "dendrite_gain")
            if self.n_compartments > self.n_units:
                message = f"{{n_compartments}} {self.n_compartments} must be at most {{n_units}} {self.n_units}"
                raise InputError(f"{message}: no connection would end on some", "n_compartments", "n_units")
            return
        idle = [name for name in _OF_DENDRITES if getattr(self, name) != default_of(type(self), name)]
        if idle:
            kinds = " or ".join(KINDS)
            raise InputError(f"units are points: {{{idle[0]}}} needs {{dendrites}} {kinds}", idle[0], "dendrites")

    def _check_unit_taus(self) -> None:
        taus = self.unit_tau_steps
        if taus is None:
            return
        names = "unit_tau_steps", "tau_steps"
        if self.has_one_tau:
            raise InputError("{unit_tau_steps} needs {tau_steps} MIN MAX around them", *names)
        if len(taus) != self.n_units:
            raise InputError(
                f"{{unit_tau_steps}} must hold one time constant per unit, {self.n_units}, got {len(taus)}", names[0]
            )
        low, high = self.tau_steps
        if not all(low < tau < high for tau in taus):
            worst = min(taus, key=lambda tau: min(tau - low, high - tau))
            raise InputError(
                f"{{unit_tau_steps}} must lie between the {{tau_steps}} {low:g} and {high:g}, got {worst:g}", *names
            )

    def summary(self) -> dict[str, Any]:
        """The task, and what differs from the published settings."""
        usual, task = type(self.task), {"task": reference_of(self.task)}
        options = {name: v for name, v in self.task.options().items() if v != getattr(usual, name, None)}
        return {**task, **({"task_options": options} if options else {}), **not_default(self), **task}

    @property
    def has_one_tau(self) -> bool:
        """Whether one tau holds for all units and is not trained."""
        return len(self.tau_steps) == 1

    @property
    def has_fixed_tau(self) -> bool:
        """Whether no tau is trained."""
        return self.has_one_tau or not self.train_taus

    @property
    def has_dendrites(self) -> bool:
        """Whether recurrent input passes through compartments."""
        return self.dendrites != NO_DENDRITES

    @property
    def dendrite_form(self) -> tuple[float, float, float]:
        """Gain, threshold and slope of the compartments: what is given, else what suits their kind."""
        given = (self.dendrite_gain, self.dendrite_threshold, self.dendrite_slope)
        gain, threshold, slope = (
            usual if one is None else one for one, usual in zip(given, _FORMS[self.dendrites], strict=True)
        )
        return gain, threshold, slope

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
