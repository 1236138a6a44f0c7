"""The expressive leaky memory (ELM) neuron as a network: the architecture, which synapses a branch sums, and its layers."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import POSITIVE
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import float32_by_default, keras, tf
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable
from rate2spike.spiking.layers.cell import PACKAGE
from rate2spike.spiking.neuron_as_net.heads import Head, ball_and_stick_heads, checked_heads, layer_5_heads, outputs_of
from rate2spike.spiking.neuron_as_net.initial_values import constant, linear_layer
from rate2spike.spiking.neuron_as_net.leaky_memory import MemoryWeights, leaky_sum_of_batch, memory_over_time

_TANH_SCALE = 1.7159
_INITIAL_SYNAPSE = 0.5
UPDATES = ("exponential", "linear")


@public()
@dataclass(frozen=True, repr=False)
class ElmArchitecture(Readable):
    """An ELM neuron with branches (Spieler et al. 2024); defaults are those for the layer-5 cell.

    Per ms, with b of every branch, m of every memory unit, and k = exp(-1 / tau):

    * b = k_b b + sum of relu(w) x over the synapses of the branch;
    * p = 1.7159 tanh(2/3 MLP([b, k_m m])), the MLP with one hidden relu layer;
    * m = k_m m + (1 - exp(-lambda / tau_m)) p; with update 'linear' lambda (1 - k_m) in place of the bracket.

    Branches are overlapping windows over the synapses, excitatory and inhibitory ones of a place side by side.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    References
    ----------
    .. [1] A. Spieler, N. Rahaman, G. Martius, B. Schölkopf & A. Levina (2024). The expressive leaky memory neuron: an
           efficient and expressive phenomenological neuron model can solve long-horizon tasks. ICLR.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
    >>> ElmArchitecture()
    ElmArchitecture(overview='ELM__M_20', n_synapses=1278, n_parameters=8002)
    """

    n_synapses: int = option(1278, "inputs, excitatory ones first", what="number of synapses")
    n_memory: int = option(20, "memory units", what="number of memory units")
    n_branches: int = option(45, "branches", what="number of branches")
    n_per_branch: int = option(100, "synapses of a branch", what="synapses per branch")
    n_excitatory: int | None = option(
        None, "excitatory inputs", what="number of excitatory synapses", least=0, default_text="half of all"
    )
    n_hidden: int | None = option(
        None, "hidden units of the MLP", what="number of hidden units", default_text="twice the memory units"
    )
    tau_branch_ms: float = option(5.0, "time constant of branches, ms", what="time constant", allowed=POSITIVE)
    least_tau_ms: float = option(1.0, "least time constant of memory, ms", what="time constant", allowed=POSITIVE)
    most_tau_ms: float = option(150.0, "largest one, ms", what="time constant", allowed=POSITIVE)
    train_tau: bool = option(False, "train the time constants of memory")
    speed: float = option(5.0, "lambda, of the update of memory", what="lambda", allowed=POSITIVE)
    update: str = option("exponential", "how memory takes in the proposal", choices=UPDATES)
    positive_synapses: bool = option(True, "synaptic weights go through a relu")
    heads: tuple[Head, ...] = field(default_factory=lambda: layer_5_heads(0))

    def __post_init__(self) -> None:
        check_options(self)
        object.__setattr__(self, "heads", checked_heads(self.heads))
        if self.most_tau_ms < self.least_tau_ms:
            values = f"{self.most_tau_ms:g} and {self.least_tau_ms:g}"
            raise InputError(
                f"{{most_tau_ms}} must not be below {{least_tau_ms}}, got {values}", "most_tau_ms", "least_tau_ms"
            )
        if self.n_excitatory is not None and self.n_excitatory > self.n_synapses:
            raise InputError(
                f"{{n_excitatory}} must be at most {self.n_synapses}, {{n_synapses}}", "n_excitatory", "n_synapses"
            )
        if self.n_branches * self.stride - self.stride >= self.n_synapses or self.n_per_branch < self.stride:
            raise InputError(
                f"{{n_branches}} {self.n_branches} windows of {{n_per_branch}} {self.n_per_branch} do not cover "
                f"{self.n_synapses} synapses, or some see none",
                "n_branches",
                "n_per_branch",
            )

    def summary(self) -> dict[str, Any]:
        """What it is called, its size, and every other setting that is not the default."""
        told = {"overview": self.overview, "n_synapses": self.n_synapses, "n_parameters": self.n_parameters}
        other = {
            name: value for name, value in not_default(self).items() if name not in ("heads", "n_memory", "n_synapses")
        }
        return told | other

    @property
    def overview(self) -> str:
        """Such as 'ELM__M_20'."""
        return f"ELM__M_{self.n_memory}"

    @property
    def kind(self) -> str:
        """ELM."""
        return "ELM"

    @property
    def hidden(self) -> int:
        """Hidden units of the MLP."""
        return self.n_hidden or 2 * self.n_memory

    @property
    def history_ms(self) -> int:
        """After how long a window without history is as good as one with: three of the largest time constants."""
        return math.ceil(3 * self.most_tau_ms)

    @property
    def stride(self) -> int:
        """Synapses from the start of one branch to that of the next."""
        return math.ceil(self.n_synapses / self.n_branches)

    @property
    def n_parameters(self) -> int:
        """Weights of the network."""
        mlp = (self.n_branches + self.n_memory) * self.hidden + self.hidden + (self.hidden + 1) * self.n_memory
        out = (self.n_memory + 1) * sum(head.n_outputs for head in self.heads)
        return self.n_branches * self.n_per_branch + mlp + out + self.n_memory * self.train_tau

    def routing(self) -> np.ndarray:
        """(n_branches, n_per_branch): which synapse, -1 past the end."""
        n_excitatory = self.n_synapses // 2 if self.n_excitatory is None else self.n_excitatory
        n_pairs = min(n_excitatory, self.n_synapses - n_excitatory)
        pairs = np.stack([np.arange(n_pairs), n_excitatory + np.arange(n_pairs)], 1).ravel()
        alone = np.setdiff1d(np.arange(self.n_synapses), pairs)  # where there are more of one kind
        order = np.concatenate([pairs, alone])
        place = self.stride * np.arange(self.n_branches)[:, None] + np.arange(self.n_per_branch)
        return np.where(place < self.n_synapses, order[np.minimum(place, self.n_synapses - 1)], -1)

    def time_constants_ms(self) -> np.ndarray:
        """(n_memory,): spaced logarithmically."""
        return np.geomspace(self.least_tau_ms, self.most_tau_ms, self.n_memory)


def ball_and_stick_elm(n_segments: int = 8, n_memory: int = 64) -> ElmArchitecture:
    """The twin of a ball-and-stick cell: a branch for every synapse, which may be negative, and trained time constants.

    As published for such cells, but for their normalisation of what enters the MLP.
    """
    return ElmArchitecture(
        2 * n_segments,
        n_memory,
        n_branches=2 * n_segments,
        n_per_branch=1,
        n_hidden=2 * n_memory,
        tau_branch_ms=3.0,
        least_tau_ms=2.0,
        most_tau_ms=40.0,
        train_tau=True,
        speed=2.0,
        update="linear",
        positive_synapses=False,
        heads=ball_and_stick_heads(n_segments),
    )


def elm_model(architecture: ElmArchitecture, seed: int) -> keras.Model:
    """The network: (B, T, n_synapses) to a dict of outputs (B, T, n)."""
    with float32_by_default():
        inputs = keras.Input((None, architecture.n_synapses), dtype="float32", name="input_layer")
        synapses = BranchSynapses(architecture.routing().tolist(), architecture.positive_synapses, name="synapses")
        memory = LeakyMemory(
            architecture.hidden,
            architecture.time_constants_ms().tolist(),
            tau_branch_ms=architecture.tau_branch_ms,
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
    """Input (B, T, S) to what each of J branches receives, (B, T, J); the branches share synapses."""

    def __init__(self, routing: list[list[int]], positive: bool = True, **rest: Any):
        super().__init__(**rest)
        self.routing, self.positive = routing, positive
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
        return super().get_config() | dict(routing=self.routing, positive=self.positive)


@keras.saving.register_keras_serializable(PACKAGE)
class LeakyMemory(keras.layers.Layer):
    """What branches receive (B, T, J) to the memory (B, T, d)."""

    def __init__(
        self,
        n_hidden: int,
        tau_ms: list[float],
        tau_branch_ms: float = 5.0,
        speed: float = 5.0,
        update: str = "exponential",
        train_tau: bool = False,
        seed: int = 0,
        **rest: Any,
    ):
        super().__init__(**rest)
        self.n_hidden, self.tau_ms, self.tau_branch_ms = n_hidden, list(tau_ms), tau_branch_ms
        self.speed, self.update, self.train_tau, self.seed = speed, update, train_tau, seed

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        n_branches, n_memory = input_shape[-1], len(self.tau_ms)
        self.to_hidden = self.add_weight(
            name="to_hidden", shape=(n_branches + n_memory, self.n_hidden), initializer=linear_layer(self.seed, 0)
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
        n_branches = inputs.shape[-1]
        branches = leaky_sum_of_batch(inputs, math.exp(-1 / self.tau_branch_ms))
        to_hidden = tf.convert_to_tensor(self.to_hidden)
        u = tf.einsum("btj,jh->bth", branches, to_hidden[:n_branches]) + self.hidden_bias
        rate = tf.exp(-tf.convert_to_tensor(self.log_tau))
        keep = tf.exp(-rate)
        share = 1 - tf.exp(-self.speed * rate) if self.update == "exponential" else self.speed * (1 - keep)
        weights = MemoryWeights(
            keep,
            _TANH_SCALE * share,
            to_hidden[n_branches:],
            tf.convert_to_tensor(self.to_memory),
            tf.convert_to_tensor(self.memory_bias),
        )
        return memory_over_time(u, weights)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """(B, T, d)."""
        return (*input_shape[:-1], len(self.tau_ms))

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again."""
        names = ("n_hidden", "tau_ms", "tau_branch_ms", "speed", "update", "train_tau", "seed")
        return super().get_config() | {name: getattr(self, name) for name in names}
