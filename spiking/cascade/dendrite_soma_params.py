"""Constants of a cell whose soma and dendrite excite each other, and the loop run with them.

    soma_linear[n]     = sum over j of soma_taps[j] (soma_input + dendrite - adaptation)[n - 1 - j]
    adaptation[n]      = sum over j of adaptation_taps[j] spikes[n - 1 - j]
    dendrite_linear[n] = sum over j of dendrite_taps[j] (dendrite_input + backprop_gain spikes)[n - 1 - j]
    spikes[n]          = 0 if soma_linear[n - 1] < soma_threshold else spike_height
    dendrite[n]        = dendritic_gain / (1 + exp(-(dendrite_linear[n - 1] - half_activation) / sensitivity))

(Harkin, Shen, Goel, Richards & Naud 2022, Fig. 6). The filters begin without a history.
"""

from dataclasses import dataclass

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import NOT_NEGATIVE, POSITIVE
from rate2spike.options import check_options, option
from rate2spike.readable import Readable
from rate2spike.spiking.cascade.filters import KEPT, ExponentialFilter
from rate2spike.spiking.cascade.signals import DT_MS, MOST_SAMPLES, n_samples
from rate2spike.spiking.kernels.dendrite_soma_loop import run_loop

STATES = ("soma_linear", "adaptation", "dendrite_linear", "spikes", "dendrite")  # rows of what the kernel fills
_FILTERS = ("soma", "adaptation", "dendrite")  # in the order of the kernel


