"""All public names and records hold to the table of conventions in docs/architecture.md; the lists are the package's."""

import ast
import doctest
import inspect
import pkgutil
import re
import shutil
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import rate2spike
from rate2spike.calls import CallError
from rate2spike.errors import InputError
from rate2spike.readable import Readable

ROOT = Path(rate2spike.__file__).parent
COMMANDS = {"rate.main", "spiking.lambda_grid_search", "spiking.eval_go_nogo", "__main__"}
NAMES = sorted(rate2spike._HOMES)
FUNCTIONS = [name for name in NAMES if inspect.isfunction(getattr(rate2spike, name))]
CLASSES = [name for name in NAMES if inspect.isclass(getattr(rate2spike, name))]
METHODS = [f"SpikingNetwork.{name}" for name in ("from_model", "run", "run_trials")] + [
    "SpikeRecord.save",
    "SpikeRecord.load",
]
MADE_BY_FILES = {"TrainedModel", "SpikeRecord", "Task", "InputError"}  # nobody types their constructors
QUIET = {"InputError"}


def modules():
    """Every module of the package that is no command and no test."""
    names = [item.name.removeprefix("rate2spike.") for item in pkgutil.walk_packages([str(ROOT)], "rate2spike.")]
    foreign = ("tests", "benchmarks", "docs", "build")
    return [
        import_module(f"rate2spike.{name}")
        for name in names
        if name.split(".")[0] not in foreign and name not in COMMANDS
    ]


def classes():
    found = {value for module in modules() for value in vars(module).values() if inspect.isclass(value)}
    return sorted((one for one in found if one.__module__.startswith("rate2spike.")), key=lambda one: one.__qualname__)


def called(name):
    """The function, class or method of this name."""
    found = rate2spike
    for part in name.split("."):
        found = getattr(found, part)
    return found


def parameters(function):
    """Names that a user gives."""
    return [
        item.name
        for item in inspect.signature(function).parameters.values()
        if item.name not in ("self", "cls") and item.kind not in (item.VAR_KEYWORD, item.VAR_POSITIONAL)
    ]


def explained(name, text):
    """Whether a numpydoc section has an entry `name : type` (or `a, b : type`)."""
    return re.search(rf"^(\w+, )*{name}(, \w+)* : ", text, re.MULTILINE)


@pytest.mark.parametrize("name", [*FUNCTIONS, *METHODS])
def test_functions_explain_every_parameter_in_numpydoc_sections(name):
    text = inspect.getdoc(called(name))
    missing = [one for one in parameters(called(name)) if not explained(one, text)]
    assert not missing, f"{name}: not explained: {missing}"
    assert "\nParameters\n----------\n" in text and "\nRaises\n------\n" in text
    returns = inspect.signature(called(name)).return_annotation
    assert "\nReturns\n-------\n" in text or returns in (None, "None"), name
    assert ">>> " in text


@pytest.mark.parametrize("name", [*FUNCTIONS, *METHODS])
def test_docstrings_have_the_shapes_of_arrays(name):
    text = inspect.getdoc(called(name))
    for item in inspect.signature(called(name)).parameters.values():
        if item.annotation in (np.ndarray, "np.ndarray"):
            assert re.search(rf"^{item.name} : .*\(", text, re.MULTILINE), item.name


@pytest.mark.parametrize("name", [name for name in CLASSES if name not in QUIET])
def test_classes_explain_what_makes_them_and_give_an_example(name):
    one = getattr(rate2spike, name)
    text = inspect.getdoc(one)
    known = [item.name for item in fields(one)] if is_dataclass(one) else parameters(one.__init__)
    missing = [item for item in known if not item.startswith("_") and not explained(item, text)]
    assert not missing, f"{name}: not explained: {missing}"
    assert ">>> " in text


@pytest.mark.parametrize("name", [*FUNCTIONS, *METHODS, *(name for name in CLASSES if name not in QUIET)])
def test_the_examples_run(name, tmp_path, monkeypatch, go_nogo_path):
    shutil.copy(go_nogo_path, tmp_path / "go_nogo.mat")
    monkeypatch.chdir(tmp_path)
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(called(name)), {}, name, None, None)
    said = []
    outcome = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(
        example, out=said.append
    )
    assert outcome.failed == 0, "".join(said)


@pytest.mark.parametrize("name", [*FUNCTIONS, *METHODS, *(name for name in CLASSES if name not in MADE_BY_FILES)])
def test_a_setting_that_does_not_exist_is_one_line(name):
    """What is missing beside it may be named first."""
    with pytest.raises(InputError) as caught:
        called(name)(no_such_setting=1)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 1500
    if name in FUNCTIONS:
        assert isinstance(caught.value, CallError)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_wrong_types_in_the_first_place_are_one_line(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    known = [item for item in inspect.signature(called(name)).parameters.values() if item.kind != item.VAR_KEYWORD]
    needed = [item for item in known if item.default is item.empty]
    for wrong in (object(), 5.5, [None], {"a": 1}):
        with pytest.raises(InputError) as caught:
            called(name)(*[wrong] * max(len(needed), 1))
        assert "\n" not in str(caught.value), wrong
    assert not list(tmp_path.iterdir())


def test_records_with_arrays_are_equal_by_value_or_by_identity():
    """The == that dataclasses make raises for arrays."""
    raising = [
        one.__qualname__
        for one in classes()
        if is_dataclass(one)
        and one.__dataclass_params__.eq
        and any("ndarray" in str(item.type) for item in fields(one) if item.compare)
    ]
    assert not raising


def records():
    return [one for one in classes() if issubclass(one, Readable) and one is not Readable]


@pytest.mark.parametrize("record", records(), ids=lambda one: one.__qualname__)
def test_records_show_what_they_have(record):
    assert record.__repr__ is not object.__repr__ and not record.__dataclass_params__.repr
    names = {item.name for item in fields(record)}
    assert all(name in names or hasattr(record, name) for name in record.shown)
    assert record.__doc__ and not record.__doc__.startswith(record.__name__ + "(")


@pytest.mark.parametrize("record", [one for one in records() if hasattr(one, "plot")], ids=lambda one: one.__qualname__)
def test_records_are_drawn_into_a_figure_or_given_axes(record):
    assert "ax" in inspect.signature(record.plot).parameters and inspect.getdoc(record.plot)
    source = inspect.getsource(record.plot)
    for place in re.findall(r'draw\(\s*"([^"]+)"', source):
        module, _, name = place.partition(":")
        assert "ax" in inspect.signature(getattr(import_module(f"rate2spike.{module}"), name)).parameters


def figure_functions():
    """(module, function) of every public function in a plots module that gives a figure."""
    found = []
    for path in ROOT.rglob("plots*.py"):
        name = path.relative_to(ROOT)
        if {"tests", ".venv", "build"} & set(name.parts):
            continue
        nodes = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
        public = [node for node in nodes if not node.name.startswith("_") and node.returns]
        found += [(name.as_posix(), node) for node in public if "Figure" in ast.unparse(node.returns)]
    return found


@pytest.mark.parametrize(("path", "function"), figure_functions(), ids=lambda one: getattr(one, "name", one))
def test_figures_are_drawn_into_given_axes(path, function):
    names = [item.arg for item in (*function.args.args, *function.args.kwonlyargs)]
    assert "ax" in names, f"{path}: {function.name}"
