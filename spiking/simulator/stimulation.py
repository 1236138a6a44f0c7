"""Optogenetic-like stimulation: windows in which chosen units are pushed by random pulses or by a continuous current."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rate2spike.errors import InputError
from rate2spike.plausible import Plausible, warn_if_implausible
from rate2spike.unit_types import of_type

_LAST_STEP = 2**40  # later than any simulation ends, and safe as a kernel's integer
PLAUSIBLE_AMPLITUDE = Plausible(0, 1000, "mV", least=0.01)


@dataclass(frozen=True)
class Stimulation:
    """One window: acts in 0-based steps [first_step, end_step) on `units` (0-based), or on all units of `cell_type`.

    mode 'exc' depolarises, 'inh' hyperpolarises. Pulses, as published: at each step one coin for all units decides with
    probability `duty` whether amplitude_mv is added to their voltages. continuous: amplitude_mv is a current (times the
    membrane's resistance) that flows all the time instead. A step lasts 0.05 ms, or the network's dt_s. An amplitude or a
    duty of 0 is a control. Raises InputError for what can have no effect: no units, no whole step. Warns of an amplitude
    that is probably in another unit.
    """

    mode: str
    first_step: int
    end_step: int
    units: tuple[int, ...] = ()
    cell_type: str | None = None
    amplitude_mv: float = 0.5
    duty: float = 0.5
    continuous: bool = False

    def __post_init__(self) -> None:
        if self.mode not in ("exc", "inh"):
            raise InputError(f"stimulation mode must be 'exc' or 'inh', got {self.mode!r}")
        if not _are_whole(np.array([self.first_step, self.end_step])):
            raise InputError(
                "a stimulation's window is given in whole steps of 0.05 ms (or the network's dt_s), not in seconds: got "
                f"{self.first_step} to {self.end_step}"
            )
        if not 0 <= self.first_step < self.end_step:
            raise InputError(
                "a stimulation's window must hold a step: 0 <= first_step < end_step, got "
                f"{self.first_step} to {self.end_step}"
            )
        if not _is_number(self.amplitude_mv) or not 0 <= self.amplitude_mv < np.inf:
            raise InputError(f"stimulation amplitude must be finite and at least 0 mV, got {self.amplitude_mv!r}")
        warn_if_implausible("stimulation amplitude_mv", self.amplitude_mv, PLAUSIBLE_AMPLITUDE)
        if not _is_number(self.duty) or not 0 <= self.duty <= 1:
            raise InputError(f"stimulation duty must be from 0 to 1, got {self.duty!r}")
        if isinstance(self.units, str):
            raise InputError(f"stimulated units are numbers from 0; a type of units is cell_type={self.units!r}")
        units = np.array(list(self.units)) if np.iterable(self.units) else np.array([self.units])
        if units.size and not _are_whole(units):
            raise InputError(f"stimulated units are whole numbers from 0, got {units[:3].tolist()}")
        if units.size and self.cell_type is not None:
            raise InputError("a stimulation takes units or a cell type, not both")
        if not units.size and self.cell_type is None:
            raise InputError("a stimulation without units has no effect: give units (from 0) or a cell_type")
        object.__setattr__(self, "first_step", int(min(self.first_step, _LAST_STEP)))
        object.__setattr__(self, "end_step", int(min(self.end_step, _LAST_STEP)))
        object.__setattr__(
            self, "units", tuple(sorted({int(unit) for unit in units}))
        )  # a unit named twice moves once, as in MATLAB

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
        if not indices.size or max(window[0], 1) >= window[1]:
            what = "units" if not indices.size else f"step in dur ({window[0]:g}, {window[1]:g})"
            raise InputError(f"stims has no {what}, so that it has no effect: leave it out, or set its mode to 'none'")
        first, end = (int(np.clip(step, 1, _LAST_STEP)) - 1 for step in window)
        return cls(mode, first, end, tuple(int(k) - 1 for k in indices))

    @property
    def signed_mv(self) -> float:
        """Amplitude, negative for 'inh'."""
        return self.amplitude_mv if self.mode == "exc" else -self.amplitude_mv

    def active(self, steps: np.ndarray) -> np.ndarray:
        """Which of the 0-based steps lie in the window."""
        return (steps >= self.first_step) & (steps < self.end_step)


def checked_stimuli(
    stimulation: Stimulation | Sequence[Stimulation] | None, unit_types: np.ndarray, n_steps: int, dt_s: float
) -> tuple[tuple[Stimulation, np.ndarray], ...]:
    """Each stimulation of a trial of n_steps with the indices of its units.

    Raises InputError for units or types that do not exist, and for a window after the end of the trial.
    """
    given = (
        () if stimulation is None else (stimulation,) if isinstance(stimulation, Stimulation) else tuple(stimulation)
    )
    for one in given:
        if one.first_step >= n_steps:
            raise InputError(
                f"a stimulation from step {one.first_step} on has no effect: the trial ends after {n_steps} steps of "
                f"{dt_s * 1e3:g} ms, {n_steps * dt_s:g} s"
            )
    return tuple((one, _units_of(one, unit_types)) for one in given)


def _units_of(stimulation: Stimulation, unit_types: np.ndarray) -> np.ndarray:
    if stimulation.cell_type is None:
        units = np.array(stimulation.units, dtype=np.int64)
        outside = units[(units < 0) | (units >= unit_types.size)]
        if outside.size:
            raise InputError(
                f"stimulated unit {outside[-1] + 1} (from 1; {outside[-1]} from 0) does not exist: the network has "
                f"{unit_types.size} units"
            )
        return units
    return units_of_type(unit_types, stimulation.cell_type)


def units_of_type(unit_types: np.ndarray, cell_type: str) -> np.ndarray:
    """Indices of the units of a type. Raises InputError naming the types."""
    return np.flatnonzero(of_type(unit_types, cell_type))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _are_whole(values: np.ndarray) -> bool:
    return values.dtype.kind in "fiu" and bool(np.isfinite(values).all() and (values == np.round(values)).all())
