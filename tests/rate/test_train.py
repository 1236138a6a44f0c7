"""Training: it learns, it repeats, it says whether it succeeded. Real TensorFlow throughout."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from rate2spike.errors import InputError
from rate2spike.io.checkpoints import load_latest, save_checkpoint
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.hand_over import network_of
from rate2spike.rate.model import RateNetwork, trial_losses
from rate2spike.rate.rate_evaluation import batch_arrays, evaluate_rate
from rate2spike.rate.tasks import GoNogo, get
from rate2spike.rate.train import Checkpointing, DivergenceError, train, train_interruptibly
from rate2spike.rate.update import (
    batch_gradients,
    compiled_update,
    learning_rate_at,
    make_optimizer,
    part_sizes,
    parts_of,
)
from rate2spike.rate.weights import draw_weights

SMALL = TrainConfig(n_units=20, n_updates=3, seed=1)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"task": "xor"},
        {"task": "mante"},
        {"apply_dale": False},
        {"n_units": 60, "n_som": 5, "p_inh": 0.33},
        {"tau_steps": (7.0,)},
        {"activation": "softplus"},
        {"activation": "clipped_relu"},
        {"loss": "l1"},
        {"batch_size": 4},
        {"weight_distribution": "gamma"},
    ],
    ids=str,
)
def test_every_setting_trains_and_its_model_survives_the_file(settings, tmp_path):
    config = replace(SMALL, **settings)
    model = train(config)
    task = config.task
    save_model(model, tmp_path / "f.mat")
    assert load_model(tmp_path / "f.mat") == model
    changed = not np.array_equal(model.tau_logit, model.tau_logit_initial)
    assert changed == (not config.has_fixed_tau)
    assert not np.array_equal(model.w_rec, model.w_rec_initial)
    np.testing.assert_array_equal(model.w_in, model.w_in_initial)
    if config.apply_dale:
        assert (model.w_rec >= 0).all()
        assert (model.effective_w()[:, model.inhibitory] <= 0).all()
    assert model.last_states.shape == model.first_states.shape == (task.n_steps, config.n_units)
    assert model.eval_outputs.shape == (100, task.n_steps - 1)
    assert model.losses.shape == (3,) and (model.losses > 0).all()
    assert model.settings["task"] == config.task.name and model.settings["seed"] == 1


def test_same_seed_same_network_and_another_seed_another():
    a, b = train(SMALL), train(SMALL)
    assert a == b
    assert not np.array_equal(a.w_rec, train(replace(SMALL, seed=2)).w_rec)


def test_without_a_seed_one_is_drawn_and_recorded():
    model = train(replace(SMALL, seed=None, n_updates=1))
    again = train(replace(SMALL, seed=int(model.settings["seed"]), n_updates=1))
    np.testing.assert_array_equal(model.w_rec, again.w_rec)


def test_one_update_is_adam_on_the_batch_mean():
    """The first Adam step moves every weight with a gradient by the learning rate, whatever the gradient's size."""
    model = train(replace(SMALL, n_updates=1, apply_dale=False, learning_rate=0.003, batch_size=8))
    moved = np.abs(model.w_rec - model.w_rec_initial)
    np.testing.assert_allclose(np.median(moved), 0.003, rtol=1e-3)
    np.testing.assert_allclose(moved, 0.003, rtol=0.2)  # a gradient near epsilon falls a little short


@pytest.mark.parametrize("batch_size", [1, 3, 5, 64, 67])
def test_parts_hold_every_trial(batch_size):
    sizes = part_sizes(batch_size)
    assert sum(sizes) == batch_size and max(sizes) - min(sizes) <= 1 and min(sizes) > 0


def test_gradients_of_the_parts_add_up_to_those_of_the_batch():
    config = TrainConfig(n_units=20, batch_size=5)
    network = network_of(config, draw_weights(config, np.random.default_rng(1)))
    rng = np.random.default_rng(2)
    u, target = batch_arrays([GoNogo().trial(rng) for _ in range(5)])
    seed = tf.constant([3, 4])
    loss, gradients = batch_gradients(network, parts_of(u, target, seed, part_sizes(5)), config)
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    noise = tf.concat([network.draw_noise(n, u.shape[1], s) for n, s in zip((3, 2), seeds, strict=True)], 1)
    with tf.GradientTape() as tape:
        whole = tf.reduce_mean(trial_losses(network(u, noise), target, "l2"))
    assert float(loss) == pytest.approx(float(whole), rel=1e-5)
    for ours, expected in zip(gradients, tape.gradient(whole, network.trainable_variables), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-5)


