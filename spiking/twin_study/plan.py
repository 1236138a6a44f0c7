"""Settings of the fits of a study: which networks, how long, with which seeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from rate2spike.calls import public
from rate2spike.checks import ANY, NOT_NEGATIVE, POSITIVE
from rate2spike.options import OFF, option, options_of
from rate2spike.spiking.neuron_as_net import fit_options
from rate2spike.spiking.neuron_as_net.fit_options import FitOptions

if TYPE_CHECKING:  # TensorFlow is not loaded for a plan
    from rate2spike.spiking.neuron_as_net.schedule import Schedule
    from rate2spike.spiking.twin_study.cell_kinds import CellKind

DECAYS = ("published", "cosine")
MAY_DIFFER = fit_options.MAY_DIFFER | {"architectures", "n_seeds", "n_epochs", "long_epochs"}  # when fits go on
_OF_STUDY = "that of the cell's study"


class PlannedFit(NamedTuple):
    """One fit: the name of its network, and its seed."""

    architecture: str
    seed: int

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.architecture.replace(',', '_')}_seed_{self.seed}"


def _different(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


@public()
@dataclass(frozen=True, repr=False)
class FitPlan(FitOptions):
    """Settings of fits; those of `FitOptions`, and which networks are fitted.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.twin_study.plan import FitPlan
    >>> plan = FitPlan(architectures=("elm-20", "fcn-1x128x43"), n_seeds=2)
    >>> [one.name for one in plan.fits()]
    ['elm-20_seed_0', 'elm-20_seed_1', 'fcn-1x128x43_seed_0', 'fcn-1x128x43_seed_1']
    """

    architectures: tuple[str, ...] = option(
        (),
        "networks: a published one as tcn-3x64x100, elm-20 (memory units), conv-54,24,24-64 (filter lengths, widths), "
        "linear-80 (history)",
        check=_different,
        default_text=_OF_STUDY,
    )
    n_seeds: int = option(1, "fits of each network, with seeds from --seed on", what="number of seeds", most=10**5)
    n_epochs: int | None = option(
        None,
        "epochs of the schedule",
        what="number of epochs",
        most=10**6,
        default_text="250, of a point 10, of a ball with a stick 80",
    )
    learning_rate: float | None = option(
        None, "highest learning rate", what="learning rate", allowed=POSITIVE, default_text=_OF_STUDY
    )
    decay: str = option(
        "published",
        "how the learning rate falls: as the cell's study has it, or along a cosine, which is better in short fits",
        choices=DECAYS,
    )
    long_epochs: int = option(
        0,
        "epochs of a second fit, on long windows, at a third of the rate: memory that reaches far drifts without it",
        what="number of epochs on long windows",
        least=0,
        default_text="0, of balls with a stick 20",
    )
    long_window_ms: int = option(2048, "length of a long window, ms", what="long window", least=2)
    spike_bias: float | None = option(
        None,
        "initial bias of the spike head; in short fits of layer 5 cells -6.5 is better than the published -2",
        what="bias of spikes",
        allowed=ANY,
        default_text="as published",
    )
    somatic_weight: float | None = option(
        None,
        "weight of the loss of the somatic voltage in all epochs; in short fits of layer 5 cells 0.3 is better",
        what="weight of the somatic loss",
        allowed=NOT_NEGATIVE,
        default_text="that of the schedule",
    )

    def fits(self, kind: "CellKind | None" = None) -> list[PlannedFit]:
        """All fits, networks first, then seeds."""
        names = self.architectures or ((kind.architecture,) if kind else ())
        return [PlannedFit(name, self.seed + k) for name in names for k in range(self.n_seeds)]

    def schedule(self, kind: "CellKind") -> "Schedule":
        """The schedule of every fit."""
        schedule = kind.schedule(self.n_epochs or kind.n_epochs, self.learning_rate or kind.learning_rate, self.decay)
        return schedule if self.somatic_weight is None else schedule.weighted(somatic=self.somatic_weight)

    def fit_settings(self, fit: PlannedFit) -> dict[str, Any]:
        """What `fit` is called with."""
        return {name: getattr(self, name) for name in options_of(FitOptions)} | {"seed": fit.seed}

    def long_fit_settings(self, fit: PlannedFit) -> dict[str, Any]:
        """The same of the second fit: half as many windows per update, and half as many updates per epoch."""
        settings = self.fit_settings(fit) | {"window_ms": self.long_window_ms}
        settings["batch_size"] = max(1, self.batch_size // 2)
        if self.batches_per_epoch is not None:
            settings["batches_per_epoch"] = max(1, self.batches_per_epoch // 2)
        return settings

    def long_schedule(self, kind: "CellKind") -> "Schedule":
        """The schedule of the second fit."""
        schedule = kind.long_schedule(self.long_epochs, (self.learning_rate or kind.learning_rate) / 3)
        return schedule if self.somatic_weight is None else schedule.weighted(somatic=self.somatic_weight)

    def sections(self) -> dict[str, dict[str, Any]]:
        """As it is written to config.toml."""
        known = options_of(FitPlan)
        values = {name: OFF if value is None and known[name].or_none else value for name, value in vars(self).items()}
        return {"fit": {name: value for name, value in values.items() if value is not None}}


def resolved(kind: "CellKind", settings: Mapping[str, Any]) -> FitPlan:
    """The settings over those of the cell's study. Raises InputError."""
    own: dict[str, Any] = {
        "architectures": (kind.architecture,),
        "n_epochs": kind.n_epochs,
        "learning_rate": kind.learning_rate,
    }
    return FitPlan(**(own | dict(kind.fit) | dict(settings)))
