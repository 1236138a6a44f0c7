"""Figures of a network beside its neuron, of any network and any cell; drawings of networks."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.neuron_as_net.architecture import (
    ConvolutionalArchitecture,
    ball_and_stick_architecture,
    point_architecture,
    preset,
)
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture, ball_and_stick_elm
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.random_input import POINT_INPUT
from rate2spike.spiking.twin_evaluation.evaluate import evaluate_twin
from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions
from rate2spike.spiking.twin_figures import plots_fit, plots_overview, plots_sets, plots_traces
from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses
from rate2spike.spiking.twin_figures.imitation import Imitation
from rate2spike.spiking.twin_figures.network_sketch import sketch_rows
from rate2spike.spiking.twin_figures.plots_network import network as draw_network
from rate2spike.spiking.twin_figures.prediction_histograms import probability_shares, voltage_errors

from twin_toys import toy_predictions

PREDICTIONS = toy_predictions(n=8)
SCORES_ALONE = TwinPredictions(PREDICTIONS.scores, PREDICTIONS.true_spikes)
FAST = dict(n_resamples=0, n_subsets=0)
EVALUATION, WITHOUT_VOLTAGE = evaluate_twin(PREDICTIONS, **FAST), evaluate_twin(SCORES_ALONE, **FAST)
POINT, L5, STICK = (CellSynapses.of(cell) for cell in (IntegrateAndFire(), l5_pyramidal(), ball_and_stick()))
SMALL = TwinNetwork(ConvolutionalArchitecture(filter_lengths_ms=(20, 5), widths=(4, 2)))
HISTORY = [
    {"n_steps": 10, "loss": 3.0, "spikes_loss": 1 / k, "somatic_loss": 2 / k, "val_spikes_loss": None if k < 3 else 1.0}
    for k in range(1, 5)
]


@pytest.fixture(scope="module")
def point():
    given = [replace(POINT_INPUT, duration_ms=1500).draw(IntegrateAndFire(), 0, k).events for k in range(8)]
    recordings = IntegrateAndFire().run(given)
    data = [CellSimulation(k, *one) for k, one in enumerate(zip(given, recordings, strict=True))]
    return Imitation(POINT, PREDICTIONS, EVALUATION, data, TwinNetwork(point_architecture()), HISTORY)


def labels(figure):
    return [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]


def test_the_study_of_a_point_on_one_page(point, tmp_path):
    """Row 7: seven panels and more; the input, spikes and voltages are those of one simulation."""
    figure = plots_overview.point_study(point, seed=2)
    figure.savefig(tmp_path / "point.png")
    assert (tmp_path / "point.png").stat().st_size > 10_000
    assert len(figure.axes) >= 8
    assert labels(figure) == [
        "time (ms)",
        "false positive rate",
        "predicted minus true spike (ms)",
        "before output (ms)",
        "before output (ms)",
        "true voltage (mV)",
    ]
    shown = point.traces(1, (2, 10), seed=2)[0]
    assert 2 <= shown.true_spikes_ms.size <= 10
    raster, full, zoom = figure.axes[:3]
    assert sum(line.get_xdata().size for line in raster.lines[:2]) == point.simulations[shown.row].n_events
    assert full.get_title().startswith(f"simulation {shown.row}:")
    np.testing.assert_array_equal(full.lines[0].get_ydata(), PREDICTIONS.true_soma_mv[shown.row])
    np.testing.assert_array_equal(full.lines[1].get_ydata(), PREDICTIONS.soma_mv[shown.row])
    (box,) = [patch for patch in full.patches if isinstance(patch, Rectangle)]
    assert zoom.get_xlim() == (box.get_x(), box.get_x() + box.get_width()) == shown.zoom
    assert zoom.get_ylim() == pytest.approx((box.get_y(), box.get_y() + box.get_height()))


def test_spikes_of_neuron_and_network_are_drawn():
    shown = Imitation(POINT, PREDICTIONS, EVALUATION).traces(1, (3, 10), seed=0)[0]
    axes = plots_traces.trace(shown).axes[0]
    true, predicted = ([one[0, 0] for one in lines.get_segments()] for lines in axes.collections)
    np.testing.assert_array_equal(true, np.flatnonzero(PREDICTIONS.true_spikes[shown.row]))
    above = PREDICTIONS.scores[shown.row] > EVALUATION.operating_point.threshold
    np.testing.assert_array_equal(predicted, np.flatnonzero(above))
    assert [line.get_label() for line in axes.lines] == ["neuron", "network"]


@pytest.mark.parametrize(
    ("synapses", "net", "n_filters"),
    [
        (L5, SMALL, 3),
        (L5, TwinNetwork(ElmArchitecture()), 0),
        (L5, None, 0),
        (STICK, TwinNetwork(ball_and_stick_architecture(1, 2, 5)), 2),
        (STICK, TwinNetwork(ball_and_stick_elm()), 0),
        (POINT, TwinNetwork(point_architecture()), 1),
    ],
    ids=["l5 tcn", "l5 elm", "l5 alone", "stick tcn", "stick elm", "point"],
)
def test_the_overview_of_any_network_and_cell(synapses, net, n_filters):
    """Row 35."""
    found = Imitation(synapses, PREDICTIONS, EVALUATION, network=net)
    figure = plots_overview.overview(found)
    titles = [part.get_suptitle() for row in figure.subfigs for part in row.subfigs]
    layer = found.first_layer
    expected = [] if layer is None else [f"filter {k}" for k in layer.typical(3)]
    assert [title for title in titles if title] == expected and len(expected) == n_filters
    assert ("x (µm)" in labels(figure)) == (synapses.segments is not None)
    assert (net is not None) == (net is not None and net.overview in [axes.get_title() for axes in figure.axes])
    for label in ("false positive rate", "predicted minus true spike (ms)", "true voltage (mV)", "time (ms)"):
        assert label in labels(figure)
    one = plots_overview.overview(found, n_filters=1)
    n_panels = 2 * len(synapses.groups) + 1
    n_drawn = min(n_filters, 1)
    assert len(one.axes) == len(figure.axes) - (n_filters - n_drawn) * n_panels


def test_a_network_without_voltage():
    found = Imitation(L5, SCORES_ALONE, WITHOUT_VOLTAGE, network=SMALL, history=HISTORY)
    names = [name for name, _ in plots_sets.of_imitation(found)]
    assert "residuals" not in names and "overview" in names and "point_study" not in names
    assert "true voltage (mV)" not in labels(plots_overview.overview(found))
    shown = found.traces(1)[0]
    full = plots_traces.trace(shown).axes[0]
    np.testing.assert_array_equal(full.lines[0].get_ydata(), SCORES_ALONE.scores[shown.row])
    assert full.get_ylabel() == "probability"


def test_all_figures_of_a_point_and_of_an_elm_neuron(point):
    few = ["probabilities", "residuals"]
    traces = ["traces", *(f"trace_{k:02d}" for k in range(8))]
    names = [name for name, _ in plots_sets.of_imitation(point)]
    first = ["overview", "overview_one_filter", "filter", "first_layer_000", "point_study"]
    assert names == [*first, *few, "learning_curves", *traces]
    elm = Imitation(L5, PREDICTIONS, EVALUATION, network=TwinNetwork(ElmArchitecture()))
    assert [name for name, _ in plots_sets.of_imitation(elm)] == ["overview", *few, *traces]


def test_nothing_is_hard_wired_but_the_seed():
    found = Imitation(POINT, PREDICTIONS, EVALUATION)
    rows = [found.traces(1, seed=seed)[0].row for seed in range(12)]
    assert len(set(rows)) > 2 and rows == [found.traces(1, seed=seed)[0].row for seed in range(12)]
    assert len({one.zoom for one in found.traces(8)}) > 2
    assert [one.row for one in found.traces(5)] == [one.row for one in found.traces(8)][:5]


def test_learning_curves_are_linear_and_logarithmic():
    figure = plots_fit.learning_curves(HISTORY)
    assert [axes.get_yscale() for axes in figure.axes] == ["linear", "linear", "log", "log"]
    assert [axes.get_title() for axes in figure.axes[:2]] == ["spikes", "somatic"]
    train, valid = figure.axes[0].lines
    assert train.get_xdata().tolist() == [10, 20, 30, 40] and train.get_ydata()[1] == 0.5
    assert np.isnan(valid.get_ydata()[:2]).all() and valid.get_ydata()[2] == 1
    assert len(figure.axes[1].lines) == 1


def test_shares_of_probabilities_and_errors():
    spikes = np.zeros((1, 1000), bool)
    spikes[0, 600:610] = True
    scores = np.where(spikes, 0.5, 0.0) + 3e-4 * ~spikes
    scores[0, 0] = 0
    found = probability_shares(TwinPredictions(scores, spikes))
    with_spike, without = found.share.values()
    assert found.n_bins == 60 and with_spike.sum() == pytest.approx(1) == without.sum()
    assert found.edges[with_spike.argmax()] <= 0.5 <= found.edges[with_spike.argmax() + 1]
    assert without[0] == pytest.approx(1 / 990) and with_spike.max() == 1
    error, (mean, sd) = voltage_errors(PREDICTIONS, 500)
    difference = PREDICTIONS.soma_mv[:, 500:].astype(float) - PREDICTIONS.true_soma_mv[:, 500:]
    assert (mean, sd) == pytest.approx((difference.mean(), difference.std()))
    assert error.n_bins == 300 and error.edges[[0, -1]].tolist() == [-20, 20]
    with pytest.raises(InputError, match="hold no voltage"):
        voltage_errors(SCORES_ALONE)


def test_rows_of_a_convolutional_network_reach_as_far_back_as_it_does():
    architecture = preset("tcn-7x128x153")
    rows = sketch_rows(architecture)
    assert [row.reach_ms[0] for row in rows] == [152, 108, 90, 72, 54, 36, 18, 0, 0]
    assert rows[0].label == "1278 synapses" and rows[-1].label == "outputs: spikes, somatic, dendritic (20)"
    assert rows[1].label == "1: 128 relu, filters of 45 ms"
    deep = sketch_rows(ConvolutionalArchitecture(filter_lengths_ms=(3,) * 20))
    assert [row.label for row in deep if "more" in row.label] == ["... 14 more layers ..."] and len(deep) == 9
    assert [row.reach_ms[0] for row in deep] == [40, 38, 36, 34, 32, 4, 2, 0, 0]


def test_rows_of_an_elm_neuron_are_its_time_constants():
    rows = sketch_rows(ElmArchitecture())
    assert [row.label.split(" ", 1)[1] for row in rows[:2]] == ["synapses", "branches of 100 synapses"]
    assert rows[1].reach_ms == (15,) and rows[3].reach_ms[0] == pytest.approx(450) and len(rows[3].reach_ms) == 9
    axes = draw_network(ElmArchitecture()).axes[0]
    assert len(axes.patches) == 4 + 9 and axes.get_title() == "ELM__M_20"
    assert min(bar.get_x() + bar.get_width() for bar in axes.patches) == pytest.approx(-450)
    assert draw_network(point_architecture()).axes[0].get_xlabel() == "before output (ms)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Imitation(POINT, PREDICTIONS, 3), "evaluation must be TwinEvaluation, got 3"),
        (lambda: Imitation(POINT, PREDICTIONS, EVALUATION, []), "simulations must be those predicted, 8, got 0"),
        (lambda: Imitation(POINT, PREDICTIONS, EVALUATION, network=SMALL), "network must be of 100 synapses"),
        (lambda: plots_overview.overview("all"), "imitation must be an Imitation, got str"),
        (lambda: plots_fit.learning_curves([]), "there is no finished epoch in the history"),
        (lambda: plots_traces.traces([]), "there are no traces to draw"),
    ],
)
def test_what_is_refused_is_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
