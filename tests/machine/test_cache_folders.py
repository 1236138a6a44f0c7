"""Homes that cannot be written, full disks, damaged caches: programs run, with one warning where something is lost."""

import importlib.util
import os
import stat
import subprocess
import sys

import numba
import pytest

from rate2spike.machine import cache_folders

pytestmark = pytest.mark.skipif(os.name == "nt", reason="homes and permissions of POSIX")
KERNEL = """
from rate2spike.spiking.kernels.compiled import compiled


@compiled()
def twice(x):
    return 2 * x


@compiled(fastmath=True)
def thrice(x):
    return 3 * x
"""
RUN = """
from kernels import thrice, twice
print(twice(4), thrice(4), sum(twice.stats.cache_hits.values()), sum(thrice.stats.cache_hits.values()))
"""


@pytest.fixture
def read_only_install(tmp_path):
    """Run code beside kernels that nothing can be kept with, in a home that cannot be written; even root cannot there."""
    (tmp_path / "site").mkdir()
    (tmp_path / "tmp").mkdir()
    (tmp_path / "site" / "kernels.py").write_text(KERNEL)
    (tmp_path / "site" / "__pycache__").write_text("a file in the place of the folder")

    def run(code: str, home="/dev/null", **variables):
        names = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "KERAS_HOME", "NUMBA_CACHE_DIR", "HOME")
        environment = {name: value for name, value in os.environ.items() if name not in names}
        environment |= {"HOME": str(home), "TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": str(tmp_path / "site")}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment | variables
        )
        assert done.returncode == 0, done.stderr
        return done

    return run


def private_folder(tmp_path):
    return tmp_path / "tmp" / f"rate2spike-{os.getuid()}"


def test_compiled_code_is_kept_in_a_private_temporary_folder(read_only_install, tmp_path):
    for hits in (0, 1):
        done = read_only_install(RUN)
        assert done.stdout == f"8 12 {hits} {hits}\n"
        assert done.stderr.count("Warning: ") == 1 and "compiled code is kept in" in done.stderr
    assert stat.S_IMODE(private_folder(tmp_path).stat().st_mode) == 0o700
    # the processes that it starts are told by their environment, and do not warn again
    child = f"import subprocess, sys, rate2spike\nsys.exit(subprocess.call([sys.executable, '-c', {RUN!r}]))"
    done = read_only_install(child)
    assert (done.stdout, done.stderr) == ("8 12 1 1\n", "")


def test_commands_warn_in_one_line_while_they_are_imported(read_only_install, tmp_path):
    code = "import sys\nfrom rate2spike.cli.main import main\nmain(['train', '--help'])"
    done = read_only_install(code, NUMBA_CACHE_DIR=str(private_folder(tmp_path) / "numba"))
    assert done.stderr.startswith("rate2spike train: warning: the home folder") and done.stderr.count("\n") == 1


def test_a_folder_that_others_can_write_is_not_used(read_only_install, tmp_path):
    """What is kept there is run: in a folder made by somebody else it could be anything."""
    private_folder(tmp_path).mkdir()
    private_folder(tmp_path).chmod(0o777)
    done = read_only_install(RUN)
    assert done.stdout == "8 12 0 0\n"
    assert done.stderr.count("Warning: ") == 1 and "every start compiles anew" in done.stderr
    assert list(private_folder(tmp_path).iterdir()) == []


def test_a_home_that_can_be_written_is_used_without_a_word(read_only_install, tmp_path):
    (tmp_path / "home").mkdir()
    done = read_only_install(RUN, home=tmp_path / "home")
    assert (done.stdout, done.stderr) == ("8 12 0 0\n", "")
    assert list((tmp_path / "home" / ".cache" / "numba").iterdir()) and not private_folder(tmp_path).exists()


def test_a_full_disk_costs_the_cache_alone(read_only_install, tmp_path):
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"  # no file may be longer
    (tmp_path / "home").mkdir()
    done = read_only_install(limit + RUN, home=tmp_path / "home")
    assert done.stdout == "8 12 0 0\n"
    assert done.stderr.count("Warning: ") == 1 and "compiled code cannot be kept in" in done.stderr


def test_figures_and_keras_need_no_home(read_only_install, tmp_path):
    code = """
import rate2spike.figures, matplotlib, os
print(matplotlib.get_configdir(), matplotlib.get_cachedir(), os.environ["KERAS_HOME"])
"""
    done = read_only_install(code)
    folder = private_folder(tmp_path)
    assert done.stdout.split() == [*[str(folder / "mplconfigdir")] * 2, str(folder / "keras_home")]
    assert done.stderr == ""


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize("part", [0, 0.5])
def test_damaged_files_are_rebuilt(tmp_path, suffix, part):
    (tmp_path / "kernels.py").write_text(KERNEL)

    def hits() -> int:
        spec = importlib.util.spec_from_file_location("kernels", tmp_path / "kernels.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.twice(4) == 8
        return sum(module.twice.stats.cache_hits.values())

    assert (hits(), hits()) == (0, 1)
    for file in (tmp_path / "__pycache__").glob(f"*{suffix}"):
        content = file.read_bytes()
        file.write_bytes(content[: int(part * len(content))])
    assert (hits(), hits()) == (0, 1)


CALLER = """
from noise import drawn
from rate2spike.spiking.kernels.compiled import compiled


@compiled()
def doubled():
    return 2 * drawn()
"""
CALLED = """
from rate2spike.spiking.kernels.compiled import compiled

SIZE = 4


@compiled()
def drawn():
    return SIZE
"""


def test_a_change_in_a_module_that_a_kernel_imports_is_seen(tmp_path):
    """By itself Numba looks at the file of the kept function alone, and would go on with the machine code of the other."""
    (tmp_path / "caller.py").write_text(CALLER)
    code = "from caller import doubled\nprint(doubled(), sum(doubled.stats.cache_hits.values()))"

    def run() -> str:
        environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
        environment |= {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    for size, expected in (("4", "8"), ("5", "10")):
        (tmp_path / "noise.py").write_text(CALLED.replace("SIZE = 4", f"SIZE = {size}"))
        assert (run(), run()) == (f"{expected} 0\n", f"{expected} 1\n")


def test_arithmetic_does_not_depend_on_what_was_compiled_first(tmp_path):
    """Numba gives a function fast arithmetic if a fast caller happens to have it compiled, unless told otherwise."""
    (tmp_path / "kernels.py").write_text(KERNEL + "\n\n@compiled()\ndef exact(x, y):\n    return (x + y) - y\n")
    spec = importlib.util.spec_from_file_location("kernels", tmp_path / "kernels.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    exact = module.exact
    assert numba.njit(fastmath=True)(lambda x, y: exact(x, y))(1e-20, 1.0) == 0.0
    assert exact(1e-20, 1.0) == 0.0


def test_places_that_can_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    assert cache_folders._can_be_written(str(tmp_path / "new" / "folder")) and not (tmp_path / "new").exists()
    assert not cache_folders._can_be_written(str(tmp_path / "file" / "folder"))
    assert not cache_folders._can_be_written("relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folders._can_be_written("~/.cache")
