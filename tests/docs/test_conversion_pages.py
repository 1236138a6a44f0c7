"""Code of the pages on training, spiking networks, analysis, exports and MATLAB runs."""

import re
import shutil
import subprocess
import sys

import pytest

from .page_code import ROOT, environment, run_blocks


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_training_page_runs_from_top_to_bottom(tmp_path):
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    found = re.findall(r"```(bash|python|toml)(?: file=(\S+))?\n(.*?)```", page, flags=re.DOTALL)
    assert len(found) == 12
    for language, name, code in found:
        if name:
            (tmp_path / name).write_text(code)
            continue
        command = [sys.executable, "-c", code] if language == "python" else ["bash", "-euo", "pipefail", "-c", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, code + done.stdout + done.stderr
    for made in (
        "long_pulse/model.mat",
        "which/model.mat",
        "which_trial.png",
        "which_training.png",
        "typed/model_spectrum.png",
        "dendritic/model.mat",
        "b/model.mat",
        "training.png",
        "population/population.csv",
        "go_nogo.mat",
    ):
        assert (tmp_path / made).exists(), made


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_spiking_page_runs_from_top_to_bottom(tmp_path, go_nogo_path):
    page = (ROOT / "docs" / "spiking.md").read_text(encoding="utf-8")
    found = re.findall(r"```(bash|python)\n(.*?)```", page, flags=re.DOTALL)
    assert len(found) == 11
    shutil.copy(go_nogo_path, tmp_path / "go_nogo.mat")
    before = ""  # a page's Python goes on from block to block
    for language, code in found:
        before += code if language == "python" else ""
        command = [sys.executable, "-c", before] if language == "python" else ["bash", "-euo", "pipefail", "-c", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, code + done.stdout + done.stderr
    for made in ("long.h5", "trial.png", "search.png", "searched.mat"):
        assert (tmp_path / made).exists(), made


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_page_on_failed_conversions_runs_from_top_to_bottom(tmp_path, go_nogo_path):
    page = (ROOT / "docs" / "conversion.md").read_text(encoding="utf-8")
    found = re.findall(r"```(bash|python)\n(.*?)```", page, flags=re.DOTALL)
    assert len(found) == 6
    shutil.copy(go_nogo_path, tmp_path / "go_nogo.mat")
    shutil.copy(ROOT / "tests" / "data" / "tuning" / "go_nogo_n_50.mat", tmp_path / "failing.mat")
    said = run_blocks(found, tmp_path)
    assert "does not convert" in said and "failing.mat: tuned: accuracy 0.9" in said and "\nTrue\n" in said
    for made in (
        "why.png",
        "failing_tuning.png",
        "tuning.png",
        "tuned.mat",
        "networks/tunings.csv",
        "low.png",
        "found.png",
    ):
        assert (tmp_path / made).exists(), made


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_exports_page_runs_from_top_to_bottom(tmp_path, go_nogo_path):
    pytest.importorskip("nir"), pytest.importorskip("pynwb")
    page = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    found = re.findall(
        r"```(bash|python)\n(.*?)```", page, flags=re.DOTALL
    )  # Norse's block: tests/io/exports/test_norse.py
    assert len(found) == 6
    shutil.copy(go_nogo_path, tmp_path / "go_nogo.mat")
    run_blocks(found, tmp_path)
    assert (tmp_path / "trials.nwb").exists() and (tmp_path / "go_nogo_cubalif.nir").exists()
    assert (tmp_path / "events.npy").exists() and (tmp_path / "in_python.nwb").exists()


@pytest.mark.slow
def test_analysis_page_runs_from_top_to_bottom(tmp_path, go_nogo_path, xor_path):
    page = (ROOT / "docs" / "analysis.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(code) == 7
    shutil.copy(go_nogo_path, tmp_path / "go_nogo.mat")
    shutil.copy(xor_path, tmp_path / "xor.mat")
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", "".join(code)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("*.png"))) == len(re.findall(r"savefig\(", page)) > 8


@pytest.mark.octave
@pytest.mark.slow
def test_matlab_page_runs_from_top_to_bottom(octave, tmp_path, monkeypatch, go_nogo_path):
    page = (ROOT / "docs" / "matlab.md").read_text(encoding="utf-8")
    code = re.findall(r"```matlab\n(.*?)```", page, flags=re.DOTALL)
    assert len(code) == 6
    (tmp_path / "models" / "go-nogo").mkdir(parents=True)
    shutil.copy(go_nogo_path, tmp_path / "models" / "go-nogo" / "net.mat")
    monkeypatch.setenv("RATE2SPIKE_PYTHON", sys.executable)
    start = f"addpath('{ROOT / 'matlab_compat' / 'm'}'); set(0, 'defaultfigurevisible', 'off');"
    output = octave(start + "\n".join(code).replace("n_trials = 100", "n_trials = 20"), tmp_path)
    assert "the package computes what the equations say" in output
    assert "40 trials, 20000 steps, 2 factors" in output
    assert "7 runs, largest Vd 0.9253" in output and "a subunit of 30 ms reaches 6.03" in output
