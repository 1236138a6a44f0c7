"""Filters of a first layer: time, sign, smoothing, groups, decay; and their figures."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture, point_architecture
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses
from rate2spike.spiking.twin_figures.first_layer import FirstLayer, fitted_decay
from rate2spike.spiking.twin_figures.plots_filters import filter_sheet, first_layer_filter

POINT = CellSynapses(80, 20)
L5 = CellSynapses.of(l5_pyramidal())
SIGN = np.repeat([1.0, -1.0], [639, 639])


def kernel(shapes, signs=SIGN, noise=0.0, seed=0):
    """(K, S, N) as Keras has it, from (N, K) curves over time before the output."""
    curves = np.asarray(shapes, float)
    weights = curves[:, None, :] * signs[:, None] + noise * np.random.default_rng(seed).normal(
        size=(len(curves), signs.size, curves.shape[1])
    )
    return weights[:, :, ::-1].transpose(2, 1, 0)


def test_column_0_is_the_most_recent_millisecond():
    """An event in the last millisecond changes a linear output by exactly that weight."""
    network = TwinNetwork(point_architecture(), seed=3)
    raw = network.first_layer()
    assert raw.shape == (80, 100, 1) and raw.dtype == np.float32
    layer = FirstLayer.of(raw, POINT, smoothing_ms=1)
    sign = -1 if layer.flipped[0] else 1
    hidden = network.model.get_layer("layer_1")
    x = np.zeros((1, 120, 100), np.float32)
    before = np.array(hidden(x))[0, -1, 0]
    for lag, synapse in ((0, 5), (1, 5), (79, 93)):
        shifted = x.copy()
        shifted[0, 119 - lag, synapse] = 1
        change = np.array(hidden(shifted))[0, -1, 0] - before
        assert change == pytest.approx(sign * layer.weights[0, synapse, lag], abs=1e-6)


def test_an_elm_neuron_has_no_filters():
    with pytest.raises(InputError, match="has no filters on its synapses") as caught:
        TwinNetwork(ElmArchitecture()).first_layer()
    assert "\n" not in str(caught.value)


def test_the_sign_makes_excitation_exceed_inhibition_in_the_last_12_ms():
    """Row 36, for each filter by itself; time before that does not matter."""
    recent, old = np.zeros(50), np.zeros(50)
    recent[:12], old[14:] = 1, -9
    layer = FirstLayer.of(kernel([recent + old, -recent + old, -recent, recent]), L5)
    assert layer.flipped.tolist() == [False, True, True, False]
    random = FirstLayer.of(np.random.default_rng(0).normal(size=(54, 1278, 30)), L5)
    assert 5 < random.flipped.sum() < 25
    for k in range(30):
        weights = random.smooth(k)[:, :12]
        assert weights[:639].sum() >= weights[639:].sum()


def test_figures_show_smoothed_and_cropped_weights():
    given = np.random.default_rng(0).normal(size=(54, 1278, 2))
    layer = FirstLayer.of(given, L5)
    sign = np.where(layer.flipped, -1, 1)
    flipped = given[::-1, :, 1].T * sign[1]
    shown = layer.smooth(1)
    assert shown.shape == (1278, 40)
    np.testing.assert_allclose(shown[:, 0], flipped[:, 0])
    np.testing.assert_allclose(shown[:, 1:], (flipped[:, 1:40] + flipped[:, :39]) / 2)
    assert layer.limit(1) == pytest.approx(1.08 * np.quantile(np.abs(shown), 0.998))
    groups = layer.by_group(1)
    assert {name: one.excitatory.shape for name, one in groups.items()} == {
        "basal": (262, 40),
        "oblique": (184, 40),
        "tuft": (193, 40),
    }
    np.testing.assert_array_equal(groups["tuft"].inhibitory, shown[639 + 366 : 639 + 559])
    assert FirstLayer.of(given[:9], L5).smooth(0).shape == (1278, 9)


def test_a_decay_is_found_again():
    t = np.arange(80)
    for amplitude, tau in ((1.5, 14.2), (-0.3, 20.0), (2e-6, 3.0), (1.0, 400.0)):
        found = fitted_decay(amplitude * np.exp(-t / tau))
        assert found.amplitude == pytest.approx(amplitude, rel=1e-4) and found.tau_ms == pytest.approx(tau, rel=1e-4)
    noisy = fitted_decay(np.exp(-t / 15) + 0.02 * np.random.default_rng(0).normal(size=80))
    assert noisy.tau_ms == pytest.approx(15, abs=1.5)


def test_a_decay_is_that_of_the_first_40_ms_with_the_ratio_of_amplitudes():
    t = np.arange(80)
    excitatory, inhibitory = np.exp(-t / 15), -1.05 * np.exp(-t / 17.5)
    excitatory[40:] = 5
    weights = np.concatenate([np.tile(excitatory, (80, 1)), np.tile(inhibitory, (20, 1))])
    found = FirstLayer.of(weights[:, ::-1].T[:, :, None], POINT).decay(0)
    assert found.excitatory.tau_ms == pytest.approx(15, rel=1e-4)
    assert found.inhibitory.tau_ms == pytest.approx(17.5, rel=1e-4)
    assert found.inhibitory_over_excitatory == pytest.approx(-1.05, rel=1e-4)
    alone = FirstLayer.of(weights[:80, ::-1].T[:, :, None], CellSynapses(80, 0)).decay(0)
    assert alone.inhibitory is None and alone.inhibitory_over_excitatory is None


def test_typical_filters_each_listen_to_one_part():
    curve, rng = np.exp(-np.arange(30) / 8), np.random.default_rng(0)
    where = np.full((7, 639), 0.05)
    for k, name in ((4, "basal"), (0, "oblique"), (2, "tuft")):
        where[k, L5.segment_groups[name]] = 1
    where[1] = 0.9
    where[3, L5.segment_groups["tuft"]], where[5] = 0.01, 1e-4  # weak ones are not asked
    signs = np.concatenate([where, -where], 1)
    weights = signs[:, :, None] * curve + 0.3 * rng.normal(size=(7, 1278, 30))  # noise is not strength
    layer = FirstLayer.of(weights[:, :, ::-1].transpose(2, 1, 0), L5)
    assert layer.typical(3) == [4, 0, 2]
    assert layer.strongest(2) == [1, 4] and layer.typical(4)[3] == 1
    assert sorted(layer.typical(99)) == list(range(7))
    assert FirstLayer.of(kernel([curve, 3 * curve], np.repeat([1, -1], [80, 20])), POINT).typical(3) == [1, 0]


def test_the_figure_of_a_filter_has_a_column_per_part():
    layer = FirstLayer.of(kernel([np.exp(-np.arange(54) / 15)], noise=0.05), L5)
    figure = first_layer_filter(layer, 0)
    assert [axes.get_title() for axes in figure.axes[:3]] == ["basal (262)", "oblique (184)", "tuft (193)"]
    for axes, group in zip(figure.axes[:3], layer.by_group(0).values(), strict=True):
        excitatory, inhibitory = axes.images
        np.testing.assert_array_equal(excitatory.get_array(), group.excitatory[:, ::-1])
        np.testing.assert_array_equal(inhibitory.get_array(), group.inhibitory[:, ::-1])
        assert excitatory.get_extent()[2] >= inhibitory.get_extent()[3]  # excitation stands above
        assert excitatory.get_clim() == (-layer.limit(0), layer.limit(0)) == inhibitory.get_clim()
    for axes, group in zip(figure.axes[3:6], layer.by_group(0).values(), strict=True):
        means = {line.get_label(): line for line in axes.lines if line.get_linewidth() > 2}
        np.testing.assert_allclose(means["excitatory"].get_ydata(), group.excitatory.mean(0))
        np.testing.assert_array_equal(means["inhibitory"].get_xdata(), -np.arange(40))
        assert (means["excitatory"].get_ydata()[:12] > means["inhibitory"].get_ydata()[:12]).all()
    assert figure.axes[4].get_xlabel() == "before output (ms)"


def test_a_point_has_one_column_and_excitation_alone_no_second_half():
    curve = [np.exp(-np.arange(80) / 20)]
    assert len(first_layer_filter(FirstLayer.of(kernel(curve, np.repeat([1, -1], [80, 20])), POINT)).axes) == 3
    alone = first_layer_filter(FirstLayer.of(kernel(curve, np.ones(5)), CellSynapses(5, 0)))
    assert len(alone.axes[0].images) == 1


def test_sheets_show_every_filter_once():
    layer = FirstLayer.of(np.random.default_rng(0).normal(size=(20, 100, 30)), POINT)
    titles = [axes.get_title() for first in (0, 24) for axes in filter_sheet(layer, first).axes]
    assert [title for title in titles if title] == [str(k) for k in range(30)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FirstLayer.of(np.ones((5, 99, 2)), POINT), "kernel must be of 100 synapses, as the cell, got 99"),
        (lambda: FirstLayer.of(np.ones((5, 100)), POINT), "kernel must be numbers"),
        (lambda: FirstLayer.of(np.full((5, 100, 1), np.nan), POINT), "kernel must be numbers"),
        (lambda: FirstLayer.of(np.ones((5, 100, 2)), POINT).smooth(2), "index must be below 2"),
        (lambda: filter_sheet(FirstLayer.of(np.ones((5, 100, 2)), POINT), 2), "first must be from 0 to 1, got 2"),
    ],
)
def test_what_is_refused_is_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_network_of_the_layer_5_cell_has_a_first_layer():
    network = TwinNetwork(ConvolutionalArchitecture(filter_lengths_ms=(20, 5), widths=(6, 3)))
    assert FirstLayer.of(network.first_layer(), L5).n_filters == 6
