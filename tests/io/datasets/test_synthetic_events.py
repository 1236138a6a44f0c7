"""Synthetic recordings: in the real layouts, reproducible, and as busy as the specification says."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.datasets.dvs_gesture import DVSGestureRecordings, dvs_folder
from rate2spike.io.datasets.event_frames import DVS_FRAMES, SHD_FRAMES, frames
from rate2spike.io.datasets.shd import SHDRecordings, shd_file
from rate2spike.io.datasets.synthetic_events import write_synthetic_dvs, write_synthetic_shd


def shd_events(folder, split="train"):
    with SHDRecordings(shd_file(folder, split)) as recordings:
        return recordings.labels, [recordings.events(i) for i in range(len(recordings))], recordings.subjects


@pytest.fixture(scope="module")
def shd(tmp_path_factory):
    return write_synthetic_shd(tmp_path_factory.mktemp("shd"), n_train_per_class=6, n_test_per_class=2, seed=1)


@pytest.fixture(scope="module")
def dvs(tmp_path_factory):
    return write_synthetic_dvs(tmp_path_factory.mktemp("dvs"), n_train_users=2, n_test_users=1, seed=1)


def test_shd_has_the_counts_and_the_activity_described(shd):
    labels, streams, subjects = shd_events(shd)
    assert np.bincount(labels).tolist() == [6] * 20 and set(subjects) == set(range(6))
    assert np.bincount(shd_events(shd, "test")[0]).tolist() == [2] * 20
    assert 405 < np.mean([events.n_events for events in streams]) < 435  # 3 * 120 + 60
    with SHDRecordings(shd_file(shd, "train")) as recordings:
        n_frames = [len(frames(events, recordings.sensor, SHD_FRAMES)) for events in streams]
    assert 110 < np.mean(n_frames) < 132 and min(n_frames) > 85 and max(n_frames) < 150


def _centres(labels, streams):
    """Per recording the mean channel in thirds of its duration."""
    parts = [np.array_split(events.x, 3) for events in streams]
    return np.array([[part.mean() for part in row] for row in parts])


def test_shd_classes_differ_from_each_other_and_train_from_test(shd):
    labels, streams, _ = shd_events(shd)
    test_labels, test_streams, _ = shd_events(shd, "test")
    means = np.array([_centres(labels, streams)[labels == k].mean(0) for k in range(20)])
    nearest = np.linalg.norm(_centres(test_labels, test_streams)[:, None] - means, axis=2).argmin(1)
    assert np.mean(nearest == test_labels) > 0.4  # chance is 0.05
    assert not np.array_equal(streams[0].t_us, test_streams[0].t_us)


def test_shd_seeds(tmp_path, shd):
    few = dict(n_train_per_class=1, n_test_per_class=1)
    _, streams, _ = shd_events(shd)
    _, same, _ = shd_events(write_synthetic_shd(tmp_path / "a", **few, seed=1))
    _, other, _ = shd_events(write_synthetic_shd(tmp_path / "b", **few, seed=2))
    for k in range(20):  # more recordings leave the first ones as they were
        np.testing.assert_array_equal(same[k].t_us, streams[k].t_us)
        np.testing.assert_array_equal(same[k].x, streams[k].x)
    assert not np.array_equal(other[0].t_us, streams[0].t_us)
    labels, _, _ = shd_events(write_synthetic_shd(tmp_path / "c", **few, n_classes=3))
    assert labels.tolist() == [0, 1, 2]


def test_dvs_has_the_counts_and_the_activity_described(dvs):
    train, test = (DVSGestureRecordings(dvs_folder(dvs), split) for split in ("train", "test"))
    assert np.bincount(train.labels).tolist() == [2] * 10 and set(train.subjects) == {1, 2}
    assert set(test.subjects) == {3} and len(DVSGestureRecordings(dvs, "test", include_other=True)) == 11
    streams = [train.events(i) for i in range(len(train))]
    assert np.mean([events.n_events for events in streams]) == pytest.approx(45 * 900, rel=0.01)
    framed = [frames(events, train.sensor, DVS_FRAMES) for events in streams]
    assert {one.shape for one in framed} == {(71, 512)}
    assert 0.018 < np.mean([one.mean() for one in framed]) < 0.027


def test_dvs_seeds(tmp_path, dvs):
    few = dict(n_train_users=1, n_test_users=1, duration_ms=20)
    one, two, other = (write_synthetic_dvs(tmp_path / str(k), **few, seed=seed) for k, seed in enumerate((1, 1, 2)))
    tables = [np.load(folder / "ibmGestureTrain" / "user01_led" / "4.npy") for folder in (one, two, other)]
    np.testing.assert_array_equal(tables[0], tables[1])
    assert not np.array_equal(tables[0], tables[2]) and tables[0].shape[1] == 4


def test_a_failed_write_leaves_no_file(tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("boom")

    monkeypatch.setattr("rate2spike.io.datasets.synthetic_events.utterance", fail)
    with pytest.raises(RuntimeError, match="boom"):
        write_synthetic_shd(tmp_path, 1, 1)
    assert list(tmp_path.iterdir()) == []


def test_arguments_are_checked(tmp_path):
    with pytest.raises(InputError, match="n_train_per_class must be a whole number from 1, got 0"):
        write_synthetic_shd(tmp_path, 0)
    with pytest.raises(InputError, match="n_classes must be at most 20, got 21"):
        write_synthetic_shd(tmp_path, n_classes=21)
    with pytest.raises(InputError, match=r"n_test_users must be a whole number from 1, got 1\.5"):
        write_synthetic_dvs(tmp_path, n_test_users=1.5)
    with pytest.raises(InputError, match="seed must be a whole number"):
        write_synthetic_shd(tmp_path, seed=-1)
    with pytest.raises(InputError, match="seed must be a whole number"):
        write_synthetic_dvs(tmp_path, template_seed=-1)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="not writable"):
        write_synthetic_dvs(tmp_path / "file" / "folder")
