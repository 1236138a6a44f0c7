"""Tuning of model files: what is written, what is left alone, kills and resumption, and that MATLAB code runs the result."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.figures import Figure
from rate2spike.io.lock_file import exclusive
from rate2spike.matlab_compat.model_update import update_model
from rate2spike.rate import tasks
from rate2spike.spiking.simulator.simulate_reference import InjectedDraws
from rate2spike.spiking.tuning.kept_state import state_path
from rate2spike.spiking.tuning.table import COLUMNS, FileOutcome

from helpers import small_model

# a round or two of descent, from 0.6 to at least 0.75
SETTINGS = dict(scaling_factor=45, n_trials=60, seed=1, scaling_factors=(40, 45), search_trials=10, accuracy=0.75)
GRADIENT = {**SETTINGS, "n_rounds": 4}
READOUT = {**SETTINGS, "n_rounds": 0, "n_trials": 20, "scaling_factors": (45,)}  # which does not help this network
MATLAB = Path(r2s.__file__).parent / "matlab_compat" / "m"


@pytest.fixture(scope="module")
def failing_path(repository):
    """A trained network that does not convert."""
    return repository / "tests" / "data" / "tuning" / "go_nogo_n_50.mat"


@pytest.fixture(scope="module")
def tuned(tmp_path_factory, failing_path):
    """The file after tuning, and what was returned."""
    path = Path(shutil.copy(failing_path, tmp_path_factory.mktemp("tuned") / "network.mat"))
    return path, r2s.tune_files(path, **GRADIENT)


def flags(settings):
    """The same on a command line."""
    words = []
    for name, value in settings.items():
        values = value if isinstance(value, tuple) else (value,)
        words += ["--" + name.replace("_", "-"), *map(str, values)]
    return words


def copies(failing_path, folder, n):
    folder.mkdir()
    return [Path(shutil.copy(failing_path, folder / f"seed_{k}.mat")) for k in range(n)]


def test_the_file_is_the_tuned_network_and_holds_the_one_that_was_trained(tuned, failing_path):
    path, [found] = tuned
    original, model = r2s.load_model(failing_path), r2s.load_model(path)
    assert found.outcome is FileOutcome.TUNED and found.accuracy_before < 0.75 <= found.accuracy
    assert model.is_tuned and model.untuned() == original and model == found.result.model
    assert (model.w_rec != original.w_rec).any() and model.w_rec.dtype == original.w_rec.dtype
    assert np.abs(model.effective_w()).max() <= np.abs(original.effective_w()).max()
    assert not model.effective_w()[original.connection_mask == 0].any() and (model.w_rec >= 0).all()
    assert model.scaling_factor == 45 and list(model.scaling_factors) == [40, 45]
    assert r2s.accuracy(path, n_trials=200, seed=77) > r2s.accuracy(
        failing_path, n_trials=200, seed=77, scaling_factor=45
    )
    before, after = (r2s.loadmat(one) for one in (failing_path, path))
    changed = [name for name in before if not np.array_equal(before[name], after[name])]
    assert changed == ["w", "w_out"] and [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_was_tuned_is_left_alone_unless_forced(tuned, tmp_path):
    path = Path(shutil.copy(tuned[0], tmp_path / "network.mat"))
    before = path.read_bytes()
    [found] = r2s.tune_files(path, **GRADIENT)
    now = tuned[1][0]
    said = f"is tuned already, from accuracy {now.accuracy_before:.3f} to {now.accuracy:.3f} (force tunes it again)"
    assert found.outcome is FileOutcome.ALREADY_TUNED and found.note == said
    assert path.read_bytes() == before and found.accuracy == now.accuracy
    assert found.interval_low == pytest.approx(now.interval_low)
    [found] = r2s.tune_files(path, force=True, **READOUT)  # from the untuned weights, which this does not help
    assert found.outcome is FileOutcome.NOT_REACHED and found.accuracy_before < 0.75
    model = r2s.load_model(path)
    assert not model.is_tuned and not [name for name in model.settings if name.startswith(("tune_", "untuned_"))]


def test_a_training_that_is_resumed_leaves_its_tuned_network_alone(tuned, failing_path, tmp_path):
    path = Path(shutil.copy(tuned[0], tmp_path / "network.mat"))
    original = r2s.load_model(failing_path)
    assert update_model(original, path) is False and path.read_bytes() == tuned[0].read_bytes()
    assert update_model(replace(original, w_out=2 * original.w_out), path) is True  # trained on
    assert not r2s.load_model(path).is_tuned


def test_a_network_that_converts_is_left_as_it_is(go_nogo_path, tmp_path):
    path = Path(shutil.copy(go_nogo_path, tmp_path / "go_nogo.mat"))
    quick = dict(n_trials=50, seed=1, scaling_factors=(25, 30), search_trials=10)
    trained = r2s.load_model(path)
    [found] = r2s.tune_files(path, "go-nogo", **quick)
    assert found.outcome is FileOutcome.CONVERTS_ALREADY and found.note.startswith("converts already: accuracy ")
    searched = r2s.load_model(path)  # it had no scaling factor: the search is appended
    assert searched.scaling_factor == found.scaling_factor and np.array_equal(searched.w_rec, trained.w_rec)
    assert searched.untuned() is searched
    before = path.read_bytes()
    [again] = r2s.tune_files(tmp_path, **quick)
    assert again.outcome is FileOutcome.CONVERTS_ALREADY and again.scaling_factor == found.scaling_factor
    assert path.read_bytes() == before and [one.name for one in tmp_path.iterdir()] == [path.name]


def test_ctrl_c_keeps_finished_steps_and_the_same_call_goes_on_to_the_same_file(tuned, failing_path, tmp_path):
    path = Path(shutil.copy(failing_path, tmp_path / "network.mat"))

    def interrupt(_n_done, _n_total, text):
        if text.startswith("gradient 1: loss"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        r2s.tune_files(path, progress=interrupt, **GRADIENT)
    assert path.read_bytes() == failing_path.read_bytes() and state_path(path).exists()
    assert not list(tmp_path.glob("*.lock"))
    with pytest.raises(InputError, match=r"other settings .*accuracy 0\.75 there, 0\.9 here") as caught:
        r2s.tune_files(path, **{**GRADIENT, "accuracy": 0.9})
    assert "\n" not in str(caught.value) and "force" in str(caught.value)
    steps = []
    without_seed = {name: value for name, value in GRADIENT.items() if name != "seed"}  # that of the beginning counts
    r2s.tune_files(path, progress=lambda _n, _total, text: steps.append(text), **without_seed)
    assert not [text for text in steps if text.startswith("readout")]
    assert path.read_bytes() == tuned[0].read_bytes() and [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_tuning_that_was_killed_goes_on_to_the_same_file(tuned, failing_path, tmp_path):
    path = Path(shutil.copy(failing_path, tmp_path / "network.mat"))
    command = [sys.executable, "-m", "rate2spike", "tune", str(path), *flags(GRADIENT), "-q"]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 300
    while not state_path(path).exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert path.read_bytes() == failing_path.read_bytes()
    [found] = r2s.tune_files(path, **GRADIENT)
    assert found.outcome is FileOutcome.TUNED and path.read_bytes() == tuned[0].read_bytes()
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_state_of_another_network_or_a_damaged_one_does_not_count(failing_path, tmp_path):
    path = Path(shutil.copy(failing_path, tmp_path / "network.mat"))
    state_path(path).write_bytes(b"half a file")
    [found] = r2s.tune_files(path, **READOUT)
    assert [step.name for step in found.result.steps] == ["converted", "readout"] and not state_path(path).exists()


def numbers(table):
    return [(row.path.name, row.accuracy_before, row.accuracy, row.mean_rate_hz, row.seed) for row in table]


def test_processes_executors_and_shards_give_the_numbers_of_one_process(failing_path, tmp_path):
    here = copies(failing_path, tmp_path / "here", 3)
    expected = numbers(r2s.tune_files(tmp_path / "here", **READOUT))
    assert len(expected) == 3 and expected[0][1] < 0.75
    copies(failing_path, tmp_path / "processes", 3)
    assert numbers(r2s.tune_files(tmp_path / "processes", n_workers=2, **READOUT)) == expected
    shared = copies(failing_path, tmp_path / "shards", 3)
    with ThreadPoolExecutor(1) as threads:
        shards = [r2s.tune_files(tmp_path / "shards", shard=f"{k}/2", executor=threads, **READOUT) for k in (1, 2)]
    assert [len(shard) for shard in shards] == [2, 1]
    assert sorted(numbers([*shards[0], *shards[1]])) == expected
    assert [one.read_bytes() for one in shared] == [one.read_bytes() for one in here]


@pytest.mark.slow
def test_workers_of_a_dask_cluster_tune(cli, failing_path, tmp_path):
    distributed = pytest.importorskip("distributed")
    copies(failing_path, tmp_path / "models", 2)
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        where = ("--scheduler", cluster.scheduler_address)
        code, out, error = cli("tune", tmp_path / "models", *where, "--json", *flags(READOUT))
    assert code == 0, error
    assert out.count('"outcome": "not reached"') == 2 and out.count("\n") == 2


def test_several_files_do_not_stop_one_another(failing_path, tmp_path):
    good, damaged, other, claimed, held = copies(failing_path, tmp_path / "models", 5)
    damaged.write_bytes(damaged.read_bytes()[:3000])
    r2s.save_model(small_model(n_inputs=3), other)
    r2s.append(claimed, {"opt_scaling_factor": np.nan})
    before = {one: one.read_bytes() for one in (damaged, other, claimed, held)}
    with exclusive(held.with_name(held.name + ".tune.lock"), "test"):
        table = r2s.tune_files(good.parent, **READOUT)
    assert [row.outcome.value for row in table] == ["not reached", "failed", "failed", "claimed", "claimed"]
    assert all("\n" not in row.note for row in table) and "in use by process" in table[4].note
    assert all(one.read_bytes() == content for one, content in before.items()) and table.n_failed == 2
    assert r2s.load_model(good).scaling_factor == 45  # it had none: what the search found is appended


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": "xor"}, "task xor has 2 input"),
        ({"accuracy": 1.5}, "accuracy must be"),
        ({"n_rounds": -1}, "number of rounds"),
        ({"shard": "3/2"}, "must be I/N"),
        ({"no_such": 1}, "no_such"),
        ({"n_threads": 1, "n_workers": 2}, "a worker uses one thread"),
    ],
)
def test_bad_settings_are_one_line_and_touch_nothing(changes, words, failing_path, tmp_path):
    path = Path(shutil.copy(failing_path, tmp_path / "network.mat"))
    with pytest.raises(InputError, match=words) as caught:
        r2s.tune_files(path, **changes)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == failing_path.read_bytes() and list(tmp_path.iterdir()) == [path]


def test_a_rate_network_that_fails_is_refused_with_its_accuracy(failing_path, tmp_path):
    path = Path(shutil.copy(failing_path, tmp_path / "network.mat"))
    r2s.append(path, {"w_out": -r2s.loadmat(path)["w_out"]})
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"the rate network itself solves 0\.\d\d of 100 trials of go-nogo") as caught:
        r2s.tune_files(path, **READOUT)
    assert "\n" not in str(caught.value) and path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_the_table_can_be_read_and_drawn(tuned):
    table = tuned[1]
    assert repr(table) == "TuningTable(n_networks=1, converting_before=0, converting=1)"
    assert "<table>" in table._repr_html_() and "<table>" in table[0]._repr_html_()
    frame = table.to_dataframe()
    assert tuple(frame.columns) == COLUMNS and frame.loc[0, "outcome"] == "tuned"
    assert frame.loc[0, "before_low"] < frame.loc[0, "accuracy_before"] < frame.loc[0, "interval_low"]
    figure = table.plot()
    assert [axes.get_ylabel() for axes in figure.axes] == ["accuracy (fraction of trials)", "mean rate (Hz)"]


def test_the_figure_of_a_tuning_goes_where_it_is_told(tuned):
    result = tuned[1][0].result
    whole = Figure(figsize=(13, 8), layout="constrained")
    above, _ = whole.subplots(2, 1)
    assert result.plot(above) is whole and len(whole.subfigs) == 1
    labels = [axes.get_xlabel() for axes in result.plot().axes]
    assert labels[3:] == ["firing rate before (Hz)", "weight before (of the largest)", "scaling factor (1/λ)"]


@pytest.mark.octave
def test_matlab_code_runs_the_tuned_file_to_the_same_decisions(octave, tuned, failing_path, tmp_path):
    """The published equations in plain MATLAB on the file as it is, with the same random numbers."""
    for name, path in (("tuned", tuned[0]), ("untuned", failing_path)):
        shutil.copy(path, tmp_path / f"{name}.mat")
    rng, task, network = np.random.default_rng(5), tasks.get("go-nogo"), tuned[1][0].result.network
    drawn = [task.draw(rng) for _ in range(10)]
    trials = [next(trial for trial in drawn if trial.label == label) for label in task.labels()]
    draws = [
        InjectedDraws(rng.random(50), rng.standard_normal(50 * network.n_steps(trials[0].stimulus))) for _ in trials
    ]
    ours = [
        network.run(trial.stimulus, record="output", draws=given).output
        for trial, given in zip(trials, draws, strict=True)
    ]
    r2s.savemat(
        tmp_path / "trials.mat",
        {
            "u": np.concatenate([trial.stimulus for trial in trials]),
            "UZ": np.array([given.uniforms for given in draws]),
            "NZ": np.array([given.normals for given in draws]),
        },
    )
    octave(
        f"""addpath('{MATLAB}'); load trials.mat; a = load('tuned.mat'); b = load('untuned.mat'); outputs = [];
        same = isequal(a.r2s_untuned_w, b.w) && isequal(a.r2s_untuned_w_out, b.w_out);
        for k = 1:rows(u)
            [~, ~, ~, ~, ~, outputs(k, :)] = rate2spike_reference('tuned.mat', a.opt_scaling_factor, u(k, :), ...
                struct('mode', 'none'), 1, false, UZ(k, :)', NZ(k, :)');
        end
        save('-v7', 'outputs.mat', 'outputs', 'same');""",
        tmp_path,
    )
    found = r2s.loadmat(tmp_path / "outputs.mat")
    assert found["same"] and len(found["outputs"]) == 2
    for trial, output, own in zip(trials, found["outputs"], ours, strict=True):
        # sums in another order move a spike by a step now and then
        np.testing.assert_allclose(output, own[0], atol=0.02)
        assert trial.score_spiking(output[None]) == trial.score_spiking(own)
