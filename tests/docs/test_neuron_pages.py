"""Code of the pages on context, cascades and dendrites runs, and prints what stands there."""

import re
import shutil
import subprocess
import sys

import pytest

from .page_code import ROOT, blocks, environment, printed, run_bash, run_python


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_context_page_runs_from_top_to_bottom(tmp_path):
    page = (ROOT / "docs" / "context.md").read_text(encoding="utf-8")
    found = re.findall(r"```(bash|python)\n(.*?)```", page, flags=re.DOTALL)
    assert len(found) == 5
    for language, code in found:
        command = [sys.executable, "-c", code] if language == "python" else ["bash", "-euo", "pipefail", "-c", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, code + done.stdout + done.stderr
    assert (tmp_path / "first_try" / "figures" / "trial.png").exists()
    assert len((tmp_path / "first_try" / "log.jsonl").read_text().splitlines()) == 3


@pytest.mark.slow
def test_python_of_the_cascades_page_prints_what_stands_there(tmp_path):
    page = (ROOT / "docs" / "cascades.md").read_text(encoding="utf-8")
    code = blocks(page, "python")
    assert len(code) == 9
    assert run_python("".join(code), tmp_path) == printed(page)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_commands_of_the_cascades_page_find_what_stands_there_and_draw_its_figures(tmp_path):
    page = (ROOT / "docs" / "cascades.md").read_text(encoding="utf-8")
    found = "\n".join(run_bash(code, tmp_path) for code in blocks(page, "bash")).splitlines()
    shown = [line for text in blocks(page, "text") for line in text.splitlines()]
    assert len(shown) == 26 and [line for line in shown if line not in found] == []
    for name in ("fig3", "fig4", "fig5", "fig6"):
        assert (tmp_path / f"cascade_{name}" / f"{name}.png").exists()
        assert f"](cascade_{name}.png)" in page and (ROOT / "docs" / f"cascade_{name}.png").stat().st_size < 150_000


@pytest.mark.slow
def test_python_of_the_dendrites_page_prints_what_stands_there(tmp_path):
    page = (ROOT / "docs" / "dendrites.md").read_text(encoding="utf-8")
    code = blocks(page, "python")
    assert len(code) == 6
    assert run_python("".join(code), tmp_path) == printed(page)
    assert (tmp_path / "wiring.png").exists()
