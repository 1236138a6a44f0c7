"""Neurons that compete for images and learn by STDP: synapse, dendrites, inhibition, and homeostasis apart from the rule.

Whatever keeps the network in balance is not part of the learning rule:

* lateral inhibition: a spike inhibits all other neurons at the next step, so that few answer to an image;
* synaptic scaling: after every batch the weights of a compartment are scaled to the sum that they had (von der Malsburg,
  Kybernetik 14, 1973; Turrigiano et al., Nature 391, 1998);
* intrinsic excitability: a current that grows as long as a neuron fires less than it should, and falls otherwise.
"""

import numpy as np

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.seeding import Role, generator
from rate2spike.spiking.dendrite_examples.config import STDP, StdpConfig
from rate2spike.spiking.dendrites.compartments import PassiveDendCompartment
from rate2spike.spiking.dendrites.dendrites import SegregatedDend
from rate2spike.spiking.dendrites.neurons import VDiffForwardDendNeuron
from rate2spike.spiking.dendrites.somas import LIFSoma
from rate2spike.spiking.dendrites.synapses import LinearIdentitySynapse
from rate2spike.spiking.dendrites.wiring import SegregatedDendWiring
from rate2spike.spiking.plasticity.stdp import SemiSTDPLearner, STDPLearner

N_PIXELS = 784
N_COMPARTMENTS = 2
TAU_DENDRITE, TAU_SOMA = 2.0, 4.0
TAU_PRE, TAU_POST = 4.0, 2.0  # of traces
_FIRST_WEIGHTS = (0.2, 0.6)  # before they are scaled


class StdpNetwork:
    """The network; `learn` and `responses` are compiled. All that learning changes is in `variables`."""

    def __init__(self, config: StdpConfig):
        n, self._config = config.n_units, config
        self.synapse = LinearIdentitySynapse(N_PIXELS, n * N_COMPARTMENTS, wmin=0.0, wmax=1.0, seed=config.seed)
        dendrite = SegregatedDend(PassiveDendCompartment(tau=TAU_DENDRITE), SegregatedDendWiring(N_COMPARTMENTS))
        self.neurons = VDiffForwardDendNeuron(dendrite, LIFSoma(tau=TAU_SOMA), [n])
        self.excitability = tf.Variable(tf.zeros([n]), name="excitability")
        self.variables = [self.synapse.weight, self.excitability]
        self.restart()
        self._learner = self._made_learner()
        self._optimizer = keras.optimizers.SGD(config.learning_rate)
        self._optimizer.build([self.synapse.weight])
        signature = tf.TensorSpec([config.n_steps, None, N_PIXELS], tf.float32)
        self._learner.disable()
        self._answer = tf.function(self._counts, autograph=False).get_concrete_function(signature)
        self._learner.enable()
        self._learn = tf.function(self._learnt, autograph=False).get_concrete_function(
            signature, tf.TensorSpec([], tf.bool)
        )

    @property
    def weights(self) -> np.ndarray:
        """(n_units, 2, 784): of each compartment."""
        return self.synapse.weight.numpy().T.reshape(self._config.n_units, N_COMPARTMENTS, N_PIXELS)

    def restart(self) -> None:
        """Forget everything that was learnt."""
        self.synapse.weight.assign(_scaled(_first_weights(self._config), self._config.total_weight))
        self.excitability.assign(tf.zeros_like(self.excitability))

    def learn(self, spikes: np.ndarray, with_weights: bool = True) -> np.ndarray:
        """Learn from a batch of spikes (T, B, 784), 0 and 1; mean number of spikes of each neuron.

        with_weights: False lets excitability adapt, and leaves the weights as they are.
        """
        return self._learn(tf.constant(spikes), tf.constant(with_weights)).numpy()

    def responses(self, spikes: np.ndarray) -> np.ndarray:
        """(B, n_units) numbers of spikes; nothing is learnt."""
        return self._answer(tf.constant(spikes)).numpy()

    def _made_learner(self) -> STDPLearner | SemiSTDPLearner:
        config = self._config
        if config.rule == STDP:

            def loss(w: tf.Tensor) -> tf.Tensor:
                return config.depression * within_bounds(w)

            return STDPLearner(self.synapse, self.neurons, TAU_PRE, TAU_POST, within_bounds, loss)

        def above_threshold(trace: tf.Tensor) -> tf.Tensor:
            return trace - config.trace_threshold

        return SemiSTDPLearner(self.synapse, self.neurons, TAU_PRE, within_bounds, above_threshold)

    def _counts(self, spikes: tf.Tensor) -> tf.Tensor:
        """(B, n_units) of spikes (T, B, 784): step by step, each neuron inhibited by what the others just did."""
        self.neurons.reset()
        self.synapse.reset()
        self._learner.reset()
        fired, counts = None, None
        for now in tf.unstack(spikes):
            current = self.synapse(now) + self._to_compartments(self.excitability[None])
            if fired is not None:
                others = tf.reduce_sum(fired, 1, keepdims=True) - fired
                current -= self._config.inhibition * self._to_compartments(others)
            fired = self.neurons(current)
            counts = fired if counts is None else counts + fired
        return counts

    def _learnt(self, spikes: tf.Tensor, with_weights: tf.Tensor) -> tf.Tensor:
        before = tf.identity(self.synapse.weight)
        counts = tf.reduce_mean(self._counts(spikes), 0)
        self._learner.step()
        self._learner.apply(self._optimizer)
        after = _scaled(self.synapse.weight, self._config.total_weight)
        self.synapse.weight.assign(tf.where(with_weights, after, before))
        self.excitability.assign_add(self._config.homeostasis * (self._config.target_rate - counts))
        return counts

    def _to_compartments(self, of_neurons: tf.Tensor) -> tf.Tensor:
        """(B, n_units) as currents (B, n_units * 2)."""
        return tf.repeat(of_neurons, N_COMPARTMENTS, 1)


def within_bounds(w: tf.Tensor) -> tf.Tensor:
    """Factor of a change: 1 at w = 0.5, and 0 at the bounds 0 and 1, which no weight passes."""
    return 4 * w * (1 - w)


def _first_weights(config: StdpConfig) -> tf.Tensor:
    rng = generator(config.seed, Role.INITIAL_WEIGHTS)
    return tf.constant(rng.uniform(*_FIRST_WEIGHTS, (N_PIXELS, config.n_units * N_COMPARTMENTS)), tf.float32)


def _scaled(weight: tf.Tensor, total: float) -> tf.Tensor:
    """Weights (784, n) of the same sum in each column, unless bounds forbid it."""
    weight = tf.convert_to_tensor(weight)
    return tf.clip_by_value(weight * (total / tf.reduce_sum(weight, 0)), 0.0, 1.0)
