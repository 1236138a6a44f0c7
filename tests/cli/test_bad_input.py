"""Bad input: one clear line on standard error, exit code 2, nothing written, TensorFlow never loaded."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from rate2spike.cli.train import main as historic_main
from rate2spike.matlab_compat.matfile import append, savemat
from rate2spike.matlab_compat.model_file import load_model

TRAIN = ["--N", "20", "--task", "go-nogo", "--decay_taus", "4", "20", "--n_trials", "1", "--seed", "1"]


def one_line(error: str) -> str:
    lines = error.strip().splitlines()
    assert len(lines) == 1, error
    return lines[0]


def replaced(flag, *values):
    at = TRAIN.index(flag)
    end = at + 1
    while end < len(TRAIN) and not TRAIN[end].startswith("--"):
        end += 1
    return [*TRAIN[: at + 1], *values, *TRAIN[end:]]


BAD_TRAINING = [
    (replaced("--task", "dance"), "unknown task 'dance': choose from go-nogo, xor, mante"),
    ([*TRAIN, "--act", "tanh"], "unknown activation 'tanh'"),
    ([*TRAIN, "--loss_fn", "l3"], "unknown loss function 'l3'"),
    (replaced("--N", "0"), "--N"),
    (replaced("--N", "-5"), "--N"),
    (replaced("--N", "many"), "argument --N: invalid int value: 'many'"),
    ([*TRAIN, "--P_inh", "1.5"], "--P_inh"),
    ([*TRAIN, "--P_inh", "-0.1"], "--P_inh"),
    ([*TRAIN, "--P_rec", "0"], "--P_rec"),
    ([*TRAIN, "--gpu_frac", "2"], "--gpu_frac"),
    ([*TRAIN, "--som_N", "5", "--apply_dale", "False"], "--som_N needs --apply_dale True"),
    ([*TRAIN, "--som_N", "19"], "--som_N 19 exceeds"),
    (replaced("--decay_taus", "20", "4"), "smaller time constant must come first"),
    (replaced("--decay_taus", "4", "4"), "smaller time constant must come first"),
    (replaced("--decay_taus", "0.5", "4"), "at least 1 step"),
    (replaced("--n_trials", "0"), "--n_trials"),
    ([*TRAIN, "--batch_size", "0"], "--batch_size"),
    ([*TRAIN, "--learning_rate", "-1"], "--learning_rate"),
    ([*TRAIN, "--seed", "-1"], "seed must be a whole number"),
    ([*TRAIN, "--mode", "dream"], "unknown mode 'dream': choose from train, eval"),
    ([*TRAIN, "--apply_dale", "maybe"], "expected True or False, got 'maybe'"),
    ([*TRAIN, "--apply_dale", "True--gain", "1.5"], "a space is missing between 'True' and '--gain'"),
    ([*TRAIN, "--loss_fn", "l2--P_inh", "0.2"], "a space is missing between 'l2' and '--P_inh'"),
    ([*TRAIN, "--colour", "red"], "unrecognized arguments: --colour red"),
    (TRAIN[2:], "--N must be given"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_TRAINING, ids=lambda v: v if isinstance(v, str) else "")
def test_training(cli, tmp_path, arguments, message):
    code, out, error = cli("train", *arguments, "--output_dir", tmp_path / "out")
    assert code == 2 and not out
    assert message in one_line(error)
    assert not os.listdir(tmp_path)


def test_historic_script_speaks_the_same_way(capsys, tmp_path):
    with pytest.raises(SystemExit, match="2"):
        historic_main([*TRAIN, "--apply_dale", "True--gain", "1.5", "--output_dir", str(tmp_path)])
    assert one_line(capsys.readouterr().err).startswith("main.py: a space is missing")
    assert historic_main([*TRAIN, "--P_inh", "7", "--output_dir", str(tmp_path)]) == 2
    assert one_line(capsys.readouterr().err).startswith("main.py: proportion of inhibitory units")


def test_argument_errors_point_to_help(cli):
    for arguments, pointer in ((["train", "--N"], "rate2spike train --help"), (["fly"], "rate2spike --help")):
        code, _, error = cli(*arguments)
        assert code == 2 and pointer in one_line(error)


def test_output_folder_that_cannot_be_written(cli, tmp_path):
    (tmp_path / "file").write_text("mine")
    for arguments in (["train", *TRAIN], ["run", *TRAIN]):
        code, _, error = cli(*arguments, "--output_dir", tmp_path / "file" / "out")
        assert code == 2 and "not writable" in one_line(error)
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scaling-factors", "20:0:75"], "step above 0"),
        (["--scaling-factors", "a:b"], "start:step:stop"),
        (["--scaling-factors", "0"], "scaling factor must be positive"),
        (["--search-trials", "0"], "--search-trials"),
        (["--evaluation-trials", "0"], "--evaluation-trials"),
        (["--n_threads", "0"], "--n_threads"),
        (["--task", "dance"], "unknown task 'dance'"),
        (["--run_folder", "x"], "give --run_folder, or --name and --output_dir, not both"),
    ],
)
def test_run_is_validated_before_anything_happens(cli, tmp_path, arguments, message):
    code, _, error = cli("run", "--task", "go-nogo", "--N", "20", "--output_dir", tmp_path / "out", *arguments)
    assert code == 2 and message in one_line(error)
    assert not os.listdir(tmp_path)


@pytest.fixture
def model(tmp_path, go_nogo_path):
    return shutil.copy(go_nogo_path, tmp_path / "net.mat")


def commands_on(model, tmp_path):
    savemat(tmp_path / "in.mat", {"u": np.zeros((1, 3))})
    return [
        ["search", model, "--task", "go-nogo", "--n-trials", "2"],
        ["evaluate", model, "--task", "go-nogo", "--scaling-factor", "25", "--n-trials", "2"],
        ["simulate", model, "--input", tmp_path / "in.mat", "--output", tmp_path / "o.mat", "--scaling-factor", "25"],
        ["inspect", model],
        ["train", "--mode", "eval", "--model", model, "--task", "go-nogo"],
    ]


def spoiled_files(tmp_path, model):
    data = (tmp_path / "net.mat").read_bytes()

    def appended(name, **variables):
        (tmp_path / name).write_bytes(data)
        append(tmp_path / name, variables)

    (tmp_path / "truncated.mat").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.mat").write_text("not a MAT file" * 50)
    (tmp_path / "lacking.mat").write_bytes(data)
    append(tmp_path / "lacking.mat", {}, remove=["w_in"])
    appended("shape.mat", w=np.zeros((2, 2)))
    appended("nan.mat", w=np.full((200, 200), np.nan))
    return {
        "missing.mat": "cannot read",
        "truncated.mat": "truncated",
        "text.mat": "not a MAT",
        "lacking.mat": "lacks w_in",
        "shape.mat": "w must be 200 x 200",
        "nan.mat": "w holds NaN",
    }


def test_model_files(cli, tmp_path, model):
    for name, message in spoiled_files(tmp_path, model).items():
        for arguments in commands_on(tmp_path / name, tmp_path):
            before = {path: path.read_bytes() for path in tmp_path.iterdir()}
            code, out, error = cli(*arguments)
            assert code == 2 and not out, arguments
            line = one_line(error)
            assert message in line and name in line
            assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_simulation_input(cli, tmp_path, model):
    u = np.zeros((1, 3))
    stims = {"mode": "exc", "dur": [1, 9], "units": [1, 201]}
    cases = [
        ({"x": 1}, [], "holds no variable u"),
        ({"u": np.zeros((2, 3))}, [], "u must have 1 row"),
        ({"u": "text"}, [], "u must be a real numeric matrix"),
        ({"u": np.zeros((1, 3), complex)}, [], "u must be a real numeric matrix"),
        ({"u": np.full((1, 3), np.nan)}, [], "u holds NaN"),
        ({"u": u, "stims": stims}, [], "stimulated unit 201"),
        ({"u": u, "stims": stims | {"units": 0}}, [], "count from 1, got 0"),
        ({"u": u, "stims": stims | {"mode": "zap"}}, [], "'exc' or 'inh'"),
        ({"u": u, "stims": 5}, [], "stims must be a struct"),
        ({"u": u, "stims": {"mode": "exc"}}, [], "stims must be a struct"),
        ({"u": u, "UZ": np.zeros(200)}, [], "UZ needs NZ beside it"),
        (
            {"u": u, "UZ": np.zeros(9), "NZ": np.zeros(40_000)},
            [],
            "UZ (uniforms) holds 9 draws, the simulation uses 200",
        ),
        ({"u": u, "UZ": np.zeros(200), "NZ": np.zeros(9)}, [], "NZ (normals) holds 9 draws"),
        ({"u": u, "UZ": np.zeros(200), "NZ": np.zeros(40_000)}, ["--precision", "float32"], "float32"),
        ({"u": u, "UZ": "a", "NZ": "b"}, [], "UZ and NZ must be real numeric"),
        ({"u": u}, ["--scaling-factor", "0"], "scaling factor must be positive"),
        ({"u": u}, ["--scaling-factor", "-3"], "scaling factor must be positive"),
        ({"u": u, "UZ": np.zeros(200) + 1j, "NZ": np.zeros(40_000)}, [], "UZ and NZ must be real numeric"),
        ({"u": u}, ["--output", model], "would overwrite the model or the input"),
        ({"u": u}, ["--output", tmp_path / "in.mat"], "would overwrite the model or the input"),
        ({"u": u}, ["--scaling-factor", "nan"], "scaling factor must be positive"),
        ({"u": u}, ["--downsample", "0"], "downsampling must be"),
        ({"u": u}, ["--downsample", "3"], "at least 2 columns"),
        ({"u": u}, ["--record", "out,membrane"], "unknown 'membrane'"),
        ({"u": u}, ["--output", tmp_path / "o.csv"], "must end in .mat"),
        ({"u": u}, ["--output", tmp_path / "absent" / "o.mat"], "cannot write"),
        ({"u": u}, ["--seed", "1.5"], "invalid int value"),
    ]
    for variables, extra, message in cases:
        savemat(tmp_path / "in.mat", variables)
        before = sorted(os.listdir(tmp_path))
        code, out, error = cli(
            "simulate",
            model,
            "--input",
            tmp_path / "in.mat",
            "--output",
            tmp_path / "o.mat",
            "--scaling-factor",
            25,
            *extra,
        )
        assert code == 2 and not out, message
        assert message in one_line(error)
        assert sorted(os.listdir(tmp_path)) == before


def test_search_and_evaluation(cli, tmp_path, model):
    for arguments, message in (
        (["search", model], "give --task"),
        (["search", model, "--task", "xor"], "task xor has 2 input(s), the model 1"),
        (["search", model, "--task", "dance"], "unknown task 'dance'"),
        (["search", model, "--task", "go-nogo", "--n-trials", "0"], "--n-trials"),
        (["search", model, "--task", "go-nogo", "--scaling-factors", "-5"], "positive"),
        (["search", model, "--task", "go-nogo", "--n-threads", "0"], "--n-threads"),
        (["search", tmp_path / "absent", "--task", "go-nogo"], "cannot read"),
        (["evaluate", model], "give --task"),
        (["evaluate", model, "--task", "go-nogo"], "no scaling factor yet"),
        (["evaluate", model, "--task", "go-nogo", "--scaling-factor", "0"], "must be positive"),
        (["evaluate", model, "--task", "go-nogo", "--scaling-factor", "25", "--n-trials", "-1"], "--n-trials"),
        (["eval-go-nogo", model], "no scaling factor yet"),
        (["train", "--mode", "eval", "--model", model], "give --task"),
        (["train", "--mode", "eval", "--model", model, "--task", "xor"], "task xor has 2 input(s), the model 1"),
        (["train", "--mode", "eval", "--model", model, "--task", "go-nogo", "--n_trials", "0"], "--n_trials"),
        (["train", "--mode", "eval", "--model", model, "--task", "go-nogo", "--output_dir", model], "not writable"),
        (["train", "--mode", "eval", "--model", model, "--task", "go-nogo", "--act", "tanh"], "unknown activation"),
    ):
        code, out, error = cli(*arguments)
        assert code == 2 and not out, arguments
        assert message in one_line(error)
        assert os.listdir(tmp_path) == ["net.mat"]


def test_divergence_saves_the_last_good_network_and_says_so(cli, tmp_path):
    arguments = ("--apply_dale", "False", "--act", "clipped_relu", "--learning_rate", "1e30", "--output_dir", tmp_path)
    code, _, error = cli("train", *replaced("--n_trials", "300"), *arguments)
    message = error.strip().splitlines()[-1]
    assert code == 2 and "training diverged at update" in message and "Lower --learning_rate" in message
    (path,) = tmp_path.rglob("*.mat")
    assert str(path) in message and load_model(path).training_success is False


def test_eval_of_a_folder_that_is_not_there(cli, tmp_path):
    code, _, error = cli("train", "--mode", "eval", "--output_dir", tmp_path, *TRAIN)
    assert code == 2 and "cannot read" in one_line(error)
    assert not os.listdir(tmp_path)


def test_everything_cheap_is_checked_before_tensorflow_loads(tmp_path):
    code = """
import sys
from rate2spike.cli.main import main
code = main(sys.argv[1:])
assert 'tensorflow' not in sys.modules, 'TensorFlow was imported'
sys.exit(code)
"""
    for arguments in ([*TRAIN, "--som_N", "19"], replaced("--task", "dance"), [*TRAIN, "--mode", "eval"]):
        command = [sys.executable, "-c", code, "train", *arguments, "--output_dir", str(tmp_path / "out")]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 2, done.stderr
        one_line(done.stderr)
