"""The experiment of Fig. 4: the claims of its acceptance, and what its figure and files hold."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.matlab_compat.matfile import loadmat, savemat
from rate2spike.spiking.cascade.recurrent_dendrite_demonstration import recurrent_dendrite_demonstration


@pytest.fixture(scope="module")
def shown():
    return recurrent_dendrite_demonstration()


def test_only_the_largest_input_of_the_first_set_makes_the_soma_fire(shown):
    assert shown.n_spikes == {"somatic_spike": (0, 0, 1), "dendritic_spike": (0, 0, 0)}
    assert shown.smallest_spiking_peak["somatic_spike"] == pytest.approx(1.7029, abs=1e-4)


def test_the_dendrite_is_supralinear_in_both_sets(shown):
    assert shown.input_ratio == pytest.approx({"somatic_spike": 1.5, "dendritic_spike": 1.68})
    assert shown.dendrite_ratio == pytest.approx({"somatic_spike": 1.888, "dendritic_spike": 3.852}, abs=1e-3)


def test_the_somatic_spike_makes_the_dendrite_larger(shown):
    assert shown.max_with_spike == pytest.approx((0.9253,), abs=1e-4)
    assert shown.max_without_spike == pytest.approx((0.6107,), abs=1e-4)


def test_settings_given_replace_those_of_all_runs():
    shown = recurrent_dendrite_demonstration(soma_threshold=0.15, gain=2.0)
    assert {run.params.soma_threshold for run in shown.all_runs} == {0.15}
    assert {run.params.gain for run in shown.all_runs} == {2.0}
    assert [run.params.half_activation for run in shown.all_runs] == [1.9] * 3 + [1.8] * 3
    assert list(shown.n_spikes.values()) == [(0, 1, 1)] * 2 and np.isnan(list(shown.dendrite_ratio.values())).all()


def test_a_peak_given_leaves_one_run_per_set():
    shown = recurrent_dendrite_demonstration(peak=2.0)
    assert [run.peak for run in shown.all_runs] == [2.0, 2.0] and len(shown.plot().axes) == 4


def test_the_table_has_a_row_per_run(shown):
    table = shown.table()
    assert {len(values) for values in table.values()} == {6}
    assert table["set"] == ["somatic_spike"] * 3 + ["dendritic_spike"] * 3
    assert table["peak"] == [1.0, 1.5, 1.75, 1.25, 1.85, 2.1]
    assert len(shown.to_dataframe()) == 6


def test_matlab_gets_struct_arrays_with_the_published_fields(shown, tmp_path):
    savemat(tmp_path / "fig4.mat", shown.traces())
    runs = loadmat(tmp_path / "fig4.mat")["dendritic_spike"]
    assert runs.shape == (1, 3) and runs.dtype.names[:3] == ("time", "input", "Vd")
    assert runs[0, 2]["Vd"].shape == (1, 5001) and runs[0, 2]["Vd"].max() == pytest.approx(0.969144, abs=1e-4)
    assert runs[0, 2]["sensit"].item() == 0.2


def test_the_bar_of_the_figure_is_as_long_as_it_says(shown):
    figure = shown.plot()
    assert len(figure.axes) == 4
    for axes in figure.axes:
        (text,) = [text.get_text() for text in axes.texts if "0.2" in text.get_text()]
        bar = axes.lines[-1]
        assert "mV" not in text and np.ptp(bar.get_ydata()) == pytest.approx(0.2)
    assert {axes.get_xlabel() for axes in figure.axes} == {"", "time (ms)"}


def test_runs_are_stacked_as_published(shown):
    left, right = shown.plot().axes[:2]
    for axes, raised in ((left, (0, 0.5, 1.0)), (right, (0, 0.3, 0.9))):
        starts = [line.get_ydata()[0] for line in axes.lines[:-1]]
        assert starts[0::2] == pytest.approx(raised) and starts[1::2] == pytest.approx(raised, abs=0.006)
        assert axes.lines[0].get_xdata()[-1] == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [(dict(sensit=0.3), "did you mean sensitivity?"), (dict(gain="x"), "gain must be a finite")],
)
def test_settings_that_cannot_be_used_are_named(settings, message):
    with pytest.raises(InputError) as caught:
        recurrent_dendrite_demonstration(**settings)
    assert message in str(caught.value) and "\n" not in str(caught.value)
