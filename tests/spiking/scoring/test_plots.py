"""Figures: they carry what they claim, with units, and are saved without a display."""

import numpy as np
import pytest

from rate2spike.io.figure_file import save_figure
from rate2spike.rate import plots as rate_plots
from rate2spike.rate.tasks import GoNogo
from rate2spike.spiking.scoring import plots
from rate2spike.spiking.scoring.go_nogo_trials import eval_go_nogo, go_nogo_trials
from rate2spike.spiking.search.grid import FactorResult, SearchResult
from rate2spike.spiking.search.plots import accuracy_over_factor
from rate2spike.spiking.simulator.network import SpikingNetwork

from helpers import small_model


@pytest.fixture(scope="module")
def record():
    return SpikingNetwork.from_model(small_model(n_som=2), 5.0).run(np.ones((1, 11)) * 20, seed=1)


def labels(figure):
    axes = figure.axes[0]
    return axes.get_xlabel(), axes.get_ylabel()


def test_accuracy_over_factor_marks_the_best():
    factors = tuple(FactorResult(float(s), n, 10, 1.0) for s, n in ((30, 3), (25, 9), (20, 1)))
    figure = accuracy_over_factor(SearchResult("xor", 1, 10, factors))
    line = figure.axes[0].lines[0]
    np.testing.assert_array_equal(line.get_xdata(), [20, 25, 30])
    np.testing.assert_allclose(line.get_ydata(), [0.1, 0.9, 0.3])
    assert labels(figure) == ("scaling factor (1/λ)", "accuracy")


def test_raster_shows_every_spike_by_type(record):
    figure = plots.raster(record, "trial")
    axes = figure.axes[0]
    drawn = sum(line.get_xdata().size for line in axes.lines if line.get_marker() == ".")
    assert drawn == record.spikes.sum()
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "excitatory\n(n = 8)",
        "PV-like inhibitory\n(n = 2)",
        "SOM\n(n = 2)",
    ]
    colours = {line.get_color() for line in axes.lines if line.get_marker() == "."}
    assert {text.get_color() for text in axes.get_yticklabels()} == colours == {"tab:red", "tab:blue", "black"}


def test_condition_outputs_draw_mean_and_band():
    outputs = {"Go": np.array([[0.0, 1.0], [2.0, 3.0]]), "NoGo": np.zeros((3, 2))}
    figure = plots.condition_outputs(outputs, 0.5)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [1, 2])
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xdata(), [0.5, 1.0])
    styles = {(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines}
    assert len(styles) == 2
    assert labels(figure) == ("time (s)", "output")


@pytest.mark.parametrize("n_taus", [1, 2])
def test_rate_figures(n_taus):
    model = small_model(n_taus=n_taus, losses=np.arange(300.0), last_update=199)
    assert rate_plots.loss_curve(model).axes[0].lines[0].get_ydata().size == 200
    assert labels(rate_plots.tau_distribution(model)) == ("synaptic decay time constant (ms)", "units")
    figure = rate_plots.rate_outputs(np.ones((4, 9)), np.array([1, 0, 1, 1]), GoNogo())
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert names == ["NoGo (n = 1)", "Go (n = 3)"]


def test_figures_are_saved_as_png_and_pdf(tmp_path, record):
    paths = save_figure(plots.raster(record, "trial"), tmp_path / "new" / "raster_1.5")
    assert [path.name for path in paths] == ["raster_1.5.png", "raster_1.5.pdf"]
    assert paths[0].read_bytes().startswith(b"\x89PNG") and paths[1].read_bytes().startswith(b"%PDF")


def test_eval_go_nogo_draws_the_published_three_figures(cli, tmp_path, go_nogo_path):
    from rate2spike.matlab_compat.matfile import append

    path = tmp_path / "model.mat"
    path.write_bytes(go_nogo_path.read_bytes())
    append(path, {"opt_scaling_factor": 25})
    paths = eval_go_nogo(path, 1, tmp_path / "figures")
    assert sorted(p.name for p in paths if p.suffix == ".png") == [
        "model_outputs.png",
        "model_raster_go.png",
        "model_raster_nogo.png",
    ]
    code, out, _ = cli("eval-go-nogo", tmp_path, "--output_dir", tmp_path / "figures", "--seed", 1)
    assert code == 0 and "seed 1" in out


def test_eval_go_nogo_trials_tell_go_from_nogo(go_nogo_path):
    from rate2spike.matlab_compat.model_file import load_model

    nogo, go = go_nogo_trials(SpikingNetwork.from_model(load_model(go_nogo_path), 25), seed=1)
    assert go.output[0, 10000:].max() > 0.7 > 0.3 > nogo.output[0, 10000:].max()
