"""Figures of trainings show the numbers that they are of."""

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection

from rate2spike.io.datasets.shd import SHDRecordings
from rate2spike.io.datasets.synthetic_events import write_synthetic_shd
from rate2spike.spiking.cascade_networks.answered import AnsweredPattern, answered
from rate2spike.spiking.cascade_networks.config import MemorizeConfig
from rate2spike.spiking.cascade_networks.digits import DigitFrames, digit_frames
from rate2spike.spiking.cascade_networks.figures_of_run import _of_both_labels, memorize_figures
from rate2spike.spiking.cascade_networks.networks import network
from rate2spike.spiking.cascade_networks.patterns import Patterns, draw_patterns
from rate2spike.spiking.cascade_networks.plots import digit_rasters
from rate2spike.spiking.cascade_networks.plots_patterns import before_and_after
from rate2spike.spiking.cascade_networks.result import CascadeResult
from rate2spike.spiking.cascade_networks.variants import VARIANTS


def result_of(n_models=5, n_seeds=10, n_epochs=600, task="memorize"):
    rng = np.random.default_rng(0)
    curves = rng.uniform(0.4, 0.9, (3, n_models, n_seeds, n_epochs))
    ends = rng.uniform(0.4, 0.9, (4, n_models, n_seeds))
    return CascadeResult(task, tuple(VARIANTS)[:n_models], tuple(range(n_seeds)), *curves, *ends)


def pattern(label=0, outputs=((0, 0), (3, 1), (2, 5))):
    spikes = np.zeros((2, 4))
    spikes[1, 3] = 1
    fired = np.array([[0, 0], [1, 0], [0, 0]])
    return AnsweredPattern(spikes, np.array([[0, 0], [4, 1], [-60, 2]]), fired, np.array(outputs, float), label)


def bands(axes):
    return [one for one in axes.collections if isinstance(one, PolyCollection)]


@pytest.mark.parametrize("shape", [(5, 10, 600), (1, 1, 1), (2, 3, 7)])
def test_curves_are_means_and_bands_of_one_sd(shape):
    result = result_of(*shape)
    left, right = result.plot().axes
    assert len(bands(left)) == shape[0]
    curves = [line for line in left.get_lines() if line.get_label() in result.labels]
    assert [line.get_label() for line in curves] == list(result.labels)
    for m, line in enumerate(curves):
        np.testing.assert_allclose(line.get_ydata(), result.accuracies[m].mean(0))
        top = bands(left)[m].get_paths()[0].vertices[:, 1].max()
        assert top == pytest.approx((result.accuracies[m].mean(0) + result.accuracies[m].std(0)).max())
    assert len(right.patches) == 2 * shape[0]  # boxes
    medians = sorted(line.get_ydata()[0] for line in right.get_lines() if line.get_linewidth() == 1.5)
    np.testing.assert_allclose(medians, sorted(np.median([result.initial, result.final], axis=2).ravel()))
    assert len({line.get_linestyle() for line in curves}) >= min(shape[0], 4)
    assert len({line.get_marker() for line in curves}) == len({line.get_color() for line in curves}) == shape[0]


def test_bars_of_one_sd_stand_at_the_marks_of_their_curve_and_not_on_one_another():
    result = result_of(3, 4, 60)
    left = result.plot().axes[0]
    curves = [line for line in left.get_lines() if line.get_label() in result.labels]
    bars = [one.get_segments() for one in left.collections if isinstance(one, LineCollection)]
    starts = set()
    for m, (curve, of_model) in enumerate(zip(curves, bars, strict=True)):
        mean, sd = result.accuracies[m].mean(0), result.accuracies[m].std(0)
        marked = np.arange(60)[curve.get_markevery()]
        np.testing.assert_allclose(of_model, [[[e, mean[e] - sd[e]], [e, mean[e] + sd[e]]] for e in marked])
        starts.add(marked[0])
    assert len(starts) == 3


def test_a_single_seed_has_no_bars_and_no_sd():
    left = result_of(2, 1, 9).plot().axes[0]
    assert not [one for one in left.collections if isinstance(one, LineCollection)] and "SD" not in left.get_ylabel()
    assert "SD, n = 4" in result_of(2, 4, 9).plot().axes[0].get_ylabel()


