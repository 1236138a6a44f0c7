"""What the first layer of a network sums: filters over synapses and time, signs made alike, by groups of synapses."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from rate2spike.calls import public
from rate2spike.checks import shown, whole_number
from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.readable import Readable
from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses
from rate2spike.spiking.twin_figures.input_counts import boxcar

SIGN_MS = 12  # most recent time, in which excitatory weights are to exceed inhibitory ones
DECAY_MS = 40  # over which an exponential is fitted
_LIMIT_QUANTILE, _LIMIT_FACTOR = 0.998, 1.08  # of the scale of weights, as published
_SHORTEST_MS, _LONGEST_MS = 0.2, 2000.0  # between which a time constant is sought


class Decay(NamedTuple):
    """amplitude exp(-t / tau_ms), t before the output."""

    amplitude: float
    tau_ms: float


class FilterDecay(NamedTuple):
    """Exponentials through the mean excitatory and the mean inhibitory weight, and the ratio of their amplitudes."""

    excitatory: Decay
    inhibitory: Decay | None
    inhibitory_over_excitatory: float | None


class GroupWeights(NamedTuple):
    """Weights of the synapses of one part of a cell, (k, n_ms) each; column 0 is the most recent millisecond."""

    excitatory: np.ndarray
    inhibitory: np.ndarray


@public()
@dataclass(frozen=True, eq=False, repr=False)
class FirstLayer(Readable):
    """The filters of a first layer, for figures: `FirstLayer.of(TwinNetwork.first_layer(), synapses)`.

    The sign of a filter says nothing, because later layers can turn it around. So it is chosen here: weights of excitatory
    synapses, minus those of inhibitory ones, add up to no less than 0 over the most recent 12 ms, filter by filter.

    Parameters
    ----------
    weights : (n_filters, n_synapses, history_ms) array
        With that sign; column 0 is the most recent millisecond.
    flipped : (n_filters,) bool array
        Which filters of the network have the other sign.
    synapses : CellSynapses
        Of the cell.
    smoothing_ms : int, default 2
        Milliseconds whose mean is shown.
    shown_ms : int, default 40
        How much of the past is shown.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses
    >>> from rate2spike.spiking.twin_figures.first_layer import FirstLayer
    >>> taps = np.exp(-np.arange(80)[::-1] / 20)  # a Keras filter has the oldest millisecond first
    >>> kernel = -np.outer(taps, np.repeat([1.0, -1.0], [80, 20]))[:, :, None]
    >>> layer = FirstLayer.of(kernel, CellSynapses(80, 20))
    >>> layer
    FirstLayer(n_filters=1, n_synapses=100, history_ms=80)
    >>> layer.flipped[0], round(layer.decay(0).excitatory.tau_ms, 3)
    (np.True_, 20.0)
    """

    shown = ("n_filters", "n_synapses", "history_ms")

    weights: np.ndarray
    flipped: np.ndarray
    synapses: CellSynapses
    smoothing_ms: int = 2
    shown_ms: int = 40
    # (n_filters, 2 n_groups) of excitatory and inhibitory synapses of each part in turn
    _energies: np.ndarray = field(init=False, compare=False)

    def __post_init__(self) -> None:
        energies = [self._energy(rows) for group in self.synapses.groups.values() for rows in group]
        object.__setattr__(self, "_energies", np.stack(energies, 1))

    @classmethod
    def of(cls, kernel: Any, synapses: CellSynapses, smoothing_ms: int = 2, shown_ms: int = 40) -> "FirstLayer":
        """Of the kernel (history_ms, n_synapses, n_filters) of a causal convolution, oldest time first. Raises InputError."""
        taps = np.asarray(kernel)
        if taps.ndim != 3 or not taps.size or taps.dtype.kind not in "fiu" or not np.isfinite(taps).all():
            raise InputError(
                f"{{kernel}} must be numbers (history_ms, n_synapses, n_filters), got {shown(kernel)}", "kernel"
            )
        if taps.shape[1] != synapses.n_synapses:
            raise InputError(
                f"{{kernel}} must be of {synapses.n_synapses} synapses, as the cell, got {taps.shape[1]}", "kernel"
            )
        smoothing_ms = whole_number(smoothing_ms, "{smoothing_ms}", "smoothing_ms", least=1)
        shown_ms = whole_number(shown_ms, "{shown_ms}", "shown_ms", least=1)
        weights = np.ascontiguousarray(taps[::-1].transpose(2, 1, 0))
        sign = np.repeat([1.0, -1.0], [synapses.n_excitatory, synapses.n_inhibitory])
        recent = boxcar(weights[:, :, : max(SIGN_MS, smoothing_ms)], smoothing_ms)[:, :, :SIGN_MS]
        flipped = (recent.sum(2) * sign).sum(1) < 0
        return cls(np.where(flipped[:, None, None], -weights, weights), flipped, synapses, smoothing_ms, shown_ms)

    @property
    def n_filters(self) -> int:
        """Number of filters."""
        return self.weights.shape[0]

    @property
    def n_synapses(self) -> int:
        """Number of inputs."""
        return self.weights.shape[1]

    @property
    def history_ms(self) -> int:
        """Length of the filters."""
        return self.weights.shape[2]

    def smooth(self, index: int) -> np.ndarray:
        """(n_synapses, n_ms) weights of one filter, smoothed and cropped, as figures show them. Raises InputError."""
        return boxcar(self.weights[self._checked(index)], self.smoothing_ms)[:, : self.shown_ms]

    def by_group(self, index: int) -> dict[str, GroupWeights]:
        """The same by parts of the cell. Raises InputError."""
        weights = self.smooth(index)
        return {
            name: GroupWeights(weights[group.excitatory], weights[group.inhibitory])
            for name, group in self.synapses.groups.items()
        }

    def limit(self, index: int) -> float:
        """Where the scale of a filter's weights ends, as published: 1.08 times the 99.8th percentile of their size."""
        high = float(np.quantile(np.abs(self.smooth(index)), _LIMIT_QUANTILE))
        return _LIMIT_FACTOR * high if high > 0 else 1.0

    def decay(self, index: int) -> FilterDecay:
        """How the mean weights of a filter decay, from exponentials fitted to the most recent 40 ms. Raises InputError."""
        weights, n_excitatory = self.weights[self._checked(index)].astype(float), self.synapses.n_excitatory
        excitatory = fitted_decay(weights[:n_excitatory].mean(0))
        if not self.synapses.n_inhibitory:
            return FilterDecay(excitatory, None, None)
        inhibitory = fitted_decay(weights[n_excitatory:].mean(0))
        ratio = inhibitory.amplitude / excitatory.amplitude if excitatory.amplitude else None
        return FilterDecay(excitatory, inhibitory, ratio)

    def strongest(self, n: int) -> list[int]:
        """Up to n filters, the strongest first: those whose mean weights, by parts of the cell and kind, are largest."""
        return np.argsort(-self._energies.sum(1), kind="stable")[:n].tolist()

    def typical(self, n: int) -> list[int]:
        """Up to n filters for a figure: for each part of the cell the one that listens to it most, then the strongest ones.

        Asked are only those that are as strong as the median filter.
        """
        strength = self._energies.sum(1)
        asked = np.flatnonzero(strength >= np.median(strength))
        parts = self._energies[asked].reshape(asked.size, -1, 2).sum(2)  # (n_asked, n_groups)
        share = parts / np.maximum(strength[asked, None], np.finfo(float).tiny)
        chosen: list[int] = []
        for of_part in share.T if share.shape[1] > 1 else ():
            chosen += [k for k in asked[np.argsort(-of_part, kind="stable")].tolist() if k not in chosen][:1]
        chosen += [k for k in self.strongest(self.n_filters) if k not in chosen]
        return chosen[:n]

    def _energy(self, rows: np.ndarray) -> np.ndarray:
        """(n_filters,) squared mean weights of some synapses, summed over them and time: noise of single ones drops out."""
        if not rows.size:
            return np.zeros(self.n_filters)
        return rows.size * np.square(self.weights[:, rows].mean(1, dtype=float)).sum(1)

    def _checked(self, index: int) -> int:
        index = whole_number(index, "{index}", "index", least=0)
        if index >= self.n_filters:
            raise InputError(f"{{index}} must be below {self.n_filters}, the number of filters, got {index}", "index")
        return index


@one_blas_thread()
def fitted_decay(curve: Any, over_ms: int = DECAY_MS) -> Decay:
    """The exponential with the least squared distance from the first over_ms values of a curve, one per ms from 0 on."""
    y = np.asarray(curve, float)[:over_ms]
    t = np.arange(y.size)

    def amplitude_and_error(log_tau: float) -> tuple[float, float]:
        shape = np.exp(-t / np.exp(log_tau))
        amplitude = float((shape * y).sum() / np.square(shape).sum())
        return amplitude, float(np.square(y - amplitude * shape).sum())

    # the error may have several minima over tau: the best of a grid is refined
    grid = np.linspace(np.log(_SHORTEST_MS), np.log(_LONGEST_MS), 60)
    best = int(np.argmin([amplitude_and_error(one)[1] for one in grid]))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    scale = float(np.square(y).sum()) or 1.0
    found = minimize_scalar(
        lambda x: amplitude_and_error(x)[1] / scale, bounds=bounds, method="bounded", options={"xatol": 1e-9}
    )
    return Decay(amplitude_and_error(found.x)[0], float(np.exp(found.x)))
