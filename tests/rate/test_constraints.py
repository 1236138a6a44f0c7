"""Constraints on the network: cell types, sparse masks, Dale on outputs, what is trained and what is not."""

from dataclasses import replace

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import load_model, save_model
from rate2spike.rate.cell_types import CellTypes
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.model import RateNetwork
from rate2spike.rate.rate_evaluation import evaluate_rate
from rate2spike.rate.tasks import GoNogo
from rate2spike.rate.train import train
from rate2spike.rate.weights import draw_weights, som_mask
from rate2spike.spiking.simulator.network import SpikingNetwork

SMALL = TrainConfig(n_units=40, n_updates=4, batch_size=4, seed=1)
MOTIF = CellTypes(
    names=("PYR", "PV", "SOM", "VIP"),
    shares=(0.8, 0.1, 0.05, 0.05),
    inhibitory=(False, True, True, True),
    # VIP inhibits SOM alone; SOM is inhibited by VIP alone; VIP by SOM
    allowed=((1, 1, 1, 0), (1, 1, 1, 0), (1, 0, 0, 1), (1, 0, 1, 0)),
)
SOM_RULE = CellTypes(("PYR", "PV", "SOM"), (0.8, 0.1, 0.1), (False, True, True), ((1, 1, 1), (1, 1, 1), (1, 0, 0)))


def test_counts_follow_the_shares_and_add_up():
    np.testing.assert_array_equal(MOTIF.counts(200), [160, 20, 10, 10])
    assert MOTIF.counts(37).sum() == 37
    assert CellTypes(("A", "B", "C"), (1 / 3, 1 / 3, 1 / 3), (False,) * 3, ((1,) * 3,) * 3).counts(100).tolist() == [
        34,
        33,
        33,
    ]


def test_the_som_rule_is_one_instance():
    index = SOM_RULE.draw(50, np.random.default_rng(0))
    inhibitory = np.asarray(SOM_RULE.inhibitory)[index]
    np.testing.assert_array_equal(SOM_RULE.mask(index), som_mask(inhibitory, 5))
    assert (np.flatnonzero(index == 2) == np.flatnonzero(inhibitory)[:5]).all()  # as in the historic files


def test_trained_connections_stay_within_what_is_allowed(tmp_path):
    model = train(replace(SMALL, cell_types=MOTIF, n_units=60))
    types = model.unit_types
    w = model.effective_w()
    for target, row in zip(MOTIF.names, MOTIF.allowed, strict=True):
        for source, allowed in zip(MOTIF.names, row, strict=True):
            block = w[np.ix_(types == target, types == source)]
            assert bool(np.any(block)) == bool(allowed), (target, source)
    assert (w[:, types == "PYR"] >= 0).all() and (w[:, types != "PYR"] <= 0).all()
    save_model(model, tmp_path / "f.mat")
    again = load_model(tmp_path / "f.mat")
    assert again == model and again.units_of("VIP").sum() == 3
    assert again.som.sum() == again.units_of("SOM").sum() == 3 and (again.som == again.units_of("SOM")).all()
    np.testing.assert_array_equal(SpikingNetwork.from_model(again, 25).unit_types, types)
    with pytest.raises(InputError, match="no unit is of type 'CCK': types are PV, PYR, SOM, VIP"):
        again.units_of("CCK")


def test_types_of_files_without_names():
    model = train(replace(SMALL, n_units=60, n_som=4, p_inh=0.3))
    assert set(model.unit_types) == {"excitatory", "PV-like inhibitory", "SOM"}
    assert (model.units_of("SOM") == model.som).all()


def test_sparse_networks_stay_sparse():
    dense, sparse = (train(replace(SMALL, sparse=flag, apply_dale=False)) for flag in (False, True))
    absent = sparse.w_rec_initial == 0
    assert not sparse.effective_w()[absent].any() and absent.mean() > 0.7
    assert dense.effective_w()[absent].any()
    assert not SpikingNetwork.from_model(sparse, 25).w[absent].any()


def test_outputs_obey_dale(tmp_path):
    model = train(replace(SMALL, dale_outputs=True, n_updates=10))
    assert (model.w_out[:, model.excitatory] >= 0).all() and (model.w_out[:, model.inhibitory] <= 0).all()
    assert (model.w_out != 0).mean() > 0.5
    free = train(replace(SMALL, n_updates=10))
    assert (free.w_out[:, free.excitatory] < 0).any()
    save_model(model, tmp_path / "f.mat")
    rate = RateNetwork.from_model(load_model(tmp_path / "f.mat"))
    np.testing.assert_allclose(rate.effective_w_out().numpy(), model.w_out)


