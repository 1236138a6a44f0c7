"""Dendrites from settings to file: what is drawn, trained, handed over, resumed and refused."""

from copy import deepcopy as copy
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.keras_model import RateLayer
from rate2spike.rate.model import RateNetwork
from rate2spike.rate.rate_evaluation import evaluate_rate
from rate2spike.rate.train import train, train_interruptibly
from rate2spike.rate.training_run import Checkpointing
from rate2spike.rate.weights import draw_weights
from rate2spike.seeding import Role, generator

SMALL = TrainConfig(n_units=20, n_updates=3, seed=1, dendrites="active")


def drawn(config):
    return draw_weights(config, generator(config.seed, Role.INITIAL_WEIGHTS))


@pytest.mark.parametrize(
    "settings", [{}, {"unit_bias_sd": 0.5, "balanced": True}, {"task": "mante", "n_som": 1, "p_inh": 0.5}]
)
def test_all_else_of_a_seed_is_as_without_them(settings):
    config = replace(SMALL, **settings)
    with_dendrites, points = drawn(config), drawn(replace(config, dendrites="none"))
    assert points.dendrites is None and with_dendrites.dendrites is not None
    assert replace(with_dendrites, dendrites=None) == points


def test_compartments_follow_from_the_seed_alone_and_are_used_alike():
    config = replace(SMALL, n_units=200, n_compartments=5)
    compartment = drawn(config).dendrites.compartment
    counts = np.bincount(compartment.ravel(), minlength=5)
    assert compartment.shape == (200, 200) and counts.sum() == 200**2
    np.testing.assert_allclose(counts, 200**2 / 5, rtol=0.05)
    others = drawn(replace(config, dendrites="subunit", unit_bias_sd=1.0, dendrite_gain=3.0)).dendrites
    np.testing.assert_array_equal(others.compartment, compartment)
    assert (drawn(replace(config, seed=2)).dendrites.compartment != compartment).mean() > 0.7
    present = drawn(config).w_rec != 0
    assert abs(np.corrcoef(present.ravel(), compartment.ravel())[0, 1]) < 0.02


@pytest.mark.parametrize("kind", ["active", "subunit"])
def test_the_model_is_the_network_that_was_trained(kind, tmp_path):
    config = replace(SMALL, dendrites=kind, n_compartments=3, dendrite_slope=6.0, batch_size=4, n_updates=5)
    model = train(config)
    dendrites = model.dendrites
    assert (dendrites.kind, dendrites.n_compartments, dendrites.slope) == (kind, 3, 6.0)
    assert (dendrites.gain, dendrites.threshold) == {"active": (4.0, 0.25), "subunit": (12.0, 0.5)}[kind]
    r2s.save_model(model, tmp_path / "f.mat")
    again = r2s.load_model(tmp_path / "f.mat")
    assert again == model
    networks = (RateNetwork.from_model(model) for model in (again, replace(again, dendrites=None)))
    trials = generator(1, Role.VALIDATION, 5)
    ours, of_points = (evaluate_rate(one, config.task, 100, "l2", copy(trials)).outputs for one in networks)
    np.testing.assert_allclose(ours, model.eval_outputs, rtol=1e-5, atol=1e-6)
    assert np.abs(of_points - ours).max() > 1e-3


def test_states_of_the_file_are_those_that_the_rates_follow_from():
    model = train(replace(SMALL, n_updates=1))
    for states, rates in ((model.first_states, model.first_rates), (model.last_states, model.last_rates)):
        np.testing.assert_allclose(rates, 1 / (1 + np.exp(-states)), rtol=1e-5)


def test_a_training_with_dendrites_goes_on_bit_for_bit(tmp_path):
    config = replace(SMALL, n_updates=24, evaluate_every=8, batch_size=4, dendrites="subunit", clip_norm=1.0)
    unbroken = train_interruptibly(config)

    def stop(update, _loss):
        if update == 13:
            raise KeyboardInterrupt

    assert train_interruptibly(config, on_update=stop, checkpoints=Checkpointing(tmp_path)).interrupted
    with pytest.raises(InputError, match=r"dendrite_gain .* there, 3\.0 here"):
        train_interruptibly(replace(config, dendrite_gain=3.0), checkpoints=Checkpointing(tmp_path, resume=True))
    resumed = train_interruptibly(replace(config, seed=None), checkpoints=Checkpointing(tmp_path, resume=True))
    assert resumed.model == unbroken.model and resumed.evaluations == unbroken.evaluations
    assert resumed.model.dendrites is not None


