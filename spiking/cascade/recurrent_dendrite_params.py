"""Settings of the recurrent dendrite (`recurrent_dendrite`), and what the published simulations call them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import NOT_NEGATIVE, POSITIVE
from rate2spike.errors import InputError
from rate2spike.machine.memory import check_memory
from rate2spike.options import check_options, option
from rate2spike.readable import Readable

# those that the published sweep varies, in its order, with their names there
PUBLISHED_NAMES = {
    "peak": "peak",
    "half_activation": "loc",
    "gain": "gain",
    "sensitivity": "sensit",
    "pulse_height": "pulse_height",
    "soma_threshold": "soma_thresh",
}
_BYTES_PER_SAMPLE = 20 * 8  # while traces are computed
_MOST_SAMPLES = 2.0**40


@public()
@dataclass(frozen=True, eq=False, repr=False)
class RecurrentDendriteParams(Readable):
    """A dendrite with a sodium-like nonlinearity, which spikes of the soma reach. By default the published run with a spike.

    Amplitudes have no unit. A sigmoid of a filtered input x is gain / (1 + exp(-(x - half_activation) / sensitivity)).

    Parameters
    ----------
    peak : float, default 1.75
        Height of the input, an alpha function.
    half_activation : float, default 1.9
        Filtered input at which the nonlinearity is half open.
    gain : float, default 3.0
        Height of the nonlinearity.
    sensitivity : float, default 0.3
        What the filtered input is divided by in the nonlinearity: the smaller, the steeper.
    pulse_height : float, default 2.0
        What a spike of the soma adds to the input of the dendrite.
    soma_threshold : float, default 0.19
        Potential at which the soma fires.
    pulse_width_ms : float, default 1.0
        For how long a spike acts on the dendrite, ms.
    tau_input_ms : float, default 2.0
        When the input is largest, ms.
    tau_soma_ms : float, default 40.0
        Time constant of the soma, ms.
    tau_dendrite_ms : float, default 20.0
        Time constant of the linear part of the dendrite, ms.
    tau_sodium_ms : float, default 2.0
        Time constant of the filter in front of the nonlinearity, ms.
    duration_ms : float, default 50.0
        Length of the simulation, ms; not used where the input is an array.
    dt_ms : float, default 0.01
        Time between two samples, ms; the solution at them is exact for any.

    Raises
    ------
    InputError
        For a number that cannot be used.

    Examples
    --------
    >>> RecurrentDendriteParams(peak=2.1, soma_threshold=1.0)
    RecurrentDendriteParams(peak=2.1, half_activation=1.9, gain=3, sensitivity=0.3, pulse_height=2, soma_threshold=1)
    """

    historic = "spiking.cascade.recurrent_dendrite_params:PUBLISHED_NAMES"
    shown = tuple(PUBLISHED_NAMES)

    peak: float = option(1.75, "height of the input, an alpha function")
    half_activation: float = option(1.9, "filtered input at which the nonlinearity is half open")
    gain: float = option(3.0, "height of the nonlinearity")
    sensitivity: float = option(0.3, "what its input is divided by: the smaller, the steeper", allowed=POSITIVE)
    pulse_height: float = option(2.0, "what a spike of the soma adds to the input of the dendrite")
    soma_threshold: float = option(0.19, "potential at which the soma fires")
    pulse_width_ms: float = option(1.0, "for how long a spike acts on the dendrite, ms", allowed=POSITIVE)
    tau_input_ms: float = option(2.0, "when the input is largest, ms", allowed=POSITIVE)
    tau_soma_ms: float = option(40.0, "time constant of the soma, ms", allowed=POSITIVE)
    tau_dendrite_ms: float = option(20.0, "time constant of the dendrite's linear part, ms", allowed=POSITIVE)
    tau_sodium_ms: float = option(2.0, "time constant in front of the nonlinearity, ms", allowed=POSITIVE)
    duration_ms: float = option(50.0, "length of the simulation, ms", allowed=NOT_NEGATIVE)
    dt_ms: float = option(0.01, "time between two samples, ms", allowed=POSITIVE)

    def __post_init__(self) -> None:
        check_options(self)
        count = self.duration_ms / self.dt_ms
        if not count < _MOST_SAMPLES:
            raise InputError("{duration_ms} holds too many samples of {dt_ms}", "duration_ms", "dt_ms")
        what = f"{self.duration_ms:g} ms in steps of {self.dt_ms:g} ms"
        check_memory(_BYTES_PER_SAMPLE * count, what, "take fewer", "duration_ms", "dt_ms")

    @property
    def n_samples(self) -> int:
        """Samples of the duration, its beginning and end included."""
        return int(self.duration_ms / self.dt_ms + 1e-9) + 1

    def published(self) -> dict[str, Any]:
        """The settings that the published runs have, under their names."""
        return {there: getattr(self, here) for here, there in PUBLISHED_NAMES.items()}

    def times_ms(self, n_samples: int | None = None) -> np.ndarray:
        """(n_samples,) ms; by default those of the duration."""
        return np.arange(self.n_samples if n_samples is None else n_samples) * self.dt_ms
