"""Figures of simulated data: what they show of each cell, and what is left out of data that lack it."""

from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.twin_data.ball_and_stick_input import BallAndStickInput
from rate2spike.spiking.twin_data.random_input import POINT_INPUT, RandomInput
from rate2spike.spiking.twin_data.simulate import simulate
from rate2spike.spiking.twin_figures import plots_input, plots_sets, plots_tree
from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses
from rate2spike.spiking.twin_figures.input_counts import window_counts
from rate2spike.spiking.twin_figures.output_statistics import output_statistics

L5, STICK, POINT = l5_pyramidal(), ball_and_stick("AMPA_point"), IntegrateAndFire()
SYNAPSES = {"l5": CellSynapses.of(L5), "stick": CellSynapses.of(STICK), "point": CellSynapses.of(POINT)}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    def made(name, cell, given, n, **run):
        folder = tmp_path_factory.mktemp(name)
        return simulate(cell, given, folder, n, seed=1, run_options=run, n_threads=1, progress=False)

    stick = BallAndStickInput(duration_ms=1200, filtered=False)
    return {
        "l5": made("l5", L5, RandomInput(duration_ms=600), 1, dt_ms=0.2, with_dendrites=True),
        "stick": made("stick", STICK, stick, 3, with_dendrites=True),
        "point": made("point", POINT, POINT_INPUT, 6),
    }


@pytest.fixture(scope="module")
def drawn(data):
    return {name: dict(plots_sets.of_dataset(dataset, SYNAPSES[name])) for name, dataset in data.items()}


COUNTS = [f"count_{kind}_{length}_ms" for length in (100, 200, 1000) for kind in ("histograms", "scatter")]


def test_every_cell_has_the_figures_that_its_data_allow(drawn):
    """Row 34."""
    always = ["input_and_output", "soma_traces", "group_input", "output"]
    assert list(drawn["point"]) == always + COUNTS
    assert list(drawn["l5"]) == ["regions", *(f"dendrites_{w}_ms" for w in (200, 400, 600)), *always, *COUNTS[:4]]
    several = [f"dendrites_{w}_ms" for w in (200, 400, 600, 800, 1200)]
    assert list(drawn["stick"]) == ["regions", *several, *always, *COUNTS]


def test_without_dendritic_voltages_their_figures_are_left_out(data):
    recording = L5.run(data["l5"][0].events, dt_ms=0.2)
    bare = [replace(data["l5"][0], recording=recording[0])]
    assert [name for name, _ in plots_sets.of_dataset(bare, SYNAPSES["l5"])][:2] == ["regions", "input_and_output"]
    with pytest.raises(InputError, match="holds no dendritic voltages: simulate with_dendrites=True") as caught:
        plots_tree.dendritic_voltages(bare[0], SYNAPSES["l5"])
    assert "\n" not in str(caught.value)


def test_a_segment_and_its_voltage_have_one_colour(data, drawn):
    tree, traces = (axes.collections[0] for axes in drawn["l5"]["dendrites_400_ms"].axes[:2])
    np.testing.assert_array_equal(tree.get_colors()[:, :3], traces.get_colors()[:, :3])
    assert len(tree.get_segments()) == len(traces.get_segments()) == 639
    np.testing.assert_allclose(tree.get_segments()[400].ravel(), L5.segments.ends_um[400])
    v_mv = data["l5"][0].recording.v_dendrites_mv[400, 100:500].astype(float)
    time_ms, drawn_mv = traces.get_segments()[400].T
    np.testing.assert_array_equal(time_ms, np.arange(100, 500))
    np.testing.assert_allclose(np.diff(drawn_mv), np.diff(v_mv), atol=1e-9)
    heights = [np.median(trace[:, 1]) for trace in traces.get_segments()]
    assert (np.diff(heights) > 0.5).all()
    luminance = tree.get_colors()[np.argsort(L5.segments.distance_um), :3] @ [0.3, 0.59, 0.11]
    assert (np.diff(luminance) > -0.01).all()  # dark to light also without colours


def test_soma_and_nexus_are_on_top_and_parts_have_labels(data, drawn):
    axes = drawn["l5"]["dendrites_600_ms"].axes[1]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["basal", "oblique", "oblique", "tuft", "nexus", "soma"]
    places = dict(zip(labels, axes.get_yticks(), strict=True))
    assert places["basal"] < places["tuft"] < places["nexus"] < places["soma"]
    recording = data["l5"][0].recording
    for line, v_mv in zip(axes.lines, (recording.v_nexus_mv, recording.v_soma_mv), strict=False):
        np.testing.assert_allclose(np.diff(line.get_ydata()), np.diff(v_mv), atol=1e-3)
    assert axes.get_xlabel() == "time (ms)"
    stick = drawn["stick"]["dendrites_200_ms"].axes[1]
    assert [label.get_text() for label in stick.get_yticklabels()] == ["dendrite", "soma"]


def test_regions_are_drawn_by_part(drawn):
    parts = drawn["l5"]["regions"].axes[0].collections
    assert [one.get_label() for one in parts] == ["basal (262)", "oblique (184)", "tuft (193)"]
    assert [len(one.get_segments()) for one in parts] == [262, 184, 193]
    looks = {(tuple(one.get_colors()[0]), one.get_linewidth()[0]) for one in parts}
    assert len(looks) == 3


