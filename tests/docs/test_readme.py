"""The README and the list of commands are true."""

import re
import shutil
import subprocess
import sys

import pytest

from rate2spike.cli.commands import SHOWN

from .page_code import README, ROOT, blocks, run_bash


@pytest.mark.slow
def test_python_block_of_the_readme_runs(tmp_path):
    (code,) = blocks(README, "python")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    factor, accuracy = map(float, done.stdout.split())
    assert 20 <= factor <= 75 and accuracy > 0.5
    assert {path.name for path in tmp_path.iterdir()} == {"go_nogo.mat"}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_block_of_the_readme_runs(tmp_path):
    (code,) = blocks(README, "bash")
    run_bash(code, tmp_path)
    assert (tmp_path / "first" / "model.mat").exists()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_historic_command_line_runs(tmp_path):
    (code,) = blocks((ROOT / "docs" / "command_line.md").read_text(encoding="utf-8"), "bash")
    shutil.copytree(ROOT / "rate", tmp_path / "rate")  # a copy, because the example writes beside the checkout
    run_bash(code, tmp_path)
    assert list(tmp_path.rglob("Task_go-nogo_N_200_Taus_4.0_20.0_Act_sigmoid_*.mat"))


def test_the_readme_is_short_and_offers_every_page():
    """One screen and a half; what is longer stands in a page of its own."""
    assert len(README.splitlines()) <= 90
    assert all(len(line) <= 130 for line in README.splitlines())
    (python,), (bash,) = blocks(README, "python"), blocks(README, "bash")
    assert len(python.partition("\n\n")[2].splitlines()) == 5 and len(bash.splitlines()) == 4
    doors = set(re.findall(r"\]\((docs/\w+\.md)\)", README))
    assert doors == {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}


def test_the_page_of_the_command_line_has_every_command():
    page = (ROOT / "docs" / "command_line.md").read_text(encoding="utf-8")
    table = page.partition("| command |")[2].partition("\n\n")[0]
    cells = "".join(row.split("|")[1] for row in table.splitlines()[1:])
    listed = set(re.findall(r"`([\w-]+)`", cells))
    assert set(SHOWN) == listed


def test_make_targets_named_in_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake (\w+)", README)) - {"in"}:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
    assert "make test" in (ROOT / ".ci" / "run").read_text()
