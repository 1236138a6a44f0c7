"""Made-up recordings in the file layouts of SHD and DVS128 Gesture, to try a training without the real ones.

Every recording has a generator of its own, so that more recordings leave the first ones as they were.
"""

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np

from rate2spike.calls import public
from rate2spike.checks import path as checked_path
from rate2spike.checks import whole_number
from rate2spike.io.atomic_file import make_folder, write_atomically
from rate2spike.io.datasets.dvs_clips import N_CLASSES as N_GESTURES
from rate2spike.io.datasets.dvs_clips import NPY_FOLDERS
from rate2spike.io.datasets.shd import N_CLASSES
from rate2spike.io.datasets.synthetic_gestures import gesture
from rate2spike.io.datasets.synthetic_utterances import utterance
from rate2spike.io.hdf5_file import open_hdf5
from rate2spike.seeding import resolve_seed

SPEAKERS = {"train": 10, "test": 12}  # as in SHD, two are heard in the test file only
SYNTHETIC_SEED = 1


@public()
def write_synthetic_shd(
    folder: str | os.PathLike,
    n_train_per_class: int = 40,
    n_test_per_class: int = 20,
    seed: int = 1,
    template_seed: int = 11,
    n_classes: int = N_CLASSES,
) -> Path:
    """Write shd_train.h5 and shd_test.h5 with made-up spoken digits.

    Parameters
    ----------
    folder : path
    n_train_per_class, n_test_per_class : int, default 40, 20
        Recordings of each class.
    seed : int, default 1
        Of the recordings.
    template_seed : int, default 11
        Of what the classes are like.
    n_classes : int, default 20

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        For numbers that cannot be.

    Examples
    --------
    >>> from rate2spike.io.datasets.shd import SHDRecordings
    >>> SHDRecordings(write_synthetic_shd("shd", 1, 1, n_classes=3) / "shd_train.h5")
    SHDRecordings(n_recordings=3, n_classes=20, n_subjects=1, sensor='700 x 1 x 1')
    """
    _check_counts(n_train_per_class=n_train_per_class, n_test_per_class=n_test_per_class)
    whole_number(n_classes, "{n_classes}", "n_classes", most=N_CLASSES)
    seed, template_seed = resolve_seed(seed), resolve_seed(template_seed)
    target = make_folder(checked_path(folder, "folder"))
    for split, per_class in (("train", n_train_per_class), ("test", n_test_per_class)):
        write_atomically(target / f"shd_{split}.h5", _shd_writer(split, per_class, seed, template_seed, n_classes))
    return target


@public()
def write_synthetic_dvs(
    folder: str | os.PathLike,
    n_train_users: int = 20,
    n_test_users: int = 12,
    seed: int = 1,
    template_seed: int = 11,
    duration_ms: int = 900,
) -> Path:
    """Write ibmGestureTrain/ and ibmGestureTest/ with 11 made-up gestures per user.

    Every file is written whole or not at all; the users of the test follow those of the training.

    Parameters
    ----------
    folder : path
    n_train_users, n_test_users : int, default 20, 12
    seed : int, default 1
        Of the recordings.
    template_seed : int, default 11
        Of what the classes are like.
    duration_ms : int, default 900
        Of each gesture.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        For numbers that cannot be.
    """
    _check_counts(n_train_users=n_train_users, n_test_users=n_test_users, duration_ms=duration_ms)
    seed, template_seed = resolve_seed(seed), resolve_seed(template_seed)
    target = make_folder(checked_path(folder, "folder"))
    users = {"train": range(1, n_train_users + 1), "test": range(n_train_users + 1, n_train_users + n_test_users + 1)}
    for split, numbers in users.items():
        for user in numbers:
            place = make_folder(target / NPY_FOLDERS[split] / f"user{user:02d}_led")
            for label in range(N_GESTURES):
                table = gesture(label, user, seed, template_seed, duration_ms)
                write_atomically(place / f"{label}.npy", _npy_bytes(table))
    return target


def synthetic_folder(dataset: str, data_path: str | os.PathLike) -> Path:
    """Folder of made-up recordings below data_path, written if it is not there; dataset: 'shd' or another for gestures."""
    folder = Path(data_path) / f"synthetic_{dataset}"
    wanted = ("shd_train.h5", "shd_test.h5") if dataset == "shd" else tuple(NPY_FOLDERS.values())
    done = folder / "complete.txt"  # written last
    if not all((folder / name).exists() for name in (*wanted, done.name)):
        write = write_synthetic_shd if dataset == "shd" else write_synthetic_dvs
        write(folder, seed=SYNTHETIC_SEED)
        write_atomically(done, "all files are written\n")
    return folder


def _shd_writer(split: str, per_class: int, seed: int, template_seed: int, n_classes: int) -> Callable[[Path], None]:
    """A function that writes the file it is given; the classes take turns."""
    n = per_class * n_classes
    labels = np.arange(n, dtype=np.uint16) % n_classes
    is_test = int(split == "test")

    def write(path: Path) -> None:
        with open_hdf5(path, "w") as file:
            times = file.create_dataset("spikes/times", (n,), h5py.vlen_dtype(np.dtype(np.float16)))
            units = file.create_dataset("spikes/units", (n,), h5py.vlen_dtype(np.dtype(np.uint16)))
            for i, label in enumerate(labels.tolist()):
                times[i], units[i] = utterance(label, i // n_classes, is_test, seed, template_seed)
            file["labels"] = labels
            file["extra/speaker"] = (np.arange(n) // n_classes % SPEAKERS[split]).astype(np.uint16)

    return write


def _npy_bytes(table: np.ndarray) -> bytes:
    buffer = BytesIO()
    np.save(buffer, table)
    return buffer.getvalue()


def _check_counts(**counts: int) -> None:
    for name, value in counts.items():
        whole_number(value, f"{{{name}}}", name)
