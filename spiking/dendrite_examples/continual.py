"""Classifications learnt one after another, each with the pixels in another order, and what is forgotten of them."""

from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import path as checked_path
from rate2spike.io.datasets.idx_images import LabelledImages
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.progress import OnProgress, following
from rate2spike.seeding import Role, generator
from rate2spike.spiking.dendrite_examples.classifiers import Classifier
from rate2spike.spiking.dendrite_examples.config import MOST_TASKS, ContinualConfig
from rate2spike.spiking.dendrite_examples.continual_result import ContinualResult
from rate2spike.spiking.dendrite_examples.image_updates import ImageUpdates
from rate2spike.spiking.dendrite_examples.images import N_TEST, images, known_by
from rate2spike.spiking.dendrite_examples.rounds import Rounds

_ORDER = 30  # key of the orders of pixels


@public()
def continual(
    config: ContinualConfig, folder: str | Path | None = None, progress: bool | OnProgress | None = None
) -> ContinualResult:
    """Train a network of dendritic neurons on several classifications in turn: the same images, the pixels permuted.

    Parameters
    ----------
    config : ContinualConfig
        All settings.
    folder : str, path or None, default None
        Where checkpoints go; training goes on from those that are there already. None: nowhere.
    progress : bool, function or None, default None
        None shows a bar where somebody watches, True also lines in a log, False nothing; a function is called as
        progress(n_done, n_total, text).

    Returns
    -------
    ContinualResult
        Losses and accuracies of every task after every task.

    Raises
    ------
    InputError
        For a file that cannot be used, checkpoints of other settings, and a loss that is not finite.

    Examples
    --------
    >>> from rate2spike.spiking.dendrite_examples.config import ContinualConfig
    >>> from rate2spike.spiking.dendrite_examples.continual import continual
    >>> result = continual(ContinualConfig(n_epochs=1, n_images=64), progress=False)
    >>> [len(row) for row in result.rows("accuracies")]
    [1, 2]
    """
    set_threads(tf)
    place = None if folder is None else checked_path(folder, "folder")
    training = images(config.data_path, config.seed, "train", config.n_images)
    test = images(config.data_path, config.seed, "test", N_TEST)
    rounds = Rounds(config, f"{config.neuron}_{config.firing}", place, known_by(config.data_path))
    with following(progress, "dendrites continual", config.n_tasks) as advance:
        log = rounds.learnt(_Tasks(config, training, test), advance, shown="accuracy")
    found = {name: log[name][:, : config.n_tasks] for name in ("losses", "accuracies")}
    return ContinualResult((config.neuron, config.firing), test.source, **found)


class _Tasks:
    """Tasks of a network: the pupil of `Rounds`. Task k has the pixels in the k-th order, the first as they are."""

    def __init__(self, config: ContinualConfig, training: LabelledImages, test: LabelledImages):
        self._config, self._training, self._test = config, training, test
        network = Classifier(config.neuron, config.firing, config.seed, config.n_steps)
        self._updates = ImageUpdates(network, config.learning_rate)
        self.variables = self._updates.variables

    def round(self, k: int) -> dict[str, Any]:
        """Learn task k, and test all up to it; losses and accuracies (20,), 0 for tasks to come."""
        training = self._permuted(self._training, k)
        seen = [
            self._updates.epoch(training, self._config.batch_size, self._config.seed, k, epoch)
            for epoch in range(self._config.n_epochs)
        ]
        tested = np.zeros((2, MOST_TASKS))
        for task in range(k + 1):
            tested[:, task] = self._updates.tested(self._permuted(self._test, task))
        return {"losses": tested[0], "accuracies": tested[1], "accuracy": seen[-1][1]}

    def _permuted(self, shown: LabelledImages, task: int) -> LabelledImages:
        if task == 0:
            return shown
        n_pixels = shown.images[0].size
        order = generator(self._config.seed, Role.EVENTS, _ORDER, task).permutation(n_pixels)
        rows = shown.images.reshape(-1, n_pixels)[:, order]
        return LabelledImages(rows.reshape(shown.images.shape), shown.labels, shown.source)
