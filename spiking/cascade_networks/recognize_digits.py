"""Spoken digits recognised by the five models (Spiking Heidelberg Digits; Fig. 8 of Harkin, Shen et al. 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.progress import OnProgress
from rate2spike.spiking.cascade_networks.batches import batches
from rate2spike.spiking.cascade_networks.config import SHDConfig
from rate2spike.spiking.cascade_networks.digit_sets import Digits, digits
from rate2spike.spiking.cascade_networks.digits import DigitFrames
from rate2spike.spiking.cascade_networks.ensemble_training import Seen, Updates
from rate2spike.spiking.cascade_networks.result import CascadeResult
from rate2spike.spiking.cascade_networks.training import Seeds, Task, trained
from rate2spike.spiking.training.optimizer import adamax


@public(settings=SHDConfig)
def recognize_digits(
    folder: str | Path | None = None, progress: bool | OnProgress | None = None, **settings: Any
) -> CascadeResult:
    """Train networks of cascade units to recognise spoken digits, as Harkin, Shen et al. (2021) do in Fig. 8.

    Parameters
    ----------
    folder : str, path or None, default None
        Where checkpoints and finished networks go; training goes on from those that are there already. None: nowhere.
    progress : bool, function or None, default None
        None shows a bar where somebody watches, True also lines in a log, False nothing; a function is called as
        progress(n_done, n_total, text), in epochs of groups of networks.

    Returns
    -------
    CascadeResult
        Losses, accuracies and spike counts of every model, seed and epoch; accuracies of the test before and after.

    Raises
    ------
    InputError
        For a setting that cannot be used, recordings that are not there or damaged, checkpoints of other settings, and a
        loss that is not finite.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> result = r2s.recognize_digits(synthetic=True, models=("bap",), n_seeds=1, n_epochs=1, n_units=4, progress=False)
    >>> result.final.shape
    (1, 1)
    """
    config = SHDConfig(**settings)
    return trained(digits_task(config, digits(config)), folder, progress)


def digits_task(config: SHDConfig, digits: Digits) -> Task:
    """Batches in an order of its own for every seed and epoch; Adamax."""
    return Task(
        config, "recognising digits", adamax, lambda seeds: _DigitTrials(config, digits, seeds), digits.known_by
    )


@dataclass(frozen=True)
class _DigitTrials:
    """The recordings as the networks of some seeds see them."""

    config: SHDConfig
    digits: Digits
    seeds: Seeds

    def epoch(self, updates: Updates, k: int) -> Seen:
        """See `Trials`; of a last batch that is not full the recordings are in other batches at other epochs."""
        n = len(self.digits.training)
        orders = [batches(n, self.config.batch_size, seed, k) for seed in self.seeds]
        return Seen.mean(
            [updates.update(*self._batch(self.digits.training, chosen)) for chosen in zip(*orders, strict=True)]
        )

    def accuracies(self, updates: Updates) -> tuple[np.ndarray, np.ndarray]:
        """See `Trials`."""
        return self._tested(updates, self.digits.training), self._tested(updates, self.digits.test)

    def _tested(self, updates: Updates, frames: DigitFrames) -> np.ndarray:
        order = batches(len(frames), self.config.batch_size, shuffle=False, drop_last=self.config.legacy)
        seen = [updates.evaluate(*self._batch(frames, [part] * len(self.seeds))) for part in order]
        return Seen.mean(seen, [len(part) for part in order]).accuracies

    def _batch(self, frames: DigitFrames, chosen: Sequence[np.ndarray]) -> tuple[tf.Tensor, tf.Tensor]:
        """Inputs (S, T, B, 700) and labels (S, B) of the recordings that are chosen for each network."""
        counts = np.stack([frames.dense(part).transpose(1, 0, 2) for part in chosen])
        inputs = tf.constant(counts * np.float32(self.config.actual_event_weight))
        return inputs, tf.constant([frames.labels[part] for part in chosen], tf.int32)
