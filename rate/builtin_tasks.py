"""The tasks that come with the package, one class each. NumPy only.

go-nogo, xor and mante are those of Kim, Li & Sejnowski (2019) with both published success rules; dms, afc and sine are
further ones that users of the method run. Timing and amplitudes are options.
"""

from dataclasses import dataclass

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.rate.task import FINE_STEPS_PER_STEP, Label, Task, Trial, in_order
from rate2spike.trained_model import STEP_S

HIGH, LOW = 0.7, 0.3  # output amplitudes that count as a response and as none
STEPS_PER_S = round(1 / STEP_S)
_OF_PULSES = {
    "n_steps": "length of a trial",
    "stim_on": "when the first stimulus begins",
    "stim_dur": "how long each stimulus lasts",
    "amplitude": "of the stimuli",
}
_OF_RESPONSES = {
    "response_delay": "between the last stimulus and the response",
    "response_dur": "how long the response lasts",
}


def _is_signed_response(window: np.ndarray, positive: bool) -> bool:
    return bool(window.max() > HIGH if positive else window.min() < -HIGH)


def _random_signs(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.where(rng.random(n) < 0.5, 1.0, -1.0)


@dataclass(frozen=True)
class GoNogo(Task):
    """Respond to a pulse, stay silent without one."""

    name = "go-nogo"
    n_inputs = 1
    label_names = {0: "NoGo", 1: "Go"}
    option_help = _OF_PULSES
    min_updates = 1500  # the authors found earlier networks unstable

    n_steps: int = 200
    stim_on: int = 50
    stim_dur: int = 25
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        in_order(self, self.stim_on, self.stim_on + self.stim_dur)

    @property
    def pulse(self) -> slice:
        """Steps of the Go stimulus."""
        return slice(self.stim_on, self.stim_on + self.stim_dur)

    @property
    def rate_window_start(self) -> int:
        """The response begins when the pulse ends."""
        return self.pulse.stop

    @property
    def spiking_window_start(self) -> int:
        """As published: 25 steps after the pulse, counted from 1."""
        return FINE_STEPS_PER_STEP * (self.pulse.stop + 25) - 1

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw a Go (1) or NoGo (0) trial with equal probability."""
        label = int(rng.random() < 0.5)
        stimulus, target = np.zeros((1, self.n_steps + 1)), np.zeros(self.n_steps)
        if label:
            stimulus[0, self.pulse] = self.amplitude
            target[self.pulse.stop :] = 1
        return Trial(self, label, stimulus, target)

    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """Go: the output exceeds 0.7. NoGo: it stays below 0.3, for rate networks in absolute value."""
        if label:
            return bool(window.max() > HIGH)
        return bool((window if spiking else np.abs(window)).max() < LOW)


@dataclass(frozen=True)
class Xor(Task):
    """Delayed exclusive or: do two pulses have the same sign?"""

    name = "xor"
    n_inputs = 2
    label_names = {"same": "same", "diff": "different"}
    option_help = {**_OF_PULSES, **_OF_RESPONSES, "delay": "between the stimuli, and before the response"}

    n_steps: int = 300
    stim_on: int = 50
    stim_dur: int = 50
    delay: int = 10  # between the pulses, and between the second one and the response
    response_dur: int = 100
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        second, response = self.second_pulse, self.response
        in_order(self, self.stim_on, self.first_pulse.stop, second.start, second.stop, response.start, response.stop)

    @property
    def first_pulse(self) -> slice:
        """Steps of the first input's pulse."""
        return slice(self.stim_on, self.stim_on + self.stim_dur)

    @property
    def second_pulse(self) -> slice:
        """Steps of the second input's pulse."""
        start = self.first_pulse.stop + self.delay
        return slice(start, start + self.stim_dur)

    @property
    def response(self) -> slice:
        """Steps of the target."""
        start = self.second_pulse.stop + self.delay
        return slice(start, start + self.response_dur)

    @property
    def rate_window_start(self) -> int:
        """As published: 30 steps after the response begins."""
        return self.response.start + 30

    @property
    def spiking_window_start(self) -> int:
        """The same, counted from 1."""
        return FINE_STEPS_PER_STEP * self.rate_window_start - 1

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw both signs with equal probability."""
        signs = _random_signs(rng, 2)
        stimulus, target = np.zeros((2, self.n_steps + 1)), np.zeros(self.n_steps)
        stimulus[0, self.first_pulse], stimulus[1, self.second_pulse] = self.amplitude * signs
        target[self.response] = signs.prod()
        return Trial(self, "same" if signs.prod() > 0 else "diff", stimulus, target)

    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """Same: the output exceeds 0.7. Different: it falls below -0.7."""
        return _is_signed_response(window, label == "same")


@dataclass(frozen=True)
class Mante(Task):
    """Context-dependent integration of two noisy signals (Mante et al. 2013)."""

    name = "mante"
    n_inputs = 4
    label_names = {-1: "cued evidence -", 1: "cued evidence +"}
    option_help = {
        **_OF_PULSES,
        "offset": "mean of the evidence",
        "noise_sd": "SD of the evidence, fresh at every step",
        "amplitude": "of the context",
    }

    n_steps: int = 500
    stim_on: int = 50
    stim_dur: int = 200
    offset: float = 0.5  # mean of the evidence
    noise_sd: float = 1.0  # of the evidence, fresh at every step
    amplitude: float = 1.0  # of the context

    def __post_init__(self) -> None:
        in_order(self, self.stim_on, self.evidence.stop)

    @property
    def evidence(self) -> slice:
        """Steps of the noisy signals."""
        return slice(self.stim_on, self.stim_on + self.stim_dur)

    @property
    def rate_window_start(self) -> int:
        """As published: the last 200 of the T - 1 outputs, or what follows the evidence if that is less."""
        return max(self.n_steps - 201, self.evidence.stop)

    @property
    def spiking_window_start(self) -> int:
        """As published: 10 steps after the evidence, counted from 1."""
        return FINE_STEPS_PER_STEP * (self.evidence.stop + 10) - 1

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw both offsets and the cued signal with equal probability, and fresh noise per step."""
        signs = _random_signs(rng, 2)
        cued = int(rng.random() < 0.5)
        stimulus, target = np.zeros((4, self.n_steps + 1)), np.zeros(self.n_steps)
        noise = self.noise_sd * rng.standard_normal((2, self.stim_dur))
        stimulus[:2, self.evidence] = noise + self.offset * signs[:, None]
        stimulus[2 + cued] = self.amplitude
        target[self.evidence.stop :] = signs[cued]
        return Trial(self, int(signs[cued]), stimulus, target)

    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """+1: the output exceeds 0.7. -1: it falls below -0.7."""
        return _is_signed_response(window, label == 1)


@dataclass(frozen=True)
class DelayedMatchToSample(Task):
    """Is the second of two pulses, a second apart, like the first?"""

    name = "dms"
    n_inputs = 2
    label_names = {"same": "match", "diff": "no match"}
    option_help = {**_OF_PULSES, **_OF_RESPONSES, "delay": "between the stimuli"}

    n_steps: int = 410
    stim_on: int = 30
    stim_dur: int = 50
    delay: int = 150  # between the pulses
    response_delay: int = 10
    response_dur: int = 100
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        sample, test, response = self.sample, self.test, self.response
        in_order(self, sample.start, sample.stop, test.start, test.stop, response.start, response.stop)

    @property
    def sample(self) -> slice:
        """Steps of the first input's pulse."""
        return slice(self.stim_on, self.stim_on + self.stim_dur)

    @property
    def test(self) -> slice:
        """Steps of the second input's pulse."""
        start = self.sample.stop + self.delay
        return slice(start, start + self.stim_dur)

    @property
    def response(self) -> slice:
        """Steps of the target."""
        start = self.test.stop + self.response_delay
        return slice(start, start + self.response_dur)

    @property
    def window_start(self) -> int:
        """The response is scored from its first step on."""
        return self.response.start

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw both signs with equal probability."""
        signs = _random_signs(rng, 2)
        stimulus, target = np.zeros((2, self.n_steps + 1)), np.zeros(self.n_steps)
        stimulus[0, self.sample], stimulus[1, self.test] = self.amplitude * signs
        target[self.response] = signs.prod()
        return Trial(self, "same" if signs.prod() > 0 else "diff", stimulus, target)

    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """Match: the output exceeds 0.7. No match: it falls below -0.7."""
        return _is_signed_response(window, label == "same")


@dataclass(frozen=True)
class AlternativeForcedChoice(Task):
    """Report the sign of a pulse (two alternatives)."""

    name = "afc"
    n_inputs = 1
    label_names = {-1: "left", 1: "right"}
    option_help = {**_OF_PULSES, **_OF_RESPONSES}

    n_steps: int = 200
    stim_on: int = 30
    stim_dur: int = 50
    response_delay: int = 10
    response_dur: int = 100
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        in_order(self, self.stim_on, self.pulse.stop, self.response.start, self.response.stop)

    @property
    def pulse(self) -> slice:
        """Steps of the stimulus."""
        return slice(self.stim_on, self.stim_on + self.stim_dur)

    @property
    def response(self) -> slice:
        """Steps of the target."""
        start = self.pulse.stop + self.response_delay
        return slice(start, start + self.response_dur)

    @property
    def window_start(self) -> int:
        """The response is scored from its first step on."""
        return self.response.start

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw the sign with equal probability."""
        sign = int(_random_signs(rng, 1)[0])
        stimulus, target = np.zeros((1, self.n_steps + 1)), np.zeros(self.n_steps)
        stimulus[0, self.pulse] = self.amplitude * sign
        target[self.response] = sign
        return Trial(self, sign, stimulus, target)

    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """+1: the output exceeds 0.7. -1: it falls below -0.7."""
        return _is_signed_response(window, label == 1)


@dataclass(frozen=True)
class Sine(Task):
    """Oscillate without further input after a start pulse; the phase is that of sin(2π f t), t from the trial's start."""

    name = "sine"
    n_inputs = 1
    label_names = {"sine": "oscillation"}
    option_help = {**_OF_PULSES, "frequency_hz": "of the oscillation", "window_start": "when scoring begins"}
    min_correlation, max_lag, min_amplitude, max_amplitude = 0.9, 10, 0.7, 1.3

    n_steps: int = 400
    stim_on: int = 20
    stim_dur: int = 10
    amplitude: float = 1.0
    frequency_hz: float = 2.0
    window_start: int = 100

    def __post_init__(self) -> None:
        in_order(self, self.stim_on, self.stim_on + self.stim_dur, self.window_start)

    def trial(self, rng: np.random.Generator) -> Trial:
        """The one kind of trial there is."""
        stimulus, target = np.zeros((1, self.n_steps + 1)), np.zeros(self.n_steps)
        pulse_end = self.stim_on + self.stim_dur
        stimulus[0, self.stim_on : pulse_end] = self.amplitude
        target[pulse_end:] = self._wave(np.arange(pulse_end, self.n_steps))
        return Trial(self, "sine", stimulus, target)

    @one_blas_thread()
    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """Correlation above 0.9 at a lag within 10 steps, and half the peak-to-peak amplitude in 0.7 to 1.3."""
        if not self.min_amplitude <= np.ptp(window) / 2 <= self.max_amplitude:
            return False
        points_per_step: float = FINE_STEPS_PER_STEP if spiking else 1
        # with another step the window holds another number of them
        n_points = points_per_step * (self.n_steps - self.window_start)
        points_per_step /= n_points / window.size if spiking else 1
        steps = self.window_start + np.arange(window.size) / points_per_step
        deviation = window - window.mean()
        phase = 2 * np.pi * self.frequency_hz / STEPS_PER_S
        basis = np.array([np.sin(phase * steps), np.cos(phase * steps)])
        basis -= basis.mean(1, keepdims=True)
        lags = phase * np.arange(-self.max_lag, self.max_lag + 1)
        shifts = np.array([np.cos(lags), -np.sin(lags)])  # sin(a - b) = sin a cos b - cos a sin b
        norms = np.sqrt(np.einsum("il,ij,jl->l", shifts, basis @ basis.T, shifts)) * np.linalg.norm(deviation)
        return bool((shifts.T @ (basis @ deviation) / norms).max() > self.min_correlation)

    def _wave(self, steps: np.ndarray) -> np.ndarray:
        return np.sin(2 * np.pi * self.frequency_hz / STEPS_PER_S * steps)


_ALL: tuple[type[Task], ...] = (GoNogo, Xor, Mante, DelayedMatchToSample, AlternativeForcedChoice, Sine)
TASKS: dict[str, type[Task]] = {task.name: task for task in _ALL}
