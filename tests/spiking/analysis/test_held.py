"""Results of analyses that users hold: one line, equality by value, pickling, tables, figures into given axes."""

import copy
import pickle

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.figures import Figure
from rate2spike.readable import LONGEST_LINE, Readable
from rate2spike.spiking.analysis import plots_population
from rate2spike.spiking.analysis.binning import TrialRates, trial_rates
from rate2spike.spiking.analysis.discriminability import CrossTemporalDiscriminability, cross_temporal_discriminability
from rate2spike.spiking.analysis.firing_rates import PSTH, FiringRates, firing_rates, psth
from rate2spike.spiking.analysis.population_pca import (
    PopulationPCA,
    PopulationSimilarity,
    compare_populations,
    population_pca,
)
from rate2spike.spiking.analysis.targeted_reduction import TargetedReduction, targeted_reduction
from rate2spike.spiking.analysis.timescale import ExponentialFit, IntrinsicTimescales, intrinsic_timescales
from rate2spike.spiking.analysis.variability import (
    FanoFactor,
    ISIVariability,
    fano_factor,
    interspike_intervals_s,
    isi_variability,
)

from helpers import poisson_record

LABELS = ["a", "b"] * 4
# class: columns of its table (none: it is none), panels of its figure (0: it has none)
COLUMNS = {
    TrialRates: ((), 0),
    FiringRates: (("condition", "unit", "type", "rate_hz"), 1),
    PSTH: (("condition", "type", "time_s", "rate_hz", "sem_hz"), 1),
    ISIVariability: (("unit", "cv", "cv2", "lv", "mean_isi_s", "n_intervals"), 3),
    FanoFactor: (("unit", "fano", "mean_count", "count_variance"), 1),
    IntrinsicTimescales: (("unit", "tau_s", "amplitude", "offset", "first_lag_s", "usable", "failure"), 2),
    ExponentialFit: ((), 0),
    PopulationPCA: (("component", "explained_variance_ratio", "cumulative_ratio"), 3),
    PopulationSimilarity: ((), 0),
    TargetedReduction: (("side", "axis", "time_s", "projection"), 1),
    CrossTemporalDiscriminability: ((), 2),
}


@pytest.fixture(scope="module")
def records():
    return [poisson_record(np.linspace(5, 40, 6), 1.0, np.random.default_rng(seed), dt_s=1e-3) for seed in range(8)]


@pytest.fixture(scope="module")
def results(records):
    pca = population_pca(records, LABELS)
    timescales = intrinsic_timescales(records)
    found = (
        trial_rates(records),
        firing_rates(records, LABELS),
        psth(records, LABELS),
        isi_variability(records),
        fano_factor(records),
        timescales,
        timescales.population,
        pca,
        compare_populations(pca, pca),
        targeted_reduction(records, {"side": [1, -1] * 4}, n_components=3),
        cross_temporal_discriminability(records, LABELS, seed=1, n_splits=2),
    )
    return {type(one): one for one in found}


def test_every_result_is_listed(results):
    assert set(results) == set(COLUMNS)


@pytest.mark.parametrize("kind", COLUMNS, ids=lambda kind: kind.__name__)
def test_it_can_be_read_compared_and_travels(results, kind):
    one = results[kind]
    assert isinstance(one, Readable) and "\n" not in repr(one) and 30 < len(repr(one)) <= LONGEST_LINE
    assert "array(" not in repr(one), "what matters is numbers"
    assert pickle.loads(pickle.dumps(one)) == one == copy.deepcopy(one) and one != 5
    assert "<table>" in one._repr_html_() and set(one.to_dict()) >= set(one.summary())


@pytest.mark.parametrize("kind", COLUMNS, ids=lambda kind: kind.__name__)
def test_its_table_and_its_figure(results, kind):
    pytest.importorskip("pandas")
    one, (columns, n_panels) = results[kind], COLUMNS[kind]
    assert hasattr(one, "to_dataframe") == bool(columns) and hasattr(one, "plot") == bool(n_panels)
    if columns:
        table = one.to_dataframe()
        assert tuple(table.columns) == columns and len(table) > 1
    if n_panels:
        figure = one.plot()
        assert isinstance(figure, Figure) and len(figure.axes) == n_panels
        given, (left, right) = plt.subplots(1, 2)
        try:
            assert one.plot(ax=right) is given and left in given.axes and len(given.axes) == 1 + n_panels
            given.draw_without_rendering()
        finally:
            plt.close(given)


