"""Settings of a context-dependent classifier: those of the published command line, and what it had fixed inside."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import FRACTION, NOT_NEGATIVE, POSITIVE
from rate2spike.deprecated import old_keywords, warn_of_old_name
from rate2spike.errors import InputError
from rate2spike.io.datasets.event_frames import DVS_FRAMES, SHD_FRAMES, FrameSettings
from rate2spike.options import check_options, not_default, option
from rate2spike.plausible import Plausible, warn_if_implausible
from rate2spike.readable import Readable
from rate2spike.seeding import SEED_LIMIT
from rate2spike.spiking.layers.choices import INTERACTIONS, POSITIVE_32, RESETS, SURROGATES

# what may be otherwise when a run goes on
MAY_DIFFER = frozenset({"n_epochs", "n_threads", "data_path", "cache", "recompute"})

TASKS = ("recognition", "memory")
MODELS = ("clif", "add_clif", "lif", "lsnn")
APICAL_TAUS = ("short", "long", "distributed")
PLAUSIBLE_TAU_SOMA = Plausible(1, 1000, "ms")
SPLITS_BY = ("recording", "subject")
CUED_PROBABILITY, OTHER_PROBABILITY = 0.2, 0.01  # spikes per step of a context channel


@dataclass(frozen=True)
class DataSettings:
    """What belongs to a data set. Rates are those the initial weights assume."""

    frames: FrameSettings
    n_classes: int
    n_trials: int  # of an epoch, and of the test
    short_tau_steps: float
    rate_soma_per_1000_steps: float
    rate_apical_per_1000_steps: float = 20.0


# The published code gives time constants and rates per step, as if a step were 1 ms; it is 2 ms (SHD) or 5 ms (DVS).
DATA_SETS = {
    "dvsgesture": DataSettings(DVS_FRAMES, 10, 2048, 20.0, 43.0),
    "shd": DataSettings(SHD_FRAMES, 20, 4096, 40.0, 50.0),
}
LONG_TAU_STEPS, SHORTEST_TAU_STEPS = 200.0, 20.0
SOMA_TAU_STEPS = READOUT_TAU_STEPS = 20.0


# what settings were called up to version 0.2: in Python, in config.toml and in checkpoints
OLD_NAMES = {
    "nb_worker": "n_threads",
    "apical_rec": "recurrent_apical",
    "lr": "learning_rate",
    "lr_decay": "learning_rate_decay",
    "epoch": "n_epochs",
    "n_samples": "n_trials",
    "hidden": "n_units",
    "grad_scale": "surrogate_scale",
    "tau_soma": "tau_soma_ms",
}


def with_present_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a file, which an earlier version may have written, by the names of today."""
    return {OLD_NAMES.get(name, name): value for name, value in settings.items()}


