"""`rate2spike context`: the historic flags, bad input in one line, a whole small run, interruption and resuming."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib

import h5py
import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.checkpoints import load_latest, save_checkpoint
from rate2spike.io.datasets.synthetic_events import write_synthetic_shd
from rate2spike.options import from_mapping
from rate2spike.spiking.context.config import OLD_NAMES, ContextConfig, with_present_names
from rate2spike.spiking.context.data import synthetic_recordings

from helpers import start_interruptible

HISTORIC = (
    "seed nb_worker data_path batch_size dataset seq_len task_type model_type apical_rec apical_tau lr lr_decay l2_decay "
    "epoch target_spike_prob spike_reg_l2"
).split()
# ten trials wake no network
pytestmark = pytest.mark.filterwarnings("ignore:the network is silent")
SMALL = "--dataset shd --n_samples 10 --batch_size 5 --hidden 8".split()


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return write_synthetic_shd(tmp_path_factory.mktemp("shd"), n_train_per_class=30, n_test_per_class=2)


def test_help_lists_the_historic_flags(cli):
    code, out, _ = cli("context", "--help")
    assert code == 0 and all(f"--{name} " in out for name in HISTORIC)


def test_settings_of_the_version_before_are_read(repository):
    text = (repository / "tests" / "data" / "configs" / "context.toml").read_text()
    recorded = with_present_names(tomllib.loads(text)["context"])
    wanted = dict(dataset="shd", n_trials=10, batch_size=5, n_units=8, synthetic=True, data_path="data")
    assert from_mapping(ContextConfig, recorded, "config.toml") == ContextConfig(**wanted)
    with pytest.raises(InputError, match=r"config\.toml: unknown setting 'n_unit'; did you mean n_units"):
        from_mapping(ContextConfig, {"n_unit": 8}, "config.toml")


def test_historic_defaults():
    defaults = vars(ContextConfig())
    wanted = (
        123123,
        1,
        "./data",
        64,
        "dvsgesture",
        1,
        "recognition",
        "clif",
        True,
        "short",
        1e-2,
        0.85,
        0.0,
        1,
        0.01,
        1e-4,
    )
    assert tuple(defaults[OLD_NAMES.get(name, name)] for name in HISTORIC) == wanted


@pytest.mark.filterwarnings("default:the network is silent")
def test_a_silent_or_saturated_network_is_remarked_upon():
    from rate2spike.cli.context_report import warn_of_activity

    with pytest.warns(
        UserWarning, match=r"silent \(0.05 spikes per unit and second in the test\).* a lower --threshold"
    ):
        warn_of_activity(1e-4, 2.0)
    with pytest.warns(UserWarning, match=r"saturated \(each unit fires in 60% of the steps.*a higher --threshold"):
        warn_of_activity(0.6, 2.0)
    warn_of_activity(0.01, 2.0)


def test_made_up_recordings_are_called_so_from_the_first_line_to_the_last(digits, tmp_path):
    """In a process of its own, as a user sees it; the made-up recordings are the small ones of these tests."""
    shutil.copytree(digits, tmp_path / "synthetic_shd")
    (tmp_path / "synthetic_shd" / "complete.txt").write_text("all files are written\n")
    command = [sys.executable, "-m", "rate2spike", "context", *SMALL, "--synthetic"]
    paths = ["--data_path", str(tmp_path), "--save_dir", str(tmp_path / "run")]
    done = subprocess.run(command + paths, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "clif on synthetic shd, recognition of 1" in done.stderr and "test on synthetic shd: loss" in done.stdout
    assert "warning: the network is silent (" in done.stderr and "a lower --threshold may wake it" in done.stderr
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["synthetic"] is True
    assert "synthetic = true" in (tmp_path / "run" / "config.toml").read_text()


def test_a_whole_run_and_its_continuation(cli, digits, tmp_path):
    flags = ["context", *SMALL, "--data_path", str(digits), "--save_dir", str(tmp_path / "run")]
    code, out, err = cli(
        *flags, "--epoch", "1", "--apical_rec", "FALSE", "--nb_worker", "0", "--log_json", str(tmp_path / "log.jsonl")
    )
    assert code == 0, err
    assert "test on shd: loss" in out and "epoch 1: training loss" in err
    names = {str(path.relative_to(tmp_path / "run")) for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert {
        "config.toml",
        "log.jsonl",
        "model.keras",
        "best.keras",
        "summary.json",
        "figures/learning_curves.png",
        "figures/trial.png",
        "figures/f_i_family.pdf",
    } <= names
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["test_trials"] == 10 and 0 <= summary["test_accuracy"] <= 1
    assert (tmp_path / "log.jsonl").read_text() == (tmp_path / "run" / "log.jsonl").read_text()

    code, _, err = cli(*flags)
    assert code == 2 and "holds a run already" in err
    code, _, err = cli(*flags, "--resume", "--epoch", "2")
    assert code == 0, err
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    code, _, err = cli(*flags, "--resume", "--hidden", "9")
    assert code == 2 and "n_units 8 there, 9 here" in err


def test_a_run_of_an_earlier_version_goes_on_without_a_word_about_names(cli, digits, tmp_path, recwarn):
    run = tmp_path / "run"
    flags = ["context", *SMALL, "--data_path", str(digits), "--run_folder", str(run), "--lr", "0.02"]
    code, _, err = cli(*flags)
    assert code == 0, err
    text, last = (run / "config.toml").read_text(), load_latest(run / "checkpoints")
    former = {new: old for old, new in OLD_NAMES.items()}
    for new, old in former.items():
        text = re.sub(rf"^{new} = ", f"{old} = ", text, flags=re.MULTILINE)
    assert "hidden = 8" in text and "n_units" not in text
    (run / "config.toml").write_text(text)
    older = {former.get(name, name): value for name, value in last.settings.items()}
    save_checkpoint(run / "checkpoints", last.update, last.arrays, older)
    code, _, err = cli("context", "--run_folder", str(run), "--resume", "--epoch", "2")
    assert code == 0, err
    assert not [one for one in recwarn if issubclass(one.category, FutureWarning)] and "is now called" not in err
    assert len((run / "log.jsonl").read_text().splitlines()) == 2
    now = tomllib.loads((run / "config.toml").read_text())["context"]
    assert now["n_units"] == 8 and now["learning_rate"] == 0.02 and not now.keys() & OLD_NAMES.keys()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--dataset mnist", "unknown dataset 'mnist': choose from dvsgesture, shd"),
        ("--surrogate box", "unknown surrogate 'box': choose from triangle, super, gaussian, sigmoid"),
        ("--interaction mult", "unknown interaction 'mult': choose from relu_mult"),
        ("--reset soft", "unknown reset 'soft': choose from subtraction, zero, none"),
        ("--apical_rec maybe", "expected True or False, got 'maybe'"),
        ("--seq_len 20", "seq_len must be below the number of classes"),
        ("--split_by person", "unknown split_by 'person': choose from recording, subject"),
        ("--resume", "--resume needs --run_folder"),
        ("--lr nan", "learning rate must be a positive number, got nan (--lr)"),
        ("--gpu 0,1", "--gpu must be the index of one GPU"),
        ("--seed 9007199254740992", "seed must be at most 9007199254740991, got 9007199254740992 (--seed)"),
    ],
)
def test_bad_flags_are_one_line_and_leave_nothing(flags, message, cli, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = flags.split()
    flags = [word for word in SMALL if word not in words] if words[0] != "--dataset" else []
    code, _, err = cli("context", *flags, "--data_path", str(digits), *words)
    assert code == 2 and message in err and err.strip().count("\n") == 0
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_met_before_recordings_are(cli, tmp_path):
    (tmp_path / "file").write_text("")
    for folder in ("file", "file/run"):
        flags = ["--data_path", tmp_path / "data", "--run_folder", tmp_path / folder]
        code, _, err = cli("context", *SMALL, "--synthetic", *flags)
        assert code == 2 and "is not writable" in err and len(err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_ctrl_c_and_continuation(digits, tmp_path):
    """Interrupted in the middle of an epoch: one line, exit code 130, and the end is that of an uninterrupted run."""
    flags = [sys.executable, "-m", "rate2spike", "context", *SMALL, "--data_path", digits, "--epoch", "30"]
    whole = subprocess.run([*map(str, flags), "--epoch", "3", "--save_dir", tmp_path / "whole"], capture_output=True)
    assert whole.returncode == 0, whole.stderr
    process = start_interruptible([*map(str, flags), "--save_dir", str(tmp_path / "cut")])
    wait_for(tmp_path / "cut" / "log.jsonl")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130 and f"--resume --run_folder {tmp_path / 'cut'}" in err and "Traceback" not in err
    done = len((tmp_path / "cut" / "log.jsonl").read_text().splitlines())
    again = [*map(str, flags), "--resume", "--epoch", str(max(done, 3)), "--run_folder", str(tmp_path / "cut")]
    resumed = subprocess.run(again, capture_output=True)
    assert resumed.returncode == 0, resumed.stderr
    lines = [(tmp_path / name / "log.jsonl").read_text().splitlines()[:3] for name in ("whole", "cut")]
    assert lines[0] == lines[1]


def wait_for(path, timeout_s=120.0):
    end = time.monotonic() + timeout_s
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.05)


def test_synthetic_recordings_are_made_again_if_some_are_gone(tmp_path):
    config = ContextConfig(dataset="shd", synthetic=True, data_path=str(tmp_path))
    folder = synthetic_recordings(config)
    (folder / "shd_test.h5").unlink()
    assert synthetic_recordings(config) == folder and (folder / "shd_test.h5").exists()


def test_missing_recordings_say_where_they_come_from(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for dataset in ("shd", "dvsgesture"):
        code, _, err = cli("context", "--dataset", dataset, "--data_path", str(tmp_path / "none"))
        assert code == 2 and err.strip().count("\n") == 0 and "none" in err
    assert not list(tmp_path.iterdir())


def test_damaged_recordings(cli, digits, tmp_path):
    for path in digits.glob("*.h5"):
        shutil.copy(path, tmp_path)
    train = tmp_path / "shd_train.h5"
    with h5py.File(train, "r+") as file:
        labels = np.array(file["labels"])
        file["labels"][0] = 99
    code, _, err = cli("context", *SMALL, "--data_path", str(tmp_path), "--save_dir", str(tmp_path / "run"))
    assert code == 2 and "99" in err and "shd_train.h5" in err and err.strip().count("\n") == 0
    with h5py.File(train, "r+") as file:
        file["labels"][...] = np.where(labels == 3, 4, labels)
    code, _, err = cli("context", *SMALL, "--data_path", str(tmp_path), "--save_dir", str(tmp_path / "run"))
    assert code == 2 and "no recording of class 3 for train" in err
    train.write_bytes(train.read_bytes()[:2000])
    code, _, err = cli("context", *SMALL, "--data_path", str(tmp_path), "--save_dir", str(tmp_path / "run"))
    assert code == 2 and "shd_train.h5" in err and err.strip().count("\n") == 0
    assert not (tmp_path / "run").exists()


def test_a_folder_of_another_kind_of_run_is_refused(cli, digits, tmp_path):
    (tmp_path / "config.toml").write_text('[run]\nkind = "train"\n')
    code, _, err = cli("context", *SMALL, "--data_path", str(digits), "--save_dir", str(tmp_path), "--resume")
    assert code == 2 and "another kind of run" in err