def test_tables_hold_the_numbers(results):
    pytest.importorskip("pandas")
    rates, histogram, reduction = (results[kind] for kind in (FiringRates, PSTH, TargetedReduction))
    table = rates.to_dataframe()
    assert table[(table.condition == "b") & (table.unit == 3)].rate_hz.item() == rates.unit_rate_hz[1, 3]
    table = histogram.to_dataframe()
    np.testing.assert_array_equal(table[table.condition == "b"].rate_hz, histogram.rate_hz[1, 0])
    table = reduction.to_dataframe()
    np.testing.assert_array_equal(table[table.side == 1].projection, reduction.projections[1, 0])


def test_a_legend_stands_on_no_curve(results):
    for kind in (PSTH, PopulationPCA, TargetedReduction, FanoFactor):
        figure = results[kind].plot()
        figure.draw_without_rendering()
        axes = figure.axes[0]
        assert axes.get_legend().get_window_extent().x0 >= axes.get_window_extent().x1, kind


def test_the_variance_of_one_population_is_drawn_without_a_name(results):
    lines = plots_population.explained_variance(results[PopulationPCA]).axes[0].lines
    np.testing.assert_allclose(
        lines[0].get_ydata()[-1], 100 * results[PopulationPCA].explained_variance_ratio[:10].sum()
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: firing_rates(5), "an analysis takes a SpikeRecord or a list of them, got 5"),
        (lambda r: firing_rates([*r, "x"]), "a SpikeRecord or a list of them, got 'x'"),
        (lambda r: firing_rates(r, 5), "labels must be one label per trial, got 5"),
        (lambda r: firing_rates(r, types=5), "types must be names of unit types, got 5"),
        (lambda r: firing_rates(r, window_s=0.5), r"window_s must be \(start, stop\) in seconds, got 0.5"),
        (lambda r: firing_rates(r, window_s=("a", "b")), "window_s must be"),
        (lambda r: firing_rates(r, window=(0, 1)), "firing_rates: unknown setting 'window'; did you mean window_s"),
        (lambda r: psth(r, sigma_s="a"), "sigma_s must be a finite number, got 'a'"),
        (lambda r: psth(), "psth: records is missing"),
        (
            lambda r: trial_rates(r, source="rate"),
            "unknown source 'rate': choose from spikes, rates; did you mean rates",
        ),
        (lambda r: isi_variability(r, min_intervals=1), "min_intervals must be a whole number from 2, got 1"),
        (lambda r: interspike_intervals_s(r, 0), "record must be a SpikeRecord, got"),
        (lambda r: intrinsic_timescales(r, min_rate_hz="a"), "min_rate_hz must be a finite number"),
        (lambda r: intrinsic_timescales(r, max_tau_s="a"), "max_tau_s must be a finite number"),
        (lambda r: intrinsic_timescales(r, max_lag_s="a"), "max_lag_s must be a finite number"),
        (lambda r: compare_populations(5, 6), "two PopulationPCA are compared, got 5"),
        (lambda r: population_pca(r).n_components_for("a"), "the share of the variance must be a finite number"),
        (lambda r: targeted_reduction(r, 5), "variables must be a dict of names"),
        (lambda r: cross_temporal_discriminability(r, LABELS), "seed is missing"),
        (
            lambda r: cross_temporal_discriminability(r, LABELS, seed=1, n_splits=0),
            "n_splits must be a whole number from 1",
        ),
        (
            lambda r: cross_temporal_discriminability(r, LABELS, seed=1, gaussian_s="a"),
            "gaussian_s must be a finite number",
        ),
        (lambda r: fano_factor(r).plot(5), "ax must be a matplotlib Axes, got int"),
    ],
)
def test_wrong_calls_are_one_line(records, call, message):
    with pytest.raises(InputError, match=message) as caught:
        call(records)
    assert "\n" not in str(caught.value)