@public()
@dataclass(frozen=True, repr=False)
class DendriteSomaParams(Readable):
    """A soma with adaptation and a dendrite; spikes of the soma travel back into the dendrite, which drives the soma.

    Parameters
    ----------
    soma_tau_ms, dendrite_tau_ms, adaptation_tau_ms : float, default 10.0, 5.0 and 20.0
        Time constants, ms.
    soma_length_ms, dendrite_length_ms, adaptation_length_ms : float, default 100.0, 50.0 and 200.0
        Where the truncated filters end, ms.
    soma_area, dendrite_area : float, default 1.0
        What the two filters multiply a constant input by; published is 1.
    adaptation_area : float, default 2.0
        The same of the adaptation, before its first tap is set.
    adaptation_first_tap : float or None, default 1.0
        What the first tap of the adaptation is set to, so that its whole area is 2.99 as published; None: as the
        exponential has it.
    soma_threshold : float, default 1.5
        Of a spike.
    spike_height : float, default 30.0
        A spike in a sample.
    dendritic_gain, dendritic_half_activation, dendritic_sensitivity : float, default 2.0, 2.5 and 0.25
        Of the dendrite's sigmoid: its height, where it is half of that, and how many units it takes to rise e-fold at first.
    backprop_gain : float, default 1.0
        What of a spike travels back into the dendrite.
    dt_ms : float, default 0.1
        Time between two samples, ms. A spike lasts 3 samples, and each arrow of the loop takes one, whatever it is.
    truncated : bool, default True
        Whether the filters end.

    Raises
    ------
    InputError
        For numbers out of range, and filters shorter than a sample.

    Examples
    --------
    >>> params = DendriteSomaParams()
    >>> {name: round(area, 7) for name, area in params.areas.items()}
    {'soma': 1.0, 'adaptation': 2.9900245, 'dendrite': 1.0}
    >>> DendriteSomaParams(backprop_gain=0.0).backprop_gain
    0.0
    """

    shown = ("dendritic_gain", "backprop_gain", "soma_threshold", "adaptation_area", "dt_ms", "truncated")

    soma_tau_ms: float = option(10.0, "time constant of the soma, ms", allowed=POSITIVE)
    soma_length_ms: float = option(100.0, "where the filter of the soma ends, ms", allowed=POSITIVE)
    soma_area: float = option(1.0, "area of the filter of the soma", allowed=POSITIVE)
    dendrite_tau_ms: float = option(5.0, "time constant of the dendrite, ms", allowed=POSITIVE)
    dendrite_length_ms: float = option(50.0, "where the filter of the dendrite ends, ms", allowed=POSITIVE)
    dendrite_area: float = option(1.0, "area of the filter of the dendrite", allowed=POSITIVE)
    adaptation_tau_ms: float = option(20.0, "time constant of the adaptation, ms", allowed=POSITIVE)
    adaptation_length_ms: float = option(200.0, "where the filter of the adaptation ends, ms", allowed=POSITIVE)
    adaptation_area: float = option(2.0, "area of the filter of the adaptation, before its first tap is set")
    adaptation_first_tap: float | None = option(
        1.0, "first tap of the adaptation; none: as the exponential has it", or_none=True
    )
    soma_threshold: float = option(1.5, "threshold of a spike in the soma")
    spike_height: float = option(30.0, "height of a spike", allowed=POSITIVE)
    dendritic_gain: float = option(2.0, "height of the dendrite's sigmoid", allowed=NOT_NEGATIVE)
    dendritic_half_activation: float = option(2.5, "where the dendrite's sigmoid is half of its height")
    dendritic_sensitivity: float = option(0.25, "width of the dendrite's sigmoid", allowed=POSITIVE)
    backprop_gain: float = option(1.0, "what of a spike travels back into the dendrite", allowed=NOT_NEGATIVE)
    dt_ms: float = option(DT_MS, "time between two samples, ms", allowed=POSITIVE)
    truncated: bool = option(True, "whether the filters end")

    def __post_init__(self) -> None:
        check_options(self)
        for name in _FILTERS:
            n_samples(getattr(self, f"{name}_length_ms"), self.dt_ms, f"{name}_length_ms")

    def filter_of(self, name: str) -> ExponentialFilter:
        """The filter of unit area of 'soma', 'dendrite' or 'adaptation', which the area multiplies."""
        tau_ms, length_ms = getattr(self, f"{name}_tau_ms"), getattr(self, f"{name}_length_ms")
        return ExponentialFilter(tau_ms, length_ms, self.dt_ms, KEPT, self.truncated)

    @property
    def first_tap_added(self) -> float:
        """What setting the first tap of the adaptation adds to it."""
        if self.adaptation_first_tap is None:
            return 0.0
        return self.adaptation_first_tap - self.adaptation_area * self.filter_of("adaptation").largest

    @property
    def areas(self) -> dict[str, float]:
        """Area of each filter."""
        adaptation = self.adaptation_area + self.first_tap_added
        return {"soma": self.soma_area, "adaptation": adaptation, "dendrite": self.dendrite_area}


def run_states(
    params: DendriteSomaParams, soma_input: np.ndarray, dendrite_input: np.ndarray, initial: np.ndarray | None = None
) -> np.ndarray:
    """(5, n_samples) states, in the order of STATES. initial: (5,) of sample 0, None: 0."""
    states = np.zeros((len(STATES), soma_input.size))
    if initial is not None:
        states[:, 0] = initial
    filters, n_taps = _weights(params)
    spike = np.array([params.soma_threshold, params.spike_height])
    sigmoid = np.array([params.dendritic_gain, params.dendritic_half_activation, params.dendritic_sensitivity])
    run_loop(soma_input, dendrite_input, filters, n_taps, spike, sigmoid, params.backprop_gain, states)
    return states


def _weights(params: DendriteSomaParams) -> tuple[np.ndarray, np.ndarray]:
    """(3, 4) weights and (3,) numbers of taps of the filters, as the kernel takes them."""
    rows, n_taps = [], []
    for name in _FILTERS:
        unit = params.filter_of(name)
        entering = unit.largest * getattr(params, f"{name}_area")
        n_taps.append(unit.n_taps if unit.truncated else MOST_SAMPLES)
        added = params.first_tap_added if name == "adaptation" else 0.0
        rows.append((unit.decay, entering, entering * unit.decay ** n_taps[-1], added))
    return np.array(rows), np.array(n_taps)
