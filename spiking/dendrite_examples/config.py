"""Settings of the examples: those of the published scripts where there are such (dendsn's test.py), else of our own."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from rate2spike.calls import public
from rate2spike.checks import FRACTION, NOT_NEGATIVE, POSITIVE, Range
from rate2spike.errors import InputError
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable
from rate2spike.seeding import SEED_LIMIT

# of every example, what may be otherwise when a run goes on, beside its length
MAY_DIFFER = frozenset({"checkpoint_every", "data_path", "n_seeds"})
DENDRITIC, POINT = "dendritic", "point"
NEURONS = ("VDiffForward", "VActivationForward", "LocalActivationVDiffForward", "LocalActivationVForward")
DETERMINISTIC, STOCHASTIC = "deterministic", "stochastic"
STDP, SEMI_STDP = "stdp", "semi_stdp"
MOST_TASKS = 20  # of continual learning
_EVERY = "{} between checkpoints"
_DATA = "folder of the idx files of MNIST or FashionMNIST"


@dataclass(frozen=True, repr=False)
class ExampleConfig(Readable):
    """What the settings of all examples have in common. Raises InputError."""

    example: ClassVar[str]
    length: ClassVar[str]  # the setting that may grow when a run goes on

    seed: int = option(0, "seed of every random draw", least=0, most=SEED_LIMIT - 1001)

    def __post_init__(self) -> None:
        check_options(self)

    def summary(self) -> dict[str, Any]:
        """The example, and every setting that is not the default."""
        return {"example": self.example} | not_default(self)

    @property
    def n_rounds(self) -> int:
        """Iterations, epochs, batches or repeats, whatever the example counts."""
        return getattr(self, self.length)

    def sections(self) -> dict[str, dict[str, Any]]:
        """As it is written to config.toml."""
        return {self.example: {name: value for name, value in asdict(self).items() if value is not None}}

    def deciding(self) -> dict[str, Any]:
        """The settings that decide the numbers of every round, as a checkpoint holds them."""
        left_out = MAY_DIFFER | {self.length}
        return {"example": self.example} | {name: v for name, v in vars(self).items() if name not in left_out}


@dataclass(frozen=True, repr=False)
class AlwaysFireConfig(ExampleConfig):
    """What the settings of both examples of training by gradients have in common. Raises InputError."""

    length: ClassVar[str] = "n_iterations"
    models: ClassVar[tuple[str, ...]]

    n_seeds: int = option(
        3, "networks of each model; their seeds are seed, seed + 1, ...", what="number of seeds", most=1000
    )
    n_iterations: int = option(1000, "number of updates", what="number of iterations")
    n_steps: int = option(25, "time steps of a trial", what="number of steps", least=2)
    batch_size: int = option(32, "trials per update")
    learning_rate: float = option(1.0, "learning rate of gradient descent", allowed=POSITIVE)
    checkpoint_every: int = option(100, _EVERY.format("iterations"), what=_EVERY.format("iterations"))

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the networks."""
        return tuple(range(self.seed, self.seed + self.n_seeds))


@public()
@dataclass(frozen=True, repr=False)
class GradientConfig(AlwaysFireConfig):
    """Settings of the training of a dendritic and a point-neuron network by gradients; defaults as published.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.dendrite_examples.config import GradientConfig
    >>> GradientConfig(n_seeds=1)
    GradientConfig(example='gradient', n_seeds=1)
    """

    example: ClassVar[str] = "gradient"
    models: ClassVar[tuple[str, ...]] = (DENDRITIC, POINT)


@public()
@dataclass(frozen=True, repr=False)
class ConvConfig(AlwaysFireConfig):
    """Settings of the training of a convolution onto dendritic neurons by gradients; defaults as published.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.dendrite_examples.config import ConvConfig
    >>> ConvConfig(n_iterations=500)
    ConvConfig(example='conv', n_iterations=500)
    """

    example: ClassVar[str] = "conv"
    models: ClassVar[tuple[str, ...]] = (DENDRITIC,)


@dataclass(frozen=True, repr=False)
class ImagesConfig(ExampleConfig):
    """What the settings of both examples of classifying images have in common. Raises InputError."""

    n_images: int | None = option(
        None, "training images", what="number of images", default_text="4000, or all of data_path"
    )
    data_path: str | None = option(None, _DATA, default_text="images are made")
    n_steps: int = option(4, "time steps that an image is shown for", what="number of steps")
    batch_size: int = option(64, "images per update")


@public()
@dataclass(frozen=True, repr=False)
class ClassifyConfig(ImagesConfig):
    """Settings of the classification of images; network and training as published, of made-up images unless given others.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.dendrite_examples.config import ClassifyConfig
    >>> ClassifyConfig(neuron="VDiffForward", n_epochs=1)
    ClassifyConfig(example='classify', neuron='VDiffForward', n_epochs=1)
    """

    example: ClassVar[str] = "classify"
    length: ClassVar[str] = "n_epochs"

    neuron: str = option("VActivationForward", "type of the neurons", choices=NEURONS)
    firing: str = option(
        DETERMINISTIC, "by a threshold, or drawn with a logistic rate", choices=(DETERMINISTIC, STOCHASTIC)
    )
    all: bool = option(False, "all four types of neurons, with both kinds of firing")
    n_epochs: int = option(5, "number of epochs", what="number of epochs")
    learning_rate: float = option(1e-4, "learning rate (Adam)", allowed=POSITIVE)
    checkpoint_every: int = option(1, _EVERY.format("epochs"), what=_EVERY.format("epochs"))

    @property
    def kinds(self) -> tuple[tuple[str, str], ...]:
        """Neuron and firing of every network."""
        if not self.all:
            return ((self.neuron, self.firing),)
        return tuple((neuron, firing) for neuron in NEURONS for firing in (DETERMINISTIC, STOCHASTIC))


