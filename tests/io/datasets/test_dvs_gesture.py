"""DVS128 Gesture in both forms: what is read, and every way in which it can be wrong."""

import pickle

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.datasets.dvs_clips import CORRECTED_ENDS_US, LABEL_HEADER
from rate2spike.io.datasets.dvs_gesture import CLASS_NAMES, DVSGestureRecordings, dvs_folder

from helpers import aedat_bytes, aedat_packet

TABLE = np.array([[1, 2, 0, 0], [127, 0, 1, 3], [5, 127, 1, 8]])  # x, y, polarity, t in ms


def write_npy(folder, table=TABLE, name="3.npy", user="user07_led", split="ibmGestureTrain"):
    place = folder / split / user
    place.mkdir(parents=True, exist_ok=True)
    np.save(place / name, table)
    return folder


def write_aedat(folder, labels, packets=(), name="user07_led", split="train"):
    (folder / f"trials_to_{split}.txt").write_text(f"{name}.aedat\n\n")
    (folder / f"{name}.aedat").write_bytes(aedat_bytes(*packets))
    (folder / f"{name}_labels.csv").write_text("\n".join([LABEL_HEADER, *labels]) + "\n")
    return folder


def columns(events):
    return [getattr(events, name).tolist() for name in ("x", "y", "polarity", "t_us")]


def test_npy_recordings_are_read(tmp_path):
    for user, split in (
        ("user07_led", "Train"),
        ("user12_natural", "Train"),
        ("user07_natural", "Train"),
        ("user24_led", "Test"),
    ):
        for label in (10, 3, 0):
            write_npy(tmp_path, TABLE.astype(np.int16), f"{label}.npy", user, f"ibmGesture{split}")
    train = DVSGestureRecordings(tmp_path, "train")
    assert train.labels.tolist() == [0, 3] * 3 and train.subjects.tolist() == [7] * 4 + [12] * 2
    assert train.class_names == CLASS_NAMES[:10] and len(train) == 6 and train.name == "dvsgesture"
    assert columns(train.events(1)) == [[1, 127, 5], [2, 0, 127], [0, 1, 1], [0, 3000, 8000]]
    assert (train.sensor.width, train.sensor.height, train.sensor.n_polarities) == (128, 128, 2)
    test = DVSGestureRecordings(tmp_path, "test", include_other=True)
    assert test.labels.tolist() == [0, 3, 10] and test.class_names[10] == "other"
    assert columns(pickle.loads(pickle.dumps(test)).events(2)) == columns(train.events(0))


def test_times_in_16_bits_do_not_overflow(tmp_path):
    write_npy(tmp_path, np.array([[1, 1, 1, 30_000]], np.int16))
    assert DVSGestureRecordings(tmp_path, "train").events(0).t_us.tolist() == [30_000_000]


def test_both_forms_give_the_same_events(tmp_path):
    (tmp_path / "a").mkdir()
    start = 5_000
    events = [(start + 1000 * t, x, y, p) for x, y, p, t in TABLE.tolist()]
    packets = [
        aedat_packet([(0, 9, 9, 1), *events[:1]]),
        aedat_packet(events[1:2]),
        aedat_packet([*events[2:], (20_000, 9, 9, 1)]),
    ]
    labels = [f"4,{start},{start + 8000}", "11,15000,20000"]
    original = DVSGestureRecordings(write_aedat(tmp_path / "a", labels, packets), "train")
    cut = DVSGestureRecordings(write_npy(tmp_path), "train")
    assert original.labels.tolist() == cut.labels.tolist() == [3]
    assert original.subjects.tolist() == cut.subjects.tolist() == [7]
    assert columns(original.events(0)) == columns(cut.events(0))
    assert columns(original.events(0)) == columns(cut.events(0))  # from the index this time
    both = DVSGestureRecordings(tmp_path / "a", "train", include_other=True)
    assert both.labels.tolist() == [3, 10] and both.events(1).t_us.tolist() == [5000]


def test_the_published_label_defect_is_corrected(tmp_path):
    ((name, number, wrong),) = CORRECTED_ENDS_US
    packets = [aedat_packet([(103_999_999, 1, 1, 1), (104_000_001, 2, 2, 1), (110_000_000, 3, 3, 1)])]
    labels = [f"{number},100000000,{wrong}"]
    mended = DVSGestureRecordings(write_aedat(tmp_path, labels, packets, name), "train")
    assert mended.labels.tolist() == [8] and mended.events(0).t_us.tolist() == [3_999_999]
    as_said = DVSGestureRecordings(write_aedat(tmp_path, labels, packets, "user21_led"), "train")
    assert as_said.events(0).n_events == 3


@pytest.mark.parametrize("sub", [".", "DVSGesture", "DVSGestureContext", "DVSGestureContext/DVSGesture"])
def test_folders_are_found_where_the_published_code_looks(tmp_path, sub):
    place = tmp_path / sub
    place.mkdir(parents=True, exist_ok=True)
    write_aedat(place, ["1,0,10"])
    assert dvs_folder(tmp_path) == place
    (place / "trials_to_train.txt").unlink()
    assert dvs_folder(write_npy(place)) == place


