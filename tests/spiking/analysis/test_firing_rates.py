"""Firing rates per type and condition, and over time."""

from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.analysis import plots_spike_trains as plots
from rate2spike.spiking.analysis.firing_rates import firing_rates, psth
from rate2spike.spiking.simulator.network import SpikingNetwork

from helpers import poisson_record, record_of, small_model

INHIBITORY = np.array([False, False, True])


def record(counts, **changes):
    """Units that fire their first `counts` steps, of 1 s."""
    return record_of(np.arange(1000) < np.array(counts)[:, None], inhibitory=INHIBITORY, **changes)


def test_mean_and_spread_are_over_units_of_trial_means():
    result = firing_rates([record([2, 8, 40]), record([4, 10, 20]), record([1, 1, 1])], ["go", "go", "nogo"])
    assert result.conditions == ("go", "nogo") and result.unit_types == ("excitatory", "inhibitory")
    np.testing.assert_allclose(result.unit_rate_hz, [[3, 9, 30], [1, 1, 1]])
    np.testing.assert_allclose(result.mean_hz, [[6, 30], [1, 1]])
    np.testing.assert_allclose(result.sd_hz, [[np.std([3, 9], ddof=1), np.nan], [0, np.nan]])
    assert result.n_trials == (2, 1) and result.unit_type_index.tolist() == [0, 0, 1]


def test_a_window_counts_its_spikes_alone():
    result = firing_rates(record([100, 250, 500]), window_s=(0.1, 0.5))
    np.testing.assert_allclose(result.unit_rate_hz, [[0, 150 / 0.4, 1000]])


def test_without_a_window_no_spikes_are_needed():
    trial = record([2, 8, 40])
    np.testing.assert_allclose(firing_rates(replace(trial, events=None)).mean_hz, firing_rates(trial).mean_hz)


def test_types_can_be_chosen():
    result = firing_rates(record([2, 8, 40]), types=["inhibitory"])
    assert result.mean_hz.tolist() == [[40]] and result.unit_type_index.tolist() == [-1, -1, 0]
    with pytest.raises(InputError, match="no unit is of type SOM"):
        psth(record([2, 8, 40]), types=["SOM"])


def test_psth_finds_the_rate_over_time():
    rng = np.random.default_rng(2)
    rate_hz = np.where(np.arange(1000) < 500, 20.0, 60.0) * np.ones((20, 1))
    trials = [poisson_record(rate_hz, 1.0, rng) for _ in range(40)]
    result = psth(trials, bin_s=0.1)
    expected = np.repeat([20.0, 60.0], 5)
    # 800 s of units in each bin: 5 standard errors
    np.testing.assert_allclose(result.rate_hz[0, 0], expected, atol=5 * np.sqrt(60 / 80))
    np.testing.assert_allclose(result.sem_hz[0, 0], np.sqrt(expected / 80), rtol=0.5)
    np.testing.assert_allclose(result.time_s, np.arange(10) * 0.1 + 0.05)
    np.testing.assert_allclose(result.rate_hz.mean(), np.mean([t.firing_rate_hz.mean() for t in trials]))
    smooth = psth(trials, bin_s=0.005, sigma_s=0.02).rate_hz[0, 0]
    assert np.abs(np.diff(smooth)).max() < np.abs(np.diff(psth(trials, bin_s=0.005).rate_hz[0, 0])).max() / 3


def test_psth_of_one_trial_has_no_standard_error():
    assert np.isnan(psth(record([2, 8, 40])).sem_hz).all()


def test_figures():
    network = SpikingNetwork.from_model(small_model(n_som=2), 5.0)
    trials = [network.run(np.ones((1, 41)) * 20, seed=k, record="spikes") for k in range(4)]
    labels = ["Go", "NoGo"] * 2
    figure = plots.rates_by_type(firing_rates(trials, labels))
    axes = figure.axes[0]
    assert axes.get_ylabel() == "firing rate (Hz)"
    assert [text.get_text() for text in axes.get_xticklabels()] == [
        "excitatory\n(n = 8)",
        "PV-like inhibitory\n(n = 2)",
        "SOM\n(n = 2)",
    ]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["Go (n = 2)", "NoGo (n = 2)"]
    dots = sum(line.get_xdata().size for line in axes.lines if line.get_marker() == ".")
    assert dots == 2 * 12
    result = psth(trials, labels, sigma_s=0.01)
    figure = plots.psth_by_type(result)
    assert [axes.get_ylabel() for axes in figure.axes] == ["firing rate (Hz)"] * 3
    assert figure.axes[-1].get_xlabel() == "time (s)"
    np.testing.assert_array_equal(figure.axes[2].lines[1].get_ydata(), result.rate_hz[1, 2])
    assert len({(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines}) == 2
    plots.psth_by_type(psth(trials[0])).draw_without_rendering()
