"""Code blocks of a page, and what runs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)


def environment() -> dict[str, str]:
    """The environment with this interpreter's commands first: `python`, `rate2spike`."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def run_blocks(found: list[tuple[str, str]], folder: Path) -> str:
    """What pairs of a language, bash or python, and code wrote, each by itself."""
    said = ""
    for language, code in found:
        command = [sys.executable, "-c", code] if language == "python" else ["bash", "-euo", "pipefail", "-c", code]
        done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, code + done.stdout + done.stderr
        said += done.stdout + done.stderr
    return said


def run_bash(code: str, folder: Path) -> str:
    """What it wrote, errors and warnings included."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code], cwd=folder, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def run_python(code: str, folder: Path) -> list[str]:
    """The lines that it printed."""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def printed(page: str) -> list[str]:
    """What the Python of a page says that it prints: comments after a print, and lines that are comments."""
    code = "\n".join(blocks(page, "python"))
    return re.findall(r"^(?:.*\bprint\(.*\)  )?# (.*)$", code, flags=re.MULTILINE)
