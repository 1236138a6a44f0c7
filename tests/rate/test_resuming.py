"""Training that is interrupted, killed or resumed ends as if it had never stopped. Real TensorFlow throughout."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.io.checkpoints import load_latest, save_checkpoint
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.tasks import GoNogo
from rate2spike.rate.train import Checkpointing, train, train_interruptibly

SMALL = TrainConfig(n_units=20, n_updates=3, seed=1)


def test_interruption_returns_the_network_so_far():
    def stop(update, _loss):
        if update == 1:
            raise KeyboardInterrupt

    result = train_interruptibly(SMALL, on_update=stop)
    assert result.interrupted and result.model.last_update == 1
    assert result.model.training_success is False
    with pytest.raises(KeyboardInterrupt):
        train(SMALL, on_update=stop)


def test_interruption_of_the_last_evaluation_keeps_the_network():
    judged = []  # what is trained, once there is an update to judge

    class Interrupting(GoNogo):
        """Ctrl-C comes while the network is judged, not while the task itself is checked."""

        def is_correct(self, window, label, *, spiking):
            if judged:
                raise KeyboardInterrupt
            return super().is_correct(window, label, spiking=spiking)

    config = replace(SMALL, task=Interrupting(), n_updates=1)
    result = train_interruptibly(config, on_update=lambda update, _loss: judged.append(update))
    whole = train(replace(config, task=GoNogo()))
    assert judged == [0] and result.interrupted and result.model.last_update == 0
    assert result.model.eval_loss is None and result.model.training_success is False and whole.eval_loss is not None
    for name in ("w_rec", "w_out", "tau_logit", "losses"):
        np.testing.assert_array_equal(getattr(result.model, name), getattr(whole, name))
    assert not np.array_equal(whole.w_rec, whole.w_rec_initial)


def test_foreign_files_among_checkpoints_do_no_harm(tmp_path):
    config = replace(SMALL, n_updates=12, evaluate_every=10)
    for name in ("update_x.npz", "update_0000001_backup.npz", "notes.txt"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "update_0000500.npz").write_text("damaged, of an earlier attempt")
    with pytest.warns(UserWarning, match="is damaged"):
        first = train_interruptibly(config, checkpoints=Checkpointing(tmp_path, resume=True))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "notes.txt",
        "update_0000001.npz",
        "update_0000001_backup.npz",
        "update_0000011.npz",
        "update_x.npz",
    ]
    assert train_interruptibly(config, checkpoints=Checkpointing(tmp_path, resume=True)).model == first.model


def test_resuming_after_ctrl_c_equals_the_unbroken_run(tmp_path):
    config = replace(SMALL, n_updates=30, evaluate_every=10, batch_size=4, lr_schedule="cosine", clip_norm=1.0)
    unbroken = train_interruptibly(config)

    def stop(update, _loss):
        if update == 17:
            raise KeyboardInterrupt

    broken = train_interruptibly(config, on_update=stop, checkpoints=Checkpointing(tmp_path))
    assert broken.interrupted and broken.model != unbroken.model
    resumed = train_interruptibly(replace(config, seed=None), checkpoints=Checkpointing(tmp_path, resume=True))
    assert resumed.model == unbroken.model and resumed.evaluations == unbroken.evaluations


def test_ctrl_c_in_an_evaluation_leaves_no_trace_after_resuming(tmp_path):
    config = replace(SMALL, n_updates=25, evaluate_every=10)
    unbroken = train_interruptibly(config)

    def stop(update, _evaluation):
        if update == 11:
            raise KeyboardInterrupt

    broken = train_interruptibly(config, on_evaluation=stop, checkpoints=Checkpointing(tmp_path))
    assert broken.interrupted and broken.model.last_update == 11
    resumed = train_interruptibly(config, checkpoints=Checkpointing(tmp_path, resume=True))
    assert resumed.model == unbroken.model and resumed.evaluations == unbroken.evaluations


def test_a_finished_run_resumes_to_the_same_end(tmp_path):
    config = replace(SMALL, n_updates=12, evaluate_every=10)
    first = train_interruptibly(config, checkpoints=Checkpointing(tmp_path))
    again = train_interruptibly(config, checkpoints=Checkpointing(tmp_path, resume=True))
    assert first.model == again.model
    longer = train_interruptibly(replace(config, n_updates=25), checkpoints=Checkpointing(tmp_path, resume=True))
    whole = train_interruptibly(replace(config, n_updates=25))
    assert longer.model == whole.model


def test_a_setting_that_an_earlier_version_did_not_have_counts_as_its_default(tmp_path):
    config = SMALL
    whole = train_interruptibly(config, checkpoints=Checkpointing(tmp_path))
    checkpoint = load_latest(tmp_path)
    known = {name: value for name, value in checkpoint.settings.items() if name != "l2_rates"}
    save_checkpoint(tmp_path, checkpoint.update, checkpoint.arrays, known)
    assert train_interruptibly(config, checkpoints=Checkpointing(tmp_path, resume=True)).model == whole.model
    with pytest.raises(InputError, match=r"l2_rates 0\.0 there, 0\.5 here"):
        train_interruptibly(replace(config, l2_rates=0.5), checkpoints=Checkpointing(tmp_path, resume=True))


def test_a_checkpoint_of_other_settings_is_refused_with_the_differences(tmp_path):
    train_interruptibly(SMALL, checkpoints=Checkpointing(tmp_path))
    other = replace(SMALL, gain=2.0, tau_steps=(4.0, 30.0), task_options={"stim_dur": 30})
    with pytest.raises(InputError) as caught:
        train_interruptibly(other, checkpoints=Checkpointing(tmp_path, resume=True))
    message = str(caught.value)
    assert "gain 1.5 there, 2.0 here" in message and "tau_steps [4.0, 20.0] there, [4.0, 30.0] here" in message
    assert "task_options.stim_dur 25 there, 30 here" in message and "n_units" not in message


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:400] + b"\0" * 40 + b[440:]]
)
def test_a_damaged_checkpoint_falls_back_to_the_one_before(damage, tmp_path):
    config = replace(SMALL, n_updates=25, evaluate_every=10)
    unbroken = train_interruptibly(config, checkpoints=Checkpointing(tmp_path))
    newest = sorted(tmp_path.glob("*.npz"))[-1]
    newest.write_bytes(damage(newest.read_bytes()))
    with pytest.warns(UserWarning, match="is damaged .*the one before is used"):
        resumed = train_interruptibly(config, checkpoints=Checkpointing(tmp_path, resume=True))
    assert resumed.model == unbroken.model


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_runs_killed_at_any_moment_resume_bit_for_bit(tmp_path, repository):
    """kill -9 at random moments, several times in a row, from the command line; the model file equals the unbroken one."""
    arguments = [
        sys.executable,
        str(repository / "rate" / "main.py"),
        "--N",
        "40",
        "--task",
        "go-nogo",
        "--decay_taus",
        "4",
        "20",
        "--n_trials",
        "400",
        "--batch_size",
        "4",
        "--evaluate_every",
        "20",
        "--seed",
        "3",
    ]
    subprocess.run([*arguments, "--run_folder", str(tmp_path / "unbroken")], check=True, capture_output=True)
    first = [*arguments, "--run_folder", str(tmp_path / "broken")]
    broken = [*first, "--resume"]
    rng = np.random.default_rng(0)
    for k in range(3):
        process = subprocess.Popen(broken if k else first, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        lines = rng.integers(2, 6)
        for _ in range(lines):  # evaluations seen before the kill
            process.stderr.readline()
        process.kill()
        process.communicate()
    assert list((tmp_path / "broken" / "checkpoints").glob("*.npz"))
    assert not (tmp_path / "broken" / "model.mat").exists()
    subprocess.run(broken, check=True, capture_output=True)
    assert load_model(tmp_path / "broken" / "model.mat") == load_model(tmp_path / "unbroken" / "model.mat")
    for name in ("training.csv", "evaluations.csv"):
        assert (tmp_path / "broken" / name).read_text() == (tmp_path / "unbroken" / name).read_text()
