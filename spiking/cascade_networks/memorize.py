"""Random patterns memorised by the five models, many seeds side by side (Fig. 7 of Harkin, Shen et al. 2021)."""

from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.progress import OnProgress
from rate2spike.spiking.cascade_networks.config import MemorizeConfig
from rate2spike.spiking.cascade_networks.ensemble_training import Seen, Updates
from rate2spike.spiking.cascade_networks.patterns import draw_patterns
from rate2spike.spiking.cascade_networks.result import CascadeResult
from rate2spike.spiking.cascade_networks.training import Seeds, Task, trained
from rate2spike.spiking.training.optimizer import adam


@public(settings=MemorizeConfig)
def memorize(
    folder: str | Path | None = None, progress: bool | OnProgress | None = None, **settings: Any
) -> CascadeResult:
    """Train networks of cascade units to tell random patterns by heart, as Harkin, Shen et al. (2021) do in Fig. 7.

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
        Losses, accuracies and spike counts of every model, seed and epoch.

    Raises
    ------
    InputError
        For a setting that cannot be used, checkpoints of other settings, and a loss that is not finite.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> result = r2s.memorize(models=("bap",), n_seeds=2, n_epochs=3, n_patterns=16, progress=False)
    >>> result.losses.shape
    (1, 2, 3)
    """
    return trained(memorize_task(MemorizeConfig(**settings)), folder, progress)


def memorize_task(config: MemorizeConfig) -> Task:
    """All patterns are one batch, the same at every epoch; Adam."""
    return Task(config, "memorising", adam, lambda seeds: _PatternTrials(config, seeds))


class _PatternTrials:
    """The patterns of some seeds: learnt and tested are the same."""

    def __init__(self, config: MemorizeConfig, seeds: Seeds):
        drawn = [draw_patterns(config, seed) for seed in seeds]
        spikes = np.stack([one.spikes.transpose(1, 0, 2) for one in drawn])  # (S, T, B, I)
        self._batch = tf.constant(spikes), tf.constant([one.labels for one in drawn], tf.int32)

    def epoch(self, updates: Updates, _k: int) -> Seen:
        """See `Trials`."""
        return updates.update(*self._batch)

    def accuracies(self, updates: Updates) -> tuple[np.ndarray, np.ndarray]:
        """See `Trials`."""
        found = updates.evaluate(*self._batch).accuracies
        return found, found
