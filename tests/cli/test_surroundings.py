"""What the caller's environment may hold: encodings, closed streams, graphics. Real processes."""

import os
import subprocess
import sys

import numpy as np
import pytest

import rate2spike as r2s
from rate2spike.machine.output_streams import spell_in_ascii

COMMAND = f"'{sys.executable}' -m rate2spike"


def shell(command: str, folder, **variables: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, **variables}
    return subprocess.run(["sh", "-c", command], cwd=folder, env=environment, capture_output=True)


@pytest.mark.parametrize(
    "variables",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
    ids=["ascii", "C"],
)
def test_characters_that_the_output_cannot_encode_are_spelt(go_nogo_path, tmp_path, variables):
    done = shell(f"{COMMAND} inspect '{go_nogo_path}'", tmp_path, **variables)
    assert done.returncode == 0 and done.stderr == b""
    assert b" +- " in done.stdout
    plain = shell(f"{COMMAND} inspect '{go_nogo_path}'", tmp_path, PYTHONIOENCODING="utf-8")
    assert plain.stdout.decode().replace("±", "+-") == done.stdout.decode("ascii")


def test_closed_streams_cost_no_result(go_nogo_path, tmp_path):
    done = shell(f"{COMMAND} inspect '{go_nogo_path}' <&- >&- 2>&-", tmp_path)
    assert done.returncode == 0 and done.stdout == b""
    done = shell(f"{COMMAND} inspect nowhere.mat >&-", tmp_path)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1


def test_a_name_that_is_no_text_is_named_in_one_line(tmp_path):
    done = shell(f"{COMMAND} inspect \"$(printf 'a\\377b')\"", tmp_path, PYTHONIOENCODING="utf-8")
    assert done.returncode == 2 and b"Traceback" not in done.stderr and b"a\\udcffb" in done.stderr


def test_streams_that_are_no_files_are_left_alone(monkeypatch):
    stream = object()
    monkeypatch.setattr(sys, "stdout", stream)
    spell_in_ascii()
    assert sys.stdout is stream


@pytest.mark.parametrize("backend", ["module://not_installed.backend_inline", "svg"])
def test_a_backend_that_is_not_installed_does_not_matter(tmp_path, backend):
    code = (
        "from rate2spike.figures import Figure; from rate2spike.io.figure_file import save_figure; import os, matplotlib\n"
        "f = Figure(); f.subplots().plot([1, 2]); print(save_figure(f, 'f'))\n"
        "print(os.environ['MPLBACKEND'], matplotlib.rcParams['backend'])"
    )
    done = shell(f"'{sys.executable}' -c \"{code}\"", tmp_path, MPLBACKEND=backend)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"f.png", "f.pdf"}
    kept = done.stdout.decode().split()[-2:]
    assert kept[0] == backend and (backend != "svg" or kept[1] == "svg")


@pytest.mark.parametrize(
    "imported", ["rate2spike.machine.keras_on_tensorflow", "rate2spike.spiking.search.plots_population"]
)
def test_no_way_to_matplotlib_minds_a_backend_that_is_not_installed(tmp_path, imported):
    """Keras imports pyplot too."""
    done = shell(f"'{sys.executable}' -c 'import {imported}'", tmp_path, MPLBACKEND="module://not_installed.inline")
    assert done.returncode == 0, done.stderr


def test_without_numbas_compiler_there_is_a_slow_way_and_one_line(go_nogo_path, tmp_path):
    flags = "--task go-nogo --scaling-factor 40 --n-trials 2 --seed 1"
    done = shell(f"{COMMAND} evaluate '{go_nogo_path}' {flags}", tmp_path, NUMBA_DISABLE_JIT="1")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and b"NUMBA_DISABLE_JIT is set" in done.stderr
    code = (
        "import numpy as np, rate2spike as r2s\n"
        f"n = r2s.SpikingNetwork.from_model(r2s.load_model('{go_nogo_path}'), 40)\n"
        "print(*n.run(np.zeros((1, 2)), seed=1, precision='float64').output.ravel())"
    )
    slow = shell(f'"{sys.executable}" -c "{code}"', tmp_path, NUMBA_DISABLE_JIT="1").stdout
    network = r2s.SpikingNetwork.from_model(r2s.load_model(go_nogo_path), 40)
    compiled = network.run(np.zeros((1, 2)), seed=1, precision="float64").output.ravel()
    np.testing.assert_allclose(np.array(slow.split(), float), compiled, rtol=1e-9)
