"""The experiment of Fig. 3: what time scale and sensitivity of its nonlinearity do to a dendritic subunit.

Each condition is a subunit that is driven by pulses, for its transfer curve, and by one noise around three mean inputs.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.seeding import resolve_seed
from rate2spike.spiking.cascade.signals import check_fits, n_samples
from rate2spike.spiking.cascade.stimuli import noise_stimulus, pulse_stimulus
from rate2spike.spiking.cascade.subunit import SubunitParams, SubunitTraces, simulate_subunit
from rate2spike.spiking.cascade.subunit_result import SubunitCondition, SubunitDemonstration
from rate2spike.spiking.cascade.transfer_curve import TransferCurve

# what the subunits have of their own, and the mean inputs; the last one is a left-over of the published notebook
CONDITIONS: dict[str, tuple[dict[str, float], tuple[float, ...]]] = {
    "sharp_spikes": (dict(tau_na_ms=2.0, half_activation=5.0, sensitivity=1.0), (-45.0, -35.0, -30.0)),
    "longer_time_scale": (dict(tau_na_ms=30.0, half_activation=5.0, sensitivity=1.0), (-8.0, -5.0, -1.0)),
    "softer_sensitivity": (dict(tau_na_ms=2.0, half_activation=30.0, sensitivity=7.0), (-30.0, -15.0, -5.0)),
    "intermediate": (dict(tau_na_ms=15.0, half_activation=4.0, sensitivity=1.0), (-12.0, 0.0, 12.0)),
}
# in words, where the command and the function have other defaults than the record
OF_CONDITIONS = {"tau_na_ms": "2; 30; 2; 15", "half_activation": "5; 5; 30; 4", "sensitivity": "1; 1; 7; 1"}
AMPLITUDES = np.linspace(0.0, 60.0, 100)
PULSE_START_MS, PULSE_WIDTH_MS = 10.0, 5.0
NOISE_MS = 5001.0
COUNTED_FROM_MS = 100.0  # events
SETTLED_MS = 200.0  # from here on SDs are taken
DRAWN_MS = (100.0, 300.0)
_SIGNALS_AT_ONCE = 16  # that a demonstration holds in memory


@public(settings=SubunitParams, elsewhere=OF_CONDITIONS)
def subunit_demonstration(seed: int | None = None, **settings: Any) -> SubunitDemonstration:
    """Run what Fig. 3 of Harkin, Shen et al. (2022) shows: one dendritic subunit with four kinds of nonlinearity.

    All are steeper than their linear answer somewhere. A longer time scale and a softer sensitivity move that to larger
    amplitudes and flatten it; the longer time scale makes events in noise last longer, too.

    Parameters
    ----------
    seed : int, default None
        Of the noise; None: drawn.
    settings : float or bool
        Settings of `SubunitParams`, in the place of those of all conditions.

    Returns
    -------
    SubunitDemonstration
        All conditions; `plot()`, `table()`, `to_dataframe()`.

    Raises
    ------
    InputError
        For settings that do not exist, and numbers that cannot be used.

    Examples
    --------
    >>> shown = subunit_demonstration(seed=1)
    >>> {name: round(slope, 3) for name, slope in shown.steepest_slope.items()}
    {'sharp_spikes': 3.556, 'longer_time_scale': 0.794, 'softer_sensitivity': 0.688, 'intermediate': 1.26}
    """
    seed, common = resolve_seed(seed), SubunitParams(**settings)
    if round(PULSE_WIDTH_MS / common.dt_ms) < 1:
        raise InputError(f"{{dt_ms}} must be shorter than the pulses of 5 ms, got {common.dt_ms:g} ms", "dt_ms")
    check_fits(n_samples(NOISE_MS, common.dt_ms), "dt_ms", n_signals=_SIGNALS_AT_ONCE)
    noise = noise_stimulus(NOISE_MS, seed, dt_ms=common.dt_ms)
    conditions = {
        name: _condition(replace(common, **(own | settings)), noise, means) for name, (own, means) in CONDITIONS.items()
    }
    drawn = next(iter(conditions.values()))
    return SubunitDemonstration(conditions, drawn.traces[0].stimulus - drawn.mean_inputs[0], seed)


def transfer_curve(params: SubunitParams) -> TransferCurve:
    """Largest answers to pulses of 5 ms, of amplitudes from 0 to 60."""
    pulse = _pulse(params)
    return TransferCurve.of(AMPLITUDES, lambda amplitude: simulate_subunit(amplitude * pulse, params).peak)


def _pulse(params: SubunitParams) -> np.ndarray:
    duration_ms = PULSE_START_MS + PULSE_WIDTH_MS + params.length_ms
    return pulse_stimulus(duration_ms, PULSE_START_MS, PULSE_WIDTH_MS, dt_ms=params.dt_ms)


def _condition(params: SubunitParams, noise: np.ndarray, means: tuple[float, ...]) -> SubunitCondition:
    drawn, n_events, event_ms, active_fraction = zip(
        *(_noise_answer(params, mean + noise) for mean in means), strict=True
    )
    settled = simulate_subunit(noise, params).between(SETTLED_MS)
    return SubunitCondition(
        params=params,
        curve=transfer_curve(params),
        mean_inputs=means,
        traces=drawn,
        n_events=n_events,
        event_ms=event_ms,
        active_fraction=active_fraction,
        sd_drive=float(settled.drive.std()),
        sd_linear=float(settled.v_linear.std()),
        linear_slope=float(simulate_subunit(_pulse(params), params).v_linear.max()),
    )


def _noise_answer(params: SubunitParams, stimulus: np.ndarray) -> tuple[SubunitTraces, int, float, float]:
    """What is drawn of an answer, and its events."""
    answer = simulate_subunit(stimulus, params)
    counted = answer.between(COUNTED_FROM_MS)
    return answer.between(*DRAWN_MS), counted.n_events, counted.event_ms, counted.active_fraction