@public()
@dataclass(frozen=True, repr=False)
class ContinualConfig(ImagesConfig):
    """Settings of one classification learnt after another, each with the pixels in another order; as published.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.dendrite_examples.config import ContinualConfig
    >>> ContinualConfig(n_tasks=3)
    ContinualConfig(example='continual', n_tasks=3)
    """

    example: ClassVar[str] = "continual"
    length: ClassVar[str] = "n_tasks"

    neuron: str = option("VActivationForward", "type of the neurons", choices=NEURONS)
    firing: str = option(
        DETERMINISTIC, "by a threshold, or drawn with a logistic rate", choices=(DETERMINISTIC, STOCHASTIC)
    )
    n_tasks: int = option(2, "tasks, one after the other", what="number of tasks", most=MOST_TASKS)
    n_epochs: int = option(5, "epochs of each task", what="number of epochs")
    learning_rate: float = option(1e-3, "learning rate (Adam)", allowed=POSITIVE)
    checkpoint_every: int = option(1, _EVERY.format("tasks"), what=_EVERY.format("tasks"))


@public()
@dataclass(frozen=True, repr=False)
class StdpConfig(ExampleConfig):
    """Settings of neurons that become selective by STDP.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.dendrite_examples.config import StdpConfig
    >>> StdpConfig(rule="semi_stdp")
    StdpConfig(example='stdp', rule='semi_stdp')
    """

    example: ClassVar[str] = "stdp"
    length: ClassVar[str] = "n_batches"

    rule: str = option(STDP, "learning rule", choices=(STDP, SEMI_STDP))
    n_units: int = option(20, "neurons, of two compartments each", what="number of units", least=2)
    n_batches: int = option(200, "batches of images that are learnt from", what="number of batches")
    batch_size: int = option(10, "images per batch")
    n_test: int = option(500, "images that selectivity is measured with", what="number of test images", least=20)
    data_path: str | None = option(None, _DATA, default_text="images are made")
    n_steps: int = option(30, "time steps that an image is shown for", what="number of steps")
    max_probability: float = option(0.3, "probability per step of a spike of the brightest pixel", allowed=FRACTION)
    learning_rate: float = option(0.02, "how much a pair of spikes changes a weight of 0.5", allowed=POSITIVE)
    depression: float = option(1.0, "of stdp: loss over growth of a pair", allowed=NOT_NEGATIVE)
    trace_threshold: float = option(0.3, "of semi_stdp: trace below which a weight shrinks", allowed=NOT_NEGATIVE)
    total_weight: float = option(
        18.0, "sum of the weights of a compartment, which is kept", allowed=Range(above=0, below=784)
    )
    inhibition: float = option(4.0, "that a spike gives to all other neurons", allowed=NOT_NEGATIVE)
    target_rate: float = option(0.5, "spikes per image that excitability aims at", allowed=POSITIVE)
    homeostasis: float = option(0.02, "change of excitability per spike too few", allowed=NOT_NEGATIVE)
    checkpoint_every: int = option(50, _EVERY.format("batches"), what=_EVERY.format("batches"))


@public()
@dataclass(frozen=True, repr=False)
class DppConfig(ExampleConfig):
    """Settings of a neuron that learns a time course by dendritic prediction.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.dendrite_examples.config import DppConfig
    >>> DppConfig(n_repeats=50)
    DppConfig(example='dpp', n_repeats=50)
    """

    example: ClassVar[str] = "dpp"
    length: ClassVar[str] = "n_repeats"

    n_inputs: int = option(400, "inputs, whose spikes are the same at every repeat", what="number of inputs")
    n_steps: int = option(500, "steps of a repeat, of 1 ms", what="number of steps", least=100)
    n_repeats: int = option(200, "repeats that are learnt from", what="number of repeats")
    input_probability: float = option(
        0.01, "probability per step of an input's spike", what="input probability", allowed=FRACTION
    )
    tau_psp_ms: float = option(10.0, "time constant of a synaptic potential, ms", allowed=Range(above=1))
    tau_soma_ms: float = option(10.0, "time constant of the soma, ms", allowed=Range(least=1))
    dendrite_conductance: float = option(4.0, "from the dendrite, over the soma's leak", allowed=POSITIVE)
    teacher_conductance: float = option(4.0, "of the nudging while it learns, likewise", allowed=NOT_NEGATIVE)
    learning_rate: float = option(0.5, "learning rate, of the change per step", allowed=POSITIVE)
    checkpoint_every: int = option(50, _EVERY.format("repeats"), what=_EVERY.format("repeats"))

    def __post_init__(self) -> None:
        super().__post_init__()
        total, bound = self.dendrite_conductance + self.teacher_conductance, 2 * self.tau_soma_ms - 1
        if total >= bound:
            raise InputError(
                "{dendrite_conductance} + {teacher_conductance} must be below 2 {tau_soma_ms} - 1 = "
                f"{bound:g}, or the soma is unstable with steps of 1 ms; got {total:g}",
                "dendrite_conductance",
                "teacher_conductance",
                "tau_soma_ms",
            )


def may_differ(kind: type[ExampleConfig]) -> frozenset[str]:
    """Settings that may be otherwise when a run goes on."""
    return MAY_DIFFER | {kind.length}


def check_not_beyond(config: ExampleConfig, n_done: int, where: object) -> None:
    """Raise InputError if a run has more rounds already than are asked for."""
    if n_done > config.n_rounds:
        what = config.length.removeprefix("n_")
        raise InputError(
            f"{where} has {n_done} {what} already, more than {{{config.length}}} {config.n_rounds}", config.length
        )
