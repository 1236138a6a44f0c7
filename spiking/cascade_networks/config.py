"""Settings of the trainings: those of the published scripts, which had them fixed inside."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from rate2spike.calls import public
from rate2spike.checks import FRACTION, POSITIVE
from rate2spike.errors import InputError
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable
from rate2spike.seeding import SEED_LIMIT
from rate2spike.spiking.cascade_networks.digit_counts import N_CHANNELS
from rate2spike.spiking.cascade_networks.variants import MEMORIZE, N_CLASSES, SHD, VARIANTS

# what may be otherwise when a run goes on
MAY_DIFFER = frozenset({"n_epochs", "n_threads", "checkpoint_every", "data_path", "cache"})
_SEEDS = "networks of each model; their seeds are seed, seed + 1, ..."
SYNTHETIC_EVENT_WEIGHT = 20.0
_BETWEEN = "epochs between checkpoints"


@dataclass(frozen=True, repr=False)
class CascadeConfig(Readable):
    """What the settings of both tasks have in common. Raises InputError."""

    task: ClassVar[str]
    n_classes: ClassVar[int]
    seeds_at_once: ClassVar[int]  # in one computation; no result depends on it

    seed: int = option(0, "seed of the first network, and of all that is drawn for it", least=0, most=SEED_LIMIT - 1001)
    n_seeds: int = option(10, _SEEDS, what="number of seeds", most=1000)
    models: tuple[str, ...] = option(
        tuple(VARIANTS), "which to train", what="model", choices=tuple(VARIANTS), default_text="all"
    )
    n_epochs: int = option(600, "number of epochs", what="number of epochs")
    n_units: int = option(4, "number of hidden units", what="number of units")
    learning_rate: float = option(2e-3, "learning rate", allowed=POSITIVE)
    robust: bool = option(
        False,
        "a wide surrogate gradient and a small, balanced readout, with which models of parallel subunits learn too",
    )
    checkpoint_every: int = option(50, _BETWEEN, what=_BETWEEN)
    n_threads: int | None = option(
        None, "threads; each trains some of the networks", what="number of threads", default_text="one per core"
    )

    def __post_init__(self) -> None:
        check_options(self)
        if len(set(self.models)) < len(self.models) or not self.models:
            raise InputError(
                f"{{models}} must be one or several different ones, got {', '.join(self.models)}", "models"
            )
        if self.robust and self.n_units < 2:
            raise InputError(
                f"a balanced readout ({{robust}}) needs at least 2 units, got {{n_units}} {self.n_units}",
                "robust",
                "n_units",
            )

    def summary(self) -> dict[str, Any]:
        """The task, and every setting that is not the default."""
        return {"task": self.task} | not_default(self)

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the networks."""
        return tuple(range(self.seed, self.seed + self.n_seeds))

    def sections(self) -> dict[str, dict[str, Any]]:
        """As it is written to config.toml."""
        return {self.task: {name: value for name, value in asdict(self).items() if value is not None}}


@public()
@dataclass(frozen=True, repr=False)
class MemorizeConfig(CascadeConfig):
    """Settings of the memorisation of random patterns (Fig. 7 of Harkin, Shen et al. 2021); defaults as published.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.cascade_networks.config import MemorizeConfig
    >>> MemorizeConfig(models=("bap",), n_seeds=2)
    MemorizeConfig(task='memorize', n_seeds=2, models=('bap',))
    """

    task: ClassVar[str] = MEMORIZE
    n_classes: ClassVar[int] = N_CLASSES[MEMORIZE]
    seeds_at_once: ClassVar[int] = 5

    n_patterns: int = option(256, "patterns to memorise", what="number of patterns")
    n_inputs: int = option(100, "inputs of a pattern", what="number of inputs")
    n_steps: int = option(200, "steps of a pattern, of 1 ms", what="number of steps")
    input_probability: float = option(
        0.005, "probability of an input's spike, per step", what="input probability", allowed=FRACTION
    )


@public()
@dataclass(frozen=True, repr=False)
class SHDConfig(CascadeConfig):
    """Settings of the recognition of spoken digits (Fig. 8 of Harkin, Shen et al. 2021); defaults as published.

    legacy: as published, defects included. The first of the n_steps bins is always empty, and the test is of the first full
    batches alone, that is of 2 048 of the 2 264 recordings. False: the bins fill the window, and all recordings are tested.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.cascade_networks.config import SHDConfig
    >>> SHDConfig(synthetic=True, n_epochs=2)
    SHDConfig(task='shd', n_epochs=2, synthetic=True)
    """

    task: ClassVar[str] = SHD
    n_classes: ClassVar[int] = N_CLASSES[SHD]
    n_inputs: ClassVar[int] = N_CHANNELS
    seeds_at_once: ClassVar[int] = 1

    n_seeds: int = option(3, _SEEDS, what="number of seeds", most=1000)
    n_epochs: int = option(200, "number of epochs", what="number of epochs")
    n_units: int = option(200, "number of hidden units", what="number of units")
    checkpoint_every: int = option(1, _BETWEEN, what=_BETWEEN)
    data_path: str = option("./data", "folder of the recordings")
    synthetic: bool = option(False, "made-up recordings, written into the folder of the recordings")
    batch_size: int = option(256, "recordings per update")
    n_steps: int = option(100, "time bins of a recording, one per step", what="number of steps", least=2)
    event_weight: float | None = option(
        None, "what an event counts", allowed=POSITIVE, default_text="1; of made-up recordings, which have fewer, 20"
    )
    window_s: float = option(1.4, "time that they cover, s", what="window", allowed=POSITIVE)
    legacy: bool = option(True, "bins, and the recordings of the test, as published, defects included")
    cache: bool = option(False, "keep the binned recordings on disk, beside the recordings")

    @property
    def actual_event_weight(self) -> float:
        """The one given; else made-up recordings, with a twentieth of the events, excite as much as real ones.

        The published initial weights are made for the 8 000 events of a real recording.
        """
        return self.event_weight or (SYNTHETIC_EVENT_WEIGHT if self.synthetic else 1.0)


TaskConfig = MemorizeConfig | SHDConfig
