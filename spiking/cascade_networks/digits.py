"""Spoken digits as cascade networks see them: events counted per time bin and channel.

The counts are kept as a sparse table, recording by recording, and become frames for the batch that is asked for.
"""

import os
from dataclasses import dataclass, field

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import POSITIVE, number, true_or_false, whole_number
from rate2spike.errors import InputError
from rate2spike.io.datasets.event_stream import NoSuchRecordingError
from rate2spike.io.datasets.shd import SHDRecordings
from rate2spike.machine.memory import check_memory
from rate2spike.plausible import warn_caller
from rate2spike.readable import Readable
from rate2spike.spiking.cascade_networks.digit_cache import cache_file, kept
from rate2spike.spiking.cascade_networks.digit_counts import N_CHANNELS, bin_edges_s, counted

MOST_STEPS = 10**6  # a cell of a recording is a number of 32 bits
FEW = 0.01  # share of events that may be left out without a warning


@dataclass(frozen=True, eq=False, repr=False)
class DigitFrames(Readable):
    """Counts of events of n recordings, T time bins and 700 channels; `digit_frames` makes them.

    Attributes
    ----------
    starts : array (n + 1,) of int64
        Recording k has the entries starts[k] to starts[k + 1] - 1 of the next two.
    cells, counts : array of unsigned int
        Where there are events, as bin * 700 + channel, in this order, and how many; counts as small as they fit.
    labels, subjects : array (n,) of int64
        Class and speaker of each recording.
    class_names : tuple of str
    n_steps, window_s, legacy_bins
        As they were binned.
    n_dropped : int
        Events that came after the window.
    """

    shown = ("n_recordings", "n_steps", "window_s", "legacy_bins", "n_events", "n_dropped")

    starts: np.ndarray = field(repr=False)
    cells: np.ndarray = field(repr=False)
    counts: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    subjects: np.ndarray = field(repr=False)
    class_names: tuple[str, ...]
    n_steps: int
    window_s: float
    legacy_bins: bool
    n_dropped: int

    @property
    def n_recordings(self) -> int:
        """Number of recordings n."""
        return self.labels.size

    @property
    def n_events(self) -> int:
        """Events within the window, of all recordings."""
        return int(self.counts.sum(dtype=np.int64))

    def dense(self, indices: np.ndarray) -> np.ndarray:
        """Frames (B, T, 700) float32 of the recordings with these indices (B,). Raises InputError."""
        chosen = self._checked(indices)
        n_cells = self.n_steps * N_CHANNELS
        check_memory(
            4.0 * chosen.size * n_cells,
            f"a batch of {chosen.size} recordings",
            "use a smaller {batch_size}",
            "batch_size",
        )
        frames = np.zeros((chosen.size, n_cells), np.float32)
        for frame, k in zip(frames, chosen, strict=True):
            part = slice(self.starts[k], self.starts[k + 1])
            frame[self.cells[part]] = self.counts[part]
        return frames.reshape(-1, self.n_steps, N_CHANNELS)

    def triples(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Bins, channels and counts of one recording, in order of time. Raises InputError."""
        (k,) = self._checked([index])
        part = slice(self.starts[k], self.starts[k + 1])
        bins, channels = np.divmod(self.cells[part].astype(np.int64), N_CHANNELS)
        return bins, channels, self.counts[part].astype(np.int64)

    def __len__(self) -> int:
        return self.n_recordings

    def _checked(self, indices: object) -> np.ndarray:
        chosen = np.asarray(indices)
        if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
            raise InputError(
                f"indices of recordings must be whole numbers (B,), got {chosen.dtype} {chosen.shape}", "indices"
            )
        wrong = chosen[(chosen < 0) | (chosen >= self.n_recordings)]
        if wrong.size:
            raise NoSuchRecordingError(f"recording {wrong[0]} of {self.n_recordings}")
        return chosen.astype(np.int64)


@public()
def digit_frames(
    recordings: SHDRecordings,
    n_steps: int = 100,
    window_s: float = 1.4,
    legacy_bins: bool = True,
    *,
    cache: bool | str | os.PathLike = False,
) -> DigitFrames:
    """Count the events of all recordings per time bin and channel.

    Parameters
    ----------
    recordings : SHDRecordings
    n_steps : int, default 100
        Time bins T.
    window_s : float, default 1.4
        What they cover, s; later events are dropped, with a warning if they are more than 1 %.
    legacy_bins : bool, default True
        As published: T - 1 bins fill the window, and the first of the T frames is always empty.
        False: T bins fill it.
    cache : bool or path, default False
        Keep the counts in this folder (True: beside the recordings), and read them there the next time.

    Returns
    -------
    DigitFrames

    Raises
    ------
    InputError
        For a damaged recording, or settings that make no frames.

    Examples
    --------
    >>> from rate2spike.io.datasets.synthetic_events import write_synthetic_shd
    >>> from rate2spike.io.datasets.shd import SHDRecordings
    >>> frames = digit_frames(SHDRecordings(write_synthetic_shd("shd", 1, 1, n_classes=3) / "shd_train.h5"))
    >>> frames.dense([0, 2]).shape
    (2, 100, 700)
    """
    if not isinstance(recordings, SHDRecordings):
        raise InputError("{recordings} must be SHDRecordings(path)", "recordings")
    true_or_false(legacy_bins, "{legacy_bins}", "legacy_bins")
    # of one edge, all events are too late
    n_steps = whole_number(n_steps, "{n_steps}", "n_steps", least=2 if legacy_bins else 1, most=MOST_STEPS)
    window_s = number(window_s, "{window_s}", "window_s", POSITIVE)
    edges_s = bin_edges_s(n_steps, window_s, legacy_bins)

    def make() -> dict[str, np.ndarray]:
        return counted(recordings, edges_s, n_steps)

    place = None if cache is False else cache_file(recordings.path, cache, edges_s, n_steps)
    arrays = make() if place is None else kept(place, len(recordings), make)
    frames = DigitFrames(
        arrays["starts"],
        arrays["cells"],
        arrays["counts"],
        recordings.labels,
        recordings.subjects,
        recordings.class_names,
        n_steps,
        window_s,
        bool(legacy_bins),
        int(arrays["n_dropped"]),
    )
    _tell_dropped(frames, recordings.path)
    return frames


def _tell_dropped(frames: DigitFrames, path: os.PathLike) -> None:
    n_all = frames.n_events + frames.n_dropped
    if frames.n_dropped > FEW * n_all:
        warn_caller(
            f"{path}: {frames.n_dropped} of {n_all} events come at {frames.window_s:g} s or later and are left out; a "
            "longer {window_s} keeps them",
            "window_s",
        )