def test_evaluations_come_when_the_published_code_has_them():
    seen = []
    train(replace(SMALL, n_updates=203), on_evaluation=lambda update, _: seen.append(update))
    assert seen == [1, 101, 201, 202]  # the last one judges the network that is returned


def test_a_run_too_short_for_an_evaluation_is_judged_all_the_same():
    model = train(replace(SMALL, n_updates=1))
    assert model.eval_accuracy is not None and model.training_success is False


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
    class Interrupting(GoNogo):
        """Ctrl-C comes while the network is judged."""

        def is_correct(self, window, label, *, spiking):
            if window.size == 124 and window.std() > 1e-6 and not set(np.unique(window)) <= {0.0, 1.0}:
                raise KeyboardInterrupt  # not while the task itself is checked
            return True

    result = train_interruptibly(replace(SMALL, task=Interrupting(), n_updates=1))
    assert result.interrupted and result.model.eval_loss is None and result.model.last_update == 0


def test_divergence_gives_the_last_good_network_and_advice():
    config = replace(SMALL, n_updates=300, learning_rate=1e30, apply_dale=False, activation="clipped_relu")
    with pytest.raises(
        DivergenceError, match=r"diverged at update \d+: .*Lower learning_rate .*give clip_norm 1"
    ) as caught:
        train(config)
    model = caught.value.model
    assert model.last_update < 299 and np.isfinite(model.w_rec).all() and np.isfinite(model.losses).all()
    assert model.training_success is False


@pytest.mark.slow
def test_go_nogo_meets_the_criteria_by_the_historic_rule():
    """A smaller, batched network keeps this quick; the rule and the numbers are the published ones."""
    updates = []
    config = TrainConfig(n_units=60, batch_size=8, seed=1)
    model = train(config, on_update=lambda update, loss: updates.append(update))
    assert model.training_success is True
    assert model.last_update == updates[-1] and (model.last_update - 1) % 100 == 0 and model.last_update > 1500
    assert model.eval_accuracy > 0.95 and model.eval_loss < 7
    assert not model.losses[model.last_update + 1 :].any()
    fresh = evaluate_rate(RateNetwork.from_model(model), GoNogo(), 200, "l2", np.random.default_rng(0))
    assert fresh.accuracy > 0.95
    assert model.tau_s().min() >= 0.02 and model.tau_s().max() <= 0.1


@pytest.mark.parametrize("which", ["go_nogo_path", "xor_path"])
def test_networks_of_the_published_trainer_solve_their_task_here(which, request):
    """Same equations: the published evaluation found 1.00 and 0.98."""
    model = load_model(request.getfixturevalue(which))
    task = get("xor" if which == "xor_path" else "go-nogo")
    result = evaluate_rate(RateNetwork.from_model(model), task, 300, "l2", np.random.default_rng(3))
    assert result.accuracy >= 0.95
    assert result.loss == pytest.approx(model.eval_loss, rel=0.3)


def test_result_does_not_depend_on_the_number_of_threads(tmp_path):
    code = """
import sys
import rate2spike as r2s
r2s.save_model(r2s.train(r2s.TrainConfig(n_units=100, batch_size=16, n_updates=5, seed=1)), sys.argv[1])
"""
    for threads in ("1", "3"):
        environment = os.environ | {"TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads}
        command = [sys.executable, "-c", code, str(tmp_path / f"{threads}.mat")]
        subprocess.run(command, env=environment, check=True, capture_output=True)
    assert load_model(tmp_path / "1.mat") == load_model(tmp_path / "3.mat")


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [0.02, 0.02, 0.02, 0.02]),
        ("cosine", [0.02, 0.02 * 0.55, 0.002, 0.002]),  # halfway: the mean of both ends
        ("exponential", [0.02, 0.02 * 10**-0.5, 0.002, 0.002]),
    ],
)
def test_learning_rate_schedules(schedule, expected):
    config = TrainConfig(learning_rate=0.02, lr_schedule=schedule, lr_decay_updates=1000, lr_final=0.1)
    assert [learning_rate_at(config, update) for update in (0, 500, 1000, 3000)] == pytest.approx(expected)


