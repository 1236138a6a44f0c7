"""Settings of a context-dependent classifier: those of the published command line, and what it had fixed inside."""

from dataclasses import asdict, dataclass
from typing import Any

from rate2spike.checks import FRACTION, NOT_NEGATIVE, POSITIVE
from rate2spike.errors import InputError
from rate2spike.io.datasets.event_frames import DVS_FRAMES, SHD_FRAMES, FrameSettings
from rate2spike.options import check_options, not_default, option
from rate2spike.plausible import Plausible, warn_if_implausible
from rate2spike.readable import Readable
from rate2spike.seeding import SEED_LIMIT
from rate2spike.spiking.layers.choices import INTERACTIONS, POSITIVE_32, RESETS, SURROGATES

# what may be otherwise when a run goes on
MAY_DIFFER = frozenset({"epoch", "nb_worker", "data_path", "cache", "recompute"})

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
    n_samples: int  # trials of an epoch, and of the test
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


@dataclass(frozen=True, repr=False)
class ContextConfig(Readable):
    """Settings of a run; names are those of the flags. Raises InputError.

    legacy: read-out means, regulariser, time crop and weight of the validation loss as published, defects included.
    tau_soma: of the membranes in ms; None: 20 steps, as published.
    """

    seed: int = option(123123, "seed of every random draw", least=0, most=SEED_LIMIT - 1)
    nb_worker: int = option(1, "threads that prepare trials; 0: none beside the training", what="nb_worker", least=0)
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
    apical_rec: bool = option(True, "recurrent weights to the apical compartments (clif, add_clif)")
    apical_tau: str = option(
        "short",
        "time constant of 40 steps (shd) or 20 (dvsgesture), of 200, or of 20 to 200 drawn per unit",
        what="apical_tau",
        choices=APICAL_TAUS,
    )
    lr: float = option(1e-2, "learning rate of Adam", allowed=POSITIVE)
    lr_decay: float = option(0.85, "factor of the learning rate after every epoch", what="lr_decay", allowed=POSITIVE)
    l2_decay: float = option(
        0.0, "weight decay as part of the gradient, biases too", what="l2_decay", allowed=NOT_NEGATIVE
    )
    epoch: int = option(1, "number of epochs")
    target_spike_prob: float = option(
        0.01, "spikes per unit and step above which activity is punished", what="target_spike_prob", allowed=FRACTION
    )
    spike_reg_l2: float = option(1e-4, "weight of that punishment", what="spike_reg_l2", allowed=NOT_NEGATIVE)
    n_samples: int | None = option(
        None, "trials per epoch and of the test", what="n_samples", default_text="shd 4096, dvsgesture 2048"
    )
    hidden: int = option(200, "number of spiking units")
    interaction: str | None = option(
        None, "of soma and apical compartment in clif", choices=INTERACTIONS, default_text="relu_mult"
    )
    reset: str = option("subtraction", "of a membrane after a spike", choices=RESETS)
    surrogate: str = option("triangle", "surrogate gradient", what="surrogate", choices=SURROGATES)
    grad_scale: float = option(
        0.3, "scale of the surrogate gradient", what="the surrogate's scale", allowed=POSITIVE_32
    )
    threshold: float = option(0.05, "of the units", allowed=POSITIVE)
    tau_soma: float | None = option(
        None,
        "membrane time constant in ms",
        what="tau_soma",
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
        if self.tau_soma is not None:
            warn_if_implausible("{tau_soma}", self.tau_soma, PLAUSIBLE_TAU_SOMA, "tau_soma")
        if self.interaction is not None and self.model_type != "clif":
            message = f"{{interaction}} is for {{model_type}} clif, not {self.model_type}"
            raise InputError(message, "interaction", "model_type")

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
    def n_trials(self) -> int:
        """Trials of an epoch, and of the test."""
        return self.n_samples or self.data.n_samples

    @property
    def n_validation_trials(self) -> int:
        """A fifth, rounded down in floating point as published: 409 of 2048."""
        return max(int((1 - 0.8) * self.n_trials), 1)

    @property
    def step_ms(self) -> float:
        """Duration of a step: of a frame."""
        return self.data.frames.window_ms

    @property
    def frame_settings(self) -> FrameSettings:
        """How events become frames."""
        return FrameSettings(**{**vars(self.data.frames), "legacy_crop": self.legacy})

    @property
    def tau_soma_ms(self) -> float:
        """Of the membranes."""
        return self.tau_soma or SOMA_TAU_STEPS * self.step_ms

    @property
    def tau_apical_ms(self) -> float | tuple[float, float]:
        """Of the apical potentials, and of the thresholds of lsnn."""
        if self.apical_tau == "distributed":
            return SHORTEST_TAU_STEPS * self.step_ms, LONG_TAU_STEPS * self.step_ms
        return (LONG_TAU_STEPS if self.apical_tau == "long" else self.data.short_tau_steps) * self.step_ms

    def sections(self) -> dict[str, dict[str, Any]]:
        """As it is written to config.toml."""
        return {"context": asdict(self)}