def test_a_layer_that_is_made_anew_has_the_same_compartments():
    layer = RateLayer(replace(SMALL, task=r2s.tasks.get("xor"), n_compartments=2))
    again = RateLayer.from_config(layer.get_config())
    assert again.initial.dendrites == layer.initial.dendrites and again.config == layer.config
    u = tf.constant(np.random.default_rng(0).normal(size=(3, 50, 2)), tf.float32)
    for one in (layer, again):
        one.seed_generator.state.assign([3, 4])
    np.testing.assert_array_equal(layer(u), again(u))


def test_settings_survive_the_file_of_a_run():
    config = replace(SMALL, dendrites="subunit", n_compartments=2, dendrite_gain=3, dendrite_threshold=-0.5)
    assert TrainConfig.from_sections(config.sections(), "f") == config
    known = {
        name: value for name, value in SMALL.sections()["training"].items() if "dend" not in name and "comp" not in name
    }
    assert not TrainConfig.from_sections({"training": known}, "of an earlier version").has_dendrites
    assert repr(r2s.TrainConfig(dendrites="Active", n_compartments=2)) == (
        "TrainConfig(task='go-nogo', dendrites='active', n_compartments=2)"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dendrites": "plateau"}, "unknown kind of dendrites 'plateau': choose from none, active, subunit"),
        ({"dendrites": None}, "unknown kind of dendrites None: choose from none, active, subunit"),
        ({"n_compartments": 0}, "number of compartments must be a whole number from 1, got 0"),
        (
            {"n_units": 20, "n_compartments": 21},
            "n_compartments 21 must be at most n_units 20: no connection would end",
        ),
        ({"dendrite_gain": -1}, "dendrite gain must be a number from 0, got -1"),
        ({"dendrite_threshold": "high"}, "dendrite threshold must be a finite number, got 'high'"),
        ({"dendrite_threshold": float("inf")}, "dendrite threshold must be a finite number, got inf"),
        ({"dendrite_slope": 0}, "dendrite slope must be a positive number, got 0"),
        (
            {"dendrites": "subunit", "dendrite_gain": 0},
            "dendrites subunit needs dendrite_gain above 0: no recurrent input",
        ),
        (
            {"dendrites": "none", "n_compartments": 2},
            "units are points: n_compartments needs dendrites active or subunit",
        ),
        (
            {"dendrites": "none", "dendrite_slope": 9},
            "units are points: dendrite_slope needs dendrites active or subunit",
        ),
    ],
)
def test_what_cannot_be_used_is_one_line(settings, message):
    with pytest.raises(InputError) as caught:
        replace(SMALL, **settings)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_commands_train_inspect_and_evaluate(cli, tmp_path):
    flags = ["--task", "xor", "--N", 20, "--n_trials", 2, "--seed", 1, "--run_folder", tmp_path / "run"]
    flags += ["--recipe", "--dendrites", "subunit", "--n_compartments", 2]
    code, _, error = cli("train", *flags)
    assert code == 0, error
    model = r2s.load_model(tmp_path / "run" / "model.mat")
    assert model.dendrites.kind == "subunit" and model.dendrites.n_compartments == 2
    assert cli("inspect", tmp_path / "run" / "model.mat")[1].count("subunit, 2 compartments per unit") == 1
    code, out, error = cli("train", "--mode", "eval", "--model", tmp_path / "run", "--n_trials", 20, "--seed", 1)
    assert code == 0 and "accuracy" in out, error
    code, _, error = cli("train", "--run_folder", tmp_path / "run", "--resume", "--n_trials", 3)
    assert code == 0, error
    assert r2s.load_model(tmp_path / "run" / "model.mat").last_update == 2
    code, _, error = cli("train", "--task", "xor", "--recipe", "--run_folder", tmp_path / "x", "--n_compartments", 2)
    assert code == 2 and "--n_compartments needs --dendrites active or subunit" in error
    assert not (tmp_path / "x").exists()
