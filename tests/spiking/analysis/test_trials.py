"""What all analyses refuse, and how units and labels are grouped."""

from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.analysis.discriminability import cross_temporal_discriminability
from rate2spike.spiking.analysis.firing_rates import firing_rates, psth
from rate2spike.spiking.analysis.population_pca import population_pca
from rate2spike.spiking.analysis.targeted_reduction import targeted_reduction
from rate2spike.spiking.analysis.timescale import intrinsic_timescales
from rate2spike.spiking.analysis.trials import conditions_of, step_window, units_by_type
from rate2spike.spiking.analysis.variability import fano_factor, isi_variability

from helpers import poisson_record, record_of

ANALYSES = {
    "firing rates": lambda records, **window: firing_rates(records, **{"window_s": (0, 0.5)} | window),
    "psth": psth,
    "isi": isi_variability,
    "fano": fano_factor,
    "timescale": intrinsic_timescales,
    "pca": population_pca,
    "targeted": lambda records, **window: targeted_reduction(records, {"x": np.arange(len(records))}, **window),
    "discriminability": lambda records, **window: cross_temporal_discriminability(
        records, np.arange(len(records)) % 2, seed=1, **window
    ),
}


@pytest.fixture
def records():
    rng = np.random.default_rng(0)
    return [poisson_record(np.full(4, 30.0), 1.0, rng) for _ in range(6)]


@pytest.mark.parametrize("analysis", ANALYSES.values(), ids=ANALYSES)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: replace(r, events=None), "no spikes"),
        (lambda r: replace(r, n_steps=900), "same duration"),
        (lambda r: replace(r, dt_s=0.002), "same step"),
        (lambda r: record_of(np.zeros((3, 1000))), "same number of units"),
        (lambda r: np.zeros((4, 1000)), "SpikeRecord"),
    ],
)
def test_trials_that_do_not_fit_are_refused(records, analysis, change, message):
    with pytest.raises(InputError, match=message):
        analysis([*records[:-1], change(records[-1])])


@pytest.mark.parametrize("analysis", ANALYSES.values(), ids=ANALYSES)
@pytest.mark.parametrize("window_s", [(0, 1.5), (-0.1, 0.5), (0.5, 0.5), (0.6, 0.4), (float("nan"), 0.5)])
def test_windows_outside_the_trial_are_refused(records, analysis, window_s):
    with pytest.raises(InputError, match="window_s must be"):
        analysis(records, window_s=window_s)


@pytest.mark.parametrize("name", ["firing rates", "psth", "isi", "pca"])
def test_no_trial_is_refused(name):
    with pytest.raises(InputError, match="at least 1 trial"):
        ANALYSES[name]([])


@pytest.mark.parametrize("name", ["fano", "timescale", "targeted", "discriminability"])
def test_one_trial_is_refused_where_trials_are_compared(records, name):
    with pytest.raises(InputError, match=r"at least \d trial"):
        ANALYSES[name](records[:1])


def test_labels_are_grouped_in_order():
    conditions, index = conditions_of(["b", "a", "b"], 3)
    assert conditions == ("a", "b") and index.tolist() == [1, 0, 1]
    assert conditions_of(None, 2)[0] == ("all",)


@pytest.mark.parametrize(("labels", "message"), [([1, 2], "one label per trial"), ([1.0, np.nan, 2.0], "NaN")])
def test_labels_that_do_not_fit_are_refused(labels, message):
    with pytest.raises(InputError, match=message):
        conditions_of(labels, 3)


def test_windows_are_whole_steps():
    record = record_of(np.zeros((1, 1000)))
    assert step_window(record, None) == (0, 1000)
    assert step_window(record, (0.1, 0.3)) == (100, 300)
    assert step_window(record, (0, 1)) == (0, 1000)
    with pytest.raises(InputError, match="shorter than a step"):
        step_window(record, (0.5, 0.5001))


def test_types_are_those_of_the_record():
    names = np.array(["SOM", "PV", "excitatory"])
    record = record_of(np.zeros((3, 10)), unit_types=names, inhibitory=np.array([True, True, False]))
    assert list(units_by_type(record)) == ["excitatory", "PV", "SOM"]
    assert units_by_type(record, "PV")["PV"].tolist() == [False, True, False]
    assert list(units_by_type(replace(record, unit_types=None))) == ["excitatory", "inhibitory"]
    assert list(units_by_type(record_of(np.zeros((3, 10))))) == ["all"]
    with pytest.raises(InputError, match="no unit is of type VIP"):
        units_by_type(record, ["PV", "VIP"])
