"""The task "always fire", learnt by gradients: networks with dendrites, and one of point neurons, to compare with.

Inputs are noise, and the neurons are to spike at every step. Set-up as in the published scripts (dendsn's test.py, modes
gradient and conv).
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import path as checked_path
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.progress import OnProgress, following
from rate2spike.seeding import Role, generator
from rate2spike.spiking.dendrite_examples.always_fire_result import AlwaysFireResult
from rate2spike.spiking.dendrite_examples.config import DENDRITIC, POINT, AlwaysFireConfig, ConvConfig, GradientConfig
from rate2spike.spiking.dendrite_examples.layer_seeds import layer_seeds
from rate2spike.spiking.dendrite_examples.rounds import Rounds
from rate2spike.spiking.dendrites.compartments import PassiveDendCompartment
from rate2spike.spiking.dendrites.dendrites import VDiffDend
from rate2spike.spiking.dendrites.neurons import VDiffForwardDendNeuron
from rate2spike.spiking.dendrites.somas import LIFSoma
from rate2spike.spiking.dendrites.synapses import Conv2dIdentitySynapse, LinearIdentitySynapse
from rate2spike.spiking.dendrites.wiring import Kto1DendWiring
from rate2spike.spiking.training.optimizer import nan_unless_finite

Layers = list[keras.layers.Layer]
N_INPUTS, N_NEURONS = 32, 3
IMAGE = (3, 4, 5)  # channels, height, width
KERNEL = 2
CONV_SOMAS = (3, 3, 4)  # channels and the places of the kernel on the image
K, N_OUTPUTS = 4, 2  # a dendrite: K inputs into each of its outputs
TAU_DENDRITE, TAU_SOMA = 3.0, 20.0


@public()
def always_fire(
    config: AlwaysFireConfig, folder: str | Path | None = None, progress: bool | OnProgress | None = None
) -> AlwaysFireResult:
    """Train dendritic neurons, and to compare with a network of point neurons, to spike at every step.

    Parameters
    ----------
    config : GradientConfig or ConvConfig
        All settings; which of the two says what is trained.
    folder : str, path or None, default None
        Where checkpoints go; training goes on from those that are there already. None: nowhere.
    progress : bool, function or None, default None
        None shows a bar where somebody watches, True also lines in a log, False nothing; a function is called as
        progress(n_done, n_total, text).

    Returns
    -------
    AlwaysFireResult
        The losses of every model, seed and iteration.

    Raises
    ------
    InputError
        For checkpoints of other settings, and a loss that is not finite.

    Examples
    --------
    >>> from rate2spike.spiking.dendrite_examples.always_fire import always_fire
    >>> from rate2spike.spiking.dendrite_examples.config import GradientConfig
    >>> always_fire(GradientConfig(n_seeds=1, n_iterations=2), progress=False).losses.shape
    (2, 1, 2)
    """
    set_threads(tf)
    place = None if folder is None else checked_path(folder, "folder")
    title, n_networks = f"dendrites {config.example}", len(config.models) * config.n_seeds
    with following(progress, title, n_networks * config.n_iterations) as advance:
        losses = [
            [
                Rounds(config, f"{model}_{seed}", place).learnt(Firing(config, model, seed), advance)["loss"]
                for seed in config.seeds
            ]
            for model in config.models
        ]
    return AlwaysFireResult(config.example, config.models, config.seeds, np.array(losses))


class Firing:
    """A network that learns to fire at every step: the pupil of `Rounds`."""

    def __init__(self, config: AlwaysFireConfig, model: str, seed: int):
        self._shape = (config.n_steps, config.batch_size, *(IMAGE if isinstance(config, ConvConfig) else (N_INPUTS,)))
        self._seed = seed
        self.layers = _NETWORKS[config.example, model](seed)
        self.variables = [variable for layer in self.layers for variable in layer.trainable_variables]
        self._optimizer = keras.optimizers.SGD(config.learning_rate)
        self._optimizer.build(self.variables)
        signature = [tf.TensorSpec(self._shape, tf.float32)]
        self._update = tf.function(self._updated, autograph=False).get_concrete_function(*signature)

    def round(self, k: int) -> dict[str, np.ndarray]:
        """One update; the loss before it."""
        inputs = generator(self._seed, Role.TRAINING, k).random(self._shape, np.float32)
        return {"loss": self._update(tf.constant(inputs)).numpy()}

    def spikes(self, inputs: tf.Tensor) -> tf.Tensor:
        """(T, B, ...) of inputs (T, B, ...)."""
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def _updated(self, inputs: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(1 - self.spikes(inputs)[1:]))  # at the first step no current has arrived
        slopes = tape.gradient(loss, self.variables)
        self._optimizer.apply(slopes, self.variables)
        return nan_unless_finite(loss, slopes)


def _dendritic_neurons(soma_shape: tuple[int, ...]) -> VDiffForwardDendNeuron:
    """K-to-1 dendrites whose coupling leaves their outputs without memory, and LIF somas."""
    dendrite = VDiffDend(
        PassiveDendCompartment(tau=TAU_DENDRITE),
        Kto1DendWiring(K, N_OUTPUTS),
        coupling_strength=(TAU_DENDRITE - 1) / K,
        step_mode="m",
    )
    return VDiffForwardDendNeuron(dendrite, LIFSoma(tau=TAU_SOMA), list(soma_shape), step_mode="m")


def _dendritic(seed: int) -> Layers:
    synapse = LinearIdentitySynapse(N_INPUTS, N_NEURONS * K * N_OUTPUTS, step_mode="m", seed=seed)
    return [synapse, _dendritic_neurons((N_NEURONS,))]


def _point(seed: int) -> Layers:
    """As many synapses, and point neurons where the dendrites were."""
    n_hidden, seeds = N_NEURONS * K * N_OUTPUTS, layer_seeds(seed, 2)
    first = LinearIdentitySynapse(N_INPUTS, n_hidden, step_mode="m", seed=seeds[0])
    second = LinearIdentitySynapse(n_hidden, N_NEURONS, step_mode="m", seed=seeds[1])
    return [first, LIFSoma(tau=TAU_SOMA, step_mode="m"), second, LIFSoma(tau=TAU_SOMA, step_mode="m")]


def _convolution(seed: int) -> Layers:
    """With a bias, as the published losses show."""
    n_channels = K * N_OUTPUTS * CONV_SOMAS[0]
    synapse = Conv2dIdentitySynapse(IMAGE[0], n_channels, KERNEL, bias=True, step_mode="m", seed=seed)
    return [synapse, _dendritic_neurons(CONV_SOMAS)]


_NETWORKS: dict[tuple[str, str], Callable[[int], Layers]] = {
    (GradientConfig.example, DENDRITIC): _dendritic,
    (GradientConfig.example, POINT): _point,
    (ConvConfig.example, DENDRITIC): _convolution,
}
