"""The layers of an ELM neuron in Keras: synapses onto branches, and the memory that their sums drive."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from rate2spike.machine.keras_on_tensorflow import float32_by_default, keras, tf
from rate2spike.spiking.layers.cell import PACKAGE
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
from rate2spike.spiking.neuron_as_net.heads import outputs_of
from rate2spike.spiking.neuron_as_net.initial_values import constant, linear_layer
from rate2spike.spiking.neuron_as_net.leaky_memory import MemoryWeights, leaky_sum_of_batch, memory_over_time

_TANH_SCALE = 1.7159
_INITIAL_SYNAPSE = 0.5


def elm_model(architecture: ElmArchitecture, seed: int) -> keras.Model:
    """The network: (B, T, n_synapses) to a dict of outputs (B, T, n)."""
    with float32_by_default():
        inputs = keras.Input((None, architecture.n_synapses), dtype="float32", name="input_layer")
        synapses = BranchSynapses(
            architecture.routing().tolist(),
            architecture.positive_synapses,
            architecture.first_inhibitory if architecture.negative_inhibition else None,
            name="synapses",
        )
        memory = LeakyMemory(
            architecture.hidden,
            architecture.time_constants_ms().tolist(),
            tau_branch_ms=architecture.tau_branch_ms,
            more_tau_branch_ms=architecture.more_tau_branch_ms,
            speed=architecture.speed,
            update=architecture.update,
            train_tau=architecture.train_tau,
            seed=seed,
            name="memory",
        )
        outputs = outputs_of(architecture.heads, memory(synapses(inputs)), seed)
        return keras.Model(inputs, outputs, name="elm")


@keras.saving.register_keras_serializable(PACKAGE)
class BranchSynapses(keras.layers.Layer):
    """Input (B, T, S) to what each of J branches receives, (B, T, J); the branches share synapses.

    first_negative: synapses from this one on count negative; None: none of them.
    """

    def __init__(self, routing: list[list[int]], positive: bool = True, first_negative: int | None = None, **rest: Any):
        super().__init__(**rest)
        self.routing, self.positive, self.first_negative = routing, positive, first_negative
        self._branch, self._place = np.nonzero(np.array(routing) >= 0)
        self._synapse = np.array(routing)[self._branch, self._place]

    def build(self, input_shape: Any) -> None:
        """Make the weights (J, K)."""
        self.n_synapses = input_shape[-1]
        shape = (len(self.routing), len(self.routing[0]))
        self.strengths = self.add_weight(name="strengths", shape=shape, initializer=constant(_INITIAL_SYNAPSE))

    def matrix(self) -> tf.Tensor:
        """(S, J): what an event of a synapse adds to every branch."""
        strengths = tf.gather_nd(tf.convert_to_tensor(self.strengths), np.stack([self._branch, self._place], 1))
        strengths = tf.nn.relu(strengths) if self.positive else strengths
        if self.first_negative is not None:
            strengths *= np.where(self._synapse >= self.first_negative, -1, 1).astype(np.float32)
        return tf.scatter_nd(
            np.stack([self._synapse, self._branch], 1), strengths, (self.n_synapses, len(self.routing))
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Sums of the branches."""
        return tf.einsum("bts,sj->btj", inputs, self.matrix())

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """(B, T, J)."""
        return (*input_shape[:-1], len(self.routing))

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again."""
        return super().get_config() | dict(
            routing=self.routing, positive=self.positive, first_negative=self.first_negative
        )


@keras.saving.register_keras_serializable(PACKAGE)
class LeakyMemory(keras.layers.Layer):
    """What branches receive (B, T, J) to the memory (B, T, d)."""

    def __init__(
        self,
        n_hidden: int,
        tau_ms: list[float],
        tau_branch_ms: float = 5.0,
        more_tau_branch_ms: Sequence[float] = (),
        speed: float = 5.0,
        update: str = "exponential",
        train_tau: bool = False,
        seed: int = 0,
        **rest: Any,
    ):
        super().__init__(**rest)
        self.n_hidden, self.tau_ms, self.tau_branch_ms = n_hidden, list(tau_ms), tau_branch_ms
        self.more_tau_branch_ms = list(more_tau_branch_ms)
        self.speed, self.update, self.train_tau, self.seed = speed, update, train_tau, seed
        self.supports_jit = False  # XLA cannot call our kernels

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        n_sums, n_memory = input_shape[-1] * (1 + len(self.more_tau_branch_ms)), len(self.tau_ms)
        self.to_hidden = self.add_weight(
            name="to_hidden", shape=(n_sums + n_memory, self.n_hidden), initializer=linear_layer(self.seed, 0)
        )
        self.hidden_bias = self.add_weight(name="hidden_bias", shape=(self.n_hidden,), initializer="zeros")
        self.to_memory = self.add_weight(
            name="to_memory", shape=(self.n_hidden, n_memory), initializer=linear_layer(self.seed, 1)
        )
        self.memory_bias = self.add_weight(name="memory_bias", shape=(n_memory,), initializer="zeros")
        log_tau = np.log(np.array(self.tau_ms, np.float32))
        if self.train_tau:  # its logarithm, so that it stays positive
            self.log_tau = self.add_weight(name="log_tau", shape=(n_memory,), initializer=lambda *_, **__: log_tau)
        else:
            self.log_tau = log_tau

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The memory at every step."""
        branches = self._branches(inputs)
        n_sums = branches.shape[-1]
        to_hidden = tf.convert_to_tensor(self.to_hidden)
        u = tf.einsum("btj,jh->bth", branches, to_hidden[:n_sums]) + self.hidden_bias
        rate = tf.exp(-tf.convert_to_tensor(self.log_tau))
        keep = tf.exp(-rate)
        share = 1 - tf.exp(-self.speed * rate) if self.update == "exponential" else self.speed * (1 - keep)
        weights = MemoryWeights(
            keep,
            _TANH_SCALE * share,
            to_hidden[n_sums:],
            tf.convert_to_tensor(self.to_memory),
            tf.convert_to_tensor(self.memory_bias),
        )
        return memory_over_time(u, weights)

    def _branches(self, inputs: tf.Tensor) -> tf.Tensor:
        """The leaky sums of all branches, (B, T, J) for each time constant, side by side; slow ones as high as fast ones."""
        sums = [leaky_sum_of_batch(inputs, math.exp(-1 / self.tau_branch_ms))]
        for tau_ms in self.more_tau_branch_ms:
            sums.append(leaky_sum_of_batch(self.tau_branch_ms / tau_ms * inputs, math.exp(-1 / tau_ms)))
        return sums[0] if len(sums) == 1 else tf.concat(sums, -1)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """(B, T, d)."""
        return (*input_shape[:-1], len(self.tau_ms))

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again."""
        names = ("n_hidden", "tau_ms", "tau_branch_ms", "more_tau_branch_ms", "speed", "update", "train_tau", "seed")
        return super().get_config() | {name: getattr(self, name) for name in names}