@pytest.mark.parametrize("name", ["l5", "stick", "point"])
def test_every_event_and_every_spike_is_drawn(data, drawn, name):
    raster, total, soma, *_ = drawn[name]["input_and_output"].axes
    shown = {line.get_label(): line for line in raster.lines}
    dataset, synapses = data[name], SYNAPSES[name]
    n_drawn = sum(shown[kind].get_xdata().size for kind in ("excitatory", "inhibitory"))
    (one,) = [one for one in dataset if one.n_events == n_drawn]
    assert shown["excitatory"].get_ydata().max() < synapses.n_excitatory <= shown["inhibitory"].get_ydata().min()
    spikes = [segment[0, 0] for lines in soma.collections for segment in lines.get_segments()]
    np.testing.assert_allclose(spikes, one.recording.spike_times_ms)
    assert soma.lines[0].get_ydata().max() <= 30
    unit = "weight" if name == "stick" else "events"
    assert total.get_ylabel() == f"{unit} per ms" and soma.get_ylabel() == "soma (mV)"


def test_the_input_of_six_groups(drawn, data):
    (axes,) = drawn["l5"]["group_input"].axes
    lines = axes.lines[:6]
    assert [line.get_label().strip("_") for line in lines] == [
        n for n in ("basal", "oblique", "tuft") for _ in range(2)
    ]
    up, down = (sum(line.get_ydata() for line in lines[k::2]) for k in (0, 1))
    assert (up >= 0).all() and (down <= 0).all() and up.max() > 0 > down.min()
    events = data["l5"][0].events
    per_ms = np.bincount(events.time_ms[events.synapse < 639], minlength=600)
    assert up[300] == pytest.approx(per_ms[283:301].mean())
    assert len(drawn["point"]["group_input"].axes) == 5 == len(drawn["point"]["soma_traces"].axes)


def test_counts_are_drawn_as_they_are(data, drawn):
    counts = window_counts(data["point"], SYNAPSES["point"])[1000]
    excitatory, inhibitory, output = drawn["point"]["count_histograms_1000_ms"].axes
    for axes in (excitatory, inhibitory, output):
        assert sum(bar.get_height() for bar in axes.patches) == counts.n_windows == 66
    assert [bar.get_height() for bar in output.patches] == np.bincount(counts.output).tolist()
    scatter = drawn["point"]["count_scatter_1000_ms"].axes[0]
    for line in scatter.lines:
        chosen = np.minimum(counts.output, 3) == int(line.get_label()[0])
        np.testing.assert_array_equal(line.get_xdata(), counts.inhibitory[chosen])
        np.testing.assert_array_equal(line.get_ydata(), counts.excitatory[chosen])
    sizes = [line.get_markersize() for line in scatter.lines]
    assert sizes == sorted(sizes) and len(set(sizes)) > 1


def test_intervals_and_voltages_of_the_output(data, drawn):
    dataset = data["point"]
    found = output_statistics(dataset)
    times = [one.recording.spike_times_ms for one in dataset]
    np.testing.assert_array_equal(found.interval_ms, np.concatenate([np.diff(one) for one in times]))
    assert found.rate_hz == pytest.approx(sum(map(len, times)) / 36)
    assert found.interval_cv == pytest.approx(found.interval_ms.std() / found.interval_ms.mean())
    mean_mv = np.mean([one.recording.v_soma_mv.mean() for one in dataset])
    assert (found.v_mv * found.share).sum() == pytest.approx(mean_mv, abs=0.05) and found.share.sum() == pytest.approx(
        1
    )
    intervals, voltages = drawn["point"]["output"].axes
    n_longer = (found.interval_ms > 2000).sum()
    assert intervals.patches[0].get_data().values.sum() == found.n_intervals - n_longer and n_longer > 0
    assert intervals.get_title().endswith(f", {n_longer} longer")
    assert sum(bar.get_height() for bar in voltages.patches) == pytest.approx(1)
    assert len(drawn["l5"]["output"].axes) == 2
    with pytest.raises(InputError, match="there are no simulations to look at"):
        output_statistics([])


def test_output_of_a_silent_cell_has_neither_a_cv_nor_ticks_between_whole_numbers(data):
    one = data["point"][0]
    silent = replace(one, recording=replace(one.recording, spike_times_ms=np.empty(0)))
    intervals = plots_input.output(output_statistics([silent])).axes[0]
    assert intervals.get_title() == "0.00 Hz" and intervals.get_ylim()[0] == 0
    counts = next(iter(window_counts([silent], SYNAPSES["point"]).values()))
    spikes = plots_input.count_histograms(counts).axes[2]
    low, high = spikes.get_xlim()
    assert [tick for tick in spikes.get_xticks() if low <= tick <= high] == [0] and spikes.get_ylim()[0] < 1


def test_one_seed_gives_one_choice(data):
    def title(seed):
        return next(plots_sets.of_dataset(data["point"], SYNAPSES["point"], seed))[1].axes[0].get_title()

    assert title(4) == title(4) and len({title(seed) for seed in range(6)}) > 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda data: plots_tree.regions(SYNAPSES["point"]), "a point cell has no tree to draw"),
        (lambda data: plots_tree.dendritic_voltages(data["l5"][0], SYNAPSES["l5"], (500, 700)), "inside 0 to 600 ms"),
        (lambda data: plots_input.input_and_output(data["point"][0], SYNAPSES["stick"]), "of 16 synapses, as the cell"),
        (lambda data: plots_input.soma_traces([]), "there are no simulations to draw"),
        (lambda data: next(plots_sets.of_dataset([], SYNAPSES["point"])), "dataset is empty"),
    ],
)
def test_what_is_refused_is_one_line(data, call, message):
    with pytest.raises(InputError, match=message) as caught:
        call(data)
    assert "\n" not in str(caught.value)
