"""Event streams and frames, against the published frames and a slow plain statement of the rule."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rate2spike.errors import InputError
from rate2spike.io.datasets.event_frames import DVS_FRAMES, SHD_FRAMES, FrameSettings, cropped, frames, input_width
from rate2spike.io.datasets.event_stream import EventStream, Sensor

from helpers import golden_csnn

GOLDEN = golden_csnn()
PREPROCESSED = sorted(key for key, case in GOLDEN.items() if key.startswith("preproc_") and isinstance(case, dict))
DVS, SHD = Sensor(128, 128, 2), Sensor(700, 1, 1)


def stream(t_us, x=None, y=None, polarity=None) -> EventStream:
    zeros = np.zeros(len(t_us), np.int64)
    columns = [zeros if column is None else np.asarray(column).astype(np.int64) for column in (x, y, polarity)]
    return EventStream(np.asarray(t_us).astype(np.int64), *columns)


def slow_frames(events, sensor, how) -> np.ndarray:
    """Spec 2.4, one event at a time."""
    rows = list(zip(events.t_us.tolist(), events.x.tolist(), events.y.tolist(), events.polarity.tolist(), strict=True))
    low, high = how.duration_ratio if isinstance(how.duration_ratio, tuple) else (0, how.duration_ratio)
    if rows:
        first, last = rows[0][0], rows[-1][0]
        a, b = first + low * (last - first), first + high * (last - first)
        if how.legacy_crop:
            a = low * (last - first) if isinstance(how.duration_ratio, tuple) else first
            b = high * (last - first)
        rows = [row for row in rows if a <= row[0] <= b]
    width, height = math.ceil(sensor.width * how.spatial_factor), math.ceil(sensor.height * how.spatial_factor)
    if not rows:
        return np.zeros((1, width * height * sensor.n_polarities), np.float32)
    rows = [
        (int(t * how.time_factor), int(x * how.spatial_factor), int(y * how.spatial_factor), p) for t, x, y, p in rows
    ]
    first, last, w = rows[0][0], rows[-1][0], how.window_ms
    counts = np.zeros((max(1, math.floor((last - first - w) / w) + 1), width * height * sensor.n_polarities))
    for j in range(len(counts)):
        for t, x, y, p in rows:
            if first + j * w <= t < first + (j + 1) * w:
                counts[j, (p if sensor.n_polarities > 1 else 0) * height * width + y * width + x] += 1
    return (counts >= how.count_threshold).astype(np.float32)


def golden_input(case) -> tuple[EventStream, Sensor, FrameSettings]:
    """The golden cases come from the published code, whose crop lacks t_first: legacy_crop. They name the sensor after
    the down-sampling; the largest one that gives it is taken."""
    x = case.get("units", case.get("px"))
    events = stream(case["t_us"], x, case.get("py"), case.get("p", np.ones(len(x))))
    width, height, n_polarities = case["sensor"]
    factor, ratio = case["spatial_factor"], case["duration_ratio"]
    how = FrameSettings(
        spatial_factor=factor,
        window_ms=case["time_window"],
        count_threshold=case["count_thr"],
        duration_ratio=tuple(ratio) if isinstance(ratio, list) else ratio,
        time_factor=case["time_factor"],
        legacy_crop=True,
    )
    return events, Sensor(math.floor(width / factor), math.floor(height / factor), n_polarities), how


@pytest.mark.parametrize("key", PREPROCESSED)
def test_published_frames(key):
    case = GOLDEN[key]
    events, sensor, how = golden_input(case)
    expected = np.zeros(case["shape"], np.float32)
    expected[tuple(np.array(case["active"], int).reshape(-1, 2).T)] = 1
    result = frames(events, sensor, how)
    assert result.dtype == np.float32 and result.shape[1] == input_width(sensor, how)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.skipif("preproc_empty_shape" not in GOLDEN, reason="not in this golden folder")
def test_published_shape_without_events():
    n_frames, width = GOLDEN["preproc_empty_shape"]
    result = frames(stream([]), Sensor(width, 1, 1), FrameSettings(1.0, 5, 3))
    assert result.shape == (n_frames, width) and not result.any()


@pytest.mark.skipif("take_tuple" not in GOLDEN, reason="not in this golden folder")
def test_published_crop_by_a_pair():
    case = GOLDEN["take_tuple"]
    events, interval = stream(case["t_us"]), tuple(case["interval"])
    np.testing.assert_array_equal(cropped(events, interval, legacy=True).t_us, case["kept_t_us"])
    first, last = events.t_us[[0, -1]]
    low, high = (first + bound * (last - first) for bound in interval)
    kept = events.t_us[(events.t_us >= low) & (events.t_us <= high)]
    np.testing.assert_array_equal(cropped(events, interval).t_us, kept)


def test_a_recording_that_starts_late_keeps_its_end():
    events = stream([900_000, 950_000, 1_000_000])
    assert cropped(events, 1.0).t_us.tolist() == [900_000, 950_000, 1_000_000]
    assert cropped(events, 0.5).t_us.tolist() == [900_000, 950_000]
    assert cropped(events, 1.0, legacy=True).n_events == 0
    assert frames(events, SHD, FrameSettings(0.5, 2, 1, legacy_crop=True)).shape == (1, 350)


def test_settings_of_the_experiments():
    assert input_width(DVS, DVS_FRAMES) == 512 and input_width(SHD, SHD_FRAMES) == 350
    assert frames(stream([0, 1_000_000], [699, 698], polarity=[1, 1]), SHD, SHD_FRAMES).shape == (500, 350)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_frames_equal_the_slow_statement(data):
    sensor = data.draw(st.sampled_from([Sensor(7, 5, 2), Sensor(12, 1, 1), Sensor(25, 20, 2)]))
    n = data.draw(st.integers(0, 60))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    events = EventStream(
        np.sort(rng.integers(0, data.draw(st.sampled_from([1, 3000, 60_000])), n)) + data.draw(st.integers(0, 20_000)),
        rng.integers(0, sensor.width, n),
        rng.integers(0, sensor.height, n),
        rng.integers(0, 2, n),
    )
    how = FrameSettings(
        spatial_factor=data.draw(st.sampled_from([0.12, 0.3, 0.5, 1.0])),
        window_ms=data.draw(st.sampled_from([1, 2, 2.5, 5])),
        count_threshold=data.draw(st.integers(1, 3)),
        duration_ratio=data.draw(st.sampled_from([1.0, 0.4, (0.25, 0.75), (0.0, 1.0)])),
        legacy_crop=data.draw(st.booleans()),
    )
    result = frames(events, sensor, how)
    assert result.shape[1] == input_width(sensor, how)
    np.testing.assert_array_equal(result, slow_frames(events, sensor, how))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spatial_factor": 0}, "spatial_factor must be a number above 0 and at most 1, got 0"),
        ({"spatial_factor": 1.5}, "spatial_factor must be"),
        ({"spatial_factor": math.nan}, "spatial_factor must be"),
        ({"window_ms": 0}, "window_ms must be a positive number"),
        ({"window_ms": math.inf}, "window_ms must be"),
        ({"count_threshold": 0}, "count_threshold must be a whole number from 1"),
        ({"count_threshold": 1.5}, "count_threshold must be"),
        ({"time_factor": -1}, "time_factor must be"),
        ({"duration_ratio": 0}, "duration_ratio must be"),
        ({"duration_ratio": 1.1}, "duration_ratio must be"),
        ({"duration_ratio": (0.5, 0.5)}, "duration_ratio must be"),
        ({"duration_ratio": (0.1, 0.2, 0.3)}, "duration_ratio must be a number or a pair"),
    ],
)
def test_settings_that_make_no_frames(changes, message):
    with pytest.raises(InputError, match=message):
        FrameSettings(**dict(spatial_factor=0.5, window_ms=2, count_threshold=1) | changes)


def test_events_outside_the_sensor():
    for changes in ({"x": [128]}, {"y": [128]}, {"polarity": [2]}):
        with pytest.raises(InputError, match=f"event with {next(iter(changes))} .* outside the sensor"):
            frames(stream([0], **changes), DVS, DVS_FRAMES)


def test_a_recording_too_long_for_memory():
    with pytest.raises(InputError, match=r"frames of one recording needs .* use a longer window_ms"):
        frames(stream([0, 10**15]), DVS, FrameSettings(1.0, 1, 1))


def test_streams_are_checked():
    one = np.array([1, 2])
    with pytest.raises(InputError, match="unequal lengths"):
        EventStream(one, one, one, one[:1])
    with pytest.raises(InputError, match="x of an event stream is negative"):
        EventStream(one, -one, one, one)
    with pytest.raises(InputError, match="y of an event stream is not finite"):
        EventStream(one, one, np.array([0, np.nan]), one)
    with pytest.raises(InputError, match="y of an event stream has type float64"):
        EventStream(one, one, np.array([0, 0.5]), one)
    with pytest.raises(InputError, match=r"expected \(n,\)"):
        EventStream(one, one, one, one[None])
    with pytest.raises(InputError, match="not in order of time"):
        EventStream(one[::-1], one, one, one)
    with pytest.raises(InputError, match="at least 1 by 1 by 1"):
        Sensor(0, 1, 1)


def test_events_are_put_in_order():
    events = EventStream.in_order(
        np.array([3, 1, 3]), np.array([0, 1, 2]), np.array([5, 6, 7]), np.array([1, 0, 1], bool)
    )
    assert events.t_us.tolist() == [1, 3, 3] and events.x.tolist() == [1, 0, 2] and events.y.tolist() == [6, 5, 7]
    assert events.polarity.tolist() == [0, 1, 1] and events.n_events == 3
