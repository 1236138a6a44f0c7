"""The experiments of Fig. 6: golden numbers of bursting, coincidence detection and modulation of the gain."""

import warnings

import numpy as np
import pytest

from rate2spike.errors import InputError, InputWarning
from rate2spike.figures import Figure
from rate2spike.spiking.cascade.dendrite_soma_demonstration import dendrite_soma_demonstration
from rate2spike.spiking.cascade.dendrite_soma_experiments import bursting, coincidence_detection, gain_modulation


@pytest.fixture(scope="module")
def demonstration():
    return dendrite_soma_demonstration()


@pytest.fixture(scope="module")
def coincidence():
    return coincidence_detection()


def test_bursts_come_with_both_inputs_only():
    found = bursting()
    assert found.run.n_samples == 4100 and found.n_events == (0, 4, 0, 0, 0, 7)
    regular, bursts = [24.0, 48.5, 77.6, 106.8], [323.2, 328.4, 335.2, 360.7, 369.2, 391.7, 400.8]
    assert found.run.onsets_ms.round(9).tolist() == regular + bursts
    assert found.shortest_interval_ms == pytest.approx(5.2)
    table = found.to_dataframe()
    assert table.largest_dendrite[1] == pytest.approx(0.0986, abs=5e-5)
    dendrite_only = table.loc[3]
    assert dendrite_only.largest_soma_linear == pytest.approx(0.237282, abs=5e-7)
    assert dendrite_only.largest_dendrite == pytest.approx(0.238406, abs=5e-7)


# lag in ms: first samples of the spikes, largest value of the dendrite
LAGS = {-15.0: ([352, 412], 1.93482), 0.0: ([356, 390, 447], 1.999499), 15.0: ([357], 0.228355)}


@pytest.mark.parametrize("lag_ms", LAGS)
def test_spikes_after_two_pulses(coincidence, lag_ms):
    run = coincidence.at(lag_ms)
    assert run.n_samples == 999
    assert run.onset_samples.tolist() == LAGS[lag_ms][0]
    assert run.largest_dendrite == pytest.approx(LAGS[lag_ms][1], abs=5e-6)
    assert run.dendrite_input.argmax() == 304 + round(lag_ms * 10)


def test_spikes_after_one_pulse(coincidence):
    assert coincidence.soma_alone.onset_samples.tolist() == [357]
    assert coincidence.soma_alone.largest_dendrite == pytest.approx(0.093825, abs=5e-7)
    assert coincidence.dendrite_alone.n_events == 0
    assert coincidence.dendrite_alone.soma_linear.max() == pytest.approx(0.096289, abs=5e-7)


def test_the_window_favours_the_dendrite_first(coincidence):
    for lag, n_events in zip(coincidence.lags_ms, coincidence.n_events, strict=True):
        expected = 3 if -2.5 <= lag <= 2.5 else 2 if -15 <= lag <= 5 else 1
        assert n_events == expected, lag
    assert coincidence.window_ms == (-15.0, 5.0)


# largest value of the dendrite's pulse: spikes for the soma's from 3 to 8 in steps of 0.5
GAIN = {0.0: [1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5], 3.0: [1, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6]}


def test_the_dendrite_multiplies_spikes_and_hardly_moves_the_threshold():
    found = gain_modulation()
    assert found.runs[0][0].n_samples == 499
    assert found.soma_factors.tolist() == np.arange(0.5, 8.1, 0.5).tolist()
    for factor, n_events in zip(found.dendrite_factors, found.n_events, strict=True):
        assert n_events.tolist() == [0] * 5 + GAIN[factor]
    assert found.events_at(0, (3, 4, 5)) == (1, 1, 2) and found.events_at(3, (3, 4, 5)) == (1, 3, 4)
    assert found.thresholds.tolist() == [3, 3] and found.slopes == pytest.approx([0.8, 0.9273], abs=1e-4)


def test_what_does_not_fire_has_no_threshold_and_no_slope():
    found = gain_modulation(soma_factors=[0.5, 1.0])
    assert np.isnan(found.thresholds).all() and np.isnan(found.slopes).all()
    assert coincidence_detection(soma_factor=0.1, lags_ms=[0.0]).window_ms is None


