"""What users hold of the rate side: one line, tables, figures that can be told apart and hide no curve."""

import copy
import json
import pickle
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.matlab_compat.matfile import OpaqueValue, Variable
from rate2spike.rate import plots
from rate2spike.rate.cell_types import CellTypes
from rate2spike.rate.outcomes import Outcome, Population
from rate2spike.rate.stopping import EvaluationRow
from rate2spike.rate.train import train_interruptibly
from rate2spike.readable import LONGEST_LINE, as_json

from helpers import small_model

OUTCOMES = Population(
    [
        *(Outcome(seed, "finished", seed < 3, 252, 1.5, 1.0 if seed < 3 else 0.5, 8.0, "m.mat") for seed in range(5)),
        Outcome(9, "failed", message="n_som 9 exceeds the units"),
    ]
)


@pytest.fixture(scope="module")
def result():
    return train_interruptibly(r2s.TrainConfig(n_units=20, n_updates=6, evaluate_every=2, seed=1))


@pytest.fixture(scope="module")
def records(result):
    trial = r2s.tasks.get("mante").draw(1)
    return {
        "TrainedModel": result.model,
        "TrainingResult": result,
        "EvaluationRow": result.evaluations[0],
        "Trial": trial,
        "Outcome": OUTCOMES[0],
        "Population": OUTCOMES,
        "TrainConfig": r2s.recipe("xor"),
        "Mante": trial.task,
        "CellTypes": CellTypes(("PYR", "PV"), (0.8, 0.2), (False, True), ((True, True), (True, False))),
        "Variable": Variable("x", (1, 2), "double", 16),
        "OpaqueValue": OpaqueValue("table", b"x" * 5000),
    }


def test_each_is_a_line_equal_by_value_and_travels(records):
    for name, record in records.items():
        line = repr(record)
        assert line.startswith(f"{name}(") and len(line) <= LONGEST_LINE and "\n" not in line, line
        assert pickle.loads(pickle.dumps(record)) == record == copy.deepcopy(record), name
        assert (record == 5) is False and (record != "x") is True
        assert f"{name.lower() if name == 'Mante' else name}</caption>" in record._repr_html_()


def test_lines_say_what_matters(result, go_nogo_path):
    assert repr(replace(result.model, n_som=2, scaling_factor=25.0)) == (
        "TrainedModel(task='go-nogo', n_units=20, n_inhibitory=3, n_som=2, n_updates=6, "
        f"accuracy={result.model.eval_accuracy:.4g}, criteria_met=False, scaling_factor=25)"
    )
    assert "scaling_factor" not in repr(replace(result.model, scaling_factor=float("nan")))
    assert (
        repr(r2s.load_model(go_nogo_path)) == "TrainedModel(n_units=200, n_inhibitory=39, n_updates=1502, accuracy=1)"
    )
    assert repr(small_model()) == "TrainedModel(n_units=12, n_inhibitory=4)"
    assert repr(r2s.tasks.get("xor").draw(2)) == (
        "Trial(task='xor', label='same', n_inputs=2, n_outputs=1, duration_s=1.5)"
    )
    assert repr(r2s.TrainConfig(task="xor", task_options={"delay": 20}, n_units=50, clip_norm=1)) == (
        "TrainConfig(task='xor', task_options={delay: 20}, n_units=50, clip_norm=1)"
    )
    assert repr(OUTCOMES) == "Population(n_networks=6, criteria_met=3, failed=1, mean_accuracy=0.8)"
    assert "message='n_som 9 exceeds the units'" in repr(OUTCOMES[-1]) and "message" not in repr(OUTCOMES[0])
    assert repr(OpaqueValue("table", b"x")) == "OpaqueValue(class_name='table')"


def test_dicts_and_tables(result):
    values = result.model.to_dict()
    assert values["n_updates"] == 6 and values["w_rec"] is result.model.w_rec
    assert json.loads(as_json(result.model))["task"] == "go-nogo"
    table = result.to_dataframe()
    assert list(table.columns) == ["update", "loss", "accuracy", "learning_rate"] and list(table["update"]) == [1, 3, 5]
    assert list(OUTCOMES.to_dataframe()["seed"]) == [0, 1, 2, 3, 4, 9]
    assert EvaluationRow(1, 2.0, 0.5, 0.01) == EvaluationRow(1, 2.0, 0.5, 0.01)


def drawings(result):
    model, trial = result.model, r2s.tasks.get("xor").draw(1)
    return [
        model.plot,
        model.plot_loss,
        model.plot_time_constants,
        model.plot_spectrum,
        model.plot_outputs,
        result.plot,
        trial.plot,
        OUTCOMES.plot,
        lambda ax=None: r2s.training_figure({"loss": [3, 2], "val_loss": [2, 1], "val_accuracy": [0.5, 1]}, ax=ax),
    ]


