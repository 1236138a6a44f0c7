"""The historic model file: reading, writing, refusals, names and paths."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from rate2spike.errors import InputError, MatFileError, ModelFileError
from rate2spike.matlab_compat.matfile import append, loadmat, savemat
from rate2spike.matlab_compat.model_file import as_model, load_model, save_model
from rate2spike.matlab_compat.model_paths import historic_path, task_in_path

from helpers import small_model

REQUIRED = ["w", "w0", "w_in", "w_out", "N", "m", "som_m", "inh", "exc", "taus_gaus", "taus_gaus0", "taus"]


@pytest.mark.parametrize("which", ["go_nogo_path", "xor_path"])
def test_published_models_round_trip_in_shape_class_and_value(which, request, tmp_path):
    path = request.getfixturevalue(which)
    model = load_model(path)
    save_model(model, tmp_path / "f.mat")
    assert load_model(tmp_path / "f.mat") == model
    original, ours = loadmat(path), loadmat(tmp_path / "f.mat")
    assert set(original) == set(ours)
    for name, value in original.items():
        assert np.shape(value) == np.shape(ours[name]), name
        assert np.asarray(value).dtype == np.asarray(ours[name]).dtype, name
        np.testing.assert_array_equal(value, ours[name], name)


def test_derived_quantities(go_nogo_path):
    model, raw = load_model(go_nogo_path), loadmat(go_nogo_path)
    tau = 5e-3 * (1 / (1 + np.exp(-raw["taus_gaus"][:, 0])) * 16 + 4)
    np.testing.assert_allclose(model.tau_s(), tau, rtol=1e-6)
    np.testing.assert_allclose(model.effective_w(), (raw["w"] @ raw["m"]) * raw["som_m"])
    assert (model.effective_w()[:, model.inhibitory] <= 0).all()
    assert model.has_dale
    assert small_model(n_units=9, n_som=2).som.sum() == 2
    np.testing.assert_allclose(small_model(n_taus=1).tau_s(), 0.02)


def test_a_model_or_its_path_is_a_model(tmp_path):
    model = small_model()
    save_model(model, tmp_path / "f.mat")
    assert as_model(model) is model
    assert as_model(tmp_path / "f.mat") == as_model(str(tmp_path / "f.mat")) == model
    for wrong in (None, 5, model.w_rec, [str(tmp_path)]):
        with pytest.raises(
            InputError, match="model must be a TrainedModel or the path of a model file, got "
        ) as caught:
            as_model(wrong)
        assert "\n" not in str(caught.value)
    with pytest.raises(MatFileError, match="absent"):
        as_model("absent.mat")


def test_unknown_variables_and_settings_are_kept(tmp_path, go_nogo_path):
    path = tmp_path / "f.mat"
    path.write_bytes(go_nogo_path.read_bytes())
    append(path, {"inh_som": np.array([[True]]), "r2s_task": "go-nogo", "r2s_seed": 7, "training_success": True})
    model = load_model(path)
    assert model.task == "go-nogo" and model.settings["seed"] == 7
    assert model.training_success is True
    assert set(model.extra) == {"inh_som"}
    save_model(model, path)
    assert load_model(path) == model


@pytest.mark.parametrize("name", REQUIRED)
def test_each_needed_variable_is_demanded_by_name(tmp_path, go_nogo_path, name):
    path = tmp_path / "f.mat"
    path.write_bytes(go_nogo_path.read_bytes())
    append(path, {}, remove=[name])
    with pytest.raises(ModelFileError, match=rf"f\.mat is not a model file: it lacks {name}$"):
        load_model(path)


def test_the_twelve_variables_suffice(tmp_path, golden_dir):
    for path in sorted(golden_dir.glob("lif/in_*_model.mat")):
        assert load_model(path).activation is None


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("w", np.zeros((3, 3)), "w must be 200 x 200, got 3 x 3"),
        ("w", np.full((200, 200), np.nan), "w holds NaN"),
        ("w_in", np.full((200, 1), np.inf), "w_in holds NaN or infinite"),
        ("w_out", "text", "w_out"),
        ("taus_gaus", np.zeros((2, 100)), "taus_gaus must be 200 x 1"),
        ("inh", np.zeros((3, 1)), "inh must be 200, got 3"),
        ("taus", [1, 2, 3], "taus must hold one or two"),
        ("taus", [-4, 20], "taus must hold one or two positive"),
        ("N", np.zeros((0, 0)), "N"),
        ("N", 0, "N must be at least 1"),
        ("N", 1.5, "N has an unexpected form"),
    ],
)
def test_wrong_content_is_named(tmp_path, go_nogo_path, name, value, message):
    path = tmp_path / "f.mat"
    path.write_bytes(go_nogo_path.read_bytes())
    append(path, {name: value})
    with pytest.raises(ModelFileError, match=message):
        load_model(path)


def test_truncated_model_is_an_error_at_any_byte(tmp_path, go_nogo_path):
    data = go_nogo_path.read_bytes()
    path = tmp_path / "f.mat"
    for size in [*range(0, 400, 7), *range(500, len(data), 40_009), len(data) - 1]:
        path.write_bytes(data[:size])
        with pytest.raises((MatFileError, ModelFileError), match=r"f\.mat"):
            load_model(path)


def test_files_of_the_pytorch_port_are_mended_with_a_warning(tmp_path):
    """It stores the parameter instead of the rectified weights, vectors lying down, all double, no trajectories."""
    model = small_model(dtype=np.float64)
    w = model.w_rec.copy()
    w[0, :] = -1
    path = tmp_path / "f.mat"
    save_model(replace(model, w_rec=w), path)
    vectors = {name: loadmat(path)[name].ravel() for name in ("taus_gaus", "taus_gaus0", "inh", "exc")}
    append(path, {name: vector.astype(float) for name, vector in vectors.items()}, remove=["x", "r", "x0", "r0"])
    with pytest.warns(UserWarning, match=rf"f\.mat: taus_gaus turned to .*w holds {w.shape[0]} negative.*lacks x0, r0"):
        again = load_model(path)
    assert (again.w_rec >= 0).all() and again.tau_logit.shape == (w.shape[0], 1)
    np.testing.assert_array_equal(again.tau_logit, model.tau_logit)
    save_model(again, path)
    assert load_model(path) == again  # and now without a warning, which would be an error here


def test_negative_weights_are_right_without_dale(tmp_path):
    model = replace(small_model(), inhibitory=np.zeros(small_model().n_units, bool))
    w = model.w_rec.copy()
    w[0, 0] = -1
    save_model(replace(model, w_rec=w), tmp_path / "f.mat")
    assert load_model(tmp_path / "f.mat").w_rec[0, 0] == -1


def test_classes_of_the_file_are_kept(tmp_path):
    path = tmp_path / "f.mat"
    save_model(small_model(dtype=np.float64), path)
    append(path, {"N": float(loadmat(path)["N"].item()), "b_out": 0.1234567890123})
    model = load_model(path)
    save_model(model, path)
    assert loadmat(path)["N"].dtype == np.float64 and loadmat(path)["b_out"].item() == 0.1234567890123
    assert load_model(path) == model


@pytest.mark.parametrize("version", ["5", "7", "7.3"])
def test_models_of_every_version_are_equal(tmp_path, go_nogo_path, version):
    path = tmp_path / "f.mat"
    savemat(path, loadmat(go_nogo_path), version)
    assert load_model(path) == load_model(go_nogo_path)
    append(path, {"opt_scaling_factor": 25})
    assert load_model(path).scaling_factor == 25


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x", np.zeros((200, 200, 3))),
        ("b_out", [1, 2]),
        ("eval_perf_mean", np.zeros((1, 5))),
        ("tr", np.nan),
        ("opt_scaling_factor", "text"),
        ("opt_scaling_factor", [1, 2]),
        ("activation", 5),
        ("losses", {"a": 1}),
    ],
)
def test_optional_variables_of_another_form_do_no_harm_and_are_kept(tmp_path, go_nogo_path, name, value):
    path = tmp_path / "f.mat"
    path.write_bytes(go_nogo_path.read_bytes())
    append(path, {name: value})
    model = load_model(path)
    if name != "losses":
        assert name in model.extra
    save_model(model, path)
    assert load_model(path) == model


@pytest.mark.parametrize(("text", "known"), [("Sigmoid", "sigmoid"), ("", None), (None, None)])
def test_activation_is_read_in_any_case_and_may_be_empty(tmp_path, go_nogo_path, text, known):
    path = tmp_path / "f.mat"
    path.write_bytes(go_nogo_path.read_bytes())
    append(path, {"activation": text})
    assert load_model(path).activation == known


def test_integer_weights_and_byte_masks_are_accepted(tmp_path):
    model = small_model(dtype=np.float64)
    save_model(model, tmp_path / "f.mat")
    append(
        tmp_path / "f.mat", {"m": model.sign_matrix.astype(np.int8), "inh": model.inhibitory.astype(np.uint8)[:, None]}
    )
    again = load_model(tmp_path / "f.mat")
    assert again.sign_matrix.dtype == np.float64
    np.testing.assert_array_equal(again.inhibitory, model.inhibitory)


def test_historic_names():
    when = datetime(2026, 11, 22, 7, 36, 3)
    of_one = dict(n_units=200, tau_limits_steps=(4.0, 20.0), activation="sigmoid", p_rec=0.2, dale=True, when=when)
    path = historic_path("out", "go-nogo", **of_one)
    name = "Task_go-nogo_N_200_Taus_4.0_20.0_Act_sigmoid_2026_11_22_073603.mat"
    assert path.as_posix() == f"out/models/go-nogo/P_rec_0.2_Taus_4.0_20.0/{name}"
    other = dict(n_units=50, tau_limits_steps=(7.0,), activation="softplus", p_rec=0.5, dale=False, when=when)
    path = historic_path("out", "xor", **other)
    name = "Task_xor_N_50_Tau_7.0_Act_softplus_2026_11_22_073603.mat"
    assert path.as_posix() == f"out/models/xor/NoDale/P_rec_0.5_Tau_7.0/{name}"


@pytest.mark.parametrize(
    ("path", "task"),
    [
        ("/a/xor/Task_go-nogo_N_200_Taus.mat", "go-nogo"),
        ("/models/go_nogo/P_rec/net.mat", "go-nogo"),
        ("/xor/mante/x/net.mat", "mante"),
        ("/xor/go_nogo.mat", "go-nogo"),
        ("/somewhere/my_XOR_net.mat", "xor"),
        ("/somewhere/net.mat", None),
    ],
)
def test_task_in_path(path, task):
    assert task_in_path(path, ("go-nogo", "xor", "mante")) == task


def test_a_file_that_holds_no_model(tmp_path):
    savemat(tmp_path / "f.mat", {"u": 1})
    with pytest.raises(ModelFileError, match="it lacks w, w0"):
        load_model(tmp_path / "f.mat")


def test_structured_settings_and_uneven_labels_survive(tmp_path):
    path = tmp_path / "f.mat"
    save_model(replace(small_model(), eval_labels=np.array(["same", "x"])), path)
    append(path, {"r2s_cfg": {"lr": 0.1, "n": 3}, "r2s_names": ["a"]})
    model = load_model(path)
    assert model.eval_labels.tolist() == ["same", "x"]
    save_model(model, tmp_path / "g.mat")
    assert load_model(tmp_path / "g.mat") == model
    again = loadmat(tmp_path / "g.mat")
    assert again["r2s_cfg"].dtype.names == ("lr", "n") and again["r2s_names"].dtype == object


@pytest.mark.parametrize("name", ["types_and_bias.mat", "searched.mat", "member.mat", "trained.mat"])
def test_saving_what_was_loaded_gives_the_same_variables_and_settings_in_order(tmp_path, name):
    """Unit biases and cell types are fields of the network; in the file they stand among the settings."""
    path = Path(__file__).parents[1] / "data" / "stored" / name
    save_model(load_model(path), tmp_path / "again.mat")
    before, after = loadmat(path), loadmat(tmp_path / "again.mat")
    assert sorted(after) == sorted(
        before
    )  # a search is appended, a model saved anew has its variables before the settings
    assert [key for key in after if key.startswith("r2s_")] == [key for key in before if key.startswith("r2s_")]
    for key, value in before.items():
        np.testing.assert_array_equal(after[key], value, strict=isinstance(value, np.ndarray))
