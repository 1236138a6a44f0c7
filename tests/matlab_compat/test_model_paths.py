"""Which model files the paths of a user mean."""

import os
import shutil
from pathlib import Path

import pytest

from rate2spike.errors import InputError
from rate2spike.matlab_compat.matfile import savemat
from rate2spike.matlab_compat.model_file import save_model
from rate2spike.matlab_compat.model_paths import distinct_names, files_below, model_files, one_model_file

from helpers import small_model


@pytest.fixture
def tree(tmp_path) -> Path:
    """A population of three, a run, a historic tree, and what else lies about in such folders."""
    for name in (
        "P/seed_10/model",
        "P/seed_2/model",
        "P/seed_1/model",
        "run/models/go-nogo/P_rec_0.2/Task_a",
        "run/last_good",
        "P/.hidden/model",
        "P/__MACOSX/model",
    ):
        path = tmp_path / f"{name}.mat"
        path.parent.mkdir(parents=True, exist_ok=True)
        save_model(small_model(), path)
    shutil.copy(tmp_path / "P/seed_1/model.mat", tmp_path / "P/seed_1/._model.mat")
    (tmp_path / "P/seed_1/model.mat.search.lock").touch()
    savemat(tmp_path / "P/seed_1/output.mat", {"spk": 1})
    return tmp_path


def names(files, root):
    return [file.relative_to(root).as_posix() for file in files]


def test_folders_of_runs_in_natural_order_each_once(tree):
    seeds = [f"P/seed_{k}/model.mat" for k in (1, 2, 10)]
    historic = "run/models/go-nogo/P_rec_0.2/Task_a.mat"
    assert names(model_files(tree / "P"), tree) == seeds
    assert names(model_files(tree), tree) == [*seeds, historic]
    assert names(model_files(tree / "run"), tree) == [historic]
    assert names(model_files(tree / "P/seed_10/model.mat", tree / "P", tree / "P/../P/seed_2/model.mat"), tree) == seeds
    assert model_files(tree / "run/last_good.mat") == [tree / "run/last_good.mat"]  # named, so meant


def test_links_are_followed_but_not_in_circles(tree):
    os.symlink(tree / "P", tree / "linked")
    os.symlink(tree, tree / "run/circle")
    assert len(model_files(tree)) == 4 and len(model_files(tree / "linked")) == 3


def test_damaged_files_are_kept_for_whoever_opens_them_to_say_why(tree):
    (tree / "P/seed_2/model.mat").write_bytes(b"cut")
    assert len(model_files(tree / "P")) == 3


def test_trainings_without_a_model_are_named(tree):
    unit = tree / "P/seed_3"
    (unit / "checkpoints").mkdir(parents=True)
    (unit / "config.toml").write_text('[run]\nkind = "training"\n')
    with pytest.warns(UserWarning, match=r"1 of the trainings in .*P have no model yet and are left out: .*seed_3$"):
        assert len(model_files(tree / "P")) == 3
    with pytest.raises(InputError, match=r"seed_3 holds no \.mat file with a model: the training in .* not finished"):
        model_files(unit)
    (unit / "config.toml").write_text('[run]\nkind = "context"\n')  # has another kind of model
    assert len(model_files(tree / "P")) == 3


def test_a_folder_without_a_model_and_one_with_several(tree):
    (tree / "empty").mkdir()
    with pytest.raises(InputError, match=r"folder .*empty holds no \.mat file with a model"):
        model_files(tree / "empty")
    assert one_model_file(tree / "run").name == "Task_a.mat"
    with pytest.raises(InputError, match=r"P holds 3 models: name one of them, such as .*seed_1"):
        one_model_file(tree / "P")


def test_names_tell_files_apart():
    assert distinct_names([Path("P/seed_1/model.mat"), Path("P/seed_2/model.mat")]) == ["seed_1", "seed_2"]
    assert distinct_names([Path("P/seed_1/model.mat")]) == ["seed_1"]
    assert distinct_names([Path("a.mat"), Path("x/b.mat")]) == ["a", "b"]
    assert distinct_names([Path("runs/xor_1/model.mat"), Path("x/b.mat")]) == ["xor_1", "b"]
    assert distinct_names([Path("P/seed_1/model.mat"), Path("Q/seed_1/model.mat")]) == ["P", "Q"]
    assert distinct_names([Path("x/net.mat"), Path("y/net.mat")]) == ["x", "y"]
    assert distinct_names([Path("x/a.mat"), Path("y/a.mat"), Path("y/b.mat")]) == ["x_a", "y_a", "y_b"]
    nested = [Path("model.mat"), Path("s/model.mat")]
    assert len(set(distinct_names(nested))) == 2
    assert len(set(distinct_names([Path("a/b_c/x.mat"), Path("a_b/c/x.mat"), Path("a_b/c/y.mat")]))) == 3


def test_other_suffixes_in_any_case(tree):
    (tree / "TRIAL.H5").touch()
    assert names(files_below(tree, (".h5",)), tree) == ["TRIAL.H5"]
