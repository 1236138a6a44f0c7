"""SHD files: what is read, from where, and every way in which they can be wrong."""

import multiprocessing
import os
import pickle

import h5py
import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.datasets.event_frames import SHD_FRAMES, frames
from rate2spike.io.datasets.shd import CLASS_NAMES, SHDRecordings, shd_file

ROWS = (([0.0, 0.25, 1.5], [3, 699, 0]), ([0.5], [7]), ([], []))


def write_shd(path, rows=ROWS, labels=(0, 19, 5), extra=None, leave_out=(), units_type=np.uint16):
    with h5py.File(path, "w") as file:
        for k, (name, kind) in enumerate((("times", np.float16), ("units", units_type))):
            if name not in leave_out:
                data = file.create_dataset(f"spikes/{name}", (len(rows),), h5py.vlen_dtype(np.dtype(kind)))
                for i, row in enumerate(rows):
                    data[i] = np.array(row[k], kind)
        if "labels" not in leave_out:
            file["labels"] = np.array(labels)
        for name, values in (extra or {}).items():
            file[f"extra/{name}"] = values
    return path


@pytest.fixture
def path(tmp_path):
    return write_shd(tmp_path / "shd_train.h5", extra={"speaker": np.array([4, 0, 11], np.uint16)})


def test_recordings_are_read(path):
    with SHDRecordings(path) as recordings:
        assert len(recordings) == 3 and recordings.name == "shd" and recordings.class_names == CLASS_NAMES
        assert recordings.labels.tolist() == [0, 19, 5] and recordings.subjects.tolist() == [4, 0, 11]
        events = recordings.events(0)
        assert events.t_us.tolist() == [0, 250_000, 1_500_000] and events.x.tolist() == [3, 699, 0]
        assert events.y.tolist() == [0, 0, 0] and events.polarity.tolist() == [1, 1, 1]
        assert recordings.events(2).n_events == 0
        assert frames(events, recordings.sensor, SHD_FRAMES).shape == (750, 350)
        assert frames(recordings.events(2), recordings.sensor, SHD_FRAMES).shape == (1, 350)


def test_half_precision_times_do_not_overflow(tmp_path):
    rng = np.random.default_rng(0)
    rows = [(np.sort(rng.uniform(0, 1.4, 50)), rng.integers(0, 700, 50)) for _ in range(10)]
    with SHDRecordings(write_shd(tmp_path / "a.h5", rows, np.arange(10))) as recordings:
        for i, (times_s, _) in enumerate(rows):
            t_us = recordings.events(i).t_us
            assert t_us.min() >= 0 and t_us.max() < 2_000_000
            np.testing.assert_allclose(t_us, times_s * 1e6, atol=500)  # half a float16 step beyond 1 s


def test_speakers_and_names_may_be_missing_or_given(tmp_path):
    with SHDRecordings(write_shd(tmp_path / "a.h5")) as recordings:
        assert recordings.subjects.tolist() == [0, 0, 0]
    keys = np.array([f"word {k}" for k in range(20)], "S10")
    with SHDRecordings(write_shd(tmp_path / "b.h5", extra={"keys": keys})) as recordings:
        assert recordings.class_names[:2] == ("word 0", "word 1")


def _first_times(recordings):
    return recordings.events(0).t_us.tolist()


def test_pickled_and_forked_copies_open_the_file_themselves(path):
    with SHDRecordings(path) as recordings:
        with pickle.loads(pickle.dumps(recordings)) as copy:
            assert _first_times(copy) == _first_times(recordings)
            assert copy._file is not recordings._file
        recordings._opened_by = -1  # as in a process that forked
        assert _first_times(recordings) == [0, 250_000, 1_500_000]
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(_times_of_pickled, (pickle.dumps(recordings),)) == [0, 250_000, 1_500_000]
    assert recordings._file is None
    assert _first_times(recordings) == [0, 250_000, 1_500_000]
    recordings.close()


def _times_of_pickled(content):
    with pickle.loads(content) as recordings:
        return _first_times(recordings)


@pytest.mark.parametrize("folder", [".", "SHD", "SDHContext", "SDHContext/SHD"])
def test_files_are_found_where_the_published_code_looks(tmp_path, folder):
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    write_shd(tmp_path / folder / "shd_test.h5")
    assert shd_file(tmp_path, "test") == tmp_path / folder / "shd_test.h5"


