"""What users of context hold: one line each, equality that never raises, figures, tables."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from rate2spike.calls import CallError
from rate2spike.errors import InputError
from rate2spike.figures import Figure
from rate2spike.io.datasets.synthetic_events import write_synthetic_shd
from rate2spike.readable import LONGEST_LINE
from rate2spike.spiking.context.config import OLD_NAMES, ContextConfig
from rate2spike.spiking.context.data import fingerprint, sources
from rate2spike.spiking.context.f_i_curve import spike_counts
from rate2spike.spiking.context.history import TrainingHistory
from rate2spike.spiking.context.plots import f_i_family
from rate2spike.spiking.context.training import ContextTraining
from rate2spike.spiking.context.trials import batch_of, plan_trial


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    digits = write_synthetic_shd(tmp_path_factory.mktemp("shd"), n_train_per_class=25, n_test_per_class=2)
    config = ContextConfig(dataset="shd", data_path=str(digits), seq_len=2, n_trials=8, batch_size=4, n_units=6)
    return sources(config)


@pytest.fixture(scope="module")
def training(splits, tmp_path_factory):
    """After two epochs."""
    config, source = splits["train"].config, splits["train"]
    made = ContextTraining(config, tmp_path_factory.mktemp("run"), source.n_inputs, fingerprint(source.recordings))
    for _ in range(2):
        made.run_epoch(source, splits["validation"], lambda *_: None)
    return made


@pytest.fixture(scope="module")
def held(splits, training):
    source = splits["test"]
    return [
        source.config,
        plan_trial(np.random.default_rng(1), 0, 20, 19, "memory"),
        source.trial(0),
        batch_of([source.trial(0), source.trial(1)]),
        source,
        training,
        training.history,
        training.measure(source, lambda *_: None),
        training.measure(source, lambda *_: None).scores,
        training.answer(source, 1),
    ]


def test_each_is_one_line_and_a_table(held):
    for one in held:
        text = repr(one)
        assert text.startswith(type(one).__name__ + "(") and len(text) <= LONGEST_LINE and "\n" not in text
        assert one._repr_html_().startswith("<table>") and isinstance(one.to_dict(), dict)


def test_the_line_of_settings_has_what_is_not_the_default():
    assert repr(ContextConfig(seed=5, dataset="shd")) == (
        "ContextConfig(dataset='shd', task_type='recognition', seq_len=1, model_type='clif', seed=5)"
    )
    assert hash(ContextConfig()) == hash(ContextConfig())


@pytest.mark.parametrize("old", OLD_NAMES)
def test_old_names_of_settings_work_with_a_warning(old):
    new = OLD_NAMES[old]
    value = {"recurrent_apical": False}.get(new, 3)
    with pytest.warns(FutureWarning, match=f"{old} of ContextConfig is now called {new}") as warned:
        config = ContextConfig(**{old: value})
    assert [one.filename for one in warned] == [__file__]  # the caller's line
    assert config == ContextConfig(**{new: value}) != ContextConfig()
    with pytest.warns(FutureWarning, match=f"is now called {new}"):
        assert getattr(config, old) == value


def test_a_setting_that_there_is_not_is_one_line():
    with pytest.raises(CallError, match="ContextConfig: unknown setting 'units'; did you mean n_units"):
        ContextConfig(units=3)
    with pytest.raises(CallError, match="did you mean learning_rate"):
        ContextConfig(learning_rat=3)
    assert not hasattr(ContextConfig(), "no_such_thing") and isinstance(ContextConfig(), ContextConfig)
    assert "n_units : int, default 200" in ContextConfig.__doc__


def test_equality_is_by_value_and_never_raises(held, splits):
    for one in held:
        assert one == one and one != None and one != np.arange(3).tolist()  # noqa: E711 - what is compared here
    assert splits["test"].trial(0) == splits["test"].trial(0) != splits["test"].trial(1)
    assert held[7] == held[7].__class__(held[7].loss, held[8], held[7].spike_probability)


def test_results_can_be_pickled(held):
    for one in (held[0], held[1], held[2], held[3], *held[6:]):
        assert pickle.loads(pickle.dumps(one)) == one


def test_the_history_is_that_of_the_log(training):
    history = training.history
    assert TrainingHistory.read(training.folder) == TrainingHistory.read(training.folder / "log.jsonl") == history
    assert len(history) == history.n_epochs == 2 and history[-1]["epoch"] == 2 and len(history[:1]) == 1
    assert [record["epoch"] for record in history] == [1, 2]
    assert history.best_epoch == training.best_epoch and history.last_val_loss == history[1]["val_loss"]
    empty = TrainingHistory()
    assert repr(empty) == "TrainingHistory(n_epochs=0)" and empty.best_epoch is None


def test_training_to_the_end_tells_of_every_batch(splits, tmp_path):
    config, source = replace(splits["train"].config, n_epochs=2), splits["train"]
    training, told = ContextTraining(config, tmp_path, source.n_inputs, "digits"), []
    history = training.to_the_end(splits, progress=lambda *one: told.append(one))
    n_batches = source.n_batches + splits["validation"].n_batches
    assert [one[:2] for one in told] == [(k, 2 * n_batches) for k in range(1, 2 * n_batches + 1)]
    assert told[-1][2].startswith("epoch 2, validation loss ") and len(history) == 2
    again = ContextTraining(config, tmp_path, source.n_inputs, "digits")
    again.resume()
    assert again.to_the_end(splits, progress=False) == history
    with pytest.raises(InputError, match="progress must be True, False, None or a function"):
        again.to_the_end(splits, progress="bar")


def test_a_history_that_is_none_is_one_line(tmp_path):
    (tmp_path / "log.jsonl").write_text(json.dumps({"update": 3}) + "\n")
    for path, message in ((tmp_path / "none", "no log of a training"), (tmp_path, "is no log of the training")):
        with pytest.raises(InputError, match=message) as caught:
            TrainingHistory.read(path)
        assert "\n" not in str(caught.value)


def test_the_table_has_one_row_per_epoch_and_a_column_per_position(training):
    table = training.history.to_dataframe()
    assert len(table) == 2 and list(table["epoch"]) == [1, 2]
    wanted = [record["val_accuracy_per_position"][1] for record in training.history]
    assert list(table["val_accuracy_per_position_2"]) == wanted
    assert all(kind.kind in "fi" for kind in table.dtypes)


def test_the_answered_trial_is_what_the_network_says(training, splits):
    answered = training.answer(splits["test"], 1)
    frames, context = (values[None] for values in (answered.trial.frames, answered.trial.context))
    readout, spikes = training.model([frames, context])
    np.testing.assert_array_equal(answered.spikes, spikes[0])
    first = answered.trial.block_index == 0
    assert answered.logits[0] == pytest.approx(float(readout[0, :, 0].numpy()[first].mean()), abs=1e-5)
    assert answered.answers == tuple(answered.logits > 0) and answered.targets == tuple(answered.trial.targets > 0)
    assert answered.asked_for == splits["test"].recordings.class_names[answered.trial.named]


def figures(training, splits):
    """Each with its number of panels."""
    counts = {name: spike_counts(name, (0.1, 0.3), (0.0, 1.0), n_steps=30) for name in ("relu_mult", "add")}
    return [
        (training.history.plot, 4),
        (training.answer(splits["test"], 1).plot, 4),
        (lambda ax=None: f_i_family(counts, (0.1, 0.3), (0.0, 1.0), 30, ax=ax), 2),
    ]


def test_figures_are_new_or_take_the_place_of_given_axes(training, splits):
    for plot, n_panels in figures(training, splits):
        drawn = plot()
        assert isinstance(drawn, Figure) and len(drawn.axes) == n_panels
        mine = Figure(layout="constrained")
        left, _ = mine.subplots(1, 2)
        assert plot(ax=left) is mine and len(mine.axes) == n_panels + 1
        mine.draw_without_rendering()
        with pytest.raises(InputError, match="ax must be a matplotlib Axes"):
            plot(ax=3)


def test_no_number_on_an_axis_has_an_offset(training):
    """Small differences, and small numbers, are written out."""
    records = tuple(
        {**record, "loss": 1e5 + 1e-2 * k, "val_loss": 1e5, "spike_probability": 1e-5 * k, "val_spike_probability": 0.0}
        for k, record in enumerate(training.history)
    )
    figure = replace(training.history, records=records).plot()
    figure.draw_without_rendering()
    assert all(axes.yaxis.get_offset_text().get_text() == "" for axes in figure.axes)
