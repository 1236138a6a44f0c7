"""Wheel and sdist, built for real and used from outside the checkout."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Folder with wheel and sdist, built from a copy of the tracked and untracked-not-ignored files."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in files:
        if (ROOT / name).is_file() and not name.startswith("tests/data"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.mark.slow
def test_wheel_holds_the_package_and_nothing_else(built):
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("__init__.py", "py.typed", "rate/main.py", "spiking/kernels/fast.py", "cli/main.py"):
        assert f"rate2spike/{name}" in names
    cells = ROOT / "spiking" / "detailed_cells"
    for path in (*(ROOT / "matlab_compat" / "m").rglob("*.m"), *cells.glob("*.txt"), *cells.rglob("*.mod")):
        assert f"rate2spike/{path.relative_to(ROOT).as_posix()}" in names
    assert not [name for name in names if name.split("/")[0] in ("tests", "benchmarks") or "/tests/" in name]


@pytest.mark.slow
def test_sdist_can_be_built_from_again(built):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    for name in ("pyproject.toml", "setup.cfg", "README.md", "LICENSE", "py.typed", "rate/main.py"):
        assert any(member.endswith(f"/{name}") for member in names), name


@pytest.mark.slow
def test_installed_wheel_works_outside_the_checkout(built, tmp_path, go_nogo_path):
    (wheel,) = built.glob("*.whl")
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(command, check=True)
    environment = os.environ | {"PYTHONPATH": str(site)}
    where = subprocess.run(
        [sys.executable, "-c", "import rate2spike; print(rate2spike.__file__)"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(site)
    command = [
        sys.executable,
        "-m",
        "rate2spike",
        "evaluate",
        str(go_nogo_path),
        "--scaling-factor",
        "25",
        "--n-trials",
        "4",
    ]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "accuracy" in done.stdout, done.stderr