def test_missing_files_are_named_with_their_source(tmp_path):
    with pytest.raises(
        InputError, match=r"shd_test\.h5 is in none of .*SDHContext/SHD: .*zenkelab\.org.*unzip"
    ) as caught:
        shd_file(tmp_path, "test")
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="unknown split 'val': choose from train, test"):
        shd_file(tmp_path, "val")
    with pytest.raises(InputError, match=r"cannot read .*absent\.h5 as HDF5"):
        SHDRecordings(tmp_path / "absent.h5")


def test_files_that_are_not_hdf5_or_truncated(tmp_path, path):
    (tmp_path / "a.h5").write_bytes(b"PK\3\4 a zip file")
    whole = path.read_bytes()
    (tmp_path / "b.h5").write_bytes(whole[: len(whole) // 2])
    for name in "ab":
        with pytest.raises(InputError, match=rf"cannot read .*{name}\.h5 as HDF5") as caught:
            SHDRecordings(tmp_path / f"{name}.h5")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["times", "units", "labels"])
def test_foreign_files(tmp_path, name):
    write_shd(tmp_path / "a.h5", leave_out=(name,))
    with pytest.raises(InputError, match=rf"is no SHD file: it lacks .*{name}"):
        SHDRecordings(tmp_path / "a.h5")


def test_files_of_another_layout(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in ("spikes/times", "spikes/units", "labels"):
            file[name] = np.zeros(3)
    with pytest.raises(InputError, match="spikes/times holds no rows of variable length"):
        SHDRecordings(tmp_path / "a.h5")
    with pytest.raises(InputError, match="expected n rows in each"):
        SHDRecordings(write_shd(tmp_path / "b.h5", labels=(0, 1)))
    with pytest.raises(InputError, match="expected n rows in each"):
        SHDRecordings(write_shd(tmp_path / "c.h5", rows=(), labels=np.zeros(0, int)))
    with pytest.raises(InputError, match="extra/speaker must hold 3 whole numbers"):
        SHDRecordings(write_shd(tmp_path / "d.h5", extra={"speaker": np.zeros(2, int)}))


@pytest.mark.parametrize("labels", [(0, 1, 20), (-1, 0, 1), (0.5, 1.0, 2.0)])
def test_labels_out_of_range(tmp_path, labels):
    with pytest.raises(InputError, match="labels must be whole numbers from 0 to 19, got"):
        SHDRecordings(write_shd(tmp_path / "a.h5", labels=labels))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (([0.1, 0.2], [1]), "2 times but 1 units"),
        (([0.1, np.nan], [1, 2]), "times must be finite seconds"),
        (([0.1, np.inf], [1, 2]), "times must be finite seconds"),
        (([-0.1, 0.2], [1, 2]), "times must be finite seconds from 0 on, got -0.0999"),
        (([0.1], [700]), "units must be 0 to 699, got 700"),
    ],
)
def test_damaged_rows(tmp_path, row, message):
    write_shd(tmp_path / "a.h5", (ROWS[0], row), (0, 1))
    with SHDRecordings(tmp_path / "a.h5") as recordings:
        assert recordings.events(0).n_events == 3
        with pytest.raises(InputError, match=rf"recording 1 of .*a\.h5: {message}"):
            recordings.events(1)


def test_units_that_are_no_channels(tmp_path):
    negative = write_shd(tmp_path / "a.h5", units_type=np.int32, rows=(([0.1], [-1]),), labels=(0,))
    with SHDRecordings(negative) as bad, pytest.raises(InputError, match="units must be 0 to 699, got -1"):
        bad.events(0)
    fractions = write_shd(tmp_path / "b.h5", units_type=np.float32, rows=(([0.1], [1]),), labels=(0,))
    with SHDRecordings(fractions) as bad, pytest.raises(InputError, match="units of type float32"):
        bad.events(0)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
def test_no_handle_leaks(path):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with SHDRecordings(path) as recordings:
            recordings.events(0), recordings.events(1)
    assert len(os.listdir("/proc/self/fd")) == before
