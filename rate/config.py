"""Training settings: one frozen record, validated when made, so that every mistake is found before TensorFlow loads."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.rate import tasks
from rate2spike.seeding import resolve_seed

ACTIVATIONS = ("sigmoid", "clipped_relu", "softplus")
LOSSES = ("l1", "l2")
WEIGHT_DISTRIBUTIONS = ("gaus", "gamma")


@dataclass(frozen=True)
class TrainConfig:
    """Settings of one training run. Defaults are the historic ones. Raises InputError if a value cannot be used."""

    task: str = "go-nogo"
    n_units: int = 200
    p_inh: float = 0.2  # probability that a unit is inhibitory (with Dale's principle)
    p_rec: float = 0.2  # probability of a recurrent connection at the start
    n_som: int = 0  # inhibitory units that receive no inhibition (somatostatin)
    gain: float = 1.5  # of the initial recurrent weights
    weight_distribution: str = "gaus"
    apply_dale: bool = True
    tau_steps: tuple[float, ...] = (4.0, 20.0)  # (min, max) trainable, or one fixed; steps of 5 ms
    activation: str = "sigmoid"
    loss: str = "l2"
    n_updates: int = 5000
    min_updates: int = 0  # train so long even if the criteria are met before; networks then convert better
    batch_size: int = 1
    learning_rate: float = 0.01
    seed: int | None = None  # None: drawn from the operating system and recorded

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "task", tasks.get(self.task).name)
        set_field(self, "tau_steps", _tau_steps(self.tau_steps))
        set_field(self, "activation", _choice("activation", self.activation, ACTIVATIONS))
        set_field(self, "loss", _choice("loss function", self.loss, LOSSES))
        _choice("weight distribution", self.weight_distribution, WEIGHT_DISTRIBUTIONS)
        self._check_counts()
        self._check_numbers()
        self._check_som()

    def _check_counts(self) -> None:
        for name, field, flag, least in (
            ("number of units", "n_units", "--N", 1),
            ("number of trials", "n_updates", "--n_trials", 1),
            ("least number of updates", "min_updates", "--min_updates", 0),
            ("batch size", "batch_size", "--batch_size", 1),
            ("number of SOM units", "n_som", "--som_N", 0),
        ):
            value = getattr(self, field)
            if not isinstance(value, int | float | np.integer) or value < least or value % 1 != 0:
                raise InputError(f"{name} must be a whole number from {least}, got {value} ({flag})")
            object.__setattr__(self, field, int(value))
        if self.seed is not None:
            object.__setattr__(self, "seed", resolve_seed(self.seed))

    def _check_numbers(self) -> None:
        if not 0 <= self.p_inh <= 1:
            raise InputError(f"proportion of inhibitory units must be from 0 to 1, got {self.p_inh} (--P_inh)")
        if not 0 < self.p_rec <= 1:
            raise InputError(f"connection probability must be above 0 and at most 1, got {self.p_rec} (--P_rec)")
        for name, value, flag in (
            ("gain", self.gain, "--gain"),
            ("learning rate", self.learning_rate, "--learning_rate"),
        ):
            if not 0 < value < float("inf"):
                raise InputError(f"{name} must be positive, got {value} ({flag})")

    def _check_som(self) -> None:
        if self.n_som and not self.apply_dale:
            raise InputError("SOM units are inhibitory units: --som_N needs --apply_dale True")
        if self.n_som > self.n_units or (self.n_som and self.p_inh == 0):
            raise InputError(
                f"--som_N {self.n_som} exceeds the inhibitory units possible with --N {self.n_units} --P_inh {self.p_inh}"
            )

    @property
    def has_fixed_tau(self) -> bool:
        """Whether one tau holds for all units and is not trained."""
        return len(self.tau_steps) == 1

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the run folder."""
        return asdict(self) | {"tau_steps": list(self.tau_steps)}


def _choice(what: str, value: str, choices: tuple[str, ...]) -> str:
    lowered = str(value).lower()
    if lowered not in choices:
        raise InputError(f"unknown {what} {value!r}: choose from {', '.join(choices)}")
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
    return taus
