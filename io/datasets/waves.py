"""Next-sample prediction of four families of waves, with the family as Poisson-coded context."""

from dataclasses import dataclass, field

import numpy as np

from rate2spike.checks import POSITIVE, number, whole_number
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.seeding import Role, generator, resolve_seed

PERIOD_S = 1 / 5
AMPLITUDES = (0.1, 3.0)  # uniform, the upper end never


@dataclass(frozen=True, eq=False, repr=False)
class WavesSet(Readable):
    """n series of each family in turn, T steps; the families in order: triangle, sawtooth, square, sine."""

    shown = ("n_series", "n_steps", "seed")

    data: np.ndarray = field(repr=False)  # (4 n, T, 1) float32, samples 0 to T-1
    context: np.ndarray = field(repr=False)  # (4 n, T, 4) float32 of 0 and 1
    target: np.ndarray = field(repr=False)  # (4 n, T, 1) float32, samples 1 to T
    labels: np.ndarray = field(repr=False)  # (4 n,) int, the family
    seed: int

    @property
    def n_series(self) -> int:
        """Number of series, 4 n."""
        return self.labels.size

    @property
    def n_steps(self) -> int:
        """Number of steps T."""
        return self.data.shape[1]


def triangle_wave(
    n_samples: int, period_s: float, phase: np.ndarray | int, amplitude: np.ndarray | float
) -> np.ndarray:
    """(..., n_samples) of a triangle wave, 0 at time 0; phase (in samples) and amplitude broadcast to (...)."""
    t, amplitude = _times_s(n_samples, period_s, 4, phase), np.asarray(amplitude, float)[..., None]
    return 4 * amplitude / period_s * np.abs((t - period_s / 4) % period_s - period_s / 2) - amplitude


def sawtooth_wave(
    n_samples: int, period_s: float, phase: np.ndarray | int, amplitude: np.ndarray | float
) -> np.ndarray:
    """As `triangle_wave`, rising; a sample at the jump is +A or -A as rounding has it."""
    t, amplitude = _times_s(n_samples, period_s, 3, phase), np.asarray(amplitude, float)[..., None]
    return 2 * amplitude * (t / period_s - np.floor(0.5 + t / period_s))


def square_wave(n_samples: int, period_s: float, phase: np.ndarray | int, amplitude: np.ndarray | float) -> np.ndarray:
    """As `triangle_wave`; 0 is possible at the jumps."""
    t, amplitude = _times_s(n_samples, period_s, 6, phase), np.asarray(amplitude, float)[..., None]
    return amplitude * np.sign(np.sin(2 * np.pi * t / period_s))


def sine_wave(n_samples: int, period_s: float, phase: np.ndarray | int, amplitude: np.ndarray | float) -> np.ndarray:
    """As `triangle_wave`."""
    t, amplitude = _times_s(n_samples, period_s, 4, phase), np.asarray(amplitude, float)[..., None]
    return amplitude * np.sin(2 * np.pi * t / period_s)


FAMILIES = (
    ("triangle", triangle_wave, 4),
    ("sawtooth", sawtooth_wave, 3),
    ("square", square_wave, 6),
    ("sine", sine_wave, 4),
)
CLASS_NAMES = tuple(name for name, _, _ in FAMILIES)


def waves(
    per_class: int,
    n_steps: int,
    context_rate_hz: float,
    dt_s: float,
    context_steps: int | None = None,
    seed: int | None = None,
) -> WavesSet:
    """Random series: phase and amplitude vary. Raises InputError.

    context_rate_hz: rate of the family's channel, the others are silent; dt_s: step of the context.
    context_steps: steps with context, silence follows; None: all.
    """
    context_steps = n_steps if context_steps is None else context_steps
    _check(per_class, n_steps, context_rate_hz, dt_s, context_steps)
    seed = resolve_seed(seed)
    series = np.concatenate([_random_series(k, per_class, n_steps + 1, seed) for k in range(len(FAMILIES))])
    labels = np.repeat(np.arange(len(FAMILIES)), per_class)
    context = np.zeros((labels.size, n_steps, len(FAMILIES)), np.float32)
    draws = generator(seed, Role.EVENTS, 3).random((labels.size, context_steps))
    context[np.arange(labels.size), :context_steps, labels] = draws < context_rate_hz * dt_s
    return WavesSet(series[:, :-1, None], context, series[:, 1:, None], labels, seed)


def _random_series(family: int, per_class: int, n_samples: int, seed: int) -> np.ndarray:
    """(per_class, n_samples) float32."""
    rng = generator(seed, Role.EVENTS, 2, family)
    _, wave, divisor = FAMILIES[family]
    phases, amplitudes = rng.integers(-divisor, divisor, per_class), rng.uniform(*AMPLITUDES, per_class)
    return wave(n_samples, PERIOD_S, phases, amplitudes).astype(np.float32)


def _times_s(n_samples: int, period_s: float, divisor: int, phase: np.ndarray | int) -> np.ndarray:
    """(..., n_samples); the step is period / divisor / 2^k with k = floor(log2(period n / divisor))."""
    step_s = period_s / divisor / 2.0 ** np.floor(np.log2(period_s * n_samples / divisor))
    # two products, not one of the sum: rounding then falls to the published side of the jumps
    return step_s * np.asarray(phase)[..., None] + step_s * np.arange(n_samples)


def _check(per_class: int, n_steps: int, context_rate_hz: float, dt_s: float, context_steps: int) -> None:
    whole_number(per_class, "{per_class}", "per_class")
    whole_number(n_steps, "{n_steps}", "n_steps")
    whole_number(context_steps, "{context_steps}", "context_steps", least=0)
    if context_steps > n_steps:
        raise InputError(
            f"{{context_steps}} must be at most {{n_steps}} ({n_steps}), got {context_steps}",
            "context_steps",
            "n_steps",
        )
    number(dt_s, "{dt_s}", "dt_s", POSITIVE)
    if not 0 <= context_rate_hz * dt_s <= 1:
        raise InputError(
            f"{{context_rate_hz}} must give a probability of 0 to 1 per step, got {context_rate_hz} Hz at {dt_s} s",
            "context_rate_hz",
        )