def test_figures_show_themselves_and_draw_into_given_axes(result):
    for plot in drawings(result):
        alone = plot()
        assert alone._repr_png_().startswith(b"\x89PNG") and alone.axes
        figure, (left, right) = plt.subplots(1, 2)
        try:
            assert plot(ax=right) is figure and left in figure.axes and len(figure.axes) == len(alone.axes) + 1
            for wrong in (figure, 5):
                with pytest.raises(InputError, match="ax must be a matplotlib Axes"):
                    plot(ax=wrong)
        finally:
            plt.close(figure)


def test_nothing_is_drawn_of_what_is_not_there():
    assert small_model().plot_loss().axes[0].texts[0].get_text() == "the file holds no losses"
    assert len(small_model().plot().axes) == 3
    with pytest.raises(InputError, match="the model holds no evaluation"):
        small_model().plot_outputs()
    assert Population().plot().axes and repr(Population()) == "Population(n_networks=0, criteria_met=0, failed=0)"


def test_the_running_mean_stands_amid_its_updates_and_a_spike_does_not_squash_the_scale():
    losses = np.where(np.arange(400) < 200, 10.0, 2.0)
    losses[0] = 900.0
    model = small_model(losses=losses, last_update=399, settings={"task": "go-nogo"})
    axes = model.plot_loss().axes[0]
    each, mean, criterion = axes.lines[:3]
    assert each.get_ydata().size == 400
    x, y = mean.get_data()
    assert x[np.argmin(np.abs(y - 6.0))] == pytest.approx(199.5, abs=1)  # half way where the step is
    assert set(criterion.get_ydata()) == {7.0} and 10 < axes.get_ylim()[1] < 20
    own = replace(model, settings={"task": "go-nogo", "config": '{"loss_threshold": 3}'})
    assert set(own.plot_loss().axes[0].lines[2].get_ydata()) == {3.0}
    unknown = replace(model, settings={"task": "mine"}).plot_loss().axes[0]
    assert not any(set(line.get_ydata()) == {7.0} for line in unknown.lines)


def hidden_by_its_legend(axes) -> bool:
    """Whether a curve passes behind the legend."""
    axes.figure.draw_without_rendering()
    box = axes.get_legend().get_window_extent()
    points = [line.get_transform().transform(line.get_xydata()) for line in axes.lines if len(line.get_xydata())]
    inside = [
        (box.x0 < x) & (x < box.x1) & (box.y0 < y) & (y < box.y1) for x, y in (np.transpose(one) for one in points)
    ]
    return any(one.any() for one in inside)


def test_no_legend_lies_on_a_curve_and_no_point_on_the_frame():
    rng = np.random.default_rng(0)
    model = small_model(losses=rng.uniform(0, 9, 300), last_update=299, settings={"task": "go-nogo"})
    outputs = np.repeat(rng.uniform(-1, 1, (1, 4, 49)), 5, 0).reshape(20, 49)
    labels = np.tile([-1, 1, -1, 1], 5)
    figures = [
        model.plot_loss(),
        plots.rate_outputs(outputs, labels, r2s.tasks.get("mante")),
        r2s.training_figure({"loss": [9, 9, 9], "val_loss": [9, 8, 9], "val_accuracy": [0, 1, 1]}),
        OUTCOMES.plot(),
    ]
    for figure in figures:
        assert not hidden_by_its_legend(figure.axes[0])
    for axes in figures[2].axes:
        for line in axes.lines:
            x, y = line.get_data()
            assert axes.get_xlim()[0] < min(x) and max(x) < axes.get_xlim()[1]
            assert axes.get_ylim()[0] < min(y) and max(y) < axes.get_ylim()[1]


def test_networks_that_coincide_are_counted():
    axes = OUTCOMES.plot().axes[0]
    assert [text.get_text().strip() for text in axes.texts] == ["x 3", "x 2"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "criteria met (n = 3)",
        "criteria not met (n = 2)",
    ]


def test_an_outlying_eigenvalue_does_not_empty_the_panel():
    weights = np.diag([0.5, -0.5, 0.3, 20.0]).astype(np.float32)
    model = small_model(n_units=4, dale=False, w_rec=weights, w_rec_initial=weights / 40, sign_matrix=np.eye(4))
    before, after = model.plot_spectrum().axes
    assert after.get_xlim()[1] < 2 and any("one at 20" in text.get_text() for text in after.texts)
    assert (not before.texts and before.get_xlim() != after.get_xlim()) or before.get_xlim()[1] < 2