def test_without_spikes_that_travel_back_there_is_no_burst(demonstration):
    alone = dendrite_soma_demonstration(backprop_gain=0.0)
    assert alone.burst_events["both"] < demonstration.burst_events["both"]
    assert alone.burst_events["soma"] == demonstration.burst_events["soma"]
    assert alone.largest_stable_gain == np.inf


def test_the_numbers_of_the_demonstration(demonstration):
    assert demonstration.burst_events == {"soma": 4, "dendrite": 0, "both": 7}
    assert demonstration.lag_events == {"-15 ms": 2, "0 ms": 3, "15 ms": 1}
    assert demonstration.coincidence_window_ms == (-15.0, 5.0)
    assert demonstration.gain_events == {"soma alone": (1, 1, 2), "with dendrite": (1, 3, 4)}
    assert demonstration.largest_stable_gain == pytest.approx(12.506, abs=2e-3)
    assert demonstration.shortest_interval_ms == pytest.approx(5.2)


def test_a_row_per_step_lag_and_pair(demonstration):
    table = demonstration.to_dataframe()
    assert table.experiment.value_counts().to_dict() == {"bursting": 6, "coincidence": 21 + 2, "gain": 2 * 16}
    assert table.n_events.sum() == 11 + 33 + 1 + sum(GAIN[0.0]) + sum(GAIN[3.0])
    assert {len(column) for column in demonstration.table().values()} == {len(table)}


def test_traces_are_arrays_in_ms(demonstration):
    traces = demonstration.traces()
    assert traces["bursting"]["time_ms"][-1] == pytest.approx(409.9)
    assert traces["coincidence"]["spikes"].shape == (21, 999) and traces["gain"]["soma_linear"].shape == (32, 499)
    assert traces["params"]["soma_threshold"] == 1.5


@pytest.mark.filterwarnings("ignore::rate2spike.errors.InputWarning")
@pytest.mark.parametrize("settings", [{}, {"dendritic_gain": 50.0}, {"soma_threshold": -1.0}, {"soma_threshold": 1e6}])
def test_figures_are_drawn_whatever_the_cell_does(settings):
    found = dendrite_soma_demonstration(**settings)
    for figure in (found.plot(), found.bursting.run.plot(), *found.parts().values()):
        figure.draw_without_rendering()
    axes = Figure().subplots(1, 2)
    assert found.plot(axes[0]) is found.gain.plot(axes[1])


def test_a_restless_cell_is_warned_of_once():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = dendrite_soma_demonstration(soma_threshold=-1.0)
    assert len(caught) == 1 and isinstance(caught[0].message, InputWarning) and caught[0].filename == __file__
    assert found.largest_stable_gain is None and "largest_stable_gain" not in found.summary()


@pytest.mark.parametrize("dt_ms", [0.05, 1.0])
def test_other_samplings_run(dt_ms):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert dendrite_soma_demonstration(dt_ms=dt_ms).bursting.run.n_samples == round(410 / dt_ms)


@pytest.mark.parametrize(
    ("function", "given", "field"),
    [
        (dendrite_soma_demonstration, {"dt_ms": 2.0}, "dt_ms"),
        (dendrite_soma_demonstration, {"dt_ms": 1e-7}, "dt_ms"),
        (dendrite_soma_demonstration, {"dendritic_gain": -1.0}, "dendritic_gain"),
        (bursting, {"soma_steps": [1.0]}, "soma_steps"),
        (bursting, {"dendrite_steps": "text"}, "dendrite_steps"),
        (bursting, {"durations_ms": [0.0] * 6}, "durations_ms"),
        (bursting, {"params": 1}, "params"),
        (coincidence_detection, {"lags_ms": [-31.0]}, "lags_ms"),
        (coincidence_detection, {"lags_ms": [70.0]}, "lags_ms"),
        (coincidence_detection, {"soma_factor": np.nan}, "soma_factor"),
        (coincidence_detection, {"soma_onset_ms": "early"}, "onset_ms"),
        (gain_modulation, {"soma_factors": [2.0, 1.0]}, "soma_factors"),
        (gain_modulation, {"onset_ms": 50.0}, "onset_ms"),
    ],
)
def test_bad_settings_name_their_field(function, given, field):
    with pytest.raises(InputError) as caught:
        function(**given)
    assert caught.value.fields[0] == field and "\n" not in str(caught.value)
