"""Rounds of learning that can be resumed: after an interruption they go on from the last checkpoint, and end the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.checkpoints import check_settings, load_latest, save_checkpoint
from rate2spike.progress import Advance
from rate2spike.spiking.dendrite_examples.config import ExampleConfig, check_not_beyond


class Pupil(Protocol):
    """A network, or whatever learns: all that a round changes is in its variables."""

    @property
    def variables(self) -> Sequence[Any]:
        """Keras' or TensorFlow's, which a checkpoint holds."""

    def round(self, k: int) -> Mapping[str, Any]:
        """Round k, from 0: numbers, or arrays of one shape, by name. What it draws depends on k alone."""


@dataclass(frozen=True)
class Rounds:
    """The rounds of one pupil."""

    config: ExampleConfig
    name: str  # of the pupil, and of its folder of checkpoints
    folder: Path | None  # of the run; None: no checkpoints
    known_by: str = ""  # tells what is learnt from other such data, where it is the user's

    @property
    def n_rounds(self) -> int:
        """How many there are to be."""
        return self.config.n_rounds

    @property
    def checkpoints(self) -> Path | None:
        """Where they go."""
        return None if self.folder is None else self.folder / "checkpoints" / self.name

    def learnt(self, pupil: Pupil, advance: Advance, shown: str = "loss") -> dict[str, np.ndarray]:
        """Let the pupil learn, or go on; what its rounds gave, (n_rounds, ...) each.

        shown: what progress tells. Raises InputError for a checkpoint of other settings, and for numbers that are not finite.
        """
        log = self._resumed(pupil)
        n_done = len(next(iter(log.values()), ()))
        advance(self.name, n_done)
        for k in range(n_done, self.n_rounds):
            for name, value in pupil.round(k).items():
                log.setdefault(name, []).append(np.asarray(value))
            self._check_finite(log, k)
            if (k + 1) % self.config.checkpoint_every == 0 or k + 1 == self.n_rounds:  # type: ignore[attr-defined]
                self._save(pupil, log, k + 1)
            latest = f", {shown} {float(log[shown][-1]):.3f}" if shown in log else ""
            advance(f"{self.name}{latest}")
        return {name: np.array(values) for name, values in log.items()}

    def _resumed(self, pupil: Pupil) -> dict[str, list[np.ndarray]]:
        """What earlier rounds gave; the pupil is as it was after them."""
        checkpoint = None if self.checkpoints is None else load_latest(self.checkpoints)
        if checkpoint is None:
            return {}
        check_settings(checkpoint, self._settings())
        check_not_beyond(self.config, checkpoint.update, self.checkpoints)
        for k, variable in enumerate(pupil.variables):
            variable.assign(checkpoint.arrays.pop(f"variable_{k:03d}"))
        return {name: list(values) for name, values in checkpoint.arrays.items()}

    def _save(self, pupil: Pupil, log: Mapping[str, list[np.ndarray]], n_done: int) -> None:
        if self.checkpoints is not None:
            variables = {f"variable_{k:03d}": variable.numpy() for k, variable in enumerate(pupil.variables)}
            logged = {name: np.array(values) for name, values in log.items()}
            save_checkpoint(self.checkpoints, n_done, variables | logged, self._settings())

    def _settings(self) -> dict[str, Any]:
        return self.config.deciding() | {"pupil": self.name, "data": self.known_by}

    def _check_finite(self, log: Mapping[str, list[np.ndarray]], k: int) -> None:
        wrong = [name for name, values in log.items() if not np.isfinite(values[-1]).all()]
        if wrong:
            what = self.config.length.removeprefix("n_").removesuffix("s").replace("batche", "batch")
            raise InputError(
                f"{self.name}: the {wrong[0].replace('_', ' ')} is not finite after {what} {k + 1}; a smaller "
                "{learning_rate} may help",
                "learning_rate",
            )