def test_axes_reach_as_far_as_accuracies_and_as_published_otherwise():
    result = result_of(2, 3, 4)
    assert [axes.get_ylim() for axes in result.plot().axes] == [(0.36, 1.05)] * 2
    result.final[1, 2] = 0.1
    for axes in result.plot().axes:
        assert axes.get_ylim() == pytest.approx((0.07, 1.05))
    nothing = result_of(2, 3, 4, "shd")
    nothing.final[:] = 0
    assert nothing.plot().axes[1].get_ylim()[0] < -0.02  # points at 0 are not on the frame


def test_chance_is_named():
    (legend,) = result_of(2, 3, 4).plot().legends
    assert [text.get_text() for text in legend.get_texts()] == [*result_of(2).labels, "chance"]


def test_digits_have_a_point_for_every_seed_and_their_own_chance_line():
    result = result_of(2, 3, 4, "shd")
    left, right = result.plot().axes
    assert any(np.allclose(line.get_ydata(), 0.05) for line in left.get_lines())
    shown = np.concatenate([one.get_offsets()[:, 1] for one in right.collections])
    wanted = np.concatenate([result.training_initial, result.training_final, result.final]).ravel()
    np.testing.assert_allclose(np.sort(shown), np.sort(wanted))
    assert {text.get_text() for text in right.get_legend().get_texts()} == {
        "training, before",
        "training, after",
        "test, after",
    }


def test_a_figure_goes_into_given_axes():
    figure, axes = plt.subplots(1, 2)
    assert result_of(2, 2, 3).plot(axes[0]) is figure
    assert pattern().plot(axes[1]) is figure
    plt.close(figure)


def test_an_answer_is_the_output_with_the_largest_maximum_and_the_first_of_equal_ones():
    assert pattern().answer == 1 and not pattern().is_right and pattern(1).is_right
    assert pattern(outputs=((0, 0), (-1, -2))).answer == 0
    assert "wrong" in pattern().plot().axes[0].get_title() and "right" in pattern(1).plot().axes[0].get_title()


def test_a_pattern_shows_every_spike_and_the_whole_potential():
    figure = pattern().plot()
    raster, first, second, outputs = figure.axes
    np.testing.assert_array_equal(raster.collections[0].get_offsets(), [[1, 3]])
    lines = [axes.collections[0].get_segments() for axes in (first, second)]
    np.testing.assert_array_equal(lines[0], [[[1, 4], [1, 50]]])
    assert not lines[1] and first.get_ylim()[0] < -60 and first.get_ylim()[1] >= 50
    curves = [line for line in outputs.get_lines() if line.get_label().startswith("class")]
    maxima = [line.get_xydata()[line.get_markevery()[0]].tolist() for line in curves]
    assert maxima == [[1, 3], [2, 5]] and outputs.get_ylim() == (-12, 12)


def test_spikes_of_a_potential_without_bounds_are_seen():
    runaway = AnsweredPattern(
        np.zeros((2, 4)), np.array([[0], [10], [3000]]), np.array([[0], [0], [1]]), np.zeros((3, 2)), 0
    )
    soma = runaway.plot().axes[1]
    ((_, low), (_, high)) = soma.collections[0].get_segments()[0]
    assert low == 3000 and high > 1.1 * low and soma.get_ylim()[1] > high


def test_of_many_units_the_first_are_shown_and_the_title_says_so():
    n_units = 20
    states = np.zeros((3, n_units))
    figure = AnsweredPattern(np.zeros((2, 4)), states, states, np.zeros((3, 2)), 0).plot()
    assert len(figure.axes) == 8 + 2 and "the first 8 of 20 units" in figure.axes[0].get_title()
    assert "units" not in pattern().plot().axes[0].get_title()


def test_ticks_and_crosses_follow_the_answers():
    before, after = [pattern(0), pattern(1)], [pattern(1), pattern(0)]
    losses = np.linspace(1, 0.2, 9)
    figure = before_and_after(before, after, losses, 1 - losses)
    titles = [axes.get_title() for axes in figure.axes[:6]]
    assert titles == ["label 0", "answer 1 ✗", "answer 1 ✓", "label 1", "answer 1 ✓", "answer 1 ✗"]
    assert [axes.get_ylabel() for axes in figure.axes[-2:]] == ["loss", "accuracy"]
    np.testing.assert_array_equal(figure.axes[-1].get_lines()[0].get_ydata(), 1 - losses)
    np.testing.assert_array_equal(figure.axes[-2].get_lines()[0].get_ydata(), losses)


