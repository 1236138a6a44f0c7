"""Recordings and event streams that users hold: one line, equality, tables; wrong calls in one line."""

import pickle

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.datasets.dvs_gesture import DVSGestureRecordings
from rate2spike.io.datasets.event_stream import EventStream, Sensor
from rate2spike.io.datasets.shd import SHDRecordings
from rate2spike.io.datasets.synthetic_events import write_synthetic_dvs, write_synthetic_shd
from rate2spike.io.datasets.waves import waves


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    write_synthetic_shd(folder, 2, 1, n_classes=3)
    write_synthetic_dvs(folder, 1, 1, duration_ms=50)
    with SHDRecordings(folder / "shd_train.h5") as shd:
        yield {"shd": shd, "dvs": DVSGestureRecordings(folder, "train")}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("shd", "SHDRecordings(n_recordings=6, n_classes=20, n_subjects=2, sensor='700 x 1 x 1')"),
        ("dvs", "DVSGestureRecordings(n_recordings=10, n_classes=10, n_subjects=1, sensor='128 x 128 x 2')"),
    ],
)
def test_recordings_can_be_read(sets, name, line):
    pytest.importorskip("pandas")
    one = sets[name]
    assert repr(one) == line and "<table>" in one._repr_html_()
    table = one.to_dataframe()
    assert list(table.columns) == ["recording", "label", "class_name", "subject"] and len(table) == len(one)
    assert table.class_name[1] == one.class_names[one.labels[1]]
    assert repr(pickle.loads(pickle.dumps(one))) == line
    assert one.events(-1) == one.events(len(one) - 1) != one.events(0)
    for wrong in ("a", len(one), 0.5):
        with pytest.raises(InputError, match=rf"recording .* of {len(one)}") as caught:
            one.events(wrong)
        assert isinstance(caught.value, IndexError)


def test_streams_can_be_read(sets):
    pytest.importorskip("pandas")
    stream = sets["shd"].events(0)
    assert (
        repr(stream) == f"EventStream(n_events={stream.n_events}, first_us={stream.t_us[0]}, last_us={stream.t_us[-1]})"
    )
    assert pickle.loads(pickle.dumps(stream)) == stream
    assert len(stream.to_dataframe()) == stream.n_events
    empty = np.zeros(0, int)
    assert repr(EventStream(empty, empty, empty, empty)) == "EventStream(n_events=0)"


def test_waves_can_be_read():
    one, other = (waves(2, 30, 50.0, 0.001, seed=seed) for seed in (1, 2))
    assert "n_series=8, n_steps=30, seed=1" in repr(one)
    assert one == waves(2, 30, 50.0, 0.001, seed=1) != other


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SHDRecordings(5), "path must be a path, got 5"),
        (lambda: SHDRecordings(), "SHDRecordings: path is missing"),
        (lambda: DVSGestureRecordings(5, "train"), "folder must be a path, got 5"),
        (lambda: DVSGestureRecordings("x", "tain"), "unknown split 'tain': .*; did you mean train"),
        (lambda: write_synthetic_shd(5), "folder must be a path, got 5"),
        (lambda: write_synthetic_dvs("x", users=3), "write_synthetic_dvs: unknown setting 'users'"),
        (lambda: Sensor("a", 1, 1), "a sensor has a size of at least 1 by 1 by 1"),
    ],
)
def test_wrong_calls_are_one_line(call, message):
    with pytest.raises(InputError, match=message):
        call()
