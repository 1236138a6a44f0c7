"""Which gestures a DVS128 Gesture folder holds, in either of the forms it is handed around in. Events are not read.

NumPy form: ibmGestureTrain/ and ibmGestureTest/ with user<NN>_<lighting>/<class>.npy, class 0 to 10.
Original form: trials_to_train.txt and trials_to_test.txt list user<NN>_<lighting>.aedat, beside which lie
user<NN>_<lighting>_labels.csv with the lines class,startTime_usec,endTime_usec, class 1 to 11.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from rate2spike.errors import InputError
from rate2spike.io.folder_entries import folder_entries

N_CLASSES = 11  # with "other", the last
NPY_FOLDERS = {"train": "ibmGestureTrain", "test": "ibmGestureTest"}
TRIAL_LISTS = {"train": "trials_to_train.txt", "test": "trials_to_test.txt"}
LABEL_HEADER = "class,startTime_usec,endTime_usec"
# The published labels end class 9 of this recording (110590564 us) after the next gesture has begun.
CORRECTED_ENDS_US = {("user22_led", 9, 110_590_564): 104_000_000}


@dataclass(frozen=True)
class Clip:
    """One gesture: a whole .npy file, or the part of an .aedat file from start_us to end_us."""

    path: Path
    label: int  # 0 to 10
    user: int
    start_us: int = 0
    end_us: int = 0


def holds_gestures(folder: Path) -> bool:
    """Whether the folder has either form of either split."""
    return any((folder / name).exists() for name in (*NPY_FOLDERS.values(), *TRIAL_LISTS.values()))


def clips_in(folder: Path, split: str) -> list[Clip]:
    """Gestures of a split, by user, lighting and class; the NumPy form is taken if there are both. Raises InputError."""
    if (folder / NPY_FOLDERS[split]).is_dir():
        return _npy_clips(folder / NPY_FOLDERS[split])
    if (folder / TRIAL_LISTS[split]).is_file():
        return _aedat_clips(folder / TRIAL_LISTS[split])
    raise InputError(f"{folder} holds neither the folder {NPY_FOLDERS[split]} nor the file {TRIAL_LISTS[split]}")


def _npy_clips(folder: Path) -> list[Clip]:
    clips = []
    for path in folder_entries(folder, "*/*.npy"):
        label = int(path.stem) if re.fullmatch(r"\d{1,4}", path.stem) else -1
        if not 0 <= label < N_CLASSES:
            raise InputError(f"{path}: expected a file name from 0.npy to {N_CLASSES - 1}.npy, the class")
        clips.append(Clip(path, label, _user(path.parent.name, path)))
    return sorted(clips, key=lambda clip: (clip.user, clip.path.parent.name, clip.label))


def _aedat_clips(trial_list: Path) -> list[Clip]:
    clips: list[Clip] = []
    for name in (line.strip() for line in _text(trial_list).splitlines()):
        if name:
            path = trial_list.parent / name
            if path.suffix != ".aedat" or not path.is_file():
                raise InputError(f"{trial_list} names {name}, which is no .aedat file in {trial_list.parent}")
            clips += _labelled_clips(path)
    return clips


def _labelled_clips(path: Path) -> list[Clip]:
    table = path.with_name(f"{path.stem}_labels.csv")
    if not table.is_file():
        raise InputError(f"{path} lacks its labels: no file {table.name} beside it")
    lines = _text(table).splitlines()
    if not lines or lines[0].replace(" ", "") != LABEL_HEADER:
        raise InputError(f"{table}: expected the first line {LABEL_HEADER}")
    user = _user(path.stem, path)
    return [
        _labelled_clip(line, path, user, f"{table}, line {number}")
        for number, line in enumerate(lines[1:], 2)
        if line.strip()
    ]


def _labelled_clip(line: str, path: Path, user: int, where: str) -> Clip:
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) != 3 or not all(re.fullmatch(r"\d{1,18}", cell) for cell in cells):
        raise InputError(f"{where}: expected three whole numbers {LABEL_HEADER}, got {line.strip()[:60]!r}")
    number, start_us, end_us = map(int, cells)
    end_us = CORRECTED_ENDS_US.get((path.stem, number, end_us), end_us)
    if not 1 <= number <= N_CLASSES:
        raise InputError(f"{where}: class {number}, expected 1 to {N_CLASSES}")
    if end_us <= start_us:
        raise InputError(f"{where}: the gesture ends at {end_us} us, before its start at {start_us} us")
    return Clip(path, number - 1, user, start_us, end_us)


def _user(name: str, path: Path) -> int:
    match = re.match(r"user(\d{1,9})(_|$)", name)
    if match is None:
        raise InputError(f"{path}: expected a name user<number>_<lighting>, got {name}")
    return int(match[1])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path} as text: {error}") from None