@pytest.mark.parametrize(
    ("settings", "changed", "kept"),
    [
        ({}, {"w_rec", "w_out", "b_out", "tau_logit"}, {"w_in"}),
        ({"train_w_in": True}, {"w_in", "w_rec"}, set()),
        ({"train_b_out": False, "train_taus": False}, {"w_rec", "w_out"}, {"b_out", "tau_logit", "w_in"}),
    ],
)
def test_what_is_trained(settings, changed, kept):
    model = train(replace(SMALL, **settings))
    initial = {
        "w_rec": model.w_rec_initial,
        "w_in": model.w_in_initial,
        "tau_logit": model.tau_logit_initial,
        "b_out": 0.0,
    }
    for name in (changed | kept) - {"w_out"}:
        assert np.array_equal(getattr(model, name), initial[name]) == (name in kept), name


def test_unit_bias_is_a_constant_input_in_both_networks(tmp_path):
    config = replace(SMALL, unit_bias_sd=0.5, n_updates=1)
    fixed, trained = train(config), train(replace(config, train_unit_bias=True))
    np.testing.assert_array_equal(fixed.unit_bias, draw_bias(config))
    assert not np.array_equal(trained.unit_bias, fixed.unit_bias)
    save_model(fixed, tmp_path / "f.mat")
    model = load_model(tmp_path / "f.mat")
    spiking = SpikingNetwork.from_model(model, 25)
    u = np.random.default_rng(0).normal(size=(1, 5))
    np.testing.assert_allclose(spiking.drive(u), model.w_in @ u + model.unit_bias, rtol=1e-6)
    # as if there were one more input that is always 1
    as_input = replace(spiking, w_in=np.hstack([spiking.w_in, model.unit_bias]), unit_bias=None)
    a = spiking.run(u, seed=1)
    b = as_input.run(np.vstack([u, np.ones(5)]), seed=1)
    np.testing.assert_array_equal(a.spikes, b.spikes)


def draw_bias(config):
    from rate2spike.seeding import Role, generator

    return draw_weights(config, generator(config.seed, Role.INITIAL_WEIGHTS)).unit_bias


def test_fixed_taus_per_unit():
    taus = tuple(np.linspace(5, 19, 40))
    model = train(replace(SMALL, unit_tau_steps=taus, train_taus=False))
    np.testing.assert_allclose(model.tau_s(), np.asarray(taus) * 0.005, rtol=1e-5)
    np.testing.assert_array_equal(model.tau_logit, model.tau_logit_initial)
    started = train(replace(SMALL, unit_tau_steps=taus))
    np.testing.assert_allclose(started.tau_s(initial=True), np.asarray(taus) * 0.005, rtol=1e-5)
    assert not np.array_equal(started.tau_logit, started.tau_logit_initial)


