"""A neuron whose dendrite learns to foretell a soma that a teacher nudges (Urbanczik & Senn, Neuron 81, 2014, Fig. 1).

The neuron has two compartments without memory of their own. One receives the synapses, the other one is the teacher's: its
voltage is the target, and what flows from it into the soma is φ (target - V), a conductance. Without teaching φ is 0. The
soma does not spike: what it does is its rate, a function of its voltage, as in the rule.
"""

import numpy as np

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.seeding import Role, generator
from rate2spike.spiking.dendrite_examples.config import DppConfig
from rate2spike.spiking.dendrite_examples.target import MEAN
from rate2spike.spiking.dendrites.compartments import PassiveDendCompartment
from rate2spike.spiking.dendrites.connections import LinearSynapseConn
from rate2spike.spiking.dendrites.dendrites import SegregatedDend
from rate2spike.spiking.dendrites.filters import LISynapseFilter
from rate2spike.spiking.dendrites.neurons import VDiffForwardDendNeuron
from rate2spike.spiking.dendrites.somas import LIFSoma
from rate2spike.spiking.dendrites.stochastic_firing import LogisticStochasticFiring
from rate2spike.spiking.dendrites.synapses import BaseSynapse
from rate2spike.spiking.dendrites.wiring import SegregatedDendWiring
from rate2spike.spiking.plasticity.dendritic_prediction import DPPLearner

DENDRITE, TEACHER = 0, 1  # compartments
OUT_OF_REACH = 1e6  # a threshold
STEEPNESS = 5.0  # of the rate
FIRST_SHARE = 0.2  # of the target's mean, that the first weights bring the dendrite to


class DppNeuron:
    """The neuron; `learn` and `voltage` are compiled. All that learning changes is in `variables`."""

    def __init__(self, config: DppConfig, target: np.ndarray):
        self._config = config
        self._taught = tf.constant([config.dendrite_conductance, config.teacher_conductance])
        self._alone = tf.constant([config.dendrite_conductance, 0.0])
        connection = LinearSynapseConn(config.n_inputs, 2, step_mode="m", seed=config.seed)
        connection.weight.assign(_first_weights(config))
        self.synapse = BaseSynapse(connection, LISynapseFilter(config.tau_psp_ms), step_mode="m")
        dendrite = SegregatedDend(PassiveDendCompartment(tau=1.0), SegregatedDendWiring(2), step_mode="m")
        soma = LIFSoma(tau=config.tau_soma_ms, v_threshold=OUT_OF_REACH, step_mode="m")
        self.neuron = VDiffForwardDendNeuron(dendrite, soma, [1], self._alone, step_mode="m")
        rate = LogisticStochasticFiring(0.5, STEEPNESS, theta=MEAN, seed=config.seed).rate_function
        self._learner = DPPLearner(
            self.synapse,
            self.neuron,
            rate,
            f_w=of_the_dendrite_alone,
            f_u_pred=without_the_teacher,
            step_mode="m",
            tau_psp=config.tau_psp_ms,
            mean=True,
        )
        self._optimizer = keras.optimizers.SGD(config.learning_rate)
        self._optimizer.build([connection.weight])
        self._teaching = tf.constant(np.stack([np.zeros_like(target), target], 1)[:, None])  # (T, 1, 2)
        self.variables = [connection.weight]
        signature = tf.TensorSpec([config.n_steps, config.n_inputs], tf.float32)
        self._learner.disable()
        self._voltages = tf.function(self._run, autograph=False).get_concrete_function(signature)
        self._learner.enable()
        self._learn = tf.function(self._learnt, autograph=False).get_concrete_function(signature)

    def learn(self, spikes: np.ndarray) -> None:
        """Learn from a repeat with the teacher; spikes (T, n_inputs)."""
        self.neuron.forward_strength.assign(self._taught)
        self._learn(tf.constant(spikes))

    def voltage(self, spikes: np.ndarray) -> np.ndarray:
        """(T,) of the soma without the teacher."""
        self.neuron.forward_strength.assign(self._alone)
        return self._voltages(tf.constant(spikes)).numpy()

    def _run(self, spikes: tf.Tensor) -> tf.Tensor:
        self._learner.reset()
        self.neuron(self.synapse(spikes[:, None]) + self._teaching)
        voltage = self.neuron.v_soma_pre_spike  # recorded, since the learner needs it
        assert voltage is not None
        return voltage[:, 0, 0]

    def _learnt(self, spikes: tf.Tensor) -> tf.Tensor:
        voltage = self._run(spikes)
        self._learner.step()
        self._learner.apply(self._optimizer)
        return voltage


def without_the_teacher(v_dend: tf.Tensor, layer: VDiffForwardDendNeuron) -> tf.Tensor:
    """(T, B, 1, 2): where the dendrite alone would bring the soma to, φ v / (φ + 1), the leak being 1; for each compartment.

    The layer's own prediction has the teacher's conductance in its denominator: it is that of a soma that is nudged for ever.
    """
    conductance = tf.cast(layer.forward_strength, v_dend.dtype)[DENDRITE]
    alone = conductance * v_dend[..., DENDRITE, None] / (conductance + 1)
    return tf.repeat(alone, 2, -1)


def of_the_dendrite_alone(weight: tf.Tensor) -> tf.Tensor:
    """Factor of a change: the teacher's compartment has no synapses that learn."""
    return tf.one_hot([DENDRITE], 2, dtype=weight.dtype)


def _first_weights(config: DppConfig) -> tf.Tensor:
    """(n_inputs, 2): positive and random, 0 to the teacher's compartment."""
    drawn = generator(config.seed, Role.INITIAL_WEIGHTS).uniform(0, 2, config.n_inputs)
    expected = max(config.input_probability * config.tau_psp_ms * config.n_inputs, 1.0)  # sum of synaptic potentials
    return tf.constant(np.stack([drawn * FIRST_SHARE * MEAN / expected, np.zeros_like(drawn)], 1), tf.float32)