def test_missing_folders_are_named_with_their_source(tmp_path):
    with pytest.raises(
        InputError, match=r"DVSGestureContext/DVSGesture.*: get them from https://research\.ibm"
    ) as caught:
        dvs_folder(tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=r"neither the folder ibmGestureTest nor the file trials_to_test\.txt"):
        DVSGestureRecordings(write_npy(tmp_path), "test")
    with pytest.raises(InputError, match="unknown split 'validation': choose from train, test"):
        DVSGestureRecordings(tmp_path, "validation")
    (tmp_path / "ibmGestureTest").mkdir()
    with pytest.raises(InputError, match="holds no gestures of the split 'test'"):
        DVSGestureRecordings(tmp_path, "test")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE[:, :3], r"expected shape \(n, 4\) .*got \(3, 3\)"),
        (TABLE[0], r"expected shape \(n, 4\)"),
        (TABLE + 0.5, "expected whole numbers x, y, polarity, t in ms, got float64"),
        (np.where(TABLE == 8, np.nan, TABLE), "expected whole numbers"),
        (TABLE.astype(str), "expected whole numbers .*got <U"),
        (TABLE.astype(object), r"cannot read .*3\.npy as a NumPy array of numbers"),
        (TABLE - 1, "expected numbers from 0 on"),
        (TABLE * [1, 1, 2, 1], "polarities 0 and 1, got"),
        (TABLE + np.array([1, 0, 0, 0]), "x must be 0 to 127, got 128"),
        (TABLE + np.array([0, 1, 0, 0]), "y must be 0 to 127, got 128"),
    ],
)
def test_damaged_arrays(tmp_path, table, message):
    recordings = DVSGestureRecordings(write_npy(tmp_path, table), "train")
    with pytest.raises(InputError, match=message) as caught:
        recordings.events(0)
    assert "3.npy" in str(caught.value)


def test_whole_numbers_stored_as_floats_and_empty_arrays(tmp_path):
    write_npy(tmp_path, TABLE.astype(np.float64))
    assert DVSGestureRecordings(tmp_path, "train").events(0).t_us.tolist() == [0, 3000, 8000]
    write_npy(tmp_path, TABLE[:0])
    assert DVSGestureRecordings(tmp_path, "train").events(0).n_events == 0


@pytest.mark.parametrize("content", [b"", b"PK\3\4 a zip file", b"\x93NUMPY\1\0v\0{'descr': '<i8'"])
def test_files_that_are_no_arrays(tmp_path, content):
    recordings = DVSGestureRecordings(write_npy(tmp_path), "train")
    path = tmp_path / "ibmGestureTrain" / "user07_led" / "3.npy"
    for damaged in (content, path.read_bytes()[:-5]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"cannot read .*3\.npy as a NumPy array"):
            recordings.events(0)


@pytest.mark.parametrize("name", ["11.npy", "-1.npy", "clap.npy", "99999.npy"])
def test_file_names_that_are_no_class(tmp_path, name):
    with pytest.raises(InputError, match=r"expected a file name from 0\.npy to 10\.npy"):
        DVSGestureRecordings(write_npy(tmp_path, name=name), "train")


def test_names_without_a_user(tmp_path):
    with pytest.raises(InputError, match="expected a name user<number>_<lighting>, got someone_led"):
        DVSGestureRecordings(write_npy(tmp_path, user="someone_led"), "train")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("12,0,10", r"user07_led_labels\.csv, line 2: class 12, expected 1 to 11"),
        ("0,0,10", "line 2: class 0, expected 1 to 11"),
        ("1,10,10", "ends at 10 us, before its start at 10 us"),
        ("1,20,10", "ends at 10 us, before its start at 20 us"),
        ("1,20", "line 2: expected three whole numbers class,startTime_usec,endTime_usec, got '1,20'"),
        ("1,20,30,40", "expected three whole numbers"),
        ("1,2.5,30", "expected three whole numbers"),
        ("one,0,10", "expected three whole numbers"),
    ],
)
def test_malformed_labels(tmp_path, line, message):
    with pytest.raises(InputError, match=message):
        DVSGestureRecordings(write_aedat(tmp_path, [line]), "train")


def test_labels_that_are_missing_or_foreign(tmp_path):
    write_aedat(tmp_path, ["1,0,10"])
    table = tmp_path / "user07_led_labels.csv"
    for content in (b"", b"start,stop,class\n1,2,3\n"):
        table.write_bytes(content)
        with pytest.raises(InputError, match=r"labels\.csv: expected the first line class,startTime_usec,endTime_usec"):
            DVSGestureRecordings(tmp_path, "train")
    table.write_bytes(b"\xff\xfe\x80")
    with pytest.raises(InputError, match=r"cannot read .*labels\.csv as text"):
        DVSGestureRecordings(tmp_path, "train")
    table.unlink()
    with pytest.raises(InputError, match=r"user07_led\.aedat lacks its labels: no file user07_led_labels\.csv"):
        DVSGestureRecordings(tmp_path, "train")
    (tmp_path / "user07_led.aedat").unlink()
    with pytest.raises(InputError, match=r"trials_to_train\.txt names user07_led\.aedat, which is no \.aedat file in"):
        DVSGestureRecordings(tmp_path, "train")


def test_damaged_aedat(tmp_path):
    packets = [aedat_packet([(5, 128, 0, 1)])]
    with pytest.raises(InputError, match=r"user07_led\.aedat: x must be 0 to 127, got 128"):
        DVSGestureRecordings(write_aedat(tmp_path, ["1,0,10"], packets), "train").events(0)
    with pytest.raises(InputError, match=r"user07_led\.aedat is truncated"):
        DVSGestureRecordings(write_aedat(tmp_path, ["1,0,10"], [packets[0][:-1]]), "train").events(0)


def test_what_macos_leaves_beside_recordings_is_passed_over(tmp_path):
    write_npy(tmp_path)
    split = tmp_path / "ibmGestureTrain"
    for place in ("user07_led/._3.npy", "__MACOSX/user07_led_3.npy", "._user07_led/3.npy", ".DS_Store", "Thumbs.db"):
        path = split / place
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x00\x05\x16\x07")
    recordings = DVSGestureRecordings(tmp_path, "train")
    assert len(recordings) == 1 and recordings.labels.tolist() == [3]
