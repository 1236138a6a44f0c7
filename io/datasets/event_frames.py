"""Events to frames of 0 and 1: crop in time, down-sample, count per window, compare with a threshold.

Own code, because the published results hang on how times and pixels are rounded here.
"""

import math
from dataclasses import dataclass

import numpy as np

from rate2spike.checks import POSITIVE, Range, number, whole_number
from rate2spike.errors import InputError
from rate2spike.io.datasets.event_stream import EventStream, Sensor
from rate2spike.machine.memory import check_memory


@dataclass(frozen=True)
class FrameSettings:
    """How a recording becomes frames. Raises InputError for values that make none."""

    spatial_factor: float  # coordinates are multiplied by it and truncated
    window_ms: float  # width of a frame, in the unit that time_factor gives
    count_threshold: int  # events that make a 1
    duration_ratio: float | tuple[float, float] = 1.0  # part of the recording that is kept: up to, or from and to
    time_factor: float = 1e-3  # us to ms; times are truncated to whole ms
    legacy_crop: bool = False  # as the published code: bounds count from time 0, not from the first event

    def __post_init__(self) -> None:
        number(self.spatial_factor, "{spatial_factor}", "spatial_factor", Range(above=0, most=1))
        number(self.window_ms, "{window_ms}", "window_ms", POSITIVE)
        number(self.time_factor, "{time_factor}", "time_factor", POSITIVE)
        whole_number(self.count_threshold, "{count_threshold}", "count_threshold")
        low, high = _bounds(self.duration_ratio)
        if not 0 <= low < high <= 1:
            raise InputError(
                f"{{duration_ratio}} must be 0 < ratio <= 1, or a pair 0 <= from < to <= 1, got {self.duration_ratio}",
                "duration_ratio",
            )


def cropped(events: EventStream, ratio: float | tuple[float, float], legacy: bool = False) -> EventStream:
    """The events from t_first + low * duration to t_first + high * duration; a single ratio is (0, ratio).

    legacy: as published, the bounds lack t_first (a single ratio has t_first as its lower bound), so that recordings
    that start late lose their end.
    """
    if events.n_events == 0:
        return events
    first, last = int(events.t_us[0]), int(events.t_us[-1])
    low, high = ((last - first) * bound for bound in _bounds(ratio))
    if legacy:
        low = low if isinstance(ratio, tuple) else first
    else:
        low, high = first + low, first + high
    start, stop = np.searchsorted(events.t_us, low, "left"), np.searchsorted(events.t_us, high, "right")
    part = slice(start, max(start, stop))
    return EventStream(events.t_us[part], events.x[part], events.y[part], events.polarity[part])


def frames(events: EventStream, sensor: Sensor, settings: FrameSettings) -> np.ndarray:
    """(T, I) float32 of 0 and 1; column p * H * W + y * W + x of the down-sampled sensor.

    A last window that is not complete is dropped, but there is one frame at least: a blank one without events.
    Raises InputError for events outside the sensor.
    """
    _check_inside(events, sensor)
    events = cropped(events, settings.duration_ratio, settings.legacy_crop)
    width, height = _reduced(sensor.width, settings), _reduced(sensor.height, settings)
    n_columns = width * height * sensor.n_polarities
    if events.n_events == 0:
        return np.zeros((1, n_columns), np.float32)
    t = _scaled(events.t_us, settings.time_factor)
    x, y = _scaled(events.x, settings.spatial_factor), _scaled(events.y, settings.spatial_factor)
    polarity = events.polarity.astype(np.int64) if sensor.n_polarities > 1 else np.zeros_like(t)
    window = settings.window_ms
    n_frames = max(1, math.floor((t[-1] - t[0] - window) / window) + 1)
    check_memory(
        12.0 * n_frames * n_columns, f"{n_frames} frames of one recording", "use a longer {window_ms}", "window_ms"
    )
    frame = np.floor_divide(t - t[0], window).astype(np.int64)
    cell = ((frame * sensor.n_polarities + polarity) * height + y) * width + x
    counts = np.bincount(cell[frame < n_frames], minlength=n_frames * n_columns)
    return (counts >= settings.count_threshold).astype(np.float32).reshape(n_frames, n_columns)


def input_width(sensor: Sensor, settings: FrameSettings) -> int:
    """Number of columns I of the frames."""
    return _reduced(sensor.width, settings) * _reduced(sensor.height, settings) * sensor.n_polarities


def _reduced(size: int, settings: FrameSettings) -> int:
    return math.ceil(size * settings.spatial_factor)


def _scaled(values: np.ndarray, factor: float) -> np.ndarray:
    return (values * factor).astype(np.int64)  # truncates


def _bounds(ratio: float | tuple[float, float]) -> tuple[float, float]:
    if not isinstance(ratio, tuple):
        return 0.0, ratio
    if len(ratio) != 2:
        raise InputError(f"{{duration_ratio}} must be a number or a pair, got {ratio}", "duration_ratio")
    return ratio


def _check_inside(events: EventStream, sensor: Sensor) -> None:
    # the polarity of a sensor with a single one is never looked at
    limits = {"x": sensor.width, "y": sensor.height}
    if sensor.n_polarities > 1:
        limits["polarity"] = sensor.n_polarities
    for name, limit in limits.items():
        values = getattr(events, name)
        if values.size and values.max() >= limit:
            raise InputError(f"event with {name} {values.max()} outside the sensor, which has 0 to {limit - 1}")


# of the published experiments
SHD_FRAMES = FrameSettings(spatial_factor=0.5, window_ms=2, count_threshold=1, duration_ratio=1.0)
DVS_FRAMES = FrameSettings(spatial_factor=0.12, window_ms=5, count_threshold=3, duration_ratio=0.4)
