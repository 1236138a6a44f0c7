"""DVS128 Gesture: hand and arm gestures of 29 people before a 128 by 128 event camera (Amir et al., CVPR 2017).

The files are the user's; nothing is ever downloaded. Their two forms: `rate2spike.io.datasets.dvs_clips`.
"""

import os
from pathlib import Path

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import choice
from rate2spike.checks import path as checked_path
from rate2spike.errors import InputError
from rate2spike.io.datasets.aedat import PacketIndex, packet_index, read_polarity_events
from rate2spike.io.datasets.dvs_clips import NPY_FOLDERS, TRIAL_LISTS, Clip, clips_in, holds_gestures
from rate2spike.io.datasets.event_stream import SPLITS, EventStream, ReadableRecordings, Sensor

SENSOR = Sensor(width=128, height=128, n_polarities=2)
CLASS_NAMES = (
    "hand clapping",
    "right-hand wave",
    "left-hand wave",
    "right-arm clockwise",
    "right-arm counter-clockwise",
    "left-arm clockwise",
    "left-arm counter-clockwise",
    "arm roll",
    "air drums",
    "air guitar",
    "other",
)
OTHER = 10
SUBFOLDERS = (".", "DVSGesture", "DVSGestureContext", "DVSGestureContext/DVSGesture", "DvsGesture")


@public()
class DVSGestureRecordings(ReadableRecordings):
    """Gestures of one split. Time 0 is the start of the gesture's label, or of the .npy file's clock.

    Parameters
    ----------
    folder : path
        The folder with the files, see `dvs_folder`.
    split : str
        'train' or 'test'.
    include_other : bool, default False
        Also the class without a fixed gesture.

    Raises
    ------
    InputError
        For a folder without gestures of the split.
    """

    name = "dvsgesture"
    sensor = SENSOR

    def __init__(self, folder: str | os.PathLike, split: str, include_other: bool = False):
        split = choice(split, "split", "split", SPLITS)
        self.class_names = CLASS_NAMES if include_other else CLASS_NAMES[:OTHER]
        self._clips = [
            clip for clip in clips_in(checked_path(folder, "folder"), split) if clip.label < len(self.class_names)
        ]
        if not self._clips:
            raise InputError(f"{folder} holds no gestures of the split {split!r}")
        self.labels = np.array([clip.label for clip in self._clips])  # (n,) int64
        self.subjects = np.array([clip.user for clip in self._clips])  # (n,) int64
        self._indices: dict[Path, PacketIndex] = {}  # made when a file's first gesture is asked for

    def events(self, index: int) -> EventStream:
        """Events of one gesture. Raises InputError for a file that is damaged."""
        index = self.checked_index(index)
        clip = self._clips[index]
        events = _from_npy(clip.path) if clip.path.suffix == ".npy" else self._from_aedat(clip)
        for name, size in (("x", SENSOR.width), ("y", SENSOR.height)):
            values = getattr(events, name)
            if values.size and values.max() >= size:
                raise InputError(f"{clip.path}: {name} must be 0 to {size - 1}, got {values.max()}")
        return events

    def __len__(self) -> int:
        return len(self._clips)

    def _from_aedat(self, clip: Clip) -> EventStream:
        if clip.path not in self._indices:
            self._indices[clip.path] = packet_index(clip.path)
        part = read_polarity_events(clip.path, clip.start_us, clip.end_us, self._indices[clip.path])
        return EventStream(part.t_us - clip.start_us, part.x, part.y, part.polarity)


def dvs_folder(data_path: str | os.PathLike) -> Path:
    """The folder with the gestures, data_path or one below it. Raises InputError if there is none."""
    folders = [Path(data_path) / sub for sub in SUBFOLDERS]
    for folder in folders:
        if holds_gestures(folder):
            return folder
    raise InputError(
        f"no DVS128 Gesture recordings ({', '.join(NPY_FOLDERS.values())}, or .aedat files with "
        f"{', '.join(TRIAL_LISTS.values())}) in any of {', '.join(map(str, folders))}: "
        "get them from https://research.ibm.com/interactive/dvsgesture and unpack them there; {synthetic} makes some up",
        "synthetic",
    )


def _from_npy(path: Path) -> EventStream:
    """The columns x, y, polarity and t in ms."""
    try:
        with path.open("rb") as file:
            table = np.lib.format.read_array(file, allow_pickle=False)
    except (OSError, ValueError, MemoryError) as error:
        raise InputError(f"cannot read {path} as a NumPy array of numbers: {error}") from None
    if table.ndim != 2 or table.shape[1] != 4:
        raise InputError(f"{path}: expected shape (n, 4) with x, y, polarity, t in ms, got {table.shape}")
    # some mirrors store the whole numbers as floats
    is_whole = table.dtype.kind == "f" and np.isfinite(table).all() and not np.any(table % 1)
    if table.dtype.kind not in "iu" and not is_whole:
        raise InputError(f"{path}: expected whole numbers x, y, polarity, t in ms, got {table.dtype}")
    x, y, polarity, t_ms = table.astype(np.int64).T
    if table.size and (table.min() < 0 or polarity.max() > 1):
        raise InputError(
            f"{path}: expected numbers from 0 on and polarities 0 and 1, got {table.min(0).tolist()} "
            f"to {table.max(0).tolist()}"
        )
    return EventStream.in_order(t_ms * 1000, x, y, polarity)
