"""Optogenetic-like stimulation: windows in which chosen units are pushed by random pulses or by a continuous current."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import is_number, shown, true_or_false
from rate2spike.errors import InputError
from rate2spike.plausible import Plausible, not_typed_here, warn_if_implausible
from rate2spike.readable import Readable
from rate2spike.unit_types import of_type

_LAST_STEP = 2**40  # later than any simulation ends, and safe as a kernel's integer
PLAUSIBLE_AMPLITUDE = Plausible(0, 1000, "mV", least=0.01)


@public()
@dataclass(frozen=True, repr=False)
class Stimulation(Readable):
    """One window in which chosen units are pushed: in seconds (start_s, end_s) or in steps (first_step, end_step).

    A step lasts 0.05 ms, or the network's dt_s. Pulses, as published: at each step one coin for all units decides with
    probability `duty` whether amplitude_mv is added to their voltages. An amplitude or a duty of 0 is a control.

    Parameters
    ----------
    mode : str
        'exc' depolarises, 'inh' hyperpolarises.
    first_step, end_step : int, default None
        The window [first_step, end_step), counted from 0.
    units : tuple of int, default ()
        The units, from 0.
    cell_type : str, default None
        In place of units: all of a type, such as 'excitatory'.
    amplitude_mv : float, default 0.5
        Size of a pulse, mV.
    duty : float, default 0.5
        Probability of a pulse at each step.
    continuous : bool, default False
        amplitude_mv is a current (times the membrane's resistance) that flows all the time, in place of pulses.
    start_s, end_s : float, default None
        The window in s from the start of the trial, in place of steps.

    Raises
    ------
    InputError
        For what can have no effect: no units, no whole step. An amplitude that is probably in another unit is warned of.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.Stimulation("exc", start_s=0.25, end_s=0.45, cell_type="excitatory")
    Stimulation(mode='exc', cell_type='excitatory', amplitude_mv=0.5, duty=0.5, start_s=0.25, end_s=0.45)
    """

    mode: str
    first_step: int | None = None
    end_step: int | None = None
    units: tuple[int, ...] = ()
    cell_type: str | None = None
    amplitude_mv: float = 0.5
    duty: float = 0.5
    continuous: bool = False
    start_s: float | None = None
    end_s: float | None = None

    def __post_init__(self) -> None:
        if self.mode not in ("exc", "inh"):
            raise InputError(f"stimulation mode must be 'exc' or 'inh', got {shown(self.mode)}")
        self._check_window()
        if not is_number(self.amplitude_mv) or not 0 <= self.amplitude_mv < np.inf:
            raise InputError(f"stimulation amplitude must be finite and at least 0 mV, got {self.amplitude_mv!r}")
        warn_if_implausible("stimulation amplitude_mv", self.amplitude_mv, PLAUSIBLE_AMPLITUDE)
        if not is_number(self.duty) or not 0 <= self.duty <= 1:
            raise InputError(f"stimulation duty must be from 0 to 1, got {self.duty!r}")
        true_or_false(self.continuous, "continuous", "continuous")
        if isinstance(self.units, str):
            raise InputError(f"stimulated units are numbers from 0; a type of units is cell_type={self.units!r}")
        units = np.array(list(self.units)) if np.iterable(self.units) else np.array([self.units])
        if units.size and not _are_whole(units):
            raise InputError(f"stimulated units are whole numbers from 0, got {units[:3].tolist()}")
        if units.size and self.cell_type is not None:
            raise InputError("a stimulation takes units or a cell type, not both")
        if not isinstance(self.cell_type, str | None):
            raise InputError(f"cell_type must be the name of a type of units, got {shown(self.cell_type)}", "cell_type")
        if not units.size and self.cell_type is None:
            raise InputError("a stimulation without units has no effect: give units (from 0) or a cell_type")
        object.__setattr__(
            self, "units", tuple(sorted({int(unit) for unit in units}))
        )  # a unit named twice moves once, as in MATLAB

    def _check_window(self) -> None:
        in_seconds = (self.start_s, self.end_s) != (None, None)
        in_steps = (self.first_step, self.end_step) != (None, None)
        if in_seconds and in_steps:
            raise InputError(
                "a stimulation's window is given in seconds (start_s, end_s) or in steps (first_step, end_step), not both"
            )
        if in_seconds:
            _check_seconds(self.start_s, self.end_s)
        else:
            first, end = _checked_steps(self.first_step, self.end_step)
            object.__setattr__(self, "first_step", first)
            object.__setattr__(self, "end_step", end)

    def summary(self) -> dict[str, Any]:
        """What `repr` shows: all that is set."""
        return {name: v for name, v in super().summary().items() if v != () and v is not False}

    def in_steps(self, dt_s: float) -> "Stimulation":
        """The same with its window in steps of dt_s. Raises InputError if that holds none."""
        if self.start_s is None or self.end_s is None:
            return self
        # a window may go on after the trial, as one in steps may
        first, end = (round(min(one / dt_s, _LAST_STEP)) for one in (self.start_s, self.end_s))
        if first == end:
            raise InputError(
                f"a stimulation from {self.start_s:g} to {self.end_s:g} s is shorter than a step of {dt_s * 1e3:g} ms"
            )
        with not_typed_here():  # of its amplitude it has warned
            return replace(self, first_step=first, end_step=end, start_s=None, end_s=None)

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

    @property
    def steps(self) -> tuple[int, int]:
        """First step of a window in steps, and the one after its last."""
        assert self.first_step is not None and self.end_step is not None
        return self.first_step, self.end_step

    def active(self, steps: np.ndarray) -> np.ndarray:
        """Which of the 0-based steps lie in a window in steps."""
        first, end = self.steps
        return (steps >= first) & (steps < end)


def _check_seconds(start: Any, end: Any) -> None:
    if not is_number(start) or not is_number(end) or not 0 <= start < end < np.inf:
        raise InputError(
            f"a stimulation's window must hold time: 0 <= start_s < end_s, got start_s={start}, end_s={end}"
        )


def _checked_steps(first: Any, end: Any) -> tuple[int, int]:
    if first is None or end is None:
        raise InputError(
            "a stimulation needs a window: start_s and end_s, in seconds, or first_step and end_step; got "
            f"first_step={first}, end_step={end}"
        )
    if not _are_whole(np.array([first, end])):
        raise InputError(
            "a stimulation's window is given in whole steps of 0.05 ms (or the network's dt_s), or in seconds by name: "
            f"start_s={first}, end_s={end}"
        )
    if not 0 <= first < end:
        raise InputError(f"a stimulation's window must hold a step: 0 <= first_step < end_step, got {first} to {end}")
    return int(min(first, _LAST_STEP)), int(min(end, _LAST_STEP))


def checked_stimuli(
    stimulation: Stimulation | Sequence[Stimulation] | None, unit_types: np.ndarray, n_steps: int, dt_s: float
) -> tuple[tuple[Stimulation, np.ndarray], ...]:
    """Each stimulation of a trial of n_steps, its window in steps, with the indices of its units.

    Raises InputError for what is no stimulation, for units or types that do not exist, and for a window after the end of
    the trial.
    """
    given = () if stimulation is None else stimulation if isinstance(stimulation, list | tuple) else (stimulation,)
    for one in given:
        if not isinstance(one, Stimulation):
            raise InputError(
                f"{{stimulation}} must be a Stimulation, or a list of them, got {shown(one)}", "stimulation"
            )
    in_steps = [one.in_steps(dt_s) for one in given]
    for one in in_steps:
        if one.steps[0] >= n_steps:
            raise InputError(
                f"a stimulation from step {one.steps[0]} on has no effect: the trial ends after {n_steps} steps of "
                f"{dt_s * 1e3:g} ms, {n_steps * dt_s:g} s"
            )
    return tuple((one, _units_of(one, unit_types)) for one in in_steps)


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


def _are_whole(values: np.ndarray) -> bool:
    return values.dtype.kind in "fiu" and bool(np.isfinite(values).all() and (values == np.round(values)).all())
