"""STDP that makes neurons selective for kinds of images, beside two controls."""

from pathlib import Path

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import path as checked_path
from rate2spike.io.datasets.idx_images import N_CLASSES, LabelledImages
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.progress import OnProgress, following
from rate2spike.seeding import Role, generator
from rate2spike.spiking.dendrite_examples.config import StdpConfig
from rate2spike.spiking.dendrite_examples.images import images, known_by
from rate2spike.spiking.dendrite_examples.rounds import Rounds
from rate2spike.spiking.dendrite_examples.selectivity import class_means, preferred_share, selectivity
from rate2spike.spiking.dendrite_examples.stdp_network import StdpNetwork
from rate2spike.spiking.dendrite_examples.stdp_result import AFTER, BEFORE, CONTROL, Answers, StdpResult

_AT_ONCE = 100  # images of a test
_SPIKES, _PIXELS = 1, 2  # keys of draws


@public()
def become_selective(
    config: StdpConfig, folder: str | Path | None = None, progress: bool | OnProgress | None = None
) -> StdpResult:
    """Let neurons that compete for images become selective by STDP, without labels.

    Beside the network that learns there are one whose weights stay as they are, while its excitability adapts (`before`), and
    one that learns from images whose pixels are in another order in every image (`shuffled_pixels`).

    Parameters
    ----------
    config : StdpConfig
        All settings.
    folder : str, path or None, default None
        Where checkpoints go; learning goes on from those that are there already. None: nowhere.
    progress : bool, function or None, default None
        None shows a bar where somebody watches, True also lines in a log, False nothing; a function is called as
        progress(n_done, n_total, text).

    Returns
    -------
    StdpResult
        Selectivity, tuning and weights.

    Raises
    ------
    InputError
        For a file that cannot be used, and checkpoints of other settings.

    Examples
    --------
    >>> from rate2spike.spiking.dendrite_examples.config import StdpConfig
    >>> from rate2spike.spiking.dendrite_examples.stdp import become_selective
    >>> config = StdpConfig(n_units=4, n_batches=2, n_test=20, n_steps=5)
    >>> result = become_selective(config, progress=False)
    >>> result.weights["after"].shape
    (4, 2, 784)
    """
    set_threads(tf)
    place = None if folder is None else checked_path(folder, "folder")
    training = images(config.data_path, config.seed, "train")
    test = images(config.data_path, config.seed, "test", config.n_test)
    known = known_by(config.data_path)
    answers, weights, network = {}, {}, StdpNetwork(config)
    with following(progress, "dendrites stdp", 3 * config.n_batches) as advance:
        for name in (BEFORE, AFTER, CONTROL):
            network.restart()
            Rounds(config, name, place, known).learnt(_Batches(config, network, name, training), advance, shown="rate")
            answers[name] = _answers(network, config, training, test)
            weights[name] = network.weights
    return StdpResult(config.rule, test.source, answers, weights)


class _Batches:
    """Batches of images: the pupil of `Rounds`."""

    def __init__(self, config: StdpConfig, network: StdpNetwork, name: str, training: LabelledImages):
        self._config, self._network, self._training = config, network, training
        self._with_weights, self._is_shuffled = name != BEFORE, name == CONTROL
        self.variables = network.variables

    def round(self, k: int) -> dict[str, float]:
        """One batch; spikes per neuron and image."""
        rng = generator(self._config.seed, Role.TRAINING, k)
        rows = self._training.chosen(rng.integers(self._training.n_images, size=self._config.batch_size)).rows()
        if self._is_shuffled:
            rows = generator(self._config.seed, Role.TRAINING, k, _PIXELS).permuted(rows, axis=1)
        return {"rate": float(self._network.learn(as_spikes(rows, self._config, rng), self._with_weights).mean())}


def as_spikes(rows: np.ndarray, config: StdpConfig, rng: np.random.Generator) -> np.ndarray:
    """(T, B, 784) spikes of images (B, 784): at each step with a probability in proportion to the pixel."""
    draws = rng.random((config.n_steps, *rows.shape), np.float32)
    return (draws < config.max_probability * rows).astype(np.float32)


def _answers(network: StdpNetwork, config: StdpConfig, training: LabelledImages, test: LabelledImages) -> Answers:
    """What the neurons respond to images that they have not learnt from, and how well these tell the classes."""
    known = training.chosen(np.arange(min(config.n_test, training.n_images)))
    responses = _responses(network, config, test)
    means = class_means(responses, test.labels, N_CLASSES)
    known_means = class_means(_responses(network, config, known), known.labels, N_CLASSES)
    shuffled = generator(config.seed, Role.ANALYSIS).permutation(test.labels)
    return Answers(
        tuning=means,
        by_chance=float(selectivity(class_means(responses, shuffled, N_CLASSES)).mean()),
        decoding=preferred_share(responses, test.labels, known_means),
    )


def _responses(network: StdpNetwork, config: StdpConfig, shown: LabelledImages) -> np.ndarray:
    """(n_images, n_units) numbers of spikes."""
    found = []
    for k in range(0, shown.n_images, _AT_ONCE):
        rows = shown.chosen(np.arange(k, min(k + _AT_ONCE, shown.n_images))).rows()
        found.append(network.responses(as_spikes(rows, config, generator(config.seed, Role.EVALUATION, k, _SPIKES))))
    return np.concatenate(found)