def test_the_schedule_reaches_the_optimiser():
    rows = train_interruptibly(replace(SMALL, n_updates=5, evaluate_every=1, lr_schedule="exponential")).evaluations
    assert rows[-1].learning_rate < rows[1].learning_rate < 0.01
    slow = train(replace(SMALL, n_updates=2, lr_schedule="exponential", lr_decay_updates=1, lr_final=0.0))
    once = train(replace(SMALL, n_updates=1))
    np.testing.assert_allclose(slow.w_rec, once.w_rec, atol=1e-9)  # the second update has no rate left


def test_clipping_bounds_the_step_but_not_its_direction():
    """Plain Adam divides by the gradient's size, so one clipped step is as long; the moments show the clipping."""
    moments = []
    for clip_norm in (None, 1e-3):
        with_checkpoints = replace(SMALL, n_updates=2, clip_norm=clip_norm)
        network = network_of(with_checkpoints, draw_weights(with_checkpoints, np.random.default_rng(0)))
        optimizer = make_optimizer(network, with_checkpoints)
        u, target = batch_arrays([GoNogo().trial(np.random.default_rng(k)) for k in range(1)])
        compiled_update(network, with_checkpoints, optimizer)(u, target, tf.constant([1, 2]))
        moments.append(np.concatenate([np.ravel(v.numpy()) for v in optimizer.variables if "momentum" in v.path]))
    plain, clipped = moments
    assert np.linalg.norm(clipped) == pytest.approx(0.1 * 1e-3, rel=1e-4)  # 1 - beta_1 of the clipped gradient
    np.testing.assert_allclose(clipped / np.linalg.norm(clipped), plain / np.linalg.norm(plain), atol=1e-6)


def test_weights_that_a_last_update_destroyed_are_not_saved():
    result = train_interruptibly(replace(SMALL, n_updates=1, learning_rate=1e39))
    assert result.diverged_at == 0 and np.isfinite(result.model.w_rec).all() and result.model.last_update == -1


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


def test_penalties_shrink_weights_and_rates():
    base = replace(SMALL, n_updates=60, batch_size=4, apply_dale=False)
    plain, few, quiet = (train(replace(base, **penalty)) for penalty in ({}, {"l2_weights": 1.0}, {"l2_rates": 500.0}))
    assert np.square(few.effective_w()).sum() < 0.6 * np.square(plain.effective_w()).sum()
    assert np.square(quiet.last_rates).mean() < 0.7 * np.square(plain.last_rates).mean()


def test_patience_ends_a_training_that_no_longer_improves():
    stuck = replace(SMALL, n_updates=200, evaluate_every=5, patience=3, learning_rate=1e-9)
    result = train_interruptibly(stuck)
    losses = [row.loss for row in result.evaluations]
    assert result.model.last_update < 199
    assert len(losses) - 1 - int(np.argmin(losses)) == 3
    assert result.model.training_success is False


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


def test_two_logical_cpus_give_what_one_gives(tmp_path):
    code = """
import sys
import tensorflow as tf
device = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()] * 2)
import rate2spike as r2s
config = r2s.TrainConfig(n_units=30, n_updates=10, batch_size=8, clip_norm=0.5, l2_weights=1e-3, l2_rates=0.1, seed=3)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]) if sys.argv[2] == "2" else None
r2s.save_model(r2s.train(config, strategy=strategy), sys.argv[1])
"""
    models = []
    for n in ("1", "2"):
        subprocess.run([sys.executable, "-c", code, str(tmp_path / f"{n}.mat"), n], check=True, capture_output=True)
        models.append(load_model(tmp_path / f"{n}.mat"))
    for name in ("w_rec", "w_out", "tau_logit", "losses"):
        a, b = (getattr(model, name) for model in models)
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert not np.array_equal(models[0].w_rec, models[0].w_rec_initial)


def test_more_replicas_than_trials_are_refused():
    network = network_of(SMALL, draw_weights(SMALL, np.random.default_rng(0)))

    class TwoReplicas:
        num_replicas_in_sync = 2

    with pytest.raises(InputError, match=r"batch size 1 is below the number of replicas, 2 \(batch_size\)"):
        compiled_update(network, SMALL, make_optimizer(network, SMALL), TwoReplicas())
