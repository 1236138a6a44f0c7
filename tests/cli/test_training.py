"""`train` beyond the historic flags: run folders, resuming, own tasks and several outputs from training to evaluation."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib

import numpy as np
import pytest

from rate2spike.matlab_compat.matfile import loadmat
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.rate.recipes import recipe

from helpers import small_model, start_interruptible

SMALL = ("--N", "20", "--task", "go-nogo", "--decay_taus", "4", "20", "--n_trials", "3", "--seed", "1")
TWO_OUTPUTS = '''
from dataclasses import dataclass
import numpy as np
from rate2spike.rate.task import Task, Trial

@dataclass(frozen=True)
class Which(Task):
    """Which of two inputs is on?"""
    name = "which"
    n_inputs, n_outputs = 2, 2
    n_steps: int = 60
    window_start = 30

    def trial(self, rng):
        which = int(rng.random() < 0.5)
        stimulus, target = np.zeros((2, self.n_steps)), np.zeros((2, self.n_steps))
        stimulus[which, 10:] = 1
        target[which, 20:] = 1
        return Trial(self, which, stimulus, target)

    def is_correct(self, window, label, *, spiking):
        return window.mean(1).argmax() == label
'''


def last_line(error):
    assert "Traceback" not in error
    return error.strip().splitlines()[-1]


def test_a_run_folder_holds_everything_and_its_config_repeats_it(cli, tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    code, out, error = cli("train", *SMALL, "--task-option", "stim_dur=30", "--run_folder", first)
    assert code == 0 and out.startswith(f"model: {first / 'model.mat'}\nnext: rate2spike train --run_folder {first}"), (
        error
    )
    assert {path.name for path in first.iterdir()} == {
        "config.toml",
        "model.mat",
        "training.csv",
        "evaluations.csv",
        "figures",
        "checkpoints",
    }
    config = tomllib.loads((first / "config.toml").read_text())
    assert config["training"]["seed"] == 1 and config["task_options"]["stim_dur"] == 30
    assert config["versions"]["tensorflow"] and config["run"]["command"]
    model = load_model(first / "model.mat")
    assert model.task_options["stim_dur"] == 30
    code, _, error = cli("train", "--config", first / "config.toml", "--run_folder", second)
    assert code == 0, error
    assert load_model(second / "model.mat") == model
    code, _, error = cli("train", "--config", first / "config.toml", "--n_trials", 2, "--run_folder", tmp_path / "c")
    assert code == 0 and load_model(tmp_path / "c" / "model.mat").last_update == 1


def test_the_recipe_is_a_set_of_defaults(cli, tmp_path):
    code, _, error = cli(
        "train", "--recipe", "--task", "xor", "--N", 20, "--n_trials", 1, "--run_folder", tmp_path / "a"
    )
    assert code == 0, error
    training = tomllib.loads((tmp_path / "a" / "config.toml").read_text())["training"]
    assert training["batch_size"] == 16 and training["clip_norm"] == 1.0 and training["n_units"] == 20


def test_historic_files_hold_no_time_stamp_in_a_run_folder_and_no_other_variables(cli, tmp_path):
    cli("train", *SMALL, "--run_folder", tmp_path / "a")
    cli("train", *SMALL, "--output_dir", tmp_path / "b")
    (historic,) = (tmp_path / "b").rglob("*.mat")
    ours, theirs = (loadmat(path) for path in (tmp_path / "a" / "model.mat", historic))
    assert set(ours) == set(theirs)
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*SMALL, "--resume"], "--resume needs --run_folder"),
        ([*SMALL, "--seeds", "1-3"], "--seeds needs --run_folder"),
        (
            [*SMALL, "--run_folder", "{new}", "--output_dir", "{new}"],
            "give --output_dir (historic folders) or --run_folder",
        ),
        (
            ["--recipe", "--run_folder", "{new}"],
            "--task must be given: go-nogo, xor, mante, dms, afc, sine, or your own",
        ),
        (["--run_folder", "{new}"], "--task, --N, --decay_taus must be given in this mode"),
        (["--run_folder", "{new}", "--resume"], "nothing to resume in"),
        ([*SMALL, "--run_folder", "{new}", "--resume"], "nothing to resume in"),
        ([*SMALL[:-2], "--seeds", "1-2", "--run_folder", "{new}", "--resume"], "nothing to resume in"),
        (["--config", "{new}/none.toml", "--run_folder", "{new}"], "none.toml: No such file or directory"),
        (["--config", "{text}", "--run_folder", "{new}"], "text.txt is no TOML file"),
        (
            ["--config", "{bad}", "--run_folder", "{new}"],
            "bad.toml: unknown setting n_unit in [training]: known are task, ",
        ),
        ([*SMALL, "--config", "{other}", "--run_folder", "{new}"], "it has no [training] (--config)"),
        ([*SMALL, "--run_folder", "{text}/run"], "text.txt/run is not writable: Not a directory"),
        ([*SMALL, "--cell_types", "{bad}", "--run_folder", "{new}"], "bad.toml: cell types need exactly names, shares"),
        ([*SMALL, "--unit_taus", "{text}", "--run_folder", "{new}"], "text.txt must hold numbers alone"),
        (
            [*SMALL, "--task-option", "stim_dur", "--run_folder", "{new}"],
            "--task-option must be NAME=VALUE, got 'stim_dur'",
        ),
        ([*SMALL, "--task-option", "x=1", "--run_folder", "{new}"], "task go-nogo has no option 'x'"),
        ([*SMALL, "--gpu_frac", "2", "--run_folder", "{new}"], "--gpu_frac must be from 0 to 1, got 2"),
        ([*SMALL, "--gpu", "banana", "--run_folder", "{new}"], "--gpu must be an index, several with commas, or all"),
        ([*SMALL, "--model", "x.mat", "--run_folder", "{new}"], "--model is for --mode eval"),
        ([*SMALL, "--recipe", "--config", "{bad}", "--run_folder", "{new}"], "give --recipe or --config, not both"),
        ([*SMALL[:-4], "--n_trials", "99999999999999", "--run_folder", "{new}"], "must be at most 100000000"),
        ([*SMALL, "--recipe", "--lr_schedule", "up", "--run_folder", "{new}"], "unknown learning-rate schedule 'up'"),
    ],
)
def test_bad_input_leaves_nothing(cli, tmp_path, arguments, message):
    (tmp_path / "text.txt").write_text("these = are not numbers")
    (tmp_path / "bad.toml").write_text("[training]\nn_unit = 3\n")
    (tmp_path / "other.toml").write_text('[run]\nkind = "context"\n[context]\nseed = 3\n')
    names = {"new": "new", "text": "text.txt", "bad": "bad.toml", "other": "other.toml"}
    places = {name: tmp_path / file for name, file in names.items()}
    code, out, error = cli("train", *(argument.format(**places) for argument in arguments))
    assert code == 2 and not out
    assert message in last_line(error) and len(error.strip().splitlines()) == 1
    assert not (tmp_path / "new").exists()


def test_a_folder_of_another_run_is_refused(cli, tmp_path):
    cli("train", *SMALL, "--run_folder", tmp_path / "a")
    code, _, error = cli("train", *SMALL, "--run_folder", tmp_path / "a")
    assert code == 2 and "holds a run already: choose another folder, or go on with --resume" in error
    code, _, error = cli("train", *SMALL[:-1], "2", "--run_folder", tmp_path / "a", "--resume")
    assert code == 2 and "has other settings: seed 1 there, 2 here" in last_line(error)


@pytest.mark.slow
def test_two_outputs_and_an_own_task_from_training_to_evaluation(cli, tmp_path):
    (tmp_path / "mine.py").write_text(TWO_OUTPUTS)
    task = f"{tmp_path / 'mine.py'}:Which"
    run = tmp_path / "run"
    code, _, error = cli(
        "train", "--recipe", "--task", task, "--N", 100, "--n_trials", 400, "--seed", 1, "--run_folder", run
    )
    assert code == 0 and "criteria met" in error, error
    model = load_model(run / "model.mat")
    assert model.w_out.shape == (2, 100) and model.b_out.shape == (2,)
    assert (
        model.last_output.shape == (59, 2)
        and model.last_target.shape == (2, 60)
        and model.eval_outputs.shape == (100, 59, 2)
    )
    code, _, error = cli("search", run / "model.mat")
    assert code == 2 and f"its task which is the user's own: give --task {task}" in last_line(error)
    code, out, error = cli(
        "search", run / "model.mat", "--task", task, "--n-trials", 20, "--scaling-factors", "20:20:60", "--seed", 1
    )
    assert code == 0, error
    code, out, _ = cli("evaluate", run / "model.mat", "--task", task, "--n-trials", 100, "--seed", 1, "--json")
    assert code == 0 and json.loads(out)["accuracy"] > 0.9
    code, out, error = cli("train", "--mode", "eval", "--model", run / "model.mat", "--task", task)
    assert code == 0 and "which, accuracy" in out, error
    code, out, _ = cli("inspect", run / "model.mat")
    assert code == 0 and "inputs, outputs 2, 2" in out
    code, _, error = cli("evaluate", run / "model.mat", "--task", "xor", "--n-trials", 5)
    assert code == 2 and "task xor has 1 output(s), the model 2" in last_line(error)


def test_recorded_options_of_a_task_are_honoured(cli, tmp_path, go_nogo_path):
    from dataclasses import replace

    model = load_model(go_nogo_path)
    settings = {"task": "go-nogo", "task_options": json.dumps({"stim_dur": 30, "n_steps": 220})}
    save_model(replace(model, settings=settings, scaling_factor=25.0), tmp_path / "f.mat")
    from rate2spike.rate.model_task import task_of_model

    task = task_of_model(load_model(tmp_path / "f.mat"), tmp_path / "f.mat")
    assert (task.stim_dur, task.n_steps) == (30, 220)
    code, _, error = cli("evaluate", tmp_path / "f.mat", "--n-trials", 20, "--seed", 1, "--task-option", "stim_dur=20")
    assert code == 0, error
    code, _, error = cli("evaluate", tmp_path / "f.mat", "--task-option", "stim_dur=300")
    assert code == 2 and "must follow one another" in last_line(error)


def test_a_search_of_other_options_does_not_reuse_finished_values(tmp_path, go_nogo_path):
    import shutil
    from dataclasses import replace

    from rate2spike.errors import InputError
    from rate2spike.spiking.search.files import search_each
    from rate2spike.spiking.search.options import SearchExecution, SearchOptions

    path = shutil.copy(go_nogo_path, tmp_path)
    seen = []

    def stop(_file, result):
        seen.append(result)
        raise KeyboardInterrupt

    options = SearchOptions(scaling_factors=(20, 25), n_trials=10, seed=1)
    with pytest.raises(KeyboardInterrupt):
        list(search_each(path, options, on_factor=stop))
    options = replace(options, task_options={"stim_dur": 10})
    with pytest.raises(InputError, match=r"other settings \(task_options"):
        list(search_each(path, options, on_factor=stop))
    with pytest.raises(KeyboardInterrupt):
        list(search_each(path, options, SearchExecution(force=True), on_factor=stop))
    assert [result.scaling_factor for result in seen] == [20, 20]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_run_goes_on_after_ctrl_c_in_training(tmp_path, repository):
    command = [
        sys.executable,
        "-m",
        "rate2spike",
        "run",
        "--task",
        "go-nogo",
        "--N",
        "30",
        "--n_trials",
        "300",
        "--seed",
        "1",
        "--evaluate_every",
        "20",
        "--output_dir",
        str(tmp_path),
        "--name",
        "a",
        "--scaling-factors",
        "20",
        "30",
        "--search-trials",
        "4",
        "--evaluation-trials",
        "6",
    ]
    process = start_interruptible(command)
    folder = tmp_path / "a"
    deadline = time.time() + 120
    while not list(folder.glob("checkpoints/*.npz")) and time.time() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert (
        process.returncode == 130
        and f"`rate2spike run --resume --run_folder {folder}` goes on" in error
        and "Traceback" not in error
    )
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (folder / "summary.json").exists() and (folder / "figures" / "spiking_outputs.png").exists()
    (model,) = folder.glob("models/**/*.mat")
    whole = subprocess.run([*command[:-9], "--name", "b", *command[-7:]], capture_output=True, text=True)
    assert whole.returncode == 0, whole.stderr
    (other,) = (tmp_path / "b").glob("models/**/*.mat")
    assert load_model(model) == load_model(other)


def test_a_finished_run_is_not_mistaken_for_another(cli, tmp_path):
    plan = ("--scaling-factors", 30, "--search-trials", 3, "--evaluation-trials", 5)
    base = ("run", "--output_dir", tmp_path, "--name", "😀")
    code, _, error = cli(*base, "--task", "go-nogo", "--N", 20, "--n_trials", 3, "--seed", 1, *plan)
    assert code == 0, error
    summary = (tmp_path / "😀" / "summary.json").read_text()
    for words in (base, ("run", "--run_folder", tmp_path / "😀")):  # the recorded plan holds
        code, out, error = cli(*words, "--resume")
        assert code == 0 and "over 5 fresh trials" in out, error
    assert (tmp_path / "😀" / "summary.json").read_text() == summary
    for change in (("--task", "afc"), ("--seed", 9), ("--n_trials", 5)):
        code, _, error = cli(*base, "--resume", *change)
        assert code == 2 and "has ended with other settings: give another --run_folder" in last_line(error)
    code, _, error = cli("train", "--run_folder", tmp_path / "😀", "--resume")
    assert code == 2 and "is of another kind of run (run, not training)" in last_line(error)
    assert (tmp_path / "😀" / "summary.json").read_text() == summary


def test_a_diverged_run_is_not_taken_for_a_finished_one(cli, tmp_path):
    arguments = (
        "run",
        "--task",
        "afc",
        "--N",
        20,
        "--n_trials",
        5,
        "--learning_rate",
        "1e39",
        "--seed",
        1,
        "--output_dir",
        tmp_path,
        "--name",
        "d",
    )
    for again in ((), ("--resume",)):
        code, _, error = cli(*arguments, *again)
        assert code == 2 and "training diverged" in last_line(error) and "last_good.mat" in last_line(error)
    assert not (tmp_path / "d" / "summary.json").exists()


def test_none_switches_a_setting_of_the_recipe_off(cli, tmp_path):
    assert recipe("xor").clip_norm and recipe("xor").min_updates  # else there were nothing to switch off
    code, _, error = cli(
        "train",
        "--recipe",
        "--task",
        "xor",
        "--clip_norm",
        "none",
        "--min_updates",
        "none",
        "--N",
        20,
        "--n_trials",
        1,
        "--run_folder",
        tmp_path / "a",
    )
    assert code == 0, error
    training = tomllib.loads((tmp_path / "a" / "config.toml").read_text())["training"]
    assert "clip_norm" not in training and "min_updates" not in training


def test_spectrum_is_drawn(cli, tmp_path, go_nogo_path):
    code, out, error = cli("inspect", go_nogo_path, "--spectrum", "--output_dir", tmp_path)
    assert code == 0, error
    from rate2spike.matlab_compat.matfile import loadmat, savemat
    from rate2spike.rate.plots import spectrum

    model, raw = load_model(go_nogo_path), loadmat(go_nogo_path)
    figure = spectrum(model)
    for axes, name, when in zip(figure.axes, ("w0", "w"), ("before", "after"), strict=True):
        # the published rule: rectified weights, masked, times the sign of their source
        values = np.linalg.eigvals(np.maximum(raw[name], 0) * raw["som_m"] @ raw["m"])
        first, second = sorted(np.abs(values), reverse=True)[:2]
        assert f"{when} training largest modulus {first:.2f}, next {second:.2f}" in out
        drawn = [dots.get_offsets() for dots in axes.collections] + [line.get_xydata() for line in axes.lines]
        points = next(xy for xy in drawn if len(xy) == len(values))
        np.testing.assert_allclose(np.sort(np.hypot(*np.transpose(points))), np.sort(np.abs(values)), atol=1e-3)
    assert (tmp_path / f"{go_nogo_path.stem}_spectrum.png").read_bytes().startswith(b"\x89PNG")

    savemat(tmp_path / "x.mat", {"x": 1.0})
    code, _, error = cli("inspect", tmp_path / "x.mat", "--spectrum")
    assert code == 2 and "holds no model whose eigenvalues could be drawn" in last_line(error)
    for run in ("a", "b"):
        (tmp_path / "runs" / run).mkdir(parents=True)
        (tmp_path / "runs" / run / "model.mat").write_bytes(go_nogo_path.read_bytes())
        (tmp_path / "runs" / run / "config.toml").write_text("x = 1")
    code, out, error = cli("inspect", tmp_path / "runs", "--spectrum", "--output_dir", tmp_path / "figures")
    assert code == 0 and out.count("config.toml") == 2, error
    assert {path.name for path in (tmp_path / "figures").glob("*.png")} == {"a_spectrum.png", "b_spectrum.png"}


def test_unusual_types_show_in_the_raster():
    from rate2spike.spiking.scoring import plots
    from rate2spike.spiking.simulator.network import SpikingNetwork

    types = {"cell_type_names": ("PYR", "VIP", "SOM"), "cell_type": np.where(small_model().inhibitory, 2, 0)}
    network = SpikingNetwork.from_model(small_model(**types), 25)
    figure = plots.raster(network.run(np.ones((1, 20)), seed=1, record=("spikes",)), "trial")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["PYR\n(n = 8)", "SOM\n(n = 4)"]