@old_keywords(**OLD_NAMES)
@public()
@dataclass(frozen=True, repr=False)
class ContextConfig(Readable):
    """Settings of a run, checked when they are made; the defaults are the published ones.

    legacy: read-out means, regulariser, time crop and weight of the validation loss as published, defects included.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.context.config import ContextConfig
    >>> ContextConfig(dataset="shd", n_units=100)
    ContextConfig(dataset='shd', task_type='recognition', seq_len=1, model_type='clif', n_units=100)
    """

    seed: int = option(123123, "seed of every random draw", least=0, most=SEED_LIMIT - 1)
    n_threads: int = option(
        1,
        "threads that prepare trials; 0: none beside the training",
        what="number of threads",
        least=0,
        flag="--nb_worker",
    )
    data_path: str = option("./data", "folder of the recordings, and of the cache")
    batch_size: int = option(64, "trials per update")
    dataset: str = option("dvsgesture", "recordings", what="dataset", choices=tuple(DATA_SETS))
    seq_len: int = option(1, "items per trial; published: 1 and 5", what="seq_len")
    task_type: str = option(
        "recognition",
        "what is asked, whether an item is the one or has been shown by now",
        what="task_type",
        choices=TASKS,
    )
    model_type: str = option(
        "clif", "multiplicative units, additive ones, lif, adaptive thresholds", what="model_type", choices=MODELS
    )
    recurrent_apical: bool = option(
        True, "recurrent weights to the apical compartments (clif, add_clif)", flag="--apical_rec"
    )
    apical_tau: str = option(
        "short",
        "time constant of 40 steps (shd) or 20 (dvsgesture), of 200, or of 20 to 200 drawn per unit",
        what="apical_tau",
        choices=APICAL_TAUS,
    )
    learning_rate: float = option(1e-2, "learning rate of Adam", allowed=POSITIVE, flag="--lr")
    learning_rate_decay: float = option(
        0.85, "factor of the learning rate after every epoch", allowed=POSITIVE, flag="--lr_decay"
    )
    l2_decay: float = option(
        0.0, "weight decay as part of the gradient, biases too", what="l2_decay", allowed=NOT_NEGATIVE
    )
    n_epochs: int = option(1, "number of epochs", what="number of epochs", flag="--epoch")
    target_spike_prob: float = option(
        0.01, "spikes per unit and step above which activity is punished", what="target_spike_prob", allowed=FRACTION
    )
    spike_reg_l2: float = option(1e-4, "weight of that punishment", what="spike_reg_l2", allowed=NOT_NEGATIVE)
    n_trials: int | None = option(
        None,
        "trials per epoch and of the test",
        what="number of trials",
        default_text="shd 4096, dvsgesture 2048",
        flag="--n_samples",
    )
    n_units: int = option(200, "number of spiking units", what="number of units", flag="--hidden")
    interaction: str | None = option(
        None, "of soma and apical compartment in clif", choices=INTERACTIONS, default_text="relu_mult"
    )
    reset: str = option("subtraction", "of a membrane after a spike", choices=RESETS)
    surrogate: str = option("triangle", "surrogate gradient", what="surrogate", choices=SURROGATES)
    surrogate_scale: float = option(
        0.3, "scale of the surrogate gradient", what="the surrogate's scale", allowed=POSITIVE_32, flag="--grad_scale"
    )
    threshold: float = option(0.05, "of the units", allowed=POSITIVE)
    tau_soma_ms: float | None = option(
        None,
        "membrane time constant in ms",
        what="tau_soma_ms",
        flag="--tau_soma",
        allowed=POSITIVE,
        default_text="20 steps, that is 40 ms for shd, 100 for dvsgesture",
    )
    clip_norm: float | None = option(
        None, "largest global norm of the gradient", what="clip_norm", allowed=POSITIVE, default_text="none"
    )
    resample_each_epoch: bool = option(False, "draw new training trials for every epoch")
    split_by: str = option(
        "recording", "validation on other recordings, or on other people", what="split_by", choices=SPLITS_BY
    )
    cache: bool = option(False, "keep finished trials on disk beside the recordings")
    recompute: bool = option(False, "keep fewer states for the backward pass: less memory, more time, same numbers")
    legacy: bool = option(
        False, "read-out means, spike penalty, time crop and validation weight as published, defects included"
    )
    synthetic: bool = option(False, "made-up recordings, written into the folder of the recordings")

    def __post_init__(self) -> None:
        check_options(self)
        if self.seq_len >= self.data.n_classes:
            raise InputError(
                f"seq_len must be below the number of classes, {self.data.n_classes} of {self.dataset}: the items of a trial "
                f"are of different classes, and one is never shown; got {self.seq_len}",
                "seq_len",
            )
        if self.tau_soma_ms is not None:
            warn_if_implausible("{tau_soma_ms}", self.tau_soma_ms, PLAUSIBLE_TAU_SOMA, "tau_soma_ms")
        if self.interaction is not None and self.model_type != "clif":
            message = f"{{interaction}} is for {{model_type}} clif, not {self.model_type}"
            raise InputError(message, "interaction", "model_type")

    def __getattr__(self, name: str) -> Any:
        if name not in OLD_NAMES:
            raise AttributeError(f"ContextConfig has no {name!r}")
        warn_of_old_name(f"{name} of ContextConfig", OLD_NAMES[name])
        return getattr(self, OLD_NAMES[name])

    def summary(self) -> dict[str, Any]:
        """The data set, the task and the model, and every setting that is not the default."""
        named = {name: getattr(self, name) for name in ("dataset", "task_type", "seq_len", "model_type")}
        return named | not_default(self)

    @property
    def data_name(self) -> str:
        """In words: made-up recordings are called so."""
        return f"synthetic {self.dataset}" if self.synthetic else self.dataset

    @property
    def data(self) -> DataSettings:
        """What belongs to the data set."""
        return DATA_SETS[self.dataset]

    @property
    def actual_n_trials(self) -> int:
        """Trials of an epoch, and of the test: those given, or the data set's."""
        return self.n_trials or self.data.n_trials

    @property
    def n_validation_trials(self) -> int:
        """A fifth, rounded down in floating point as published: 409 of 2048."""
        return max(int((1 - 0.8) * self.actual_n_trials), 1)

    @property
    def step_ms(self) -> float:
        """Duration of a step: of a frame."""
        return self.data.frames.window_ms

    @property
    def frame_settings(self) -> FrameSettings:
        """How events become frames."""
        return FrameSettings(**{**vars(self.data.frames), "legacy_crop": self.legacy})

    @property
    def actual_tau_soma_ms(self) -> float:
        """Of the membranes: the one given, or the published number of steps."""
        return self.tau_soma_ms or SOMA_TAU_STEPS * self.step_ms

    @property
    def tau_apical_ms(self) -> float | tuple[float, float]:
        """Of the apical potentials, and of the thresholds of lsnn."""
        if self.apical_tau == "distributed":
            return SHORTEST_TAU_STEPS * self.step_ms, LONG_TAU_STEPS * self.step_ms
        return (LONG_TAU_STEPS if self.apical_tau == "long" else self.data.short_tau_steps) * self.step_ms

    def sections(self) -> dict[str, dict[str, Any]]:
        """As it is written to config.toml."""
        return {"context": asdict(self)}
