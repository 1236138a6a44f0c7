"""The layout's promises: lazy façade, no TensorFlow where none belongs, no module names that break script-style starts."""

import ast
import configparser
import subprocess
import sys
from pathlib import Path

import pytest

import rate2spike

from module_imports import libraries_at_run_time, libraries_of, module_files, module_graph

ROOT = Path(__file__).parent.parent
PACKAGES = ("rate", "spiking", "io", "matlab_compat", "machine", "cli")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")) + sorted(ROOT.glob("*.py"))
DEPENDENCIES = {
    "tensorflow",
    "keras",
    "numpy",
    "scipy",
    "numba",
    "llvmlite",
    "matplotlib",
    "h5py",
    "rich",
    "pygments",
    "PIL",
}


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_no_module_bears_the_name_of_a_standard_or_third_party_module():
    """`python rate/main.py` puts rate/ first on the path: a rate/random.py would break the interpreter."""
    names = {path.stem for path in SOURCES if path.parent != ROOT} - {"__init__"}
    assert not names & (set(sys.stdlib_module_names) | DEPENDENCIES)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_are_imported_by_their_full_name_only(path):
    rooms = {*PACKAGES, "tests"} - {"io"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & rooms
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0 and (node.module or "").split(".")[0] not in rooms


WITHOUT_TENSORFLOW = ("kernels", "simulator", "scoring", "search", "analysis", "diagnosis", "twin_evaluation")


def draws(module: str) -> bool:
    """Whether a module is for figures; these alone import matplotlib."""
    return module == "figures" or module.rpartition(".")[2].startswith("plots")


def test_matplotlib_is_for_figures_and_plots_alone():
    """Others name its types at most, for type checkers; a name that is imported from a text is an import as well."""
    files = module_files()
    users = {name for name, path in files.items() if "matplotlib" in libraries_at_run_time(path)}
    users |= {name for name, path in files.items() if 'import_module("matplotlib' in path.read_text(encoding="utf-8")}
    assert {name for name in users if not draws(name)} == {"machine.matplotlib_anywhere"}, "which imports it safely"


def test_only_imports_for_type_checkers_alone_are_left_out(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "if TYPE_CHECKING:\n    import pandas\nelse:\n    import neo\ndef f():\n    import matplotlib.axes\n"
    )
    assert libraries_at_run_time(path) == {"neo", "matplotlib"} and "pandas" in libraries_of(path)


@pytest.mark.parametrize("room", WITHOUT_TENSORFLOW)
def test_tensorflow_is_nowhere_on_the_simulators_side(room):
    """Neither itself nor by a module of this package that imports it, in a function either."""
    graph, files = module_graph(), module_files()
    users = {name for name, path in files.items() if {"tensorflow", "keras"} & libraries_of(path)}
    assert "machine.keras_on_tensorflow" in users
    reached, todo = set(), [name for name in files if name.startswith(f"spiking.{room}.")]
    assert todo
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += graph[name]
    assert not reached & users


def test_importing_the_package_imports_nothing_heavy():
    out = run_python(
        "import sys, rate2spike as r2s; print([m for m in ('numpy', 'scipy', 'numba', 'tensorflow', "
        "'matplotlib') if m in sys.modules])"
    )
    assert out == "[]"


def test_simulating_never_imports_tensorflow_nor_matplotlib():
    code = """
import sys, rate2spike as r2s
import rate2spike.spiking.search.grid, rate2spike.spiking.search.files
for name in r2s.__all__:
    rooms = ('spiking.layers', 'spiking.cascade_networks', 'spiking.dendrites', 'spiking.plasticity', 'spiking.twin_study')
    is_learning = r2s._HOMES.get(name, '').startswith(rooms)
    if not is_learning and name not in ('train', 'keras_model', 'RateLayer', 'training_figure'):
        getattr(r2s, name)
print([m for m in ('tensorflow', 'keras', 'matplotlib') if m in sys.modules])
"""
    assert run_python(code) == "[]"


def test_facade_offers_the_promised_names():
    promised = "load_model save_model loadmat savemat append tasks train SpikingNetwork grid_search accuracy".split()
    assert set(promised) <= set(dir(rate2spike))
    assert rate2spike.tasks.get("go-nogo").name == "go-nogo"
    assert callable(rate2spike.train)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        rate2spike.nothing  # noqa: B018


def test_one_version_and_a_complete_package_list():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    assert parser["metadata"]["version"] == rate2spike.__version__
    listed = set(parser["options"]["packages"].split())
    found = {"rate2spike"} | {
        "rate2spike." + ".".join(path.parent.relative_to(ROOT).parts)
        for package in PACKAGES
        for path in (ROOT / package).rglob("__init__.py")
    }
    assert listed == found
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "\n## [Unreleased]\n" in changes or f"\n## [{rate2spike.__version__}]" in changes


def test_the_users_five_packages_are_core_dependencies():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    required = {line.split(">")[0] for line in parser["options"]["install_requires"].split()}
    assert {"tensorflow", "numpy", "scipy", "numba", "matplotlib"} <= required
