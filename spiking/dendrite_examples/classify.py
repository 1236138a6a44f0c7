"""Images classified by networks of dendritic neurons, of four types with two kinds of firing."""

from pathlib import Path

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import path as checked_path
from rate2spike.io.datasets.idx_images import LabelledImages
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.progress import OnProgress, following
from rate2spike.spiking.dendrite_examples.classifiers import Classifier
from rate2spike.spiking.dendrite_examples.classify_result import ClassifyResult
from rate2spike.spiking.dendrite_examples.config import ClassifyConfig
from rate2spike.spiking.dendrite_examples.image_updates import ImageUpdates
from rate2spike.spiking.dendrite_examples.images import N_TEST, images, known_by
from rate2spike.spiking.dendrite_examples.rounds import Rounds

LOGGED = ("loss", "accuracy", "test_loss", "test_accuracy")


@public()
def classify(
    config: ClassifyConfig, folder: str | Path | None = None, progress: bool | OnProgress | None = None
) -> ClassifyResult:
    """Train networks of dendritic neurons to classify images of 28 x 28 pixels in ten classes.

    Parameters
    ----------
    config : ClassifyConfig
        All settings.
    folder : str, path or None, default None
        Where checkpoints go; training goes on from those that are there already. None: nowhere.
    progress : bool, function or None, default None
        None shows a bar where somebody watches, True also lines in a log, False nothing; a function is called as
        progress(n_done, n_total, text).

    Returns
    -------
    ClassifyResult
        Losses and accuracies of every network and epoch.

    Raises
    ------
    InputError
        For a file that cannot be used, checkpoints of other settings, and a loss that is not finite.

    Examples
    --------
    >>> from rate2spike.spiking.dendrite_examples.classify import classify
    >>> from rate2spike.spiking.dendrite_examples.config import ClassifyConfig
    >>> classify(ClassifyConfig(n_epochs=1, n_images=64), progress=False).test_accuracy.shape
    (1, 1)
    """
    set_threads(tf)
    place = None if folder is None else checked_path(folder, "folder")
    training = images(config.data_path, config.seed, "train", config.n_images)
    test = images(config.data_path, config.seed, "test", N_TEST)
    known = known_by(config.data_path)
    logs, strengths = [], []
    with following(progress, "dendrites classify", len(config.kinds) * config.n_epochs) as advance:
        for neuron, firing in config.kinds:
            pupil = _Epochs(config, neuron, firing, training, test)
            rounds = Rounds(config, f"{neuron}_{firing}", place, known)
            logs.append(rounds.learnt(pupil, advance, shown="accuracy"))
            strengths.append(pupil.updates.network.forward_strengths)
    found = {name: np.array([log[name] for log in logs]) for name in LOGGED}
    return ClassifyResult(config.kinds, test.source, np.array(strengths), **found)


class _Epochs:
    """Epochs of a network: the pupil of `Rounds`."""

    def __init__(
        self, config: ClassifyConfig, neuron: str, firing: str, training: LabelledImages, test: LabelledImages
    ):
        self._config, self._training, self._test = config, training, test
        self.updates = ImageUpdates(Classifier(neuron, firing, config.seed, config.n_steps), config.learning_rate)
        self.variables = self.updates.variables

    def round(self, k: int) -> dict[str, float]:
        """One epoch, and the test after it."""
        seen = self.updates.epoch(self._training, self._config.batch_size, self._config.seed, k)
        return dict(zip(LOGGED, (*seen, *self.updates.tested(self._test)), strict=True))
