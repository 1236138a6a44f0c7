"""Batches of random windows out of simulations, as a network is fitted on them; drawn from a seed and the epoch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import FRACTION
from rate2spike.errors import InputError
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable
from rate2spike.seeding import Role, generator
from rate2spike.spiking.neuron_as_net.event_batch import EventBatch, batch_of_windows
from rate2spike.spiking.neuron_as_net.window_source import Prepared, PreparedFiles


class WindowBatch(NamedTuple):
    """B windows of W ms.

    events : EventBatch; targets : (B, W, n) float32 by the name of the head; mask : (B, W) float32, 0 where a sample is left
    out of the losses; starts_ms : (B,) int, where each window begins in its simulation.
    """

    events: EventBatch
    targets: dict[str, np.ndarray]
    mask: np.ndarray
    starts_ms: np.ndarray


@public()
@dataclass(frozen=True, repr=False)
class WindowOptions(Readable):
    """Settings of the batches; defaults as published for the layer-5 cell.

    As published, too, a window ends one ms before the end of a simulation at the latest: what happens in the last ms of a
    simulation is never a target.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.windows import WindowOptions
    >>> WindowOptions(window_ms=500)
    WindowOptions(window_ms=500)
    """

    batch_size: int = option(8, "windows per update", what="batch size", most=10**5)
    window_ms: int = option(400, "length of a window, ms", what="window", least=2)
    ignore_ms: int = option(500, "no window ends before this, ms", what="time to ignore", least=0)
    load_fraction: float = option(
        0.2, "share of a file that is taken before the next one is", what="share", allowed=FRACTION
    )
    left_out_ms: int | None = option(
        0,
        "first ms of a window that do not count in the losses",
        what="time left out",
        least=0,
        or_none=True,
        default_text="as many as lack a part of the history of the network",
    )
    files_in_memory: int = option(4, "files that are kept in memory", what="number of files")

    def __post_init__(self) -> None:
        check_options(self)
        if self.load_fraction == 0:
            raise InputError("{load_fraction} must be above 0", "load_fraction")

    def summary(self) -> dict[str, Any]:
        """Every setting that is not the default."""
        return not_default(self)

    def n_left_out(self, history_ms: int) -> int:
        """Samples at the start of a window that do not count. Raises InputError if that is all of it."""
        n = history_ms - 1 if self.left_out_ms is None else self.left_out_ms
        if n >= self.window_ms:
            raise InputError(
                f"{{window_ms}} must be longer than what is left out of it, {n} ms; got {self.window_ms}", "window_ms"
            )
        return n


@dataclass
class WindowBatches:
    """The batches of every epoch.

    An epoch draws n_files different files and takes as many batches from one after the other; the last files give fewer, or
    none, where n_batches_asked is no multiple of n_files. Of a batch the simulations are drawn with replacement, and
    different times at which windows end, the last of them one ms before the end of a simulation.
    """

    source: PreparedFiles
    options: WindowOptions
    n_left_out: int  # samples at the start of a window, see WindowOptions
    n_files: int  # per epoch
    seed: int
    role: Role  # TRAINING or VALIDATION
    duration_ms: int
    n_batches_asked: int | None = None  # of an epoch; None: by load_fraction

    def __post_init__(self) -> None:
        options = self.options
        self.n_files = min(self.n_files, len(self.source.files))
        self._first_end = max(options.ignore_ms, options.window_ms)
        if self._first_end >= self.duration_ms:
            raise InputError(
                f"{{window_ms}} {options.window_ms} and {{ignore_ms}} {options.ignore_ms} must be below the length of "
                f"simulations, {self.duration_ms} ms",
                "window_ms",
                "ignore_ms",
            )

    @property
    def n_batches_per_file(self) -> int:
        """Batches before the next file."""
        if self.n_batches_asked is not None:
            return -(-self.n_batches_asked // self.n_files)
        options = self.options
        n_ms = min(file.n_simulations for file in self.source.files) * self.duration_ms
        return max(1, int(options.load_fraction * n_ms / (options.batch_size * options.window_ms)))

    @property
    def n_batches(self) -> int:
        """Batches of an epoch."""
        return self.n_batches_asked or self.n_batches_per_file * self.n_files

    def files_of(self, epoch: int) -> dict[str, int]:
        """How many batches of an epoch come from which file."""
        counts = np.bincount(np.arange(self.n_batches) // self.n_batches_per_file, minlength=self.n_files)
        chosen = self._chosen(self._random(epoch))
        return {self.source.files[index].name: int(n) for index, n in zip(chosen, counts, strict=True)}

    def epoch(self, epoch: int) -> Iterator[WindowBatch]:
        """The batches of an epoch, counted from 0: the same whenever they are asked for."""
        rng = self._random(epoch)
        chosen = self._chosen(rng)
        for k in range(self.n_batches):
            yield self._batch(self.source[chosen[k // self.n_batches_per_file]], rng)

    def _random(self, epoch: int) -> np.random.Generator:
        return generator(self.seed, self.role, epoch)

    def _chosen(self, rng: np.random.Generator) -> np.ndarray:
        return rng.choice(len(self.source.files), self.n_files, replace=False)

    def _batch(self, simulations: list[Prepared], rng: np.random.Generator) -> WindowBatch:
        n, length = self.options.batch_size, self.options.window_ms
        which = rng.integers(len(simulations), size=n)
        n_ends = self.duration_ms - self._first_end
        starts = self._first_end - length + rng.choice(n_ends, n, replace=n > n_ends)
        chosen = [simulations[k] for k in which]
        windows = list(zip(chosen, starts, strict=True))
        targets = {
            name: np.stack([one.targets[name][start : start + length] for one, start in windows])
            for name in chosen[0].targets
        }
        mask = np.ones((n, length), np.float32)
        # before a simulation nothing was: there the history is known
        mask[:, : self.n_left_out] = (starts == 0)[:, None]
        return WindowBatch(
            batch_of_windows([one.events for one in chosen], starts.tolist(), length), targets, mask, starts
        )
