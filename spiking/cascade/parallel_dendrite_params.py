"""Constants of a dendrite as parallel cascades: three linear-nonlinear stages, out = m * x + gain sigmoid(n * x) each."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import POSITIVE
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable
from rate2spike.spiking.cascade.filters import ZEROED_LAST, ExponentialFilter
from rate2spike.spiking.cascade.sigmoid import sigmoid
from rate2spike.spiking.cascade.signals import DT_MS, n_samples

STAGES = ("na", "ca", "nmda")


@dataclass(frozen=True, repr=False)
class StageParams(Readable):
    """Constants of one stage; `ParallelDendriteParams` has those of all three, where they are explained and checked."""

    tau_linear_ms: float
    linear_length_ms: float
    tau_nonlinear_ms: float
    nonlinear_length_ms: float
    half_activation: float
    sensitivity: float
    gain: float
    dt_ms: float = DT_MS
    truncated: bool = True

    @property
    def linear(self) -> ExponentialFilter:
        """The filter m; its area is 1 before the first tap is set to 0."""
        return ExponentialFilter(self.tau_linear_ms, self.linear_length_ms, self.dt_ms, ZEROED_LAST, self.truncated)

    @property
    def nonlinear(self) -> ExponentialFilter:
        """The filter n, before the sigmoid."""
        return ExponentialFilter(
            self.tau_nonlinear_ms, self.nonlinear_length_ms, self.dt_ms, ZEROED_LAST, self.truncated
        )

    def output(self, signal: np.ndarray) -> np.ndarray:
        """(n_samples,) the stage's answer to a signal of that shape."""
        activation = sigmoid(self.nonlinear.filtered(signal), self.gain, self.half_activation, self.sensitivity)
        return activation + self.linear.filtered(signal)


def _tau(default: float, stage: str, which: str = "linear") -> Any:
    return option(default, f"time constant (ms) of the {which} filter of the {stage} stage", allowed=POSITIVE)


def _length(default: float, stage: str, which: str = "linear") -> Any:
    return option(default, f"where (ms) the {which} filter of the {stage} stage ends", allowed=POSITIVE)


def _half(default: float, stage: str) -> Any:
    return option(default, f"where the sigmoid of the {stage} stage reaches one half")


def _sensitivity(default: float, stage: str) -> Any:
    return option(default, f"softness of the sigmoid of the {stage} stage, a divisor", allowed=POSITIVE)


def _gain(default: float, stage: str) -> Any:
    return option(default, f"height of the sigmoid of the {stage} stage; 0 blocks it")


@public()
@dataclass(frozen=True, repr=False)
class ParallelDendriteParams(Readable):
    """Constants of a dendrite with sodium (na), calcium (ca) and NMDA (nmda) stages, as published.

    Of each stage there are the time constants (ms) of its linear and of its nonlinear filter, where these end (ms), where
    its sigmoid reaches one half, its sensitivity (a divisor: larger is softer), and its gain.

    Parameters
    ----------
    na_tau_linear_ms, na_linear_length_ms, na_tau_nonlinear_ms, na_nonlinear_length_ms : float
        Filters of the sodium stage, ms.
    na_half_activation, na_sensitivity, na_gain : float
        Its sigmoid.
    ca_tau_linear_ms, ca_linear_length_ms, ca_tau_nonlinear_ms, ca_nonlinear_length_ms : float
        Filters of the calcium stage, ms; the nonlinear one is twice as long as the linear one, as published.
    ca_half_activation, ca_sensitivity, ca_gain : float
        Its sigmoid.
    nmda_tau_linear_ms, nmda_linear_length_ms, nmda_tau_nonlinear_ms, nmda_nonlinear_length_ms : float
        Filters of the NMDA stage, ms.
    nmda_half_activation, nmda_sensitivity, nmda_gain : float
        Its sigmoid.
    dt_ms : float, default 0.1
        Time between two samples, ms.
    truncated : bool, default True
        False: the filters never end. The ends of truncated ones are seen in the traces, as kinks.

    Raises
    ------
    InputError
        For times and sensitivities that are not positive, and filters of less than two samples.

    Examples
    --------
    >>> ParallelDendriteParams(na_gain=0, ca_gain=0)
    ParallelDendriteParams(na_gain=0, ca_gain=0)
    """

    na_tau_linear_ms: float = _tau(5.0, "sodium")
    na_linear_length_ms: float = _length(100.0, "sodium")
    na_tau_nonlinear_ms: float = _tau(5.0, "sodium", "nonlinear")
    na_nonlinear_length_ms: float = _length(100.0, "sodium", "nonlinear")
    na_half_activation: float = _half(1.2, "sodium")
    na_sensitivity: float = _sensitivity(0.14, "sodium")
    na_gain: float = _gain(2.1, "sodium")
    ca_tau_linear_ms: float = _tau(40.0, "calcium")
    ca_linear_length_ms: float = _length(100.0, "calcium")
    ca_tau_nonlinear_ms: float = _tau(40.0, "calcium", "nonlinear")
    ca_nonlinear_length_ms: float = _length(200.0, "calcium", "nonlinear")
    ca_half_activation: float = _half(0.6, "calcium")
    ca_sensitivity: float = _sensitivity(0.16, "calcium")
    ca_gain: float = _gain(1.0, "calcium")
    nmda_tau_linear_ms: float = _tau(80.0, "NMDA")
    nmda_linear_length_ms: float = _length(200.0, "NMDA")
    nmda_tau_nonlinear_ms: float = _tau(80.0, "NMDA", "nonlinear")
    nmda_nonlinear_length_ms: float = _length(200.0, "NMDA", "nonlinear")
    nmda_half_activation: float = _half(0.8, "NMDA")
    nmda_sensitivity: float = _sensitivity(0.1, "NMDA")
    nmda_gain: float = _gain(6.0, "NMDA")
    dt_ms: float = option(DT_MS, "time (ms) between two samples", allowed=POSITIVE)
    truncated: bool = option(True, "whether filters end at their length")

    def __post_init__(self) -> None:
        check_options(self)
        for stage in STAGES:
            for name in ("linear_length_ms", "nonlinear_length_ms"):
                n_samples(getattr(self, f"{stage}_{name}"), self.dt_ms, f"{stage}_{name}", least=2)

    def summary(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return not_default(self)

    def stage(self, name: str) -> StageParams:
        """The constants of a stage: 'na', 'ca' or 'nmda'."""
        own = [item.name for item in fields(StageParams) if item.name not in ("dt_ms", "truncated")]
        values = {field: getattr(self, f"{name}_{field}") for field in own}
        return StageParams(**values, dt_ms=self.dt_ms, truncated=self.truncated)

    def blocked(self) -> "ParallelDendriteParams":
        """The same under TTX and cadmium: sodium and calcium stages have lost their sigmoids, their linear parts stay."""
        return replace(self, na_gain=0.0, ca_gain=0.0)
