"""Constants of the LIF neuron, and stimulation: the records that a simulation takes besides the network."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rate2spike.errors import InputError

_LAST_STEP = 2**40  # later than any simulation ends, and safe as a kernel's integer
STEPS_PER_COLUMN = 100  # simulation steps per column of the (subsampled) input


@dataclass(frozen=True)
class LIFParams:
    """Constants of the LIF neuron and its synapses; defaults as published."""

    tau_m_s: float = 0.010  # membrane
    t_ref_s: float = 0.002  # refractory period
    tau_r_s: float = 0.002  # synaptic rise; 0 selects the single-exponential filter
    v_reset_mv: float = -65.0
    v_peak_mv: float = -40.0
    bias_mv: float = -40.0
    noise_sd_mv: float = 0.1  # added to the voltage at every step, whatever its length

    def __post_init__(self) -> None:
        for name, minimum, exclusive in (
            ("tau_m_s", 0, True), ("t_ref_s", 0, False), ("tau_r_s", 0, False), ("noise_sd_mv", 0, False)
        ):  # fmt: skip
            value = getattr(self, name)
            if not np.isfinite(value) or value < minimum or (exclusive and value == minimum):
                raise InputError(f"{name} must be {'above' if exclusive else 'at least'} {minimum}, got {value}")


@dataclass(frozen=True)
class Stimulation:
    """Optogenetic-like stimulation: in 0-based steps [first_step, end_step) one coin per step moves `units` by 0.5 mV.

    mode 'exc' depolarises, 'inh' hyperpolarises. units are 0-based.
    """

    mode: str
    first_step: int
    end_step: int
    units: tuple[int, ...]
    AMPLITUDE_MV = 0.5

    def __post_init__(self) -> None:
        if self.mode not in ("exc", "inh"):
            raise InputError(f"stimulation mode must be 'exc' or 'inh', got {self.mode!r}")
        if not 0 <= self.first_step <= self.end_step:
            raise InputError(f"stimulation window must be 0 <= first <= end, got {self.first_step}, {self.end_step}")
        object.__setattr__(self, "units", tuple(sorted(set(self.units))))  # a unit named twice moves once, as in MATLAB

    @classmethod
    def from_matlab(cls, mode: str, dur: Iterable[float], units: Iterable[float]) -> "Stimulation | None":
        """From the historic `stims` (dur: first and one-past-last step, units: both 1-based). None for mode 'none'."""
        if mode == "none":
            return None
        window, indices = np.ravel(list(dur)), np.ravel(list(units))
        if window.size != 2 or not _are_whole(window) or not _are_whole(indices):
            raise InputError("stims.dur must hold two whole numbers (on, off) and stims.units whole numbers, from 1")
        if indices.size and indices.min() < 1:
            raise InputError(f"stims.units count from 1, got {indices.min():g}")
        if window[0] > window[1]:
            raise InputError(f"stims.dur must hold on <= off, got {window[0]:g}, {window[1]:g}")
        first, end = (int(np.clip(step, 1, _LAST_STEP)) - 1 for step in window)
        return cls(mode, first, end, tuple(int(k) - 1 for k in indices))

    @property
    def amplitude_mv(self) -> float:
        """Signed voltage step."""
        return self.AMPLITUDE_MV if self.mode == "exc" else -self.AMPLITUDE_MV


def _are_whole(values: np.ndarray) -> bool:
    return values.dtype.kind in "fiu" and bool(np.isfinite(values).all() and (values == np.round(values)).all())
