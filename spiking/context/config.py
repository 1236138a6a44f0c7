"""Settings of a context-dependent classifier: those of the published command line, and what it had fixed inside."""

from dataclasses import asdict, dataclass, fields
from typing import Any, get_args

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.datasets.event_frames import DVS_FRAMES, SHD_FRAMES, FrameSettings
from rate2spike.plausible import Plausible, warn_if_implausible
from rate2spike.seeding import resolve_seed
from rate2spike.spiking.layers.choices import check_interaction, check_reset, check_surrogate

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


@dataclass(frozen=True)
class ContextConfig:
    """Settings of a run; names are those of the flags. Raises InputError.

    legacy: read-out means, regulariser, time crop and weight of the validation loss as published, defects included.
    tau_soma: of the membranes in ms; None: 20 steps, as published.
    """

    seed: int = 123123
    nb_worker: int = 1
    data_path: str = "./data"
    batch_size: int = 64
    dataset: str = "dvsgesture"
    seq_len: int = 1
    task_type: str = "recognition"
    model_type: str = "clif"
    apical_rec: bool = True
    apical_tau: str = "short"
    lr: float = 1e-2
    lr_decay: float = 0.85
    l2_decay: float = 0.0
    epoch: int = 1
    target_spike_prob: float = 0.01
    spike_reg_l2: float = 1e-4
    n_samples: int | None = None
    hidden: int = 200
    interaction: str | None = None
    reset: str = "subtraction"
    surrogate: str = "triangle"
    grad_scale: float = 0.3
    threshold: float = 0.05
    tau_soma: float | None = None
    clip_norm: float | None = None
    resample_each_epoch: bool = False
    split_by: str = "recording"
    cache: bool = False
    recompute: bool = False
    legacy: bool = False
    synthetic: bool = False

    def __post_init__(self) -> None:
        for item in fields(self):
            _check_type(item.name, getattr(self, item.name), item.type)
        resolve_seed(self.seed)
        for name, choices in (
            ("dataset", tuple(DATA_SETS)),
            ("task_type", TASKS),
            ("model_type", MODELS),
            ("apical_tau", APICAL_TAUS),
            ("split_by", SPLITS_BY),
        ):
            if getattr(self, name) not in choices:
                raise InputError(f"unknown {name} {getattr(self, name)!r}: choose from {', '.join(choices)} (--{name})")
        for name, least in (
            ("batch_size", 1),
            ("seq_len", 1),
            ("epoch", 1),
            ("hidden", 1),
            ("nb_worker", 0),
            ("seed", 0),
        ):
            _check_whole(name, getattr(self, name), least)
        if self.n_samples is not None:
            _check_whole("n_samples", self.n_samples, 1)
        for name in ("lr", "lr_decay", "threshold", "tau_soma", "clip_norm"):
            value = getattr(self, name)
            if value is not None and not 0 < value < np.inf:
                raise InputError(f"{name} must be a positive number, got {value} (--{name})")
        for name in ("l2_decay", "spike_reg_l2"):
            if not 0 <= getattr(self, name) < np.inf:
                raise InputError(f"{name} must be a number from 0, got {getattr(self, name)} (--{name})")
        if not 0 <= self.target_spike_prob <= 1:
            raise InputError(
                f"target_spike_prob must be from 0 to 1, got {self.target_spike_prob} (--target_spike_prob)"
            )
        if self.seq_len >= self.data.n_classes:
            raise InputError(
                f"seq_len must be below the number of classes, {self.data.n_classes} of {self.dataset}: the items of a trial "
                f"are of different classes, and one is never shown; got {self.seq_len} (--seq_len)"
            )
        if self.tau_soma is not None:
            warn_if_implausible("tau_soma (--tau_soma)", self.tau_soma, PLAUSIBLE_TAU_SOMA)
        check_reset(self.reset)
        check_surrogate(self.surrogate, self.grad_scale)
        if self.interaction is not None:
            check_interaction(self.interaction)
        if self.interaction is not None and self.model_type != "clif":
            raise InputError(f"--interaction is for --model_type clif, not {self.model_type}")

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

    @classmethod
    def from_section(cls, values: dict[str, Any], source: str) -> "ContextConfig":
        """Of what `sections` gave. Raises InputError."""
        known = {item.name for item in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise InputError(f"{source}: unknown setting {unknown[0]!r} in [context]")
        return cls(**values)


def _check_type(name: str, value: Any, kind: Any) -> None:
    """Raise InputError unless the value is of the annotated type; a whole number is a number, True is none."""
    allowed = get_args(kind) or (kind,)
    if float in allowed:
        allowed = (*allowed, int)
    if (isinstance(value, bool) and bool not in allowed) or not isinstance(value, allowed):
        names = " or ".join("nothing" if one is type(None) else one.__name__ for one in allowed)
        raise InputError(f"{name} must be of type {names}, got {value!r} (--{name})")


def _check_whole(name: str, value: Any, least: int) -> None:
    if value < least:
        raise InputError(f"{name} must be a whole number from {least}, got {value} (--{name})")