def test_balance_removes_the_outlier_and_keeps_the_circle():
    """rkim35/spikeRNN#3: with Dale's principle the untrained network has one huge eigenvalue."""

    def moduli(**settings):
        weights = draw_weights(TrainConfig(n_units=300, **settings), np.random.default_rng(2))
        w = weights.w_rec * np.diag(weights.sign_matrix) * weights.connection_mask
        return np.sort(np.abs(np.linalg.eigvals(w)))[::-1], w

    (published, _), (balanced, w), (no_dale, _) = moduli(), moduli(balanced=True), moduli(apply_dale=False)
    assert published[0] > 3 * published[1]  # the outlier
    assert balanced[0] < 1.3 * balanced[3]
    assert balanced[0] == pytest.approx(no_dale[0], rel=0.25) and no_dale[0] == pytest.approx(1.5, rel=0.1)
    assert abs(w.sum()) < 1e-3 * np.abs(w).sum()
    np.testing.assert_array_equal(
        moduli(apply_dale=False, balanced=True)[1], moduli(apply_dale=False)[1]
    )  # nothing to do


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell_types": MOTIF, "n_som": 3}, "cell_types says which units are SOM: leave n_som out"),
        (
            {"cell_types": MOTIF, "apply_dale": False},
            "cell types need Dale's principle: cell_types needs apply_dale True",
        ),
        ({"dale_outputs": True, "apply_dale": False}, "dale_outputs needs apply_dale True"),
        ({"unit_tau_steps": (5, 6)}, "one time constant per unit, 200, got 2"),
        ({"n_units": 2, "unit_tau_steps": (5, 20)}, "must lie between the tau_steps 4 and 20, got 20"),
        ({"n_units": 1, "unit_tau_steps": (5,), "tau_steps": (7,)}, "unit_tau_steps needs tau_steps MIN MAX"),
        ({"unit_bias_sd": -1}, r"must be a number from 0, got -1 \(unit_bias_sd\)"),
        ({"lr_schedule": "step"}, "unknown learning-rate schedule 'step': choose from constant, cosine, exponential"),
        ({"clip_norm": 0}, r"must be a positive number, got 0 \(clip_norm\)"),
        ({"patience": 0}, r"patience must be a whole number from 1, got 0 \(patience\)"),
        ({"accuracy_threshold": 1}, r"from 0 and below 1, got 1 \(accuracy_threshold\)"),
        ({"l2_rates": float("nan")}, r"rate penalty must be a number from 0, got nan \(l2_rates\)"),
        ({"lr_final": 1.5}, r"a number from 0 to 1, got 1.5 \(lr_final\)"),
        ({"evaluate_every": 0}, r"from 1, got 0 \(evaluate_every\)"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(InputError, match=message):
        TrainConfig(**settings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shares": [0.5, 0.5, 0.5, 0.5]}, r"shares must add up to 1, got 0.5 \+ 0.5"),
        ({"names": ["A", "A", "B", "C"]}, "names must differ"),
        ({"inhibitory": [True]}, "inhibitory must have 4 entries, one per name, got 1"),
        ({"allowed": [[1, 1], [1, 1], [1, 1], [1, 1]]}, "the row of PYR in allowed must have 4 entries, got 2"),
        ({"allowed": 3}, "names must be a list of texts"),
        ({"sizes": [1]}, "cell types need exactly names, shares, inhibitory, allowed"),
    ],
)
def test_bad_cell_types(change, message):
    with pytest.raises(InputError, match=message):
        CellTypes.from_table(MOTIF.as_table() | change, "types.toml")


def test_settings_survive_their_file():
    from tomllib import loads

    from rate2spike.io.toml_file import to_toml

    config = replace(
        SMALL, cell_types=MOTIF, task_options={"stim_dur": 30}, clip_norm=0.5, lr_schedule="cosine", tau_steps=(4, 30)
    )
    assert TrainConfig.from_sections(loads(to_toml(config.sections())), "f") == config
    with pytest.raises(InputError, match=r"f: unknown setting n_unit in \[training\]"):
        TrainConfig.from_sections({"training": {"n_unit": 3}}, "f")
    with pytest.raises(InputError, match="f: batch size must be a whole number"):
        TrainConfig.from_sections({"training": {"batch_size": 0}}, "f")


def test_numbers_of_numpy_are_as_good_as_pythons(tmp_path):
    config = TrainConfig(
        n_units=np.int64(20),
        n_updates=1,
        learning_rate=np.float32(0.5),
        balanced=np.bool_(True),
        seed=1,
        task=GoNogo(stim_dur=np.int64(30)),
    )
    assert config == TrainConfig(
        n_units=20, n_updates=1, learning_rate=0.5, balanced=True, seed=1, task=GoNogo(stim_dur=30)
    )
    save_model(train(config), tmp_path / "f.mat")
    from rate2spike.io.toml_file import to_toml

    assert "learning_rate = 0.5\n" in to_toml(config.sections()) and "np." not in to_toml(config.sections())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"training": 3}, r"f: training must be a table, \[training\]"),
        ({"cell_types": 3}, "f: cell_types must be a table"),
        ({"training": {"balanced": "no"}}, "f: balanced must be true or false, got 'no'"),
        ({"cell_types": MOTIF.as_table() | {"inhibitory": ["no", "yes", "yes", "yes"]}}, "inhibitory of true or false"),
    ],
)
def test_bad_files_of_settings(content, message):
    with pytest.raises(InputError, match=message):
        TrainConfig.from_sections(content, "f")


def test_evaluation_of_a_network_read_back_is_the_same(tmp_path):
    model = train(
        replace(SMALL, cell_types=MOTIF, train_unit_bias=True, dale_outputs=True, train_w_in=True, sparse=True)
    )
    save_model(model, tmp_path / "f.mat")
    results = [
        evaluate_rate(RateNetwork.from_model(m), GoNogo(), 20, "l2", np.random.default_rng(1)).outputs
        for m in (model, load_model(tmp_path / "f.mat"))
    ]
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(model.eval_outputs[:1].shape, (1, 199))
