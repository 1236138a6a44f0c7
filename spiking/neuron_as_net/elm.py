"""The architecture of an expressive leaky memory (ELM) neuron, and which synapses a branch sums."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import POSITIVE, number, several
from rate2spike.errors import InputError
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable
from rate2spike.spiking.neuron_as_net.heads import Head, ball_and_stick_heads, checked_heads, layer_5_heads

UPDATES = ("exponential", "linear")


def _lengths(values: Any) -> tuple[float, ...]:
    """Time constants of a list. Raises InputError."""
    name = "more_tau_branch_ms"
    return tuple(number(one, "a time constant", name, POSITIVE) for one in several(values))


@public()
@dataclass(frozen=True, repr=False)
class ElmArchitecture(Readable):
    """An ELM neuron with branches (Spieler et al. 2024); defaults are those for the layer-5 cell.

    Per ms, with b of every branch, m of every memory unit, and k = exp(-1 / tau):

    * b = k_b b + sum of relu(w) x over the synapses of the branch;
    * p = 1.7159 tanh(2/3 MLP([b, k_m m])), the MLP with one hidden relu layer;
    * m = k_m m + (1 - exp(-lambda / tau_m)) p; with update 'linear' lambda (1 - k_m) in place of the bracket.

    With more_tau_branch_ms the MLP gets, for each of these, a further b of every branch, times tau_branch over it; these are
    not published. They are for synapses with slow conductances, such as NMDA, beside fast ones. With negative_inhibition the
    events x of inhibitory synapses count -1, as they do in the authors' data: else a branch, whose weights are positive,
    cannot tell one kind of synapse from the other.

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
    more_tau_branch_ms: tuple[float, ...] = option(
        (), "further time constants of branches, ms: the MLP gets one more sum of every branch for each", check=_lengths
    )
    least_tau_ms: float = option(1.0, "least time constant of memory, ms", what="time constant", allowed=POSITIVE)
    most_tau_ms: float = option(150.0, "largest one, ms", what="time constant", allowed=POSITIVE)
    train_tau: bool = option(False, "train the time constants of memory")
    speed: float = option(5.0, "lambda, of the update of memory", what="lambda", allowed=POSITIVE)
    update: str = option("exponential", "how memory takes in the proposal", choices=UPDATES)
    positive_synapses: bool = option(True, "synaptic weights go through a relu")
    negative_inhibition: bool = option(False, "events of inhibitory synapses count -1, as in the authors' data")
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
    def first_inhibitory(self) -> int:
        """Number of the first inhibitory synapse: how many are excitatory."""
        return self.n_synapses // 2 if self.n_excitatory is None else self.n_excitatory

    @property
    def n_parameters(self) -> int:
        """Weights of the network."""
        n_sums = self.n_branches * (1 + len(self.more_tau_branch_ms))
        mlp = (n_sums + self.n_memory + 1) * self.hidden + (self.hidden + 1) * self.n_memory
        out = (self.n_memory + 1) * sum(head.n_outputs for head in self.heads)
        return self.n_branches * self.n_per_branch + mlp + out + self.n_memory * self.train_tau

    def routing(self) -> np.ndarray:
        """(n_branches, n_per_branch): which synapse, -1 past the end."""
        n_excitatory = self.first_inhibitory
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