def test_answers_are_those_of_the_network():
    config = MemorizeConfig(n_patterns=6, n_inputs=30, n_steps=50, input_probability=0.05)
    model, patterns = network(VARIANTS["bap"], config, 1), draw_patterns(config, 1)
    largest = model.predict(patterns.spikes, verbose=0)
    found = answered(model, patterns, [4, 0])
    assert [one.answer for one in found] == largest.argmax(1)[[4, 0]].tolist()
    assert [one.label for one in found] == patterns.labels[[4, 0]].tolist()
    np.testing.assert_allclose(found[0].outputs.max(0), largest[4], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found[1].spikes[1:], found[1].potentials[:-1] > 15)


def test_examples_are_of_both_labels_as_far_as_there_are_such():
    assert _of_both_labels(Patterns(np.zeros((5, 2, 2)), np.array([0, 0, 0, 1, 0]))) == [0, 3, 1]
    assert _of_both_labels(Patterns(np.zeros((2, 2, 2)), np.array([1, 1]))) == [0, 1]


@pytest.mark.parametrize("models", [("one_compartment", "bap"), ("parallel",)])
def test_a_run_has_the_figures_of_bap_or_of_its_first_model(models, tmp_path):
    config = MemorizeConfig(models=models, n_patterns=4, n_inputs=5, n_steps=20, n_seeds=1)
    shown = models[-1]
    (tmp_path / "networks").mkdir()
    other = network(VARIANTS[shown], config, 9)
    other.save(tmp_path / "networks" / f"{shown}_0.keras")
    figures = memorize_figures(config, result_of(len(models), 1, 3), tmp_path)
    assert list(figures) == ["accuracy", "example", "examples"]
    outputs = figures["example"].axes[-1].get_lines()[0].get_ydata()
    chosen = _of_both_labels(draw_patterns(config, 0))[0]
    found = answered(other, draw_patterns(config, 0), [chosen])[0]
    np.testing.assert_array_equal(outputs, found.outputs[:, 0])
    keras.utils.clear_session()


@pytest.mark.parametrize(("legacy", "first_bin_s"), [(True, -0.5), (False, 0.5)])
def test_rasters_show_every_cell_with_events_in_the_middle_of_its_bin(legacy, first_bin_s, tmp_path):
    folder = write_synthetic_shd(tmp_path, n_train_per_class=1, n_test_per_class=1)
    recordings = SHDRecordings(folder / "shd_train.h5")
    frames = digit_frames(recordings, legacy_bins=legacy)
    figure = digit_rasters(frames)
    assert len(figure.axes) == 1  # of the published ones only recording 14 is there
    (axes,) = figure.axes
    bins, channels, _ = frames.triples(14)
    width_s = 1.4 / (99 if legacy else 100)
    shown = axes.collections[0].get_offsets()
    np.testing.assert_allclose(shown, np.stack([(bins + first_bin_s) * width_s, channels], 1))
    times_s, units = recordings.times_and_units(14)
    for time_s, unit in zip(times_s, units, strict=True):  # the recording's own times
        assert np.abs(shown[shown[:, 1] == unit, 0] - time_s).min() <= width_s / 2 + 1e-9
    assert times_s.max() < axes.get_xlim()[1] < 1.4
    assert str(frames.class_names[frames.labels[14]]) in axes.get_title()
    assert len(digit_rasters(frames, [0, 1]).axes) == 2


def test_a_recording_without_events_shows_the_window():
    none = np.zeros(0, np.uint32)
    labels = np.array([1])
    frames = DigitFrames(np.array([0, 0]), none, none, labels, labels, ("zero", "one"), 100, 1.4, True, 0)
    (axes,) = digit_rasters(frames).axes
    assert axes.get_xlim() == (0, 1.4) and axes.get_title() == "recording 0: one"


def test_the_record_is_spoken():
    assert repr(result_of(1, 2, 3)).startswith("CascadeResult(task='memorize', n_seeds=2, n_epochs=3, final_acc")
